"""Rules about companies and industries: names that contradict each other, and groups too small to publish."""

from __future__ import annotations

import unicodedata

import numpy as np
from numpy.typing import NDArray

from satsurvey.intake.evidence import Evidence, Outcome, count
from satsurvey.intake.responses import Factor


def company_in_two_industries(evidence: Evidence) -> Outcome:
    """Find companies whose interviews stand in more than one industry."""
    if evidence.responses.industry is None:
        return "the export has no column for industry"
    return _contradictions(
        evidence,
        evidence.responses.company,
        evidence.responses.industry,
        rule="company_in_two_industries",
        first="company",
        second="industries",
        do="give the company one industry, or make two companies of it; as it is, each part is ranked by "
        "itself",
        column="company",
    )


def company_id_with_two_names(evidence: Evidence) -> Outcome:
    """Find company ids that go with more than one company name."""
    if evidence.responses.company_id is None:
        return "the export has no column for company_id beside the name"
    return _contradictions(
        evidence,
        evidence.responses.company_id,
        evidence.responses.company,
        rule="company_id_with_two_names",
        first="company id",
        second="names",
        do="settle on one name per id (a [recode.company] table in the study file does it without touching "
        "the export)",
        column="company_id",
    )


def company_name_with_two_ids(evidence: Evidence) -> Outcome:
    """Find company names that go with more than one company id."""
    if evidence.responses.company_id is None:
        return "the export has no column for company_id beside the name"
    return _contradictions(
        evidence,
        evidence.responses.company,
        evidence.responses.company_id,
        rule="company_name_with_two_ids",
        first="company",
        second="ids",
        do="see whether these are two companies; if so, tell them apart by name, for names are what is "
        "scored",
        column="company",
    )


def company_spelled_two_ways(evidence: Evidence) -> Outcome:
    """Find company names that differ in nothing but spaces, case or the width of characters."""
    company = evidence.responses.company
    spellings: dict[str, list[int]] = {}
    for code, name in enumerate(company.names):
        folded = "".join(unicodedata.normalize("NFKC", name).split()).casefold()
        spellings.setdefault(folded, []).append(code)
    n = np.bincount(company.codes[company.codes >= 0], minlength=len(company.names))
    described = []
    for codes in spellings.values():
        used = [code for code in codes if n[code]]
        if len(used) > 1:
            listed = ", ".join(
                f"'{company.names[code]}' ({count(int(n[code]), 'interviews')})" for code in used
            )
            described.append(
                (company.names[used[0]], f"one company may be written in {len(used)} ways: {listed}")
            )
    return evidence.about(
        described,
        "company_spelled_two_ways",
        "warning",
        "write the name in one way (a [recode.company] table in the study file does it without touching the "
        "export)",
        column="company",
        kind="companies",
    )


def small_company(evidence: Evidence) -> Outcome:
    """Find companies with fewer interviews than a published score needs.

    What is judged is what is scored: a company in two industries is two units, each with its own interviews.
    """
    names, minimum = evidence.responses.company.names, evidence.company_min_n
    unit, industry, n = _scored_units(evidence)
    parts = np.bincount(unit, minlength=len(names))
    described = []
    for k in np.lexsort((industry, unit, n)).tolist():
        if n[k] >= minimum:
            break
        name, least = names[unit[k]], f"and a published score needs {minimum}"
        has = f"{name} has {count(int(n[k]), 'interviews')}"
        if parts[unit[k]] > 1 and evidence.responses.industry is not None:
            where = evidence.responses.industry.names[industry[k]]
            what = f"{has} in {where}, {least}; a company is scored in each of its industries by itself"
        else:
            what = f"{has}, {least}"
        described.append((name, what))
    return evidence.about(
        described,
        "small_company",
        "warning",
        "interview more of its customers, or leave its score unpublished, as satsurvey score does by default",
        column="company",
        kind="companies",
    )


def _scored_units(
    evidence: Evidence,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return the company, the industry (0 where there is none) and the interviews of each scored unit."""
    responses = evidence.responses
    company = responses.company.codes
    industry = np.zeros_like(company) if responses.industry is None else responses.industry.codes
    known = (company >= 0) & (industry >= 0)
    width = max(len(responses.company.names), 1)
    pairs, n = np.unique(industry[known].astype(np.int64) * width + company[known], return_counts=True)
    return pairs % width, pairs // width, n


def small_industry(evidence: Evidence) -> Outcome:
    """Find industries with fewer companies than a published score needs."""
    industry, minimum = evidence.responses.industry, evidence.industry_min_companies
    if industry is None:
        return "the export has no column for industry"
    n = np.bincount(_scored_units(evidence)[1], minlength=len(industry.names))
    small = np.flatnonzero((n > 0) & (n < minimum))
    return evidence.about(
        [
            (
                industry.names[code],
                f"{industry.names[code]} has {count(int(n[code]), 'companies')}, and a published score "
                f"needs {minimum}",
            )
            for code in small.tolist()
        ],
        "small_industry",
        "warning",
        "leave its score unpublished, or join it with a kindred industry before the survey is scored",
        column="industry",
        kind="industries",
    )


def _contradictions(
    evidence: Evidence,
    one: Factor,
    many: Factor,
    *,
    rule: str,
    first: str,
    second: str,
    do: str,
    column: str,
) -> Outcome:
    """Find names of `one` that go with several of `many`; the rows are those outside the commonest one."""
    positions = np.flatnonzero((one.codes >= 0) & (many.codes >= 0))
    # A name is consistent when every row of it agrees with whichever of its rows was written last.
    last = np.zeros(len(one.names), dtype=many.codes.dtype)
    last[one.codes[positions]] = many.codes[positions]
    broken = np.zeros(len(one.names), dtype=np.bool_)
    broken[one.codes[positions][last[one.codes[positions]] != many.codes[positions]]] = True
    positions = positions[broken[one.codes[positions]]]
    width = max(len(many.names), 1)
    pairs, inverse, n = np.unique(
        one.codes[positions].astype(np.int64) * width + many.codes[positions],
        return_inverse=True,
        return_counts=True,
    )
    most = np.zeros(len(one.names), dtype=np.int64)
    np.maximum.at(most, pairs // width, n)
    rows_with = n[inverse.reshape(-1)]
    stray = rows_with < most[one.codes[positions]]
    # Where two names are equally common nobody can say which one is astray: all rows are named.
    winners = np.bincount((pairs // width)[n == most[pairs // width]], minlength=len(one.names))
    stray |= winners[one.codes[positions]] > 1
    chosen = positions[stray]
    bounds = np.searchsorted(pairs // width, np.arange(len(one.names) + 1))

    def describe(inside: NDArray[np.intp]) -> tuple[str, str]:
        name = int(one.codes[inside[0]])
        span = slice(bounds[name], bounds[name + 1])
        order = np.argsort(-n[span], kind="stable")
        listed = ", ".join(
            f"{many.names[int(pairs[span][k] % width)]} ({count(int(n[span][k]), 'interviews')})"
            for k in order[:5]
        )
        more = "" if order.size <= 5 else f" and {order.size - 5} more"
        return one.names[
            name
        ], f"the {first} {one.names[name]} goes with {order.size} {second}: {listed}{more}"

    return evidence.groups(
        chosen,
        one.codes[chosen].astype(np.int64),
        rule,
        "warning",
        describe,
        do,
        column=column,
        kind="companies",
    )
