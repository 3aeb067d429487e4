"""Proposed response-time targets by channel and tier: reachable, against published lines, and their worth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from satsurvey.benchmarks.figures import Figures, load_figures
from satsurvey.benchmarks.grading import industry_code
from satsurvey.benchmarks.lines import Cell, compare
from satsurvey.response_time.assumptions import ALL, Assumptions, Channel
from satsurvey.response_time.claim_channels import channels_of
from satsurvey.response_time.claim_data import ClaimData
from satsurvey.response_time.target_curve import Curve, OwnCurve, association, own_curve
from satsurvey.response_time.target_history import History
from satsurvey.response_time.target_worth import total_worth, worth
from satsurvey.response_time.words import Sentence, channel_words, say
from satsurvey.service.records import Definition

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Basis = Literal["published_held", "published_near", "between", "own_history", "none"]

ATTAINMENT = 0.90
"""Share of contacts within the target where neither the user nor a publication says another."""
_PRECEDENCE = ("own_target", "standard", "excellent", "basic")
LINES = ("basic", "standard", "excellent", "top10")
_STEPS_OF_ROUNDING = ((120.0, 5.0), (600.0, 30.0), (7200.0, 60.0), (np.inf, 600.0))


@dataclass(frozen=True)
class TargetReport:
    """Proposed targets.

    Attributes
    ----------
    frame
        One row per channel and tier ("" for all): n, n_unanswered, median_s, p90_s, expected_s (median of
        what customers accept), the published lines basic_s, standard_s, excellent_s, top10_s, published_s
        (the published target), figure (its id); target_s, basis; attained, attained_low, attained_high
        (share within the target now); needed (share that is aimed at); score_change, score_low, score_high
        (points, when the share needed is reached; NaN where the data justify nothing), pooled, beyond_share
        (of contacts with times beyond those of the curve); cost, benefit, benefit_low, benefit_high, net,
        net_low, net_high (per month), repurchase, repurchase_low, repurchase_high (percent points),
        break_even (points that would pay the cost).
    total
        The same amounts over all channels, or None where nothing is assumed. Ends of intervals are added up,
        as if the errors of all channels went together: rather too wide.
    series
        channel, tier, month, n, attained, ci_low, ci_high: within the proposed (else published) target.
    steps
        step, input, output: sentences on each of the six steps of setting a target.
    curve
        `found`, `none_found`, `reversed` (slower goes with better) or `not_known`.
    reason
        Why there is no curve, in English.
    currency, level
        Of amounts, of intervals.
    definition
        The clock.
    notes
        What must be known.
    """

    frame: pd.DataFrame
    series: pd.DataFrame
    steps: tuple[tuple[int, Sentence, Sentence], ...]
    curve: Curve
    reason: str
    currency: str
    level: float
    definition: Definition | None
    notes: tuple[Sentence, ...] = ()
    data_notes: tuple[str, ...] = field(default=())
    total: Mapping[str, float] | None = None

    @property
    def justified(self) -> bool:
        """Whether satisfaction can justify a target on these data."""
        return self.curve == "found"


def propose_targets(
    data: ClaimData,
    *,
    assumptions: Assumptions | None = None,
    figures: Figures | None = None,
    industry: str = "",
) -> TargetReport:
    """Propose a first-response target for every channel and tier of customers.

    Parameters
    ----------
    data
        Interviews with times, and service records where there are any.
    assumptions
        The user's own figures on cost and value.
    figures
        Published figures, and the user's own lines.
    industry
        Industry of the lines.

    Returns
    -------
    TargetReport

    Raises
    ------
    ColumnsError
        When the data have no first response time at all.
    MethodError
        When nothing is published for such an industry.
    AssumptionsError
        When channels are assumed to have more of something than all together.

    Notes
    -----
    The target is the published one where it is met already by the share needed, or by half of the contacts;
    where the median is slower, the geometric mean of the two, a step on the way, where that is faster than
    the median; without a published line,
    the own median. Rounded up to 5 s under two minutes, 30 s under ten, a minute under two hours. No target
    is proposed where the user's own data show no association, or the wrong one: the published lines then
    stand for themselves.

    The change of the score is that of the user's own curve when late contacts are answered at the target,
    those that miss it by least first, until the share needed is reached. Published effects are nowhere used.
    """
    known = figures or load_figures()
    assumed = assumptions or Assumptions()
    industry = industry_code(industry)
    level = data.settings.level
    history = History.of(data)
    curve, reason = association(data)
    clock = history.definition.text("en") if history.definition is not None else ""
    rows: list[dict[str, object]] = []
    series: list[pd.DataFrame] = []
    curves: dict[str, OwnCurve | None] = {}
    for channel, tier in history.cells():
        here = history.rows(channel, tier)
        row = _history(data, history, here, channel, tier)
        row |= _published(
            known, Cell("first_response_time", channel or "all", industry, tier, definition=clock)
        )
        needed = assumed.attainment(channel) or _published_share(known, channel) or ATTAINMENT
        row["needed"] = needed
        line = float(str(row["published_s"]))
        at_line = history.within(here, line, level=level) if np.isfinite(line) else (np.nan,) * 3
        target, basis = (
            propose(float(str(row["median_s"])), line, at_line[0], needed)
            if curve == "found"
            else (np.nan, "none")
        )
        row |= {"target_s": target, "basis": basis}
        measured = target if np.isfinite(target) else line
        now = history.within(here, measured, level=level) if np.isfinite(measured) else (np.nan,) * 3
        row |= dict(zip(("attained", "attained_low", "attained_high"), now, strict=True))
        if channel not in curves:
            curves[channel] = own_curve(data, channel) if curve == "found" else None
        row |= _change(history, here, curves[channel], target, needed, level)
        rows.append(row)
        if np.isfinite(measured):
            months = history.months(here, measured, level=level)
            series.append(months.assign(channel=channel, tier=tier))
    whole = [row for row in rows if not row["tier"]]
    own = assumed.divided(
        {str(row["channel"]): int(str(row["n"])) for row in whole},
        [str(row["channel"]) for row in whole if np.isfinite(float(str(row["target_s"])))],
    )
    for row in rows:
        # Costs and values are stated for a channel, not for its tiers.
        row |= worth(row, Channel() if row["tier"] else own[str(row["channel"])])
    frame = pd.DataFrame(rows)
    together = pd.concat(series, ignore_index=True) if series else pd.DataFrame()
    return TargetReport(
        frame,
        together,
        _steps(data, history, frame, curve),
        curve,
        reason,
        assumed.currency,
        level,
        history.definition,
        _notes(history, curve, data, assumed),
        data.notes,
        total_worth(frame[frame["tier"] == ""], own),
    )


def propose(median: float, line: float, attained: float, needed: float) -> tuple[float, Basis]:
    """Return a target in seconds and what it rests on, from own median, published line, and share within it.

    Examples
    --------
    >>> propose(20, 30, 0.96, 0.95), propose(120, 30, 0.10, 0.95), propose(47, float("nan"), 0, 0.9)
    ((30.0, 'published_held'), (60.0, 'between'), (50.0, 'own_history'))
    """
    if not np.isfinite(line):
        return (rounded(median), "own_history") if np.isfinite(median) else (np.nan, "none")
    if attained >= needed:
        return float(line), "published_held"
    if median <= line:
        return float(line), "published_near"
    # A median that is not reached, most contacts being unanswered, leaves the published line.
    if not np.isfinite(median):
        return float(line), "published_near"
    step = rounded(float(np.sqrt(median * line)))
    # Rounding up may lead past the median where the line is near: no step lies between.
    return (step, "between") if step < median else (float(line), "published_near")


def rounded(seconds: float) -> float:
    """Return a time rounded up to what people say: 5 s, 30 s, a minute, ten minutes."""
    step = next(step for below, step in _STEPS_OF_ROUNDING if seconds < below)
    return float(np.ceil(seconds / step - 1e-9) * step)


def answered_in_time(seconds: Floats, target: float, needed: float) -> Floats:
    """Return times after late contacts are answered at the target, the least late first, until enough are.

    Examples
    --------
    >>> answered_in_time(np.array([10.0, 40, 90, 300]), 30, 0.75).tolist()
    [10.0, 30.0, 30.0, 300.0]
    """
    changed = seconds.copy()
    late = np.flatnonzero(seconds > target)
    wanted = int(np.ceil(needed * seconds.size - 1e-9)) - (seconds.size - late.size)
    if wanted > 0:
        changed[late[np.argsort(seconds[late], kind="stable")][:wanted]] = target
    return changed


# Parts ------------------------------------------------------------------------------------------------------


def _history(data: ClaimData, history: History, here: Flags, channel: str, tier: str) -> dict[str, object]:
    median, late = history.quantiles(here, level=data.settings.level)
    expected, own = data.number("expected_s"), data.factor("channel")
    accepted = np.nan
    if expected is not None and not tier:
        rows = np.isfinite(expected)
        if own is not None and channel:
            codes, names = channels_of(own)
            rows &= codes == (names.index(channel) if channel in names else -2)
        accepted = float(np.median(expected[rows])) if rows.any() else np.nan
    return {
        "channel": channel,
        "tier": tier,
        "n": int(here.sum()),
        "n_unanswered": int((here & ~history.answered).sum()),
        "median_s": median,
        "p90_s": late,
        "expected_s": accepted,
    }


def _published(figures: Figures, cell: Cell) -> dict[str, object]:
    found = compare(cell, figures)
    row: dict[str, object] = {}
    for name in LINES:
        line = found.used(name)
        row[f"{name}_s"] = np.nan if line is None else line.figure.line
    used = (found.used(tier) for tier in _PRECEDENCE)
    chosen = next((line.figure for line in used if line is not None), None)
    row["published_s"] = np.nan if chosen is None else chosen.line
    row["figure"] = "" if chosen is None else chosen.id
    return row


def _published_share(figures: Figures, channel: str) -> float | None:
    found = compare(Cell("sla_attainment", channel or "all"), figures).used("standard")
    return None if found is None else found.figure.line / 100


def _change(
    history: History, here: Flags, curve: OwnCurve | None, target: float, needed: float, level: float
) -> dict[str, object]:
    nothing: dict[str, object] = {"score_change": np.nan, "score_low": np.nan, "score_high": np.nan}
    if curve is None or not np.isfinite(target):
        return nothing | {"pooled": False, "beyond_share": np.nan}
    # What an answer would have done for contacts that never had one, the data do not tell.
    seconds = history.seconds[here & history.answered]
    beyond = float(((seconds < curve.low_s) | (seconds > curve.high_s)).mean()) if seconds.size else np.nan
    if not seconds.size:
        return nothing | {"pooled": curve.pooled, "beyond_share": beyond}
    numbers: tuple[object, ...] = curve.change(seconds, answered_in_time(seconds, target, needed), level)
    return dict(zip(nothing, numbers, strict=True)) | {"pooled": curve.pooled, "beyond_share": beyond}


def _steps(
    data: ClaimData, history: History, frame: pd.DataFrame, curve: Curve
) -> tuple[tuple[int, Sentence, Sentence], ...]:
    """Return the six steps of setting a target: what went in, and what came out."""
    expected = data.number("expected_s")
    n_expected = 0 if expected is None else int(np.isfinite(expected).sum())
    usable = 0 if data.records is None else len(data.records)
    months = len({str(month) for month in history.month} - {""})
    return (
        (1, say("step1"), say("step1_found", n=n_expected) if n_expected else say("step1_none")),
        (
            2,
            say("step2"),
            say(
                "step2_found",
                n=history.seconds.size,
                of=usable or data.n,
                answered=int(history.answered.sum()),
            ),
        ),
        (3, say("step3"), say("step3_found", n=int(frame["published_s"].notna().sum()), of=len(frame))),
        (4, say("step4"), say("step4_found", n=int(frame["target_s"].notna().sum()), of=len(frame))),
        (5, say("step5"), say("step5_found", n=months)),
        (6, say("step6"), _revised(frame, curve)),
    )


def _revised(frame: pd.DataFrame, curve: Curve) -> Sentence:
    """Say what came of the curve: how many rows have an expected change, or why none has."""
    if curve != "found":
        return say(f"step6_{curve}")
    n = int(frame["score_change"].notna().sum())
    return say("step6_found", n=n, of=len(frame)) if n else say("step6_nothing")


def _notes(history: History, curve: Curve, data: ClaimData, assumed: Assumptions) -> tuple[Sentence, ...]:
    notes = [say("targets_own_only"), say("targets_rule"), say("targets_change")]
    if curve == "none_found":
        fit = data.fit
        notes.insert(0, say("no_association", seen=fit.power.detectable, beyond=fit.power.excluded_beyond))
    if curve != "found":
        notes.insert(0, say("no_target"))
    if not history.from_records:
        notes.append(say("times_of_interviews"))
        if data.weight is not None:
            notes.append(say("times_unweighted"))
    if not history.answered.all():
        unanswered = ~history.answered
        notes.append(say("censored", n=int(unanswered.sum()), gave_up=int(history.gave_up.sum())))
    if history.n_bot:
        notes.append(say("bot_alone", n=history.n_bot))
    unknown = sorted(set(assumed.channels) - {ALL} - {str(name) for name in history.channel})
    if unknown:
        notes.append(say("assumed_elsewhere", names=tuple(map(channel_words, unknown))))
    return tuple(notes)
