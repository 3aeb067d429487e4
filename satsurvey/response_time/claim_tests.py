"""The tests of all published statements: which data each needs, and what it comes to on the user's."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import numpy as np

from satsurvey.benchmarks.vocabulary import industry_of
from satsurvey.errors import ColumnsError, MethodError
from satsurvey.response_time.claim_channels import channels_in_order, turning_points
from satsurvey.response_time.claim_complaints import about_attitude, not_about_slowness
from satsurvey.response_time.claim_data import ClaimData
from satsurvey.response_time.claim_mediation import SOLUTION
from satsurvey.response_time.claim_own_figures import OVERALL, own_figures_higher
from satsurvey.response_time.claim_published import (
    STRONGEST,
    WEAKEST,
    leading_industries,
    total_of_dimensions,
    weakest_and_strongest,
)
from satsurvey.response_time.claim_results import (
    ClaimReport,
    ClaimResult,
    Evidence,
    NotTestableError,
    verdict_of,
)
from satsurvey.response_time.claim_service import (
    cost_of_resolution,
    customers_at_once,
    leave_after_ten_minutes,
    repeats_against_resolution,
    unlinked_systems,
)
from satsurvey.response_time.claim_survey import (
    accept_five_minutes,
    clean_hand_over,
    expectation_missed,
    left_for_waiting,
    score_and_loyalty,
    second_transfer,
    tiered_service,
)
from satsurvey.response_time.claim_tiers import excellent_companies
from satsurvey.response_time.claim_time import faster_by_seven_minutes, minute_less, speed_alone
from satsurvey.response_time.claim_vendors import cheap_vendor
from satsurvey.response_time.claims import Claim, load_claims

ClaimTest = Callable[[ClaimData, Claim], Evidence]

TESTS: Mapping[str, ClaimTest] = MappingProxyType(
    {
        "C01": minute_less,
        "C02": excellent_companies,
        "C03": cost_of_resolution,
        "C04": leave_after_ten_minutes,
        "C05": accept_five_minutes,
        "C06": faster_by_seven_minutes,
        "C07": speed_alone,
        "C08": not_about_slowness,
        "C09": about_attitude,
        "C10": second_transfer,
        "C11": left_for_waiting,
        "C12": expectation_missed,
        "C13": channels_in_order,
        "C14": turning_points,
        "C15": tiered_service,
        "C16": clean_hand_over,
        "C17": cheap_vendor,
        "C18": weakest_and_strongest,
        "C19": total_of_dimensions,
        "C20": leading_industries,
        "C21": own_figures_higher,
        "C22": customers_at_once,
        "C23": repeats_against_resolution,
        "C24": score_and_loyalty,
        "C25": unlinked_systems,
    }
)


def examine(
    data: ClaimData, *, ids: Sequence[str] = (), progress: Callable[[str], None] | None = None
) -> ClaimReport:
    """Test published statements on the user's data.

    Parameters
    ----------
    data
        Interviews, contacts and tables.
    ids
        Which statements; all of them by default.
    progress
        Called with the id of each before it is tested.

    Returns
    -------
    ClaimReport
        Every statement asked for: with a verdict and all that led to it, or with what is missing.

    Raises
    ------
    MethodError
        When there is no such statement.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from satsurvey.service.records import ServiceRecords
    >>> rng = np.random.default_rng(1)
    >>> wait, patience = rng.exponential(300, 400), rng.exponential(200, 400)
    >>> records = ServiceRecords.of_frame(pd.DataFrame(
    ...     {"wait_s": np.minimum(wait, patience), "abandoned": (patience < wait) * 1.0}))
    >>> examine(ClaimData.of(records=records), ids=["C04"]).results[0].verdict
    'supported'
    """
    claims = load_claims()
    results = []
    for claim in claims.chosen(ids):
        if progress:
            progress(claim.id)
        results.append(_one(data, claim))
    return ClaimReport(
        tuple(results), claims, data.settings.level, data.settings.tolerance, tuple(dict.fromkeys(data.notes))
    )


def unmet(data: ClaimData, needs: Sequence[str]) -> tuple[str, ...]:
    """Return the needs that data do not meet, in their order."""
    return tuple(need for need in needs if not _MET[need](data))


def _one(data: ClaimData, claim: Claim) -> ClaimResult:
    missing = unmet(data, claim.needs)
    if missing:
        reason = data.no_times if "first_response" in missing else ""
        return ClaimResult(claim, "not_testable", missing=missing, reason=reason)
    useful = unmet(data, claim.useful)
    try:
        tested = TESTS[claim.id](data, claim)
    except (MethodError, ColumnsError) as exc:
        received = "" if exc.value is None else str(exc.value)
        said = exc.sentence if isinstance(exc, NotTestableError) else None
        return ClaimResult(
            claim, "not_testable", missing=useful, reason=exc.what, received=received, said=said
        )
    lacking = tuple(dict.fromkeys((*tested.missing, *useful)))
    why = tested.why
    return ClaimResult(
        claim, verdict_of(claim, tested), tested, lacking, "" if why is None else why.text("en"), said=why
    )


def _numbers(name: str) -> Callable[[ClaimData], bool]:
    def met(data: ClaimData) -> bool:
        found = data.number(name)
        return found is not None and bool(np.isfinite(found).any())

    return met


def _names(name: str) -> Callable[[ClaimData], bool]:
    return lambda data: (found := data.factor(name)) is not None and bool(found.names)


def _columns(*names: str) -> Callable[[ClaimData], bool]:
    return lambda data: data.table_with(*names) is not None


def _recorded(*names: str) -> Callable[[ClaimData], bool]:
    def met(data: ClaimData) -> bool:
        return data.records is not None and all(name in data.records.contacts for name in names)

    return met


def _has_times(data: ClaimData) -> bool:
    return data.times is not None and bool(np.isfinite(data.times.seconds).any())


def _has_score(data: ClaimData) -> bool:
    return data.responses is not None and bool(np.isfinite(data.score).any())


def _has_companies(data: ClaimData) -> bool:
    table = data.table_with("company")
    named = 0 if table is None else len(table.factor("company").names)
    return np.unique(data.company[data.company >= 0]).size > 1 or named > 1


def _has_complaints(data: ClaimData) -> bool:
    if data.responses is None:
        return False
    from satsurvey.text.survey_comments import has_comments

    return _names("complaint")(data) or has_comments(data.responses)


def _has_vendors(data: ClaimData) -> bool:
    stated = {"cheap_vendor", "vendor_from"} <= set(data.given)
    return stated and _columns("vendor", "period", "complaints", "contacts")(data)


def _has_linked(data: ClaimData) -> bool:
    own = all(_numbers(name)(data) for name in ("handling_s", "systems_linked"))
    return own or _columns("handling_s", "systems_linked")(data)


def _has_overall(data: ClaimData) -> bool:
    if data.responses is None or OVERALL not in data.responses.outcomes:
        return False
    return data.responses.outcome_scales[OVERALL].satisfied_from is not None


def _has_own_figures(data: ClaimData) -> bool:
    return _columns("company", "csat_rate")(data) or (
        data.records is not None
        and "rating" in data.records.contacts
        and bool(np.isfinite(data.records.contacts["rating"].to_numpy(np.float64)).any())
    )


def _has_solution(data: ClaimData) -> bool:
    if data.responses is None or SOLUTION not in data.responses.instrument.dimension_codes:
        return False
    absent = set(data.responses.absent_items)
    return any(item.code not in absent for item in data.responses.instrument.items_of(SOLUTION))


def _has_dimensions(data: ClaimData) -> bool:
    if data.responses is None:
        return False
    instrument = data.responses.instrument
    codes = instrument.dimension_codes
    absent = set(data.responses.absent_items)
    named = {WEAKEST, STRONGEST} <= set(codes) and len(codes) > 2
    return named and all(any(item.code not in absent for item in instrument.items_of(code)) for code in codes)


def _has_leaders(data: ClaimData) -> bool:
    if data.industry is None:
        return False
    known = {industry_of(name) for name in data.industry.names}
    return {"bank", "securities", "internet_travel"} <= known and len(data.industry.names) > 3


def _has_printed(data: ClaimData) -> bool:
    table = data.table_with("printed_total")
    return table is not None and sum(len(name) == 1 and name.isupper() for name in table.cells) > 1


def _has_day(name: str) -> Callable[[ClaimData], bool]:
    return lambda data: name in data.given and data.date is not None


_MET: Mapping[str, Callable[[ClaimData], bool]] = MappingProxyType(
    {
        "score": _has_score,
        "first_response": _has_times,
        "several_companies": _has_companies,
        "channel": _names("channel"),
        "resolved": _numbers("resolved"),
        "wait": _numbers("wait_s"),
        "expected": _numbers("expected_s"),
        "transfers": _numbers("transfers"),
        "churned": _numbers("churned"),
        "repurchased": _numbers("repurchased"),
        "tier": _names("tier"),
        "change_at": _has_day("tiered_from"),
        "changed_on": _has_day("changed_on"),
        "solution": _has_solution,
        "handled_by": _names("handled_by"),
        "handover_repeat": _numbers("handover_repeat"),
        "complaints": _has_complaints,
        "cost_table": _columns("period", "cost", "issues", "fcr"),
        "vendor_table": _has_vendors,
        "waits_log": _recorded("wait_s", "abandoned"),
        "contact_log": _recorded("customer_id", "request_at", "resolved_first_contact"),
        "concurrency": _numbers("concurrency"),
        "linked_systems": _has_linked,
        "self_reported": _has_own_figures,
        "same_measure": _has_overall,
        "printed_table": _has_printed,
        "dimensions": _has_dimensions,
        "industries": _has_leaders,
    }
)
