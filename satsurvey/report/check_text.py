"""What the checks found, written for a person: rule by rule, counted, with the first places of each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from satsurvey.errors import shorten
from satsurvey.instrument.model import Language
from satsurvey.intake.checks import CheckReport
from satsurvey.intake.finding_log import OTHER_VALUES
from satsurvey.intake.findings import Finding
from satsurvey.report.catalogue import rule_name, translated
from satsurvey.report.cells import printable
from satsurvey.report.labels import label
from satsurvey.report.notes import ledger_line
from satsurvey.report.terminal import wrapped

PLACES = 4
"""So many places of a rule are shown; the other formats list every row."""
FIRST_ROWS = 5
WIDTH = 100
"""Lines are broken here where the output is no terminal."""


def check_text(report: CheckReport, language: Language, *, width: int | None = None) -> str:
    """Write a report out as lines: the worst first, every rule with its count, places, reason and remedy.

    Parameters
    ----------
    report
        What was found.
    language
        "zh" or "en".
    width
        Cells of a line; None means `WIDTH`.
    """
    zh = language == "zh"
    room = width or WIDTH
    lines = [label("title_check", language), ""]
    for findings in _by_rule(report.findings):
        lines += _rule(findings, language, room)
        lines.append("")
    if not report.findings:
        lines += [label("nothing_found", language), ""]
    notes = [translated(note, language) for note in report.notes]
    if report.rules_not_run:
        names = ("、" if zh else ", ").join(rule_name(name, language) for name in report.rules_not_run)
        notes.append(
            f"因缺少所需的列而未执行的规则：{names}（--format json 给出原因）"
            if zh
            else f"rules not run for want of a column: {names} (--format json gives the reasons)"
        )
    if any(finding.n > FIRST_ROWS for finding in report.findings) or len(report.findings) > PLACES:
        notes.append("--format csv 逐行列出全部问题" if zh else "--format csv lists every row")
    notes.append(ledger_line(report.ledger, language))
    for note in notes:
        lines += _indented(note, "- ", room)
    return "\n".join(lines) + "\n"


def _by_rule(findings: Sequence[Finding]) -> list[list[Finding]]:
    groups: dict[tuple[str, str], list[Finding]] = {}
    for finding in findings:
        groups.setdefault((finding.severity, finding.rule), []).append(finding)
    return list(groups.values())


def _rule(findings: Sequence[Finding], language: Language, room: int) -> Iterator[str]:
    zh = language == "zh"
    first = findings[0]
    rows = sum(finding.n for finding in findings)
    counts = []
    if rows:
        counts.append(f"{rows:,} 行" if zh else f"{rows:,} row{'s' if rows != 1 else ''}")
    if len(findings) > 1:
        counts.append(f"{len(findings):,} 处" if zh else f"{len(findings):,} places")
    head = f"{label(first.severity, language)} {rule_name(first.rule, language)}"
    tail = ("，" if zh else ", ").join(counts)
    yield head + (("：" if zh else ": ") + tail if tail else "")
    for finding in findings[:PLACES]:
        yield from _indented(_place(finding, language), "  · ", room)
    if len(findings) > PLACES:
        yield (
            f"  … 另有 {len(findings) - PLACES:,} 处" if zh else f"  … {len(findings) - PLACES:,} more places"
        )
    if _has_place(first):
        yield from _indented(shorten(translated(first.what, language), 300), "  ! ", room)
    for remedy in list(dict.fromkeys(finding.do for finding in findings))[:PLACES]:
        yield from _indented(printable(translated(remedy, language)), "  → ", room)


def _has_place(finding: Finding) -> bool:
    return bool(finding.n and (finding.column or finding.value))


def _place(finding: Finding, language: Language) -> str:
    """Say where a finding stands: column, value and rows; or in words where it is about no single column."""
    if not _has_place(finding):
        return shorten(translated(finding.what, language), 300)
    zh = language == "zh"
    where = " ".join(part for part in (finding.sheet, finding.letter, finding.column) if part)
    value = translated(OTHER_VALUES, language) if finding.value == OTHER_VALUES else finding.value
    text = printable(" = ".join(shorten(part, 80) for part in (where, value) if part))
    shown = [str(row) for row in finding.rows[:FIRST_ROWS].tolist()]
    if zh:
        listed = "、".join(shown) + (f" 等 {finding.n:,} 行" if finding.n > FIRST_ROWS else " 行")
        return f"{text}：第 {listed}"
    listed = ", ".join(shown) + (f" … ({finding.n:,} rows)" if finding.n > FIRST_ROWS else "")
    return f"{text}: row{'s' if finding.n > 1 else ''} {listed}"


def _indented(text: str, mark: str, room: int) -> list[str]:
    parts = wrapped(text, max(room - len(mark), 20))
    return [(" " * len(mark) if place else mark) + part for place, part in enumerate(parts)]
