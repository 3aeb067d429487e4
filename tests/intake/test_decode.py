"""Decoding whole files: what stands in cells becomes responses, findings and a ledger."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from satsurvey.errors import StudyError
from satsurvey.intake.decode import NO_INDUSTRY
from satsurvey.intake.finding_log import MOST_VALUES, OTHER_VALUES
from satsurvey.intake.reading import read_responses
from satsurvey.intake.responses import INVALID, MISSING_CODES, Responses

BYTE = {reason.value: code for reason, code in MISSING_CODES.items()}
HEAD = ["样本编号", "企业名称", "行业", "A1", "A2", "A3"]


def survey(
    tmp_path: Path, *files: Sequence[Sequence[str]], study: str | None = None, **options: object
) -> Responses:
    """Read tables written as CSV, the headings first."""
    paths = []
    for k, rows in enumerate(files, start=1):
        paths.append(tmp_path / f"wave{k}.csv")
        paths[-1].write_text("".join(",".join(row) + "\n" for row in rows), encoding="utf-8")
    if study is not None:
        place = tmp_path / "study.toml"
        place.write_text('schema = "satsurvey.study/1"\n' + study, encoding="utf-8")
        options["study"] = place
    return read_responses(paths, **options)  # type: ignore[arg-type]


def reasons(responses: Responses) -> list[tuple[int, str, str]]:
    assert responses.ledger.adds_up
    return [(row.row, row.reason, row.detail) for row in responses.ledger.unused]


def found(responses: Responses) -> list[tuple[str, str, str, list[int]]]:
    return [(f.rule, f.letter, f.value, f.rows.tolist()) for f in responses.findings]


class TestAnswers:
    def test_cells_become_levels_reasons_and_illegal_answers(self, tmp_path: Path):
        responses = survey(
            tmp_path, [HEAD, ["1", "甲", "银行", "９分", "98", "11"], ["2", "甲", "银行", "", "1", "x"]]
        )
        assert responses.answers[:3].T.tolist() == [
            [8, BYTE["dont_know"], INVALID],
            [BYTE["blank"], 0, INVALID],
        ]
        assert (responses.answers[3:] == BYTE["not_asked"]).all()
        assert responses.absent_items == responses.instrument.item_codes[3:]
        assert found(responses) == [("out_of_range", "F", "11", [2]), ("undeclared_code", "F", "x", [3])]

    def test_findings_name_the_very_rows_of_each_value(self, tmp_path: Path):
        cells = ["77", "9", "x", "77", "", "x", "77"]
        responses = survey(
            tmp_path, [HEAD, *[[str(k), "甲", "银行", "9", c, "9"] for k, c in enumerate(cells)]]
        )
        assert found(responses) == [
            ("out_of_range", "E", "77", [2, 5, 8]),
            ("undeclared_code", "E", "x", [4, 7]),
        ]

    def test_a_thousand_different_wrong_values_share_one_finding_at_last(self, tmp_path: Path):
        n = 1000
        responses = survey(tmp_path, [HEAD, *[[str(k), "甲", "银行", "9", f"w{k}", "9"] for k in range(n)]])
        assert len(responses.findings) == MOST_VALUES + 1
        assert responses.findings[-1].value == OTHER_VALUES
        rows = np.concatenate([finding.rows for finding in responses.findings])
        assert sorted(rows.tolist()) == list(range(2, n + 2))

    def test_a_blank_that_the_filter_explains_was_not_asked(self, tmp_path: Path):
        head = ["企业名称", "S4", "A1", "C1"]
        instrument = survey(tmp_path, [head, ["甲", "1", "9", "9"]]).instrument
        item = next(item for item in instrument.items if item.code == "C1")
        assert item.filter is not None
        assert instrument.filters[item.filter].expression == "S4 == 1"
        responses = survey(
            tmp_path,
            [head, ["甲", "1", "9", ""], ["甲", "0", "9", ""], ["甲", "", "9", ""], ["甲", "0", "9", "8"]],
        )
        assert responses.item("C1").tolist() == [BYTE["blank"], BYTE["not_asked"], BYTE["blank"], 7]

    def test_letters_and_headings_are_those_of_the_export(self, tmp_path: Path):
        row = ["1", "甲", "银行", "9", "8", "7"]
        responses = survey(tmp_path, [HEAD, row])
        assert (responses.headings["company"], responses.letters["company"]) == ("企业名称", "B")
        two = survey(tmp_path, [HEAD, row], [[*HEAD[1:], "x"], [*row[1:], ""]])
        assert "company" not in two.letters


class TestRows:
    def test_every_row_that_is_no_interview_has_its_reason(self, tmp_path: Path):
        responses = survey(
            tmp_path,
            [
                HEAD,
                ["1", "甲", "银行", "9", "9", "9"],
                ["", "", "", "", "", ""],
                HEAD,
                ["合计", "", "", "18", "18", "18"],
                ["", "小计：", "银行", "9", "9", "9"],
                ["2", "", "银行", "9", "9", "9"],
                ["3", "甲", "银行", "", "98", "x"],
                ["4", "乙", "银行", "8", "8"],
                ["5", "乙", "银行", "8", "8", "8"],
            ],
        )
        assert reasons(responses) == [
            (3, "blank_row", ""),
            (4, "repeated_heading", ""),
            (5, "total_row", "合计"),
            (6, "total_row", "小计："),
            (7, "no_company", ""),
            (8, "no_answers", ""),
            (9, "unreadable", "the row has 5 cells where the headings have 6"),
        ]
        assert responses.row.tolist() == [2, 10]
        # The illegal answers of an interview that was set aside for them are named too.
        assert found(responses) == [("undeclared_code", "F", "x", [8])]

    def test_a_company_called_total_keeps_its_interviews(self, tmp_path: Path):
        rows = [["17", "Total", "加油站", "9", "8", "7"], ["", "Total", "", "8.5", "8.1", "7.7"]]
        responses = survey(tmp_path, [HEAD, *rows])
        assert responses.company.names == ("Total",)
        assert reasons(responses) == [(3, "total_row", "Total")]

    def test_more_than_ten_thousand_blank_rows_are_all_called_blank(self, tmp_path: Path):
        responses = survey(
            tmp_path, [HEAD, *[["", "", "", "", "", ""]] * 12_000, ["1", "甲", "银行", "9", "9", "9"]]
        )
        assert responses.ledger.set_aside == {"blank_row": 12_000}

    def test_weights_that_are_none_set_the_row_aside(self, tmp_path: Path):
        weights = ["1.5", "0", "-1", "", "x", "inf", "nan", "２"]
        responses = survey(
            tmp_path, [["企业名称", "A1", "权重"], *[["甲", "9", weight] for weight in weights]]
        )
        assert responses.weight is not None
        assert responses.weight.tolist() == [1.5, 2.0]
        assert reasons(responses) == [(k + 2, "bad_weight", weights[k]) for k in range(1, 7)]

    def test_outcomes_decide_who_completed_and_are_kept_with_the_case(self, tmp_path: Path):
        rows = [
            ["甲", "9", "完成", "K1"],
            ["甲", "", "拒访", "K2"],
            ["", "", "无人接听", "K3"],
            ["甲", "8", "", "K4"],
        ]
        responses = survey(
            tmp_path,
            [["企业名称", "A1", "访问结果", "工单编号"], *rows],
            study='completed = ["完成"]',
        )
        assert reasons(responses) == [(3, "not_completed", "拒访"), (4, "not_completed", "无人接听")]
        assert [row.case_id for row in responses.ledger.unused] == ["K2", "K3"]
        assert responses.texts["case_id"].to_pylist() == ["K1", "K4"]

    def test_those_screened_out_are_set_aside(self, tmp_path: Path):
        instrument = survey(tmp_path, [["企业名称", "A1"], ["甲", "9"]]).instrument
        screen = next(fact.code for fact in instrument.facts if fact.screen == "stop_if_no")
        responses = survey(
            tmp_path, [["企业名称", screen, "A1"], ["甲", "1", "9"], ["甲", "否", "9"], ["甲", "", "9"]]
        )
        assert reasons(responses) == [(3, "screened_out", "")]


class TestStudy:
    def test_recoding_missing_codes_and_constants(self, tmp_path: Path):
        responses = survey(
            tmp_path,
            [["q1", "q2", "行业"], ["A", "0", "bank"], ["B", "7", "bank"], ["C", "77", "fund"]],
            study="""
                [items]
                A1 = "q1"
                A2 = "q2"
                [constants]
                company = "甲公司"
                weight = "2"
                wave = "2024"
                completed_at = "2024-05-06"
                [recode.A1]
                A = "10"
                b = "1"
                [recode."*"]
                C = "99"
                [recode.industry]
                bank = "银行"
                [missing]
                0 = "skipped"
                [missing_by_column.A2]
                77 = "not_applicable"
                """,
        )
        assert responses.answers[:2].T.tolist() == [[9, BYTE["skipped"]], [0, 6]]
        assert responses.company.texts() == ["甲公司"] * 2
        assert responses.industry is not None
        assert responses.industry.texts() == ["银行", "银行"]
        assert responses.weight is not None
        assert responses.weight.tolist() == [2.0, 2.0]
        assert responses.factors["wave"].names == ("2024",)
        assert responses.texts["completed_at"].to_pylist() == ["2024-05-06"] * 2
        assert reasons(responses) == [(4, "no_answers", "")]
        assert responses.findings == ()

    def test_text_and_numbers_are_recoded_too(self, tmp_path: Path):
        responses = survey(
            tmp_path,
            [["企业名称", "A1", "完成时间", "访问时长"], ["甲", "9", "05/06/2024", "很久"]],
            study='[recode.completed_at]\n"05/06/2024" = "2024-05-06"\n[recode.duration_s]\n"很久" = "900"\n',
        )
        assert responses.texts["completed_at"].to_pylist() == ["2024-05-06"]
        assert responses.numbers["duration_s"].tolist() == [900.0]

    @pytest.mark.parametrize("constant", ['weight = "0"', 'weight = "viel"', 'population = "many"'])
    def test_a_constant_that_is_no_number_is_an_error(self, tmp_path: Path, constant: str):
        with pytest.raises(StudyError, match="must be a"):
            survey(tmp_path, [["企业名称", "A1"], ["甲", "9"]], study=f"[constants]\n{constant}\n")

    def test_a_wave_belongs_to_its_file(self, tmp_path: Path):
        table = [["企业名称", "A1", "期次"], ["甲", "9", "old"]]
        responses = survey(
            tmp_path,
            table,
            table,
            study='files = [{ path = "wave1.csv", wave = "春" }, { path = "wave2.csv", wave = "秋" }]',
        )
        assert responses.factors["wave"].texts() == ["春", "秋"]


class TestSeveralFiles:
    def test_columns_that_one_file_lacks_are_filled_as_absent(self, tmp_path: Path):
        one = [["企业名称", "A1", "地区", "访问时长", "O2"], ["甲", "9", "北京", "300", "8"]]
        two = [["企业名称", "A2", "样本编号", "S4"], ["乙", "7", "007", "1"]]
        for files, order in (((one, two), [0, 1]), ((two, one), [1, 0])):
            responses = survey(tmp_path, *files)
            at = np.argsort(order)
            assert responses.answers[:2].T[at].tolist() == [
                [8, BYTE["not_asked"]],
                [BYTE["not_asked"], 6],
            ]
            assert [responses.factors["region"].texts()[k] for k in at] == ["北京", ""]
            assert np.array_equal(responses.numbers["duration_s"][at], [300, np.nan], equal_nan=True)
            assert responses.outcomes["O2"][at].tolist() == [8, BYTE["not_asked"]]
            assert [responses.texts["interview_id"].to_pylist()[k] for k in at] == [None, "007"]
            assert responses.facts["S4"].codes is not None
            assert responses.facts["S4"].codes[at][0] == BYTE["blank"]
            assert len(responses.ledger.files) == 2

    def test_a_file_without_weights_among_weighted_ones_counts_once_and_is_told(self, tmp_path: Path):
        weighted, plain = [["企业名称", "A1", "权重"], ["甲", "9", "2"]], [["企业名称", "A1"], ["甲", "8"]]
        for files, weights in (((weighted, plain), [2, 1]), ((plain, weighted), [1, 2])):
            responses = survey(tmp_path, *files)
            assert responses.weight is not None
            assert responses.weight.tolist() == weights
            assert [finding.rule for finding in responses.findings] == ["no_weight_column"]

    def test_files_with_names_and_files_with_ids_are_brought_together(self, tmp_path: Path):
        both = [["企业名称", "企业编号", "A1"], ["甲", "1", "9"]]
        ids = [["企业编号", "A1"], ["1", "8"], ["2", "7"]]
        responses = survey(tmp_path, both, ids)
        assert responses.company.texts() == ["甲", "甲", "2"]
        assert responses.company_id is not None
        assert survey(tmp_path, ids).company_id is None


def test_rows_without_an_industry_get_one_of_their_own(tmp_path: Path):
    responses = survey(tmp_path, [["企业名称", "行业", "A1"], ["甲", "银行", "9"], ["乙", "", "8"]])
    assert responses.industry is not None
    assert responses.industry.texts() == ["银行", NO_INDUSTRY]


def test_numbers_that_are_none_are_reported_with_their_rows(tmp_path: Path):
    responses = survey(
        tmp_path,
        [
            ["企业名称", "A1", "访问时长"],
            ["甲", "9", "05:12"],
            ["甲", "9", "long"],
            ["甲", "9", "拒答"],
            ["", "9", "zu"],
        ],
    )
    assert responses.numbers["duration_s"][:1].tolist() == [312.0]
    assert np.isnan(responses.numbers["duration_s"][1:]).all()
    assert found(responses) == [("not_a_number", "C", "long", [3]), ("not_a_number", "C", "zu", [5])]


def test_findings_show_typed_cells_without_personal_data(tmp_path: Path):
    long = "客户说" + "啊" * 70 + "13800138000"  # the end is cut off, but only when it is known for a number
    responses = survey(
        tmp_path,
        [
            ["企业名称", "A1", "A2", "访问时长"],
            ["甲", "9", "请回电 138 0013 8000", "我叫王小明"],
            ["甲", "9", "请回电 139 0013 8000", "a@b.com"],
            ["甲", "9", long, "05:12"],
        ],
    )
    values = {(rule, letter): value for rule, letter, value, _ in found(responses)}
    assert found(responses)[0] == ("undeclared_code", "C", "请回电 [手机号]", [2, 3])
    assert [v for r, letter, v, _ in found(responses) if letter == "D"] == ["我叫[姓名]", "[邮箱]"]
    assert "138" not in "".join(values.values())
    assert found(responses)[1][3] == [4]


def test_numbers_on_a_scale_are_shown_as_they_are(tmp_path: Path):
    responses = survey(tmp_path, [HEAD, ["1", "甲", "银行", "13800138000", "77", "9"]])
    assert found(responses) == [
        ("out_of_range", "D", "13800138000", [2]),
        ("out_of_range", "E", "77", [2]),
    ]
