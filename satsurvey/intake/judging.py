"""Which rows of an export are interviews that count, and why the others are not."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from satsurvey.errors import shorten
from satsurvey.intake.answers import fold
from satsurvey.intake.binding import Binding
from satsurvey.intake.cells import Names, to_text
from satsurvey.intake.formats.headings import normalise_heading
from satsurvey.intake.ledger import UnusedRow
from satsurvey.intake.raw import RawTable, Source
from satsurvey.intake.responses import INVALID, FactColumn

TOTAL_WORDS = frozenset(
    {
        *("合计", "总计", "小计", "总数", "总体", "平均", "平均值", "平均分", "均值", "全部", "汇总"),
        *("total", "totals", "grand total", "subtotal", "sum", "mean", "average", "all"),
    }
)
"""Words that stand in front of a row of totals."""
TOTAL_ENDINGS = frozenset({"合计", "小计", "总计"})
"""Words that a spreadsheet's subtotals put behind a name."""

# A row that several reasons fit gets the last of them.
_USED = ""
_ORDER = (
    _USED,
    "no_answers",
    "bad_weight",
    "no_company",
    "screened_out",
    "not_completed",
    "repeated_heading",
    "total_row",
    "blank_row",
)
_CODE = {reason: code for code, reason in enumerate(_ORDER)}


@dataclass(frozen=True)
class Stretch:
    """A decoded stretch of one file, before it is settled which of its rows are interviews.

    Attributes
    ----------
    source, table, binding
        Where it comes from.
    answers
        As in `Responses`, uint8 of shape (items, rows).
    facts
        Questions of fact by code.
    factors, names
        Provisional codes by role, and the names they point to.
    weight
        Interview weights of the rows, or None.
    """

    source: Source
    table: RawTable
    binding: Binding
    answers: NDArray[np.uint8]
    facts: Mapping[str, FactColumn]
    factors: Mapping[str, NDArray[np.int32]]
    names: Mapping[str, Names]
    weight: NDArray[np.float64] | None

    def cells(self, position: int, places: NDArray[np.intp]) -> pa.Array:
        """Return the cells of one column at some places as an Arrow `string` array without nulls."""
        text = to_text(self.table.cells[position].take(pa.array(places)), self.source.cell_encoding)
        return text.cast(pa.string()).fill_null("")

    def names_at(self, role: str, places: NDArray[np.intp]) -> list[str]:
        """Return the names of a role at some places, "" where the stretch has none."""
        if role not in self.factors:
            return [""] * places.size
        names = self.names[role]
        return [names[code] if code >= 0 else "" for code in self.factors[role][places].tolist()]


def judge(
    stretch: Stretch, *, screens: Collection[str], completed: Collection[str]
) -> tuple[NDArray[np.bool_], list[UnusedRow]]:
    """Settle which rows of a stretch are used.

    Parameters
    ----------
    stretch
        The rows.
    screens
        Facts whose answer "no" ends the interview.
    completed
        Folded dispositions that count as completed; none given means that all do, and so does an empty cell.

    Returns
    -------
    used
        True for the rows used, of shape (rows,).
    unused
        The other rows with the reason of each.
    """
    n = int(stretch.table.rows.size)
    answered: NDArray[np.bool_] = np.any(stretch.answers < INVALID, axis=0)
    company = np.zeros(n, dtype=np.bool_)
    for role in ("company_id", "company"):
        if role in stretch.factors:
            company |= stretch.factors[role] >= 0
    reasons = np.zeros(n, dtype=np.uint8)
    reasons[~answered] = _CODE["no_answers"]
    if stretch.weight is not None:
        reasons[~((stretch.weight > 0) & np.isfinite(stretch.weight))] = _CODE["bad_weight"]
    reasons[~company] = _CODE["no_company"]
    for code in screens:
        column = stretch.facts.get(code)
        if column is not None and column.codes is not None and "0" in column.values:
            reasons[column.codes == column.values.index("0")] = _CODE["screened_out"]
    if completed and "disposition" in stretch.factors:
        finished = np.array([fold(name) in completed for name in stretch.names["disposition"]] + [True])
        reasons[~finished[stretch.factors["disposition"]]] = _CODE["not_completed"]
    suspects = np.flatnonzero(~company | ~answered | _named_like_furniture(stretch))
    first_words = _judge_furniture(stretch, suspects, answered & company, reasons)
    return reasons == 0, _unused(stretch, reasons, first_words)


def _named_like_furniture(stretch: Stretch) -> NDArray[np.bool_]:
    """Mark rows whose company or industry is a word for totals or the heading of its own column."""
    marked = np.zeros(stretch.table.rows.size, dtype=np.bool_)
    for role in ("company", "company_id", "industry"):
        if role in stretch.factors and role in stretch.binding.roles:
            heading = normalise_heading(stretch.table.columns[stretch.binding.roles[role]].heading)
            # Few names out of thousands: they are looked up, not gone through.
            names = stretch.names[role]
            odd = [*names.written_like((*TOTAL_WORDS, heading.rstrip(":"))), *names.ending_in(TOTAL_ENDINGS)]
            if odd:
                table = np.zeros(len(names) + 1, dtype=np.bool_)
                table[odd] = True
                marked |= table[stretch.factors[role]]
    return marked


def _judge_furniture(
    stretch: Stretch,
    suspects: NDArray[np.intp],
    complete: NDArray[np.bool_],
    reasons: NDArray[np.uint8],
) -> dict[int, str]:
    """Tell blank rows, totals and repeated headings; return the first words of rows of totals."""
    if not suspects.size:
        return {}
    filled = np.zeros(suspects.size, dtype=np.int64)
    same_as_heading = np.zeros(suspects.size, dtype=np.int64)
    total = np.zeros(suspects.size, dtype=np.bool_)
    first_words = np.full(suspects.size, "", dtype=object)
    identified = np.zeros(suspects.size, dtype=np.bool_)
    roles = stretch.binding.roles
    companies = {roles[role] for role in ("company", "company_id") if role in roles}
    has_company = np.full(suspects.size, not companies)
    odd_company = np.zeros(suspects.size, dtype=np.bool_)
    for position, column in enumerate(stretch.table.columns):
        encoded = stretch.cells(position, suspects).dictionary_encode()
        texts = encoded.dictionary.to_pylist()
        codes = encoded.indices.to_numpy(zero_copy_only=False)
        folded = [fold(text) for text in texts]
        heading = normalise_heading(column.heading)
        has_text = np.array([bool(text) for text in folded])[codes]
        is_total = np.array([_is_total(text.rstrip(":")) for text in folded])[codes]
        total |= is_total & (filled < 3)
        if position in companies:
            has_company |= has_text
            odd_company |= is_total
        same_as_heading += np.array([normalise_heading(text) == heading for text in texts])[codes]
        if position == stretch.binding.roles.get("interview_id"):
            identified = has_text & ~is_total
        first = has_text & (filled == 0)
        first_words[first] = np.array(texts, dtype=object)[codes[first]]
        filled += has_text
    # A word for totals in another column than that of the company is no sign beside a company of its own.
    total &= ~(has_company & ~odd_company)
    # An interview with an id and legal answers is one even if its company is called Total.
    legal = complete[suspects] & ~(stretch.answers[:, suspects] == INVALID).any(axis=0)
    total &= ~(identified & legal)
    headings = same_as_heading > max(2, len(stretch.table.columns) // 2)
    reasons[suspects[headings]] = _CODE["repeated_heading"]
    reasons[suspects[total]] = _CODE["total_row"]
    reasons[suspects[filled == 0]] = _CODE["blank_row"]
    return {int(suspects[k]): shorten(first_words[k]) for k in np.flatnonzero(total).tolist()}


def _is_total(folded: str) -> bool:
    return folded in TOTAL_WORDS or (len(folded) <= 40 and folded[-2:] in TOTAL_ENDINGS)


def _unused(stretch: Stretch, reasons: NDArray[np.uint8], first_words: Mapping[int, str]) -> list[UnusedRow]:
    places = np.flatnonzero(reasons != 0)
    if not places.size:
        return []
    outcomes = stretch.names_at("disposition", places)
    roles = stretch.binding.roles
    weights = cases = [""] * places.size
    if "weight" in roles:
        weights = stretch.cells(roles["weight"], places).to_pylist()
    if "case_id" in roles:
        cases = [text.strip() for text in stretch.cells(roles["case_id"], places).to_pylist()]
    rows = []
    for k, place in enumerate(places.tolist()):
        reason = _ORDER[reasons[place]]
        detail = ""
        if reason in {"not_completed", "screened_out"}:
            detail = outcomes[k]
        elif reason == "bad_weight":
            detail = shorten(weights[k])
        elif reason == "total_row":
            detail = first_words[place]
        rows.append(
            UnusedRow(
                stretch.source.name,
                stretch.source.sheet,
                int(stretch.table.rows[place]),
                reason,
                detail,
                cases[k],
            )
        )
    return rows
