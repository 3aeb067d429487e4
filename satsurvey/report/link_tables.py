"""Interviews joined to contacts as tables and JSON: how many were linked, why others were not, conflicts."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from satsurvey.instrument.model import Language
from satsurvey.intake.personal_data import mask_personal_data
from satsurvey.report.catalogue import translated
from satsurvey.report.cells import Column
from satsurvey.report.layout import Table, listed, texts
from satsurvey.report.score_json import plain_data, rows_of
from satsurvey.service.link import LINK_WORDS, Link

SCHEMA = "satsurvey.link/1"
MOST_SHOWN = 20
"""Conflicts shown in a table for people; the JSON part has all of them."""

STATUS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        **LINK_WORDS,
        "no_interview": ("没有访问", "no interview"),
        "several_interviews": ("一次联系对应多份访问", "several interviews of one contact"),
        "interviews": ("访问", "interviews"),
        "contacts": ("联系", "contacts"),
    }
)
"""What becomes of interviews and contacts, in Chinese and English."""
_BY: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "case_id": ("按工单号", "by case"),
        "customer": ("按客户与时间窗", "by customer and window"),
        "last_before": ("多次联系取访问前最后一次", "of several contacts the last before the interview"),
        "nearest": ("多次联系取时间最近一次", "of several contacts the nearest in time"),
    }
)


def coverage_table(found: Link, language: Language) -> Table:
    """Build how many interviews and contacts are linked, and why others are not."""
    frame = found.coverage[found.coverage["n"] > 0].reset_index(drop=True)
    side, status = (
        [_word(STATUS, word, language) for word in texts(frame, name)] for name in ("side", "status")
    )
    sides = texts(frame, "side")
    return Table(
        "访问与服务记录的连接" if language == "zh" else "Interviews linked to service records",
        (
            Column("side", "对象", "Of", align="left"),
            Column("status", "结果", "Result", align="left"),
            Column("n", "数量", "Number", "integer"),
            Column("share", "占比", "Share", "share"),
        ),
        tuple(zip(side, status, listed(frame, "n"), listed(frame, "share"), strict=True)),
        (_rule(found, language), *(translated(note, language) for note in found.notes)),
        groups=tuple(k for k in range(1, len(sides)) if sides[k] != sides[k - 1]),
        language=language,
    )


def conflict_table(found: Link, language: Language, *, most: int | None = MOST_SHOWN) -> Table:
    """Build the list of what interviews and contacts say against each other, row by row."""
    frame = found.conflicts if most is None else found.conflicts.head(most)
    named = len({*texts(frame, "interview_file"), *texts(frame, "contact_file")}) > 2
    columns = [Column("conflict", "冲突", "Conflict", align="left"), Column("id", "编号", "Id", align="left")]
    values: list[list[object]] = [
        [_word(STATUS, word, language) for word in texts(frame, "conflict")],
        [mask_personal_data(text)[0] for text in texts(frame, "id")],
    ]
    for side, zh, en in (("interview", "访问", "Interview"), ("contact", "联系", "Contact")):
        if named:
            columns.append(Column(f"{side}_file", f"{zh}文件", f"{en} file", align="left", optional=2))
            values.append([*texts(frame, f"{side}_file")])
        columns += [
            Column(f"{side}_row", f"{zh}行号", f"{en} row", "integer"),
            Column(f"{side}_company", f"{zh}企业", f"{en} company", align="left", optional=1),
            Column(f"{side}_at", f"{zh}时间", f"{en} time", align="left", optional=3),
        ]
        values += [
            listed(frame, f"{side}_row"),
            [*texts(frame, f"{side}_company")],
            [*texts(frame, f"{side}_at")],
        ]
    notes: tuple[str, ...] = ()
    if len(frame) < len(found.conflicts):
        total = len(found.conflicts)
        notes = (
            f"共 {total:,} 行，只列出前 {len(frame)} 行"
            if language == "zh"
            else f"The first {len(frame)} of {total:,} rows",
        )
    return Table(
        "连接中的冲突" if language == "zh" else "Conflicts in the link",
        tuple(columns),
        tuple(zip(*values, strict=True)),
        notes,
        language=language,
    )


def link_tables(found: Link, language: Language) -> list[Table]:
    """Build the tables of a link, that of conflicts only where there are any."""
    tables = [coverage_table(found, language)]
    if len(found.conflicts):
        tables.append(conflict_table(found, language))
    return tables


def link_document(found: Link) -> dict[str, object]:
    """Return a link as plain data of the schema `satsurvey.link/1`, a part of other documents.

    Keys: schema, n_linked, method (by, window_days, prefer), coverage and conflicts (rows), notes. Ids of
    conflicts are masked where they are personal data.
    """
    conflicts = rows_of(found.conflicts)
    for row in conflicts:
        row["id"] = mask_personal_data(str(row["id"]))[0]
    return {
        "schema": SCHEMA,
        "n_linked": len(found),
        "method": plain_data(found.method),
        "coverage": rows_of(found.coverage),
        "conflicts": conflicts,
        "notes": list(found.notes),
    }


def _rule(found: Link, language: Language) -> str:
    by, prefer = (_word(_BY, str(found.method[name]), language) for name in ("by", "prefer"))
    days = found.method["window_days"]
    if language == "zh":
        return f"{by}连接；{prefer}" + (f"；时间窗 {days:g} 天" if isinstance(days, int | float) else "")
    return f"Linked {by}; {prefer}" + (f"; window {days:g} days" if isinstance(days, int | float) else "")


def _word(table: Mapping[str, tuple[str, str]], key: str, language: Language) -> str:
    return table[key][0 if language == "zh" else 1]
