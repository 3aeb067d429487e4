"""What the checks look at: one summary of every interview, and the way from rows to findings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from satsurvey.errors import shorten
from satsurvey.instrument.model import MissingReason
from satsurvey.intake.dates import as_strings, parse_dates
from satsurvey.intake.findings import Finding, Severity
from satsurvey.intake.responses import INVALID, MISSING_CODES, Responses

NAMED = 200
"""So many groups of one rule (ids, companies …) get a finding each; the rest share one finding per file."""

Outcome = tuple[Finding, ...] | str
"""What a rule returns: its findings, or the reason why it cannot be applied to these responses."""

Moments = tuple[NDArray[np.datetime64], NDArray[np.bool_]]


@dataclass(frozen=True)
class AnswerSummary:
    """Numbers about the answers of each interview, all of shape (rows,).

    Attributes
    ----------
    n_answered
        Items answered with a level of their scale.
    n_replies
        Items that got any reply: answered, don't know, refused or not applicable.
    n_dont_know
        Items answered with "don't know".
    n_top
        Items answered with the best level of their scale (the lowest level for reverse items).
    same
        Whether all answered items have the same raw answer; true also for none and one answered.
    mean
        Mean of the answered items, each from 0 (worst level) to 100 (best level); NaN where none is answered.
    """

    n_answered: NDArray[np.int16]
    n_replies: NDArray[np.int16]
    n_dont_know: NDArray[np.int16]
    n_top: NDArray[np.int16]
    same: NDArray[np.bool_]
    mean: NDArray[np.float64]

    @classmethod
    def of(cls, responses: Responses) -> AnswerSummary:
        """Summarise the answers of every interview, item by item over all rows."""
        rows = len(responses)
        n_answered, n_replies, n_dont_know, n_top = (np.zeros(rows, dtype=np.int16) for _ in range(4))
        total = np.zeros(rows, dtype=np.float64)
        low, high = np.full(rows, np.iinfo(np.int16).max, dtype=np.int16), np.full(rows, -1, dtype=np.int16)
        ranks = _ranks_of_values(responses)
        unspoken = (MISSING_CODES[MissingReason.DONT_KNOW], MISSING_CODES[MissingReason.NOT_APPLICABLE])
        for item, scale, codes, rank in zip(
            responses.instrument.items, responses.scales, responses.answers, ranks, strict=True
        ):
            answered = codes < INVALID
            best, worst = (0, len(scale.values) - 1) if item.reverse else (len(scale.values) - 1, 0)
            n_answered += answered
            # Don't know, refused and not applicable are neighbours among the missing bytes.
            n_replies += answered | ((codes >= unspoken[0]) & (codes <= unspoken[1]))
            n_dont_know += codes == MISSING_CODES[MissingReason.DONT_KNOW]
            n_top += codes == best
            share = np.zeros(256, dtype=np.float64)
            levels = np.arange(len(scale.values))
            share[: levels.size] = (levels - worst) / (best - worst)
            total += share[codes]
            np.minimum(low, rank[codes], out=low)
            rank[INVALID:] = -1  # a missing answer is neither the lowest nor the highest
            np.maximum(high, rank[codes], out=high)
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = 100 * total / n_answered
        return cls(n_answered, n_replies, n_dont_know, n_top, low >= high, mean)


def _ranks_of_values(responses: Responses) -> list[NDArray[np.int16]]:
    """Return, per item, the rank of every level's raw value among the values of all scales, by byte.

    Two items on different scales have the same answer when the raw values are the same, not the positions.
    Missing bytes get the highest rank.
    """
    values = np.unique(np.concatenate([np.asarray(scale.values) for scale in responses.scales]))
    ranks = []
    for scale in responses.scales:
        rank = np.full(256, np.iinfo(np.int16).max, dtype=np.int16)
        rank[: len(scale.values)] = np.searchsorted(values, np.asarray(scale.values))
        ranks.append(rank)
    return ranks


@dataclass(frozen=True)
class Evidence:
    """Responses, the thresholds that apply to them, and what several rules need, computed once."""

    responses: Responses
    today: date | None
    company_min_n: int
    industry_min_companies: int

    @cached_property
    def answers(self) -> AnswerSummary:
        """The summary of every interview."""
        return AnswerSummary.of(self.responses)

    @cached_property
    def straight(self) -> NDArray[np.bool_]:
        """Interviews with one answer on all answered items, at least `straightlining_min_items` of them."""
        enough = self.answers.n_answered >= self.responses.instrument.quality.straightlining_min_items
        return enough & self.answers.same

    @cached_property
    def completed_at(self) -> Moments | None:
        """When each interview ended, and where that cannot be read; None without such a column."""
        return self._moments("completed_at")

    @cached_property
    def contact_at(self) -> Moments | None:
        """When each customer was in contact, and where that cannot be read; None without such a column."""
        return self._moments("contact_at")

    def _moments(self, role: str) -> Moments | None:
        texts = self.responses.texts.get(role)
        return None if texts is None else parse_dates(texts)

    def heading(self, code: str) -> str:
        """Return the heading that an item, fact or role has in the export, else its code."""
        return self.responses.headings.get(code, code)

    def text_codes(self, role: str) -> tuple[NDArray[np.int64], pa.Array]:
        """Return a text column as codes into its distinct texts, -1 where there is none."""
        encoded = as_strings(self.responses.texts[role]).dictionary_encode()
        codes = pc.fill_null(encoded.indices, -1).to_numpy(zero_copy_only=False).astype(np.int64)
        blank = pc.equal(pc.binary_length(pc.utf8_trim_whitespace(encoded.dictionary)), 0)
        empty = np.flatnonzero(blank.to_numpy(zero_copy_only=False))
        if empty.size:
            codes[np.isin(codes, empty)] = -1
        return codes, encoded.dictionary

    def place(self, position: int) -> str:
        """Name a row as the user sees it: with its file when there are several."""
        row = f"row {self.responses.row[position]}"
        if len(self.responses.files) == 1:
            return row
        return f"{self.responses.files[self.responses.file[position]].name} {row}"

    def places(self, positions: NDArray[np.intp], limit: int = 5) -> str:
        """Name some rows as the user sees them, the first few."""
        named = ", ".join(self.place(int(position)) for position in positions[:limit])
        return named + (f" and {positions.size - limit} more" if positions.size > limit else "")

    def found(
        self,
        rows: NDArray[np.bool_] | NDArray[np.intp],
        rule: str,
        severity: Severity,
        what: str | Callable[[NDArray[np.intp]], str],
        do: str,
        *,
        column: str = "",
        value: str = "",
        values: Callable[[NDArray[np.intp]], Iterable[str]] | None = None,
    ) -> tuple[Finding, ...]:
        """Make one finding per file and sheet that has some of the rows (a mask, or positions).

        `what` is a sentence, or is called with the positions in that file; `column` is the code of an item,
        fact or role; `values` gives what stands in each of the rows, in words short enough to print.
        """
        positions: NDArray[np.intp] = np.flatnonzero(rows) if rows.dtype == np.bool_ else np.sort(rows)
        return tuple(
            Finding(
                rule,
                severity,
                what if isinstance(what, str) else what(inside),
                do,
                file=self.responses.files[file].name,
                sheet=self.responses.files[file].sheet or "",
                column=self.heading(column),
                letter=self.responses.letters.get(column, ""),
                value=shorten(value),
                rows=self.responses.row[inside].astype(np.int64),
                values=() if values is None else tuple(values(inside)),
            )
            for file, inside in self._by_file(positions)
        )

    def _by_file(self, positions: NDArray[np.intp]) -> Iterator[tuple[int, NDArray[np.intp]]]:
        if not positions.size:
            return
        if len(self.responses.files) == 1:
            yield 0, positions
            return
        files = self.responses.file[positions]
        for file in np.unique(files):
            yield int(file), positions[files == file]

    def groups(
        self,
        positions: NDArray[np.intp],
        keys: NDArray[np.int64],
        rule: str,
        severity: Severity,
        describe: Callable[[NDArray[np.intp]], tuple[str, str]],
        do: str,
        *,
        column: str = "",
        kind: str,
    ) -> tuple[Finding, ...]:
        """Make one finding per group of rows and file: the first `NAMED` groups by name, the rest together.

        Parameters
        ----------
        positions, keys
            The rows concerned and the group each belongs to.
        describe
            Called with the positions of one group, over all files; returns the value and the sentence.
        kind
            What a group is, in the plural, for the sentence about the rest.
        """
        if not positions.size:
            return ()
        order = np.lexsort((positions, keys))
        positions, keys = positions[order], keys[order]
        starts = np.flatnonzero(np.diff(keys, prepend=keys[:1] - 1))
        # In the order in which a reader meets them, not in the order of the keys.
        starts_by_place = starts[np.argsort(positions[starts], kind="stable")]
        ends = dict(zip(starts.tolist(), [*starts[1:].tolist(), positions.size], strict=True))
        findings: list[Finding] = []
        rest = np.ones(positions.size, dtype=np.bool_)
        for start in starts_by_place[:NAMED].tolist():
            inside = positions[start : ends[start]]
            rest[start : ends[start]] = False
            value, what = describe(inside)
            findings.extend(self.found(inside, rule, severity, what, do, column=column, value=value))
        if rest.any():
            others = starts.size - NAMED
            findings.extend(
                self.found(
                    positions[rest],
                    rule,
                    severity,
                    lambda inside: (
                        f"{count(others, kind)} more have the same defect, with "
                        f"{count(inside.size, 'rows')} in this file"
                    ),
                    do,
                    column=column,
                )
            )
        return tuple(findings)

    def about(
        self,
        described: Sequence[tuple[str, str]],
        rule: str,
        severity: Severity,
        do: str,
        *,
        column: str = "",
        kind: str,
    ) -> tuple[Finding, ...]:
        """Make findings about no single row, from pairs of value and sentence; at most `NAMED` one by one."""
        file = self.responses.files[0].name if len(self.responses.files) == 1 else ""
        heading, letter = self.heading(column), self.responses.letters.get(column, "")
        findings = [
            Finding(rule, severity, what, do, file=file, column=heading, letter=letter, value=shorten(value))
            for value, what in described[:NAMED]
        ]
        if len(described) > NAMED:
            more = f"{count(len(described) - NAMED, kind)} more have the same defect"
            findings.append(Finding(rule, severity, more, do, file=file, column=heading, letter=letter))
        return tuple(findings)


def count(n: int, things: str) -> str:
    """Say how many: `1 row`, `2 rows`, `1 company`; `things` is a regular plural."""
    if n != 1:
        return f"{n:,} {things}"
    first, _, rest = things.partition(" ")
    single = first[:-3] + "y" if first.endswith("ies") else first.removesuffix("s")
    return f"1 {single} {rest}".rstrip()


def percent(share: float) -> str:
    """Say a share in a sentence."""
    return f"{100 * share:.1f} %"
