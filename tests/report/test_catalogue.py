"""The catalogue of Chinese: how messages are matched, and that nothing a user reads is missing from it."""

from __future__ import annotations

import re
import string
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from messages_in_source import CHINESE, HOLE, WORD, form_of, rules_in_source, spoken_literals

import satsurvey
from satsurvey.analysis import Analysis, analyse
from satsurvey.errors import SatsurveyError
from satsurvey.intake.checks import RULES, check
from satsurvey.intake.fieldwork import fieldwork
from satsurvey.intake.reading import read_responses
from satsurvey.intake.study import ROLES
from satsurvey.intake.unused_rows import UNUSED_RULES
from satsurvey.report.catalogue import Catalogue, Template, catalogue, rule_name, translated, translated_words
from satsurvey.report.check_text import check_text
from satsurvey.report.labels import LABELS
from satsurvey.report.tables import company_table, industry_table
from satsurvey.service.records import RECORD_RULES
from satsurvey.simulation import plain_design, simulate, write_export

PACKAGE = Path(satsurvey.__file__).parent
LISTS = ("{one} or {other}", "{one:words} and {other:words}", "{list:names} and {n:number} more")
"""Entries that fit nearly anything, and so show nothing about a literal."""
KEPT = {
    "AAPOR", "CSV", "Excel", "Stata", "SPSS", "JSON", "UTF", "GB", "NaN", "REML", "Andrews", "Kitagawa",
    "McCloskey", "satsurvey", "check", "init", "inspect", "score", "show", "instruments", "NAME", "CR",
    "SATSURVEY_DEBUG", "FILE", "xlsx", "csv", *ROLES,
}  # fmt: skip
"""Names that stay as they are in Chinese sentences."""


# How a message is matched ----------------------------------------------------------------------------------


def test_a_template_copies_names_and_keeps_numbers() -> None:
    template = Template("{name} has {n:number} of {all:number}", "{all} 中的 {n}：{name}")
    assert template.match("甲 of 乙 has 1,200 of 3,000.5") == {
        "name": "甲 of 乙",
        "n": "1,200",
        "all": "3,000.5",
    }
    assert template.match("甲 has some of 3") is None
    assert template.filled({"name": "甲", "n": "1", "all": "3"}) == "3 中的 1：甲"


def test_the_entry_with_the_most_literal_text_is_taken() -> None:
    found = Catalogue.of({"{a} is bad": "{a} 不好", "{a} of {b} is bad": "{b} 的 {a} 不好"})
    assert found.rendering("x of y is bad") == "y 的 x 不好"


def test_an_unknown_message_and_english_stay_as_they_are() -> None:
    assert translated("a sentence that nobody ever wrote: 3", "zh") == "a sentence that nobody ever wrote: 3"
    assert translated("not enough answers", "en") == "not enough answers"
    assert translated("", "zh") == ""


def test_joined_messages_are_rendered_as_a_whole_or_part_by_part() -> None:
    assert translated("n < 20; one interview: no interval", "zh") == "样本量少于 20；只有一份访问：没有区间"
    whole = "companies: rankability 0.31 is under 0.5; ranks were forced and rest mostly on noise"
    assert translated(whole, "zh") == "企业：可排名度 0.31 低于 0.5；名次是强制给出的，大多出于偶然"
    assert translated(f"not enough answers; {whole}", "zh") == f"回答不足；{translated(whole, 'zh')}"
    assert translated("never seen; not enough answers", "zh") == "never seen；回答不足"


def test_words_of_ours_are_rendered_inside_a_message_and_names_of_the_user_are_not() -> None:
    note = "companies of Company: rankability 0.60 is under 0.7, read tiers first"
    assert translated(note, "zh") == "Company的企业：可排名度 0.60 低于 0.7，请先看档次"
    spelled = (
        "one company may be written in 2 ways: 'Item, Inc' (20 interviews), 'all' (1 interview) and 3 more"
    )
    assert translated(spelled, "zh").endswith("：'Item, Inc'（20 份访问）、'all'（1 份访问），另有 3 个")
    places = "the interview id 7 stands in 7 rows: row 5, b.csv row 1,204 and 2 more"
    assert translated(places, "zh") == "样本编号 7 出现在 7 行：第 5 行、b.csv 第 1,204 行，另有 2 个"


def test_words_that_are_no_message_are_rendered_only_when_asked_for() -> None:
    assert translated("companies", "zh") == "companies"
    assert translated_words("companies", "zh") == "企业"
    assert translated_words("one of .csv, .tsv", "zh") == "以下之一：.csv, .tsv"
    assert translated_words("companies", "en") == "companies"


def test_a_note_of_a_file_is_rendered_only_where_the_note_is_known() -> None:
    note = "b.xlsx: sheet 说明 is hidden in the workbook"
    assert translated(note, "zh") == "b.xlsx：工作表 说明 在工作簿中是隐藏的"
    assert translated("a.xlsx: nobody says this", "zh") == "a.xlsx: nobody says this"


# The catalogue itself --------------------------------------------------------------------------------------


def entries() -> Iterator[tuple[str, str]]:
    for part in catalogue().values():
        yield from part.exact.items()
        yield from ((template.english, template.rendering) for template in part.templates)


def test_every_entry_compiles_and_uses_only_its_own_placeholders() -> None:
    for english, chinese in entries():
        template = Template(english, chinese)
        assert template.pattern.groups == len(template.placeholders)
        used = {name for _, name, _, _ in string.Formatter().parse(chinese) if name}
        # Plurals, names said twice, and codes of the system have no place in Chinese.
        assert set(template.placeholders) - used <= {"s", "again", "name", "code", "more"}, english
        assert used <= set(template.placeholders), english


def test_every_entry_is_chinese() -> None:
    for english, chinese in entries():
        if not any(english == pair[1] for pair in LABELS.values()):
            assert CHINESE.search(re.sub(r"\{.*?\}", "", chinese)) or english in LISTS or "{" in english, (
                english
            )


def test_a_message_stands_once_in_the_catalogue() -> None:
    text = (PACKAGE / "report" / "catalogue_zh.toml").read_text(encoding="utf-8")
    text = text[: text.index("[phrases]")]
    messages = re.findall(r"""^("(?:[^"\\]|\\.)*"|'[^']*') = """, text, re.MULTILINE)
    assert len(messages) > 500
    assert sorted(key for key in set(messages) if messages.count(key) > 1) == []


# Everything that stands in the source ----------------------------------------------------------------------


class Known:
    """Entries of the catalogue, to be compared with the forms of texts in the source."""

    def __init__(self, *tables: str) -> None:
        parts = [catalogue()[name] for name in tables]
        english = [e for part in parts for e in (*part.exact, *(t.english for t in part.templates))]
        self.forms = [form_of(text) for text in english]
        telling = [
            text for text in english if text not in LISTS and WORD.search(re.sub(r"\{.*?\}", " ", text))
        ]
        self.patterns = [self._loosened(text) for text in telling]
        self.telling = [form_of(text) for text in telling]

    @staticmethod
    def _loosened(template: str) -> re.Pattern[str]:
        parts = re.split(r"(\{\w*(?::\w+)?\})", template)
        holes = {part: r"(?:\{\}|[-\d.,]+)" if part.endswith(":number}") else ".*" for part in parts[1::2]}
        return re.compile("".join(holes.get(part) or re.escape(part) for part in parts), re.DOTALL)

    def has(self, form: str) -> bool:
        """Whether some entry is this message."""
        own = self._loosened(form.replace(HOLE, "{x}"))
        return (
            form in self.forms
            or any(pattern.fullmatch(form) for pattern in self.patterns)
            or any(own.fullmatch(other) for other in self.telling)
        )

    def has_part(self, form: str) -> bool:
        """Whether some entry is this message, or has it in it."""
        own = self._loosened(form.strip(" ;:,.()").replace(HOLE, "{x}"))
        return self.has(form) or any(own.search(other) for other in self.forms)


def test_every_message_in_the_source_has_an_entry() -> None:
    messages, everything = Known("messages"), Known("messages", "phrases", "names")
    literals = list(spoken_literals(PACKAGE))
    assert len(literals) > 500
    absent = [
        f"{literal.place}: {literal.form}"
        for literal in literals
        if not (messages.has(literal.form) if literal.whole else everything.has_part(literal.form))
    ]
    assert absent == []


def test_a_message_without_an_entry_would_be_noticed() -> None:
    assert not Known("messages").has("the {} has gone astray")
    assert not Known("messages", "phrases", "names").has_part("{} of them went astray")


def test_every_rule_has_a_name_in_chinese() -> None:
    rules = set(RULES) | rules_in_source(PACKAGE) | set(UNUSED_RULES) | set(RECORD_RULES)
    assert {"out_of_range", "undeclared_code", "unsafe_number"} <= rules
    assert rules == set(catalogue()["rules"].exact)
    assert rule_name("small_company", "zh") == "企业样本不足 small_company"
    assert rule_name("small_company", "en") == "small_company"


# What runs really say --------------------------------------------------------------------------------------


def left_in_english(message: str) -> list[str]:
    """Return the English words of a rendering, without names, codes, quotations and paths."""
    # What a library says of a damaged file is quoted behind the colon.
    text = re.sub(r"(?:读不出|已损坏|不完整).*：[\x00-\x7f]+$", "", translated(message, "zh"))
    text = re.sub(r"['“\"].*?['”\"]|\S*[_=/\\.]\S*|--\S+|\([^)]*[(\[<].*", " ", text)
    return [word for word in WORD.findall(text) if word not in KEPT]


def assert_chinese(messages: Iterable[str]) -> None:
    said = {message for message in messages if message}
    assert [message for message in said if not CHINESE.search(translated(message, "zh"))] == []
    assert {message: left_in_english(message) for message in said if len(left_in_english(message)) > 4} == {}


def survey(folder: Path, **options: object) -> Path:
    plan = plain_design("contact-centre-22", **options)  # type: ignore[arg-type]
    path = folder / "survey.csv"
    write_export(simulate(plan), path, encoding="utf-8-sig", force=True)
    return path


@pytest.fixture(scope="module")
def damaged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a survey with planted defects, and with some that no simulation plants."""
    path = survey(
        tmp_path_factory.mktemp("damaged"), companies=9, interviews=21, industries=3, seed=5, defects=0.2
    )
    frame = pd.read_csv(path, dtype=str, encoding="utf-8-sig", keep_default_na=False)
    frame["权重"] = ["0.01" if k % 9 == 0 else "" if k == 3 else "1" for k in range(len(frame))]
    frame.loc[frame.index[:4], "企业名称"] = " " + frame["企业名称"].iloc[4]
    frame.loc[frame.index[5], "行业"] = ""
    frame.loc[frame.index[6], "完成时间"] = "2999-01-01 10:00:00"
    frame.loc[frame.index[7], "完成时间"] = "昨天"
    frame.loc[frame.index[8], "访问时长(秒)"] = "很久"
    frame.loc[frame.index[9], "访问时长(秒)"] = "-5"
    frame.loc[frame.index[10:12], frame.columns[frame.columns.str.startswith("A1")]] = ["88", "满意吧"]
    frame.to_csv(path, index=False, encoding="utf-8-sig")
    with path.open("a", encoding="utf-8") as stream:
        stream.write('"没有闭合,1\n')
    return path


@pytest.fixture(scope="module")
def ranked(damaged: Path) -> Analysis:
    return analyse([damaged], draws=200, today=date(2026, 1, 1))


def test_all_that_the_checks_say_is_chinese(damaged: Path) -> None:
    report = check(read_responses([damaged]), today=date(2026, 1, 1))
    assert len({finding.rule for finding in report.findings}) >= 12
    assert_chinese([*(f.what for f in report.findings), *(f.do for f in report.findings)])
    assert_chinese([*report.rules_not_run.values(), *report.notes])


def test_what_rules_say_where_they_cannot_run_is_chinese(tmp_path: Path) -> None:
    path = tmp_path / "few.csv"
    path.write_text("company,A1\n甲,9\n", encoding="utf-8")
    report = check(read_responses([path]))
    assert len(report.rules_not_run) >= 8
    assert_chinese(report.rules_not_run.values())
    path.write_text("company,A1\n甲,\n", encoding="utf-8")
    assert_chinese(check(read_responses([path])).rules_not_run.values())


def test_the_page_of_findings_is_chinese_to_its_last_line(damaged: Path) -> None:
    report = check(read_responses([damaged]), today=date(2026, 1, 1))
    chinese = check_text(report, "zh")
    assert translated(report.findings[0].do, "zh")[:20] in chinese
    assert report.findings[0].do[:20] in check_text(report, "en")
    for finding in report.findings:
        assert finding.do[:20] not in chinese
        assert finding.what[:20] not in chinese


def test_notes_of_scores_and_ranks_are_chinese(ranked: Analysis, tmp_path: Path) -> None:
    assert_chinese(ranked.notes)
    forced = analyse([survey(tmp_path, companies=6, interviews=20, industries=2, seed=2)], draws=200,
                     force_ranks=True, company_min_n=19, industry_min_companies=4)  # fmt: skip
    assert_chinese(forced.notes)
    frames = (ranked.companies, ranked.industries, ranked.dimensions, ranked.items, forced.industries)
    assert_chinese(note for frame in frames if "note" in frame for note in frame["note"])


def test_row_notes_of_tables_are_in_the_language_of_the_table(tmp_path: Path) -> None:
    path = survey(tmp_path, companies=4, interviews=20, industries=2, seed=3)
    small = analyse([path], draws=200)
    for build in (industry_table, company_table):
        chinese, english = build(small, "zh"), build(small, "en")
        place = [column.key for column in english.columns].index("note") if build is industry_table else None
        if place is not None:
            assert english.rows[0][place] == "fewer than 3 companies"
            assert chinese.rows[0][place] == "企业少于 3 家"
        assert all(CHINESE.search(note) for note in chinese.notes)


def test_notes_of_outcome_rates_and_interviewers_are_chinese(damaged: Path) -> None:
    result = fieldwork(read_responses([damaged]))
    assert_chinese(result.notes)
    assert result.outcome is not None
    assert_chinese([*result.outcome.notes, result.outcome.e_method])


def refusals(folder: Path) -> Iterator[SatsurveyError]:
    """Yield what is raised in situations that users come into."""

    def written(name: str, content: bytes) -> Path:
        path = folder / name
        path.write_bytes(content)
        return path

    good = survey(folder, companies=3, interviews=20, industries=1, seed=1)
    sound = (PACKAGE.parent / "instruments" / "acsi-3.toml").read_text(encoding="utf-8")
    exports = [
        folder, folder / "none.csv", written("empty.csv", b""), written("blank.csv", b"\n\n"),
        written("x.doc", b"x"), written("x.xlsx", b"no workbook"), written("x.sav", b"no data at all"),
        written("x.parquet", b"PAR1"), written("x.dta", b"\0" * 40), written("zip.csv", b"PK\x03\x04\0\0"),
        written("bytes.csv", b"company,A1\n\xff\xff\xff,1\n"), written("no-items.csv", b"company,x\n1,2\n"),
        written("no-company.csv", b"A1,A2\n1,2\n"), written("twice.csv", b"company,A1,A1\n1,2,3\n"),
        written("short.csv", b"company,A1\n,\n"), written("h.xlsx", b"PK\x05\x06" + b"\0" * 18),
    ]  # fmt: skip
    calls = [lambda path=path: analyse([path]) for path in exports]
    studies = [
        'schema = "satsurvey.study/1"\n[columns]\nboss = "x"\n', 'schema = "1"\nscale = 3\n', "x = = 1\n",
        'schema = "satsurvey.study/1"\nscale = "none"\n[items]\nZ9 = "x"\n',
        'schema = "satsurvey.study/1"\n[items]\nA1 = "no such"\n',
        'schema = "satsurvey.study/1"\n[scoring]\ncompany_min_n = "many"\nconversion = "none"\n',
    ]  # fmt: skip
    for k, text in enumerate(studies):
        file = written(f"study{k}.toml", text.encode())
        calls.append(lambda file=file: analyse([good], study=file))
    instruments = [
        sound.replace('dimension = "CS"', 'dimension = "XX"', 1).replace('id = "acsi-3"', "id = 3"),
        sound.replace("max = 10", "max = 0"), "schema = [", "\xff", "schema = 1\nschema = 2\n",
        sound + '\n[filters.f]\nexpression = "S1 is 1"\n',
    ]  # fmt: skip
    for k, text in enumerate(instruments):
        file = written(f"instrument{k}.toml", text.encode("latin-1" if text == "\xff" else "utf-8"))
        calls.append(lambda file=file: analyse([good], instrument=file))
    choices = [
        {"conversion": "none"}, {"level": 2}, {"company_min_n": 0}, {"nothing": 1}, {"by": ["none"]},
        {"finite_population": True}, {"industry_level": "market_weighted"}, {"scale": "none"},
        {"rank_sets": "none"}, {"tier_control": "none at all"}, {"top_k": 0}, {"seed": -1}, {"draws": 3},
        {"dimension_weights": "ahp"}, {"dimension_weights": "none"}, {"instrument": "none"},
        {"encoding": "none"}, {"item_weights": "declared"},
    ]  # fmt: skip
    calls += [lambda options=options: analyse([good], **options) for options in choices]  # type: ignore[arg-type]
    calls.append(lambda: analyse([]))
    designs = ({"interviews": 0}, {"companies": 1, "industries": 3}, {"defects": 3.0})
    calls += [lambda options=options: plain_design("contact-centre-22", **options) for options in designs]  # type: ignore[arg-type]
    for call in calls:
        try:
            call()
        except SatsurveyError as exc:
            yield exc


def test_errors_are_chinese_in_every_part(tmp_path: Path) -> None:
    raised = list(refusals(tmp_path))
    assert len(raised) >= 35
    assert len({type(error) for error in raised}) >= 6
    for error in raised:
        parts = [error.what, error.expected or "", error.next_step or ""]
        listed = re.compile(r"[\w./-]+(?:, [\w./-]+)+")
        parts = [part for part in parts if len(WORD.findall(part)) > 4 and not listed.fullmatch(part)]
        assert_chinese([*parts, *(defect.what for defect in getattr(error, "defects", ()))])
