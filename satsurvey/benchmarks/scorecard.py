"""Vendors compared on ten indicators: scores, orders by several weights, how far these rest on them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from satsurvey.benchmarks.indicators import Indicator, Scorecard, Test, load_scorecard
from satsurvey.benchmarks.vendors import Vendors
from satsurvey.benchmarks.weightings import (
    DRAWS,
    SEED,
    declared_weights,
    dependence,
    drawn_weights,
    rank_bounds,
    rank_order_centroid,
)
from satsurvey.errors import MethodError

Floats = NDArray[np.float64]
TestRule = Literal["share", "distance"]
GATES = ("passed", "unknown", "failed")


@dataclass(frozen=True)
class VendorScores:
    """Vendors on the scorecard.

    Attributes
    ----------
    vendors
        One row per vendor: vendor, gate ("passed", "unknown", "failed"), n_missing (inputs of indicators not
        filled in), flags (traps it is flagged for), flags_unknown (traps that were not answered), beaten_by
        (vendors that are at least as good on every indicator and better on one, whatever is missing).
    totals
        One row per vendor and weighting ("equal", "roc", "declared"): score (NaN where inputs are missing),
        score_low, score_high (over all values that the missing inputs could have), rank, rank_low, rank_high.
        A vendor that fails the gate has no rank; `rank` is NaN where the bounds differ.
    scores
        One row per vendor and indicator: score, score_low, score_high (0-100), n_missing.
    tests
        One row per vendor and test: value, unit, op, line, margin (positive: better), met, score, figure.
    dependence
        One row per vendor that does not fail the gate and kind of weights ("any", "ordered"): first_low and
        first_high (share of drawn weights with which it is first), rank_best, rank_worst, rank_low,
        rank_high.
    weights
        One row per indicator: the weight in each weighting.
    problems
        Cells that could not be understood.
    method, notes
        Choices, and what a reader must know.
    """

    vendors: pd.DataFrame
    totals: pd.DataFrame
    scores: pd.DataFrame
    tests: pd.DataFrame
    dependence: pd.DataFrame
    weights: pd.DataFrame
    problems: pd.DataFrame
    method: Mapping[str, object] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def score_vendors(
    vendors: Vendors,
    *,
    weights: Mapping[str, float] | Floats | None = None,
    tests: TestRule = "share",
    draws: int = DRAWS,
    seed: int = SEED,
    level: float = 0.95,
) -> VendorScores:
    """Score vendors on the ten indicators.

    Parameters
    ----------
    vendors
        As `read_vendors` reads them.
    weights
        Declared weights, by code of the indicator or in their order; they are made to add up to 1. None: only
        equal weights and those by order.
    tests
        How a fact is scored: "share" (100 where it meets its line, else 0) or "distance" (100 at the line or
        better, falling in proportion to what is missing).
    draws, seed
        Weights drawn to tell how far the order depends on them.
    level
        Share of the drawn weights that the inner interval of ranks holds.

    Raises
    ------
    MethodError, WeightsError
        An option is none, or the weights cannot be used.

    Notes
    -----
    An indicator with tests is the mean of the scores of its tests; a judged one its judgement; compliance the
    share of its conditions that are fulfilled, and a gate besides: a vendor that fails one of them is not
    ranked. "distance" is 100 · max(0, 1 - shortfall): for a line at most L the shortfall of x is (x - L)/L;
    for a rate of at least L it is (L - x)/(100 - L), so that twice the failures allowed score 0; for a saving
    or hours of at least L it is (L - x)/L.

    Nothing is filled in for what is missing: a missing input can be anything from 0 to 100, and totals and
    ranks are given with what follows from that.
    """
    if tests not in ("share", "distance"):
        raise MethodError("tests cannot be scored this way", value=tests, expected="share, distance")
    if draws < 1 or not 0 < level < 1:
        raise MethodError(
            "draws must be positive and the level between 0 and 1", value=f"draws {draws}, level {level}"
        )
    design = load_scorecard()
    k = len(design.indicators)
    weightings = {"equal": np.full(k, 1 / k), "roc": rank_order_centroid(k)}
    if weights is not None:
        by_code = (
            weights
            if isinstance(weights, Mapping)
            else dict(zip(design.codes, np.asarray(weights, dtype=np.float64).tolist(), strict=True))
        )
        weightings["declared"] = declared_weights(by_code, design.codes)
    tested = _tests_frame(vendors, design, tests)
    low, high, missing = _scores(vendors, design, tested)
    gate = _gate(vendors, design)
    names = list(vendors.names)
    running = np.flatnonzero(gate != "failed")
    sure = gate[running] == "passed"
    rested = []
    for kind in ("any", "ordered") if running.size else ():
        drawn = drawn_weights(k, ordered=kind == "ordered", draws=draws, seed=seed)
        found = dependence(low[running], high[running], drawn, sure=sure, level=level)
        found.insert(0, "weights", kind)
        found.insert(0, "vendor", [names[place] for place in running])
        rested.append(found)
    return VendorScores(
        vendors=_vendors_frame(vendors, design, gate, missing, low, high),
        totals=_totals(names, weightings, low, high, running, sure),
        scores=_scores_frame(names, design, low, high, missing),
        tests=tested,
        dependence=pd.concat(rested, ignore_index=True) if rested else pd.DataFrame(),
        weights=pd.DataFrame({"indicator": list(design.codes), **weightings}),
        problems=vendors.problems,
        method={
            "tests": tests,
            "weightings": list(weightings),
            "draws": draws,
            "seed": seed,
            "level": level,
            "gate": "compliance",
            "source": design.source,
            "not_applicable": list(vendors.not_applicable),
        },
        notes=(*vendors.notes, *_notes(vendors, gate, missing, tests)),
    )


def _tests_frame(vendors: Vendors, design: Scorecard, rule: TestRule) -> pd.DataFrame:
    blocks = []
    for indicator in design.indicators:
        for test in indicator.tests:
            if test.code in vendors.not_applicable:
                continue
            value = vendors.frame[test.code].to_numpy(np.float64)
            margin = test.value - value if test.op == "<=" else value - test.value
            met = (margin >= 0).astype(object)
            met[np.isnan(value)] = None
            blocks.append(
                pd.DataFrame(
                    {
                        "vendor": list(vendors.names),
                        "indicator": indicator.code,
                        "test": test.code,
                        "value": value,
                        "unit": test.unit,
                        "op": test.op,
                        "line": test.value,
                        "margin": margin,
                        "met": met,
                        "score": _test_score(value, margin, test, rule),
                        "figure": test.figure,
                    }
                )
            )
    return pd.concat(blocks, ignore_index=True)


def _test_score(value: Floats, margin: Floats, test: Test, rule: TestRule) -> Floats:
    """Score a fact against its line, 0-100, NaN where the fact is missing."""
    if rule == "share":
        return np.where(np.isnan(value), np.nan, np.where(margin >= 0, 100.0, 0.0))
    rate = test.unit == "%" and test.op == ">=" and not test.code.startswith("cost_reduction")
    span = 100 - test.value if rate else test.value
    return 100 * np.clip(1 + margin / span, 0, 1)


def _scores(
    vendors: Vendors, design: Scorecard, tested: pd.DataFrame
) -> tuple[Floats, Floats, NDArray[np.int64]]:
    """Return least and greatest score and number of missing inputs, of shape (vendors, indicators)."""
    parts = [_parts(vendors, indicator, tested) for indicator in design.indicators]
    low = np.stack([np.where(np.isnan(part), 0.0, part).mean(axis=0) for part in parts], axis=1)
    high = np.stack([np.where(np.isnan(part), 100.0, part).mean(axis=0) for part in parts], axis=1)
    return low, high, np.stack([np.isnan(part).sum(axis=0) for part in parts], axis=1)


def _parts(vendors: Vendors, indicator: Indicator, tested: pd.DataFrame) -> Floats:
    """Return the scores that an indicator is the mean of, shape (parts, vendors)."""
    if indicator.tests:
        mine = tested[tested["indicator"] == indicator.code]
        scores = mine["score"].to_numpy(np.float64).reshape(-1, len(vendors.names))
        # An indicator none of whose tests applies says nothing of anybody.
        return scores if len(scores) else np.full((1, len(vendors.names)), np.nan)
    if indicator.gates:
        return np.stack([100 * vendors.frame[gate.code].to_numpy(np.float64) for gate in indicator.gates])
    return vendors.frame[indicator.code].to_numpy(np.float64)[None]


def _gate(vendors: Vendors, design: Scorecard) -> NDArray[np.object_]:
    codes = [gate.code for indicator in design.indicators for gate in indicator.gates]
    values = vendors.frame[codes].to_numpy(np.float64)
    failed = (values == 0).any(axis=1)
    return np.where(failed, "failed", np.where(np.isnan(values).any(axis=1), "unknown", "passed")).astype(
        object
    )


def _vendors_frame(
    vendors: Vendors,
    design: Scorecard,
    gate: NDArray[np.object_],
    missing: NDArray[np.int64],
    low: Floats,
    high: Floats,
) -> pd.DataFrame:
    flags, unknown = [], []
    for _, row in vendors.frame[[trap.code for trap in design.traps]].iterrows():
        answers = {trap: row[trap.code] for trap in design.traps}
        flags.append(", ".join(t.code for t, a in answers.items() if a == (t.flagged_if == "yes")))
        unknown.append(", ".join(t.code for t, a in answers.items() if np.isnan(a)))
    at_least = (low[:, None, :] >= high[None, :, :]).all(axis=2)
    better = (low[:, None, :] > high[None, :, :]).any(axis=2)
    beats = at_least & better & (gate == "passed")[:, None]
    names = np.array(vendors.names, dtype=object)
    return pd.DataFrame(
        {
            "vendor": names,
            "gate": gate,
            "n_missing": missing.sum(axis=1),
            "flags": flags,
            "flags_unknown": unknown,
            "beaten_by": [", ".join(names[beats[:, place]]) for place in range(len(names))],
        }
    )


def _scores_frame(
    names: list[str], design: Scorecard, low: Floats, high: Floats, missing: NDArray[np.int64]
) -> pd.DataFrame:
    n, k = low.shape
    return pd.DataFrame(
        {
            "vendor": np.repeat(np.array(names, dtype=object), k),
            "indicator": list(design.codes) * n,
            "score": np.where(missing == 0, low, np.nan).ravel(),
            "score_low": low.ravel(),
            "score_high": high.ravel(),
            "n_missing": missing.ravel(),
        }
    )


def _totals(
    names: list[str],
    weightings: Mapping[str, Floats],
    low: Floats,
    high: Floats,
    running: NDArray[np.int64],
    sure: NDArray[np.bool_],
) -> pd.DataFrame:
    blocks = []
    for weighting, weights in weightings.items():
        bottom, top = low @ weights, high @ weights
        best = np.full(len(names), np.nan)
        worst = best.copy()
        certain, possible = rank_bounds(bottom[running][None], top[running][None], sure)
        best[running], worst[running] = certain[0], possible[0]
        complete = (low == high).all(axis=1)
        blocks.append(
            pd.DataFrame(
                {
                    "vendor": names,
                    "weighting": weighting,
                    "score": np.where(complete, bottom, np.nan),
                    "score_low": bottom,
                    "score_high": top,
                    "rank": np.where(best == worst, best, np.nan),
                    "rank_low": best,
                    "rank_high": worst,
                }
            )
        )
    return pd.concat(blocks, ignore_index=True)


def _notes(
    vendors: Vendors, gate: NDArray[np.object_], missing: NDArray[np.int64], rule: TestRule
) -> list[str]:
    notes = ["the source publishes no weights; an order that changes with them is no finding about vendors"]
    if rule == "share":
        notes.append("a fact scores 100 where it meets its line and 0 where it does not")
    else:
        notes.append("a fact that misses its line scores less in proportion to what is missing")
    failed = [name for name, state in zip(vendors.names, gate, strict=True) if state == "failed"]
    if failed:
        notes.append(f"not ranked, for a condition of compliance is not fulfilled: {', '.join(failed)}")
    unknown = [name for name, state in zip(vendors.names, gate, strict=True) if state == "unknown"]
    if unknown:
        notes.append(f"a condition of compliance is not answered: {', '.join(unknown)}")
    if missing.sum():
        notes.append(
            f"{int(missing.sum()):,} inputs are missing; totals and ranks allow for whatever they may be"
        )
    if len(vendors.problems):
        notes.append(f"{len(vendors.problems):,} cells could not be understood and count as missing")
    if vendors.not_applicable:
        notes.append(f"left out, because they apply to no vendor: {', '.join(vendors.not_applicable)}")
    return notes
