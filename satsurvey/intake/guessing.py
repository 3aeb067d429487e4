"""Guesses at what undeclared columns are, each with its reason; drafts use them, readers never."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from satsurvey.errors import shorten
from satsurvey.instrument.model import Instrument
from satsurvey.intake.answers import AnswerReader
from satsurvey.intake.formats.headings import normalise_heading
from satsurvey.intake.inspection import InspectedColumn, Inspection
from satsurvey.intake.responses import INVALID
from satsurvey.intake.study import ROLES

Kind = Literal["empty", "dates", "clock", "ratings", "whole", "numbers", "names", "texts"]

LIKE_ENOUGH = 0.6
"""Share of pairs of letters that two wordings must have in common to be taken for one question."""
_MOST_COMPARED = 2_000  # columns whose wording is compared; a survey has fewer, and the work grows with them
_MOST_OTHERS = 3
_LONGEST_ROLE_HEADING = 40

_HINTS: Mapping[str, str] = {
    "interview_id": "样本号 样本id 问卷号 问卷id 答卷 序号 流水号 respnum respid respondent serial",
    "company": "企业 公司 单位 机构 品牌 商户 company firm brand organisation organization provider airline",
    "company_id": "企业id 公司id 单位编号 机构编号 companyid firmid",
    "industry": "行业 领域 板块 业态 industry sector",
    "weight": "权重 权数 加权 weight wgt",
    "disposition": "访问结果 访问状态 结果 状态 disposition status outcome",
    "completed_at": "结束时间 提交时间 访问日期 访问时间 答题时间 日期 时间 submitted date time",
    "contact_at": "来电时间 通话时间 服务时间 工单时间 联系日期 calltime contact",
    "duration_s": "时长 耗时 用时 duration elapsed seconds",
    "interviewer": "访问员 访员 interviewer",
    "wave": "波次 期次 批次 季度 wave quarter",
    "route": "调查方式 访问方式 采集方式 surveymode",
    "region": "地区 区域 省份 城市 省市 region province",
    "customer_tier": "等级 级别 会员 tier",
    "stratum": "抽样层 分层 stratum strata",
    "case_id": "工单 案件 ticket caseid callid",
    "first_response_s": "响应时长 响应时间 首响 responsetime",
    "population": "联系总量 来电量 客户总量 population",
    "market_share": "份额 占有率 marketshare",
}
"""Words in a heading, or parts of words, that speak for a role beside the aliases the instrument declares."""
_YEAR_FIRST = re.compile(
    r"[12]\d{3}[-/.年]\d{1,2}[-/.月]\d{1,2}(?:\D.*)?|(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:\d{4}|\d{6})?"
)
_DAY_FIRST = re.compile(r"\d{1,2}[-/.]\d{1,2}[-/.](?:\d{4}|\d{2})(?:\s.*)?")
_CLOCK = re.compile(r"\d{1,2}:\d{2}(?::\d{2})?")


@dataclass(frozen=True)
class Guess:
    """A column that may be what a table of the study file calls `code`.

    Attributes
    ----------
    table, code
        The key of the study file: "items", "facts", "outcomes" or "roles", and the code or role.
    column
        The likeliest column.
    reason
        Why, in Chinese and English.
    others
        Further columns that may be it, likeliest first.
    """

    table: str
    code: str
    column: InspectedColumn
    reason: str
    others: tuple[InspectedColumn, ...] = ()


def guess_bindings(inspection: Inspection, instrument: Instrument) -> tuple[Guess, ...]:
    """Guess which undeclared columns are items, facts, outcomes and roles that no column is declared for.

    No column is guessed to be two things, and no code has two guesses. Columns that share their heading with
    another are left out, since a study file cannot name them.
    """
    taken = {(column.table, column.code) for column in inspection.columns if column.code}
    doubled = inspection.doubled
    free = [c for c in inspection.columns if not c.code and normalise_heading(c.heading) not in doubled]
    guesses = _by_wording(free, instrument, taken)
    used = {guess.column.raw.position for guess in guesses}
    free = [column for column in free if column.raw.position not in used]
    roles = [role for role in ROLES if ("roles", role) not in taken]
    return (*guesses, *_roles(free, roles, instrument, inspection.n_rows))


def kind_of(column: InspectedColumn) -> Kind:
    """Tell what the cells of a column look like."""
    n = column.n_filled
    if not n:
        return "empty"
    if _share(column, lambda text: bool(_YEAR_FIRST.fullmatch(text) or _DAY_FIRST.fullmatch(text))) >= 0.9:
        return "dates"
    if _share(column, lambda text: bool(_CLOCK.fullmatch(text))) >= 0.9:
        return "clock"
    numbers = column.numbers
    if numbers is not None and numbers.n >= 0.9 * n:
        if numbers.n_whole < numbers.n:
            return "numbers"
        low = [value for value in column.values if value.text in _RATINGS]
        whole = column.n_distinct <= 15 and sum(value.n for value in low) >= 0.5 * n and len(low) >= 3
        return "ratings" if whole and numbers.least >= -9 else "whole"
    return "names" if column.repeats and column.n_distinct <= max(2, n // 2) else "texts"


def look(column: InspectedColumn, n_rows: int) -> str:
    """Say in Chinese and English what the cells of a column look like."""
    kind, numbers = kind_of(column), column.numbers
    distinct = f"{column.n_distinct}{'' if column.counted_all else '+'}"
    span = f"{numbers.least:g} … {numbers.greatest:g}" if numbers else ""
    said = {
        "empty": "空列 empty",
        "dates": "日期 dates",
        "clock": "时刻或时长 times of day or lengths",
        "ratings": f"像评分 like ratings, {span}",
        "whole": f"整数 whole numbers, {span}",
        "numbers": f"数字 numbers, {span}",
        "names": f"文字，{distinct} 种 texts, {distinct} different",
        "texts": f"文字，{distinct} 种 texts, {distinct} different",
    }[kind]
    if kind not in {"empty", "ratings"} and not column.repeats and column.n_filled > 1:
        said += "；各不相同 all different"
    if column.n_filled < n_rows and kind != "empty":
        said += f"；{column.n_filled}/{n_rows} 有值 filled"
    return said


# Questions -------------------------------------------------------------------------------------------------


def _by_wording(
    free: Sequence[InspectedColumn], instrument: Instrument, taken: set[tuple[str, str]]
) -> list[Guess]:
    """Pair columns and questions by how alike their wordings are, the most alike first."""
    wordings = [
        (table, code, name, _pairs(name))
        for table, code, names in _questions(instrument)
        if (table, code) not in taken
        for name in {_letters(name) for name in names}
        if len(name) >= 4
    ]
    found: list[tuple[float, int, str, str, str]] = []
    columns = {column.raw.position: column for column in free[:_MOST_COMPARED]}
    for position, column in columns.items():
        for text in filter(None, (column.heading, column.raw.question)):
            letters = _letters(text)
            pairs = _pairs(letters)
            for table, code, name, own in wordings:
                score = 0.99 if name in letters else _dice(pairs, own)
                if score >= LIKE_ENOUGH and _possible(table, code, column, instrument):
                    found.append((-score, position, table, code, text))
    guesses: list[Guess] = []
    used: set[int] = set()
    codes: set[tuple[str, str]] = set()
    for score, position, table, code, text in sorted(found):
        if position in used or (table, code) in codes:
            continue
        used.add(position)
        codes.add((table, code))
        said = shorten(" ".join(text.split()), 60)
        if score == -0.99:
            reason = f"“{said}” 含有该题的问法 holds its wording"
        else:
            reason = f"“{said}” 与该题的问法相近 is worded like it ({-score:.0%})"
        guesses.append(Guess(table, code, columns[position], reason))
    return guesses


def _questions(instrument: Instrument) -> Iterable[tuple[str, str, tuple[str, ...]]]:
    for item in instrument.items:
        texts = (item.text.zh, item.text.en, item.text_channel.zh, item.text_channel.en)
        yield "items", item.code, (*item.aliases, *texts)
    for fact in instrument.facts:
        yield "facts", fact.code, (*fact.aliases, fact.text.zh, fact.text.en)
    for outcome in instrument.outcomes:
        yield "outcomes", outcome.code, (*outcome.aliases, outcome.text.zh, outcome.text.en)


def _possible(table: str, code: str, column: InspectedColumn, instrument: Instrument) -> bool:
    """Tell whether the cells of a column can be answers to a question at all."""
    rated = table == "items" or any(o.code == code and o.type == "scale" for o in instrument.outcomes)
    if not rated or not column.n_filled:
        return True
    readers = [AnswerReader(scale, instrument, column=column.raw) for scale in instrument.scales.values()]
    known = sum(v.n for v in column.values if any(reader.read(v.text) < INVALID for reader in readers))
    return known >= 0.5 * sum(value.n for value in column.values)


def _letters(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKC", text).casefold() if c.isalnum())


def _pairs(letters: str) -> frozenset[str]:
    return frozenset(letters[place : place + 2] for place in range(len(letters) - 1))


def _dice(one: frozenset[str], other: frozenset[str]) -> float:
    """Return the Dice coefficient of two sets, 2 |A ∩ B| / (|A| + |B|)."""
    return 2 * len(one & other) / (len(one) + len(other)) if one and other else 0.0


# Roles -----------------------------------------------------------------------------------------------------

_NAMES = ("company", "company_id", "industry", "disposition", "interviewer", "wave", "route", "region")
_AMOUNTS = ("weight", "population", "market_share", "first_response_s", "duration_s")
_MOMENTS = ("completed_at", "contact_at")


def _roles(
    free: Sequence[InspectedColumn], roles: Sequence[str], instrument: Instrument, n_rows: int
) -> list[Guess]:
    scored: list[tuple[float, int, str, str]] = []
    columns = {column.raw.position: column for column in free[:_MOST_COMPARED] if column.n_filled}
    for position, column in columns.items():
        kind = kind_of(column)
        for role in roles:
            if not _may_play(role, column, kind):
                continue
            hint = _hint(column, role, instrument)
            by_cells = _cells_look_like(role, column, kind, n_rows)
            if hint:
                said = look(column, n_rows)
                reason = f"列名含“{hint}” the heading has it; {said}"
                scored.append((1 + len(hint) / max(1, len(_letters(column.heading))), position, role, reason))
            elif by_cells:
                scored.append((by_cells[0], position, role, by_cells[1]))
    guesses: list[tuple[str, int, str]] = []
    used: set[int] = set()
    for _score, position, role, reason in sorted(scored, key=lambda s: (-s[0], s[1], roles.index(s[2]))):
        if position not in used and role not in {guess[0] for guess in guesses}:
            used.add(position)
            guesses.append((role, position, reason))
    result = []
    for role, position, reason in sorted(guesses, key=lambda guess: roles.index(guess[0])):
        rest = sorted((-s[0], s[1]) for s in scored if s[2] == role and s[1] not in used)
        others = tuple(columns[place] for _, place in rest[:_MOST_OTHERS])
        result.append(Guess("roles", role, columns[position], reason, others))
    return result


def _hint(column: InspectedColumn, role: str, instrument: Instrument) -> str:
    """Return the longest word in a heading that speaks for a role, or ""."""
    field = instrument.roles.get(role)
    words = {_letters(word) for word in (*_HINTS.get(role, "").split(), *(field.aliases if field else ()))}
    found = []
    for text in (column.heading, column.raw.question):
        letters = _letters(text)
        if len(letters) <= _LONGEST_ROLE_HEADING:
            found += [word for word in words if len(word) >= 2 and word in letters]
    return max(found, key=lambda word: (len(word), word), default="")


def _may_play(role: str, column: InspectedColumn, kind: Kind) -> bool:
    """Tell whether the cells of a column fit a role at all, whatever its heading says."""
    numbers = column.numbers
    if role in _MOMENTS:
        return kind == "dates"
    if role in _AMOUNTS:
        if role == "duration_s" and kind == "clock":
            return True
        return kind in {"ratings", "whole", "numbers"} and numbers is not None and numbers.greatest > 0
    if role in {"interview_id", "case_id"}:
        single = column.n_distinct >= 0.9 * column.n_filled
        return kind != "dates" and (single or not (column.counted_all or column.repeats))
    if kind in {"dates", "clock", "numbers"} and role != "disposition":
        return False
    if role in {"company", "industry"}:
        return kind == "names"
    return column.repeats and (role != "disposition" or column.n_distinct <= 60)


def _cells_look_like(role: str, column: InspectedColumn, kind: Kind, n_rows: int) -> tuple[float, str] | None:
    """Guess a role by the cells alone: how strongly (below 1) and why; None for most roles."""
    numbers, n = column.numbers, column.n_filled
    full = n >= 0.9 * n_rows
    if (
        role == "company"
        and full
        and kind == "names"
        and 2 <= column.n_distinct <= n / 5
        and column.longest >= 2
    ):
        each = f"{n / column.n_distinct:.0f}"
        said = f"像企业名称：{column.n_distinct} 种文字，各约 {each} 行 few different texts, {each} rows each"
        return 0.5 + 0.4 * column.n_distinct / n, said
    if role == "weight" and full and kind == "numbers" and numbers is not None:
        if numbers.least > 0 and 0.9 <= numbers.mean <= 1.1:
            return 0.9, f"像权重：正数，平均 {numbers.mean:.3f} like weights: positive numbers averaging 1"
    elif (
        role == "interview_id" and not column.repeats and n >= max(2, 0.99 * n_rows) and column.longest <= 40
    ):
        return 0.8 - column.raw.position * 1e-6, "像编号：各不相同 like an id: all different"
    elif role == "completed_at" and full:
        return 0.5, "日期 dates"
    return None


def _share(column: InspectedColumn, holds: Callable[[str], bool]) -> float:
    """Return the share of the cells with frequent values for which something holds."""
    total = sum(value.n for value in column.values)
    return sum(value.n for value in column.values if holds(value.text)) / total if total else 0.0


_RATINGS = frozenset(map(str, range(11)))
