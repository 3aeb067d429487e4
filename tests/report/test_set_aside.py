"""Rows that were not used are written with personal data masked, and with the ids by which they are found."""

from __future__ import annotations

import csv
from pathlib import Path

from satsurvey.intake.reading import read_responses
from satsurvey.report.set_aside import SetAside, write_set_aside

HEADING = "样本编号,工单号,企业编号,企业名称,A1,联系电话,备注"


def written(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def test_every_cell_is_masked_but_the_ids(tmp_path: Path) -> None:
    export, out = tmp_path / "e.csv", tmp_path / "unused.csv"
    rows = [
        "1,1,1,甲,9,13800138000,好",
        "13800138001,13800138002,13800138003,,,１３８００１３８０００,身份证11010519491231002X",
        "000123,20191105,01012345678,,,13900139000,请打0755-83123456或写信a@b.cn",
    ]
    export.write_text("\n".join([HEADING, *rows, "4,4,4,13800138009", ""]), encoding="utf-8")
    found = write_set_aside(read_responses([export]), out)
    assert found == SetAside(3, {"email": 1, "id_card": 1, "mobile": 3, "landline": 1})
    first, second, broken = sorted(written(out), key=lambda row: int(row["row"]))
    assert [first[name] for name in HEADING.split(",")] == [
        "13800138001", "13800138002", "13800138003", "", "", "[手机号]", "身份证[身份证号]",
    ]  # fmt: skip
    assert [second[name] for name in HEADING.split(",")] == [
        "000123", "20191105", "01012345678", "", "", "[手机号]", "请打[固定电话]或写信[邮箱]",
    ]  # fmt: skip
    # A row that could not be told apart into cells has no columns that could be ids.
    assert (broken["reason"], broken["text"]) == ("unreadable", "4,4,4,[手机号]")
    assert found.masked_words("en") == (
        "e-mail addresses 1, id-card numbers 1, mobile numbers 3, landline numbers 1"
    )
    assert found.masked_words("zh") == "邮箱 1、身份证号 1、手机号 3、固定电话 1"


def test_ids_are_known_by_what_the_study_binds(tmp_path: Path) -> None:
    export, study, out = tmp_path / "e.csv", tmp_path / "study.toml", tmp_path / "unused.csv"
    export.write_text("号码,电话,企业名称,A1\n13800138000,13800138001,,9\n1,2,甲,8\n", encoding="utf-8")
    study.write_text('schema = "satsurvey.study/1"\n[columns]\ninterview_id = "号码"\n', encoding="utf-8")
    assert write_set_aside(read_responses([export], study=study), out).masked == {"mobile": 1}
    assert [(row["号码"], row["电话"]) for row in written(out)] == [("13800138000", "[手机号]")]


def test_ids_have_another_heading_in_each_file(tmp_path: Path) -> None:
    paths, out = [], tmp_path / "unused.csv"
    for heading in ("样本编号", "问卷编号"):
        paths.append(tmp_path / f"{heading}.csv")
        paths[-1].write_text(f"{heading},企业名称,A1\n13800138000,,9\n1,甲,8\n", encoding="utf-8")
    assert write_set_aside(read_responses(paths), out).masked == {}
    assert [row["样本编号"] or row["问卷编号"] for row in written(out)] == ["13800138000"] * 2


def test_what_is_said_of_a_row_is_masked_too(tmp_path: Path) -> None:
    export, out = tmp_path / "e.csv", tmp_path / "unused.csv"
    export.write_text("企业名称,A1,访问结果\n甲,9,改打13800138000\n甲,8,1.1\n", encoding="utf-8")
    found = write_set_aside(read_responses([export]), out)
    (row,) = written(out)
    assert (row["detail"], row["访问结果"]) == ("改打[手机号]", "改打[手机号]")
    assert found.masked == {"mobile": 1}
