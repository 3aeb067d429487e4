"""Rules about the answers themselves: filters, repeated interviews, straight lines, scales, ceilings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from satsurvey.instrument.filters import facts_used
from satsurvey.instrument.model import MissingReason, Scale, plain_number
from satsurvey.intake.evidence import Evidence, Outcome, count, percent
from satsurvey.intake.filtering import filter_truth
from satsurvey.intake.findings import Finding
from satsurvey.intake.responses import INVALID, MISSING_CODES

if TYPE_CHECKING:
    from satsurvey.instrument.filters import Truth

DUPLICATE_MIN_ITEMS = 10
"""Equal answers to fewer items than this are common among different customers."""
SCALE_MIN_ANSWERS = 30
"""A scale is suspected only when at least so many answers of one file lie in its lower half."""
SCALE_MIN_LEVELS = 7
"""Scales with fewer levels are too short for a shorter one to hide in their lower half."""
CONSTANT_MIN_ANSWERS = 10
"""An item is called constant only with at least so many answers."""

_BLANK = MISSING_CODES[MissingReason.BLANK]
_NOT_ASKED = MISSING_CODES[MissingReason.NOT_ASKED]
_MIX = np.uint64(0x9E3779B97F4A7C15)  # 2^64 over the golden ratio, odd: Knuth's multiplicative hashing


def duplicate_answers(evidence: Evidence) -> Outcome:
    """Find interviews of one company whose answers and missing reasons are all identical."""
    responses = evidence.responses
    if len(responses.instrument.items) < DUPLICATE_MIN_ITEMS:
        return (
            f"the instrument has {count(len(responses.instrument.items), 'items')}; equal answers to fewer "
            f"than {DUPLICATE_MIN_ITEMS} say nothing"
        )
    eligible = (evidence.answers.n_answered >= DUPLICATE_MIN_ITEMS) & ~evidence.straight
    positions = np.flatnonzero(eligible)
    keys = _row_hashes(responses.answers, responses.company.codes)[positions]
    positions, keys = _repeated(positions, keys)
    if positions.size:
        # Two different rows may share a hash; the rows that remain are few, so they are compared in full.
        whole = np.column_stack(
            [responses.answers[:, positions].T, _bytes_of(responses.company.codes[positions])]
        )
        _, keys = np.unique(whole, axis=0, return_inverse=True)
        positions, keys = _repeated(positions, keys.reshape(-1).astype(np.int64))

    def describe(inside: NDArray[np.intp]) -> tuple[str, str]:
        company = (
            responses.company.names[responses.company.codes[inside[0]]] if responses.company.names else ""
        )
        items = count(int(evidence.answers.n_answered[inside[0]]), "items")
        return company, (
            f"{count(inside.size, 'interviews')} of one company have the same answers to all {items} "
            "answered: "
            f"{evidence.places(inside)}"
        )

    return evidence.groups(
        positions,
        keys,
        "duplicate_answers",
        "warning",
        describe,
        "compare these interviews with their recordings; a copied interview counts twice in the score",
        kind="groups of identical interviews",
    )


def filter_violation(evidence: Evidence) -> Outcome:
    """Find answers to items, and to facts, whose filter is known to be false."""
    judged = list(_filtered(evidence))
    if not judged:
        return _no_filters(evidence)
    return tuple(finding for column in judged for finding in _violations(evidence, column))


def _violations(evidence: Evidence, column: _Filtered) -> tuple[Finding, ...]:
    return evidence.found(
        (column.codes < INVALID) & column.excluded,
        "filter_violation",
        "error",
        lambda inside: (
            f"{column.code} is answered in {count(inside.size, 'interviews')} whose facts say that it was "
            f"not to be asked ({column.condition})"
        ),
        "correct the fact or the answer from the recording, or mend the routing of the questionnaire",
        column=column.code,
        values=lambda inside: np.array(column.levels, dtype=object)[column.codes[inside]].tolist(),
    )


def unanswered_when_asked(evidence: Evidence) -> Outcome:
    """Find blank cells of items that were to be asked: without filter, or with a filter known to hold."""
    responses = evidence.responses
    blank = {
        item.code: responses.answers[k] == _BLANK
        for k, item in enumerate(responses.instrument.items)
        if item.filter is None and item.code not in responses.absent_items
    }
    for column in _filtered(evidence):
        blank[column.code] = ((column.codes == _BLANK) | (column.codes == _NOT_ASKED)) & column.asked
    if not blank:
        return _no_filters(evidence)
    return tuple(finding for code, rows in blank.items() for finding in _unanswered(evidence, code, rows))


def _unanswered(evidence: Evidence, code: str, rows: NDArray[np.bool_]) -> tuple[Finding, ...]:
    return evidence.found(
        rows,
        "unanswered_when_asked",
        "note",
        lambda inside: (
            f"{code} has no answer and no reason for that in {count(inside.size, 'interviews')} in which it "
            "was to be asked"
        ),
        "have interviewers enter the code for don't know, refused or not applicable",
        column=code,
    )


def straight_lining(evidence: Evidence) -> Outcome:
    """Find interviews with the same answer on all answered items."""
    instrument = evidence.responses.instrument
    minimum = instrument.quality.straightlining_min_items
    if len(instrument.items) < minimum:
        return (
            f"the instrument has {count(len(instrument.items), 'items')}, and the rule needs {minimum} "
            "answered"
        )
    return evidence.found(
        evidence.straight,
        "straight_lining",
        "warning",
        lambda inside: (
            f"one and the same answer to all answered items (at least {minimum}) "
            f"in {count(inside.size, 'interviews')}"
        ),
        "listen to some of them, and see whether they belong to few interviewers; compare the scores "
        "without them",
        values=lambda inside: _common_answers(evidence, inside),
    )


def _common_answers(evidence: Evidence, rows: NDArray[np.intp]) -> list[str]:
    """Return the answer that each of some straight-lined interviews gives throughout."""
    responses = evidence.responses
    answers = responses.answers[:, rows]
    first = np.argmax(answers < INVALID, axis=0)
    return [
        responses.scales[item].codes[level]
        for item, level in zip(first.tolist(), answers[first, np.arange(rows.size)].tolist(), strict=True)
    ]


def scale_suspect(evidence: Evidence) -> Outcome:
    """Find files whose answers all lie in the lower half of a scale of seven or more levels."""
    responses = evidence.responses
    groups: list[tuple[Scale, list[int]]] = []
    for k, scale in enumerate(responses.scales):
        items = next((items for known, items in groups if known == scale), None)
        if items is not None:
            items.append(k)
        elif len(scale.values) >= SCALE_MIN_LEVELS:
            groups.append((scale, [k]))
    if not groups:
        return f"no scale has {SCALE_MIN_LEVELS} levels or more"
    findings: list[Finding] = []
    for file, source in enumerate(responses.files):
        here = slice(None) if len(responses.files) == 1 else responses.file == file
        for scale, items in groups:
            columns = [responses.answers[item][here] for item in items]
            n = sum(int(np.count_nonzero(codes < INVALID)) for codes in columns)
            highest = max(_highest_level(codes) for codes in columns)
            if n >= SCALE_MIN_ANSWERS and highest < (len(scale.values) + 1) // 2:
                top = plain_number(scale.values[highest])
                findings.append(
                    Finding(
                        "scale_suspect",
                        "warning",
                        f"none of the {n:,} answers to the {count(len(items), 'items')} on the scale "
                        f"{scale.codes[0]} to {scale.codes[-1]} is above {top}",
                        "if the answers were taken on a shorter scale, name it (--scale, or scale = in the "
                        "study "
                        "file); scores read on the wrong scale are far too low",
                        file=source.name,
                        sheet=source.sheet or "",
                        value=top,
                    )
                )
    return tuple(findings)


def _highest_level(codes: NDArray[np.uint8]) -> int:
    """Return the highest level among the answers to an item, -1 where there is none."""
    # The missing bytes wrap round to the bottom, below all levels; `max(where=)` would be far slower.
    past = np.uint8(256 - INVALID)
    return int((codes + past).max(initial=0)) - int(past) if (codes < INVALID).any() else -1


def constant_item(evidence: Evidence) -> Outcome:
    """Find items that everybody answers alike."""
    responses = evidence.responses
    findings: list[Finding] = []
    for item, scale, codes in zip(
        responses.instrument.items, responses.scales, responses.answers, strict=True
    ):
        n = int(np.count_nonzero(codes < INVALID))
        if n < CONSTANT_MIN_ANSWERS:
            continue
        lowest = int(codes.min())
        if lowest == _highest_level(codes):
            findings.append(
                Finding(
                    "constant_item",
                    "note",
                    f"all {n:,} answers to {item.code} are {scale.codes[lowest]}",
                    "see whether the column was filled in by a program or bound to the wrong question",
                    column=evidence.heading(item.code),
                    letter=responses.letters.get(item.code, ""),
                    value=scale.codes[lowest],
                )
            )
    return tuple(findings)


def top_code_share(evidence: Evidence) -> Outcome:
    """Find companies whose answers lie at the best level more often than the instrument allows for."""
    responses, limit = evidence.responses, evidence.responses.instrument.quality.top_code_share_max
    known = responses.company.codes >= 0
    codes, size = responses.company.codes[known], len(responses.company.names)
    n = np.bincount(codes, minlength=size)
    answered = np.bincount(codes, evidence.answers.n_answered[known], size)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.bincount(codes, evidence.answers.n_top[known], size) / answered
    # Companies under the minimum are reported as such; a share of few interviews would only repeat it.
    over = np.flatnonzero((share > limit) & (n >= evidence.company_min_n))
    names = responses.company.names
    return evidence.about(
        [
            (
                names[company],
                f"{percent(float(share[company]))} of the answers about {names[company]} are the best level "
                f"({count(int(n[company]), 'interviews')}; more than {percent(limit)} is unusual)",
            )
            for company in over[np.argsort(-share[over], kind="stable")].tolist()
        ],
        "top_code_share",
        "note",
        "ask how these customers were chosen; at the ceiling, differences between companies cannot be seen",
        column="company",
        kind="companies",
    )


@dataclass(frozen=True)
class _Filtered:
    """An item or coded fact with a filter that can be judged: where it was asked, and where not."""

    code: str
    condition: str
    asked: NDArray[np.bool_]
    excluded: NDArray[np.bool_]
    codes: NDArray[np.uint8]
    levels: tuple[str, ...]


def _filtered(evidence: Evidence) -> Iterator[_Filtered]:
    responses, instrument = evidence.responses, evidence.responses.instrument
    truths: dict[str, Truth | None] = {}

    def truth(condition: str) -> Truth | None:
        # Where none of its facts was recorded, nothing can be known of a filter.
        if condition not in truths:
            recorded = any(fact in responses.facts for fact in facts_used(condition))
            truths[condition] = filter_truth(condition, responses.facts, len(responses)) if recorded else None
        return truths[condition]

    for item, scale, codes in zip(instrument.items, responses.scales, responses.answers, strict=True):
        if item.filter is not None and item.code not in responses.absent_items:
            condition = instrument.filters[item.filter].expression
            known = truth(condition)
            if known is not None:
                yield _Filtered(item.code, condition, *known, codes, scale.codes)
    for fact in instrument.facts:
        column = responses.facts.get(fact.code)
        if fact.ask_if and column is not None and column.codes is not None:
            known = truth(fact.ask_if)
            if known is not None:
                yield _Filtered(fact.code, fact.ask_if, *known, column.codes, column.values)


def _no_filters(evidence: Evidence) -> str:
    if not any(item.filter for item in evidence.responses.instrument.items):
        return "no item of the instrument has a filter"
    return "the export has no column for the facts that the filters speak of"


def _row_hashes(answers: NDArray[np.uint8], company: NDArray[np.int32]) -> NDArray[np.int64]:
    """Hash all answers of each interview together with its company, eight items at a time."""
    items, rows = answers.shape
    hashes = company.astype(np.uint64) * _MIX
    for first in range(0, items, 8):
        part = answers[first : first + 8]
        word = np.zeros((rows, 8), dtype=np.uint8)
        word[:, : part.shape[0]] = part.T
        hashes ^= word.view(np.uint64)[:, 0]
        hashes *= _MIX
        hashes ^= hashes >> np.uint64(29)
    return hashes.view(np.int64)


def _bytes_of(codes: NDArray[np.int32]) -> NDArray[np.uint8]:
    return np.ascontiguousarray(codes).view(np.uint8).reshape(codes.size, 4)


def _repeated(
    positions: NDArray[np.intp], keys: NDArray[np.int64]
) -> tuple[NDArray[np.intp], NDArray[np.int64]]:
    """Keep the rows whose key another row has too, in the order of the keys."""
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    same = np.zeros(ordered.size, dtype=np.bool_)
    same[1:] = ordered[1:] == ordered[:-1]
    same[:-1] |= same[1:].copy()
    return positions[order][same], ordered[same]
