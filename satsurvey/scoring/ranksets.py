"""Confidence sets for ranks, marginal and simultaneous, from a studentised bootstrap with step-down."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import chain
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from satsurvey.errors import MethodError
from satsurvey.scoring.bootstrap import Batch, Bootstrap, Critical, group_slices, observed_variance
from satsurvey.scoring.exceedances import Maxima, Observed, collect, low_maxima, studentise
from satsurvey.scoring.moderation import Floats, Moderated

Sets = Literal["simultaneous", "marginal", "both", "none"]
Progress = Callable[[int, int], None]
Ranks = NDArray[np.int64]

_PILOT = 128  # draws that set the thresholds
_TARGETS = 500  # units whose own critical values are sought in one pass over the draws
_CELLS = 1_000_000  # pairs of units compared at one time
_DECIMALS = 9  # scores that agree to so many decimals are equal


@dataclass(frozen=True)
class FamilySets:
    """The ranks of one family of units that are compared with each other; rank 1 is the highest score.

    Attributes
    ----------
    members
        Positions of the units in the arrays given, in the order of the other fields.
    rank
        Rank, ties sharing the smallest.
    low, high
        Simultaneous set: with the probability of the level, all true ranks lie in their sets.
        None when not asked for.
    low_marginal, high_marginal
        Marginal set, for one unit by itself. None when not asked for.
    critical, critical_single_step
        Critical value of the simultaneous sets after and before step-down; NaN when not computed.
    critical_marginal
        Critical values of the marginal sets, one per member.
    deviation, deviation_std_error
        Score less the mean of the family's scores, and the standard error of that difference.
    critical_deviation
        Critical value of |deviation| / deviation_std_error, simultaneous over the family; NaN when not
        computed.
    """

    members: NDArray[np.intp]
    rank: Ranks
    low: Ranks | None
    high: Ranks | None
    low_marginal: Ranks | None
    high_marginal: Ranks | None
    critical: float
    critical_single_step: float
    critical_marginal: Floats | None
    deviation: Floats
    deviation_std_error: Floats
    critical_deviation: float


@dataclass(frozen=True)
class RankSets:
    """Rank sets of every family, and of all units together.

    Attributes
    ----------
    families
        One per code, in the order of the codes; units without a rank belong to none.
    codes
        The codes of `families`.
    overall
        All units as one family; None when not asked for, or when there is no unit to rank.
    moderation
        The prior of the variances, and the moderated variances of all units given (NaN for units without
        rank).
    std_error
        Standard errors behind the sets: √(moderated variance / n); NaN for units without a rank.
    ranked
        Which units take a rank.
    level, draws, seed, critical_values
        How the sets were made; `critical_values` is `bootstrap` or `normal`.
    notes
        What a reader has to know.
    """

    families: tuple[FamilySets, ...]
    codes: tuple[int, ...]
    overall: FamilySets | None
    moderation: Moderated
    std_error: Floats
    ranked: NDArray[np.bool_]
    level: float
    draws: int
    seed: int
    critical_values: Critical
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Critical:
    """Critical values of one grouping: per group (also at the single step and for tiers), and per unit."""

    simultaneous: Floats
    single_step: Floats
    marginal: Floats
    deviation: Floats


def rank_sets(
    score: ArrayLike,
    std_error: ArrayLike,
    *,
    df: ArrayLike,
    n: ArrayLike,
    family: ArrayLike | None = None,
    level: float = 0.95,
    draws: int = 10_000,
    seed: int = 20191,
    sets: Sets = "simultaneous",
    overall: bool = True,
    deviations: bool = True,
    step_down: bool = True,
    critical: Critical = "bootstrap",
    progress: Progress | None = None,
) -> RankSets:
    """Rank units with confidence sets, inside families and over all.

    Parameters
    ----------
    score
        Scores x, shape (units,), in any unit.
    std_error
        Standard errors SE of the scores, in the same unit.
    df, n
        Degrees of freedom of each standard error (n - 1 for interviews) and number of values behind each
        score.
    family
        Whole-number code of each unit's family; None puts all in one.
    level
        Confidence of the sets, over 0.5 and under 1.
    draws, seed
        Bootstrap draws, and the seed. The draws go to the units in the order of the family codes and, inside
        a family, in the order given: sort the units by name for numbers that do not depend on the order of
        rows.
    sets
        `simultaneous`: all sets hold together. `marginal`: each by itself, narrower. Or `both`. `none` draws
        nothing: there is no set and no critical value, only what is known without them.
    overall
        Whether all units are also ranked as one family.
    deviations
        Whether to draw the critical value of the deviations from the family's mean as well.
    step_down
        Whether hypotheses once rejected are left out of the next critical value.
    critical
        `normal` takes the standard errors as known, without moderation: for comparison only, its sets are too
        narrow at 20 interviews a unit.
    progress
        Called with the draws done and the draws to do.

    Returns
    -------
    RankSets

    Raises
    ------
    MethodError
        An option is out of its range or the arrays differ in length.

    Notes
    -----
    With s² = n·SE², moderated to s̃², T_jk = (x_j - x_k) / √(s̃_j²/n_j + s̃_k²/n_k). The set of unit j is [1
    + #{k: T_kj > c}, J - #{k: T_jk > c}]. The critical value c is the ⌈level·draws⌉-th smallest of the
    maxima, over the ordered pairs (j, k) of the hypotheses θ_j ≤ θ_k not yet rejected, of T*_jk = (m*_j -
    m*_k) / √(s̃*_j²/n_j + s̃*_k²/n_k), with m* ~ N(0, s²/n), s*² = s²·χ²(d)/d and s̃*² its moderation over
    all units of the draw. The marginal set of a unit uses the maximum over the pairs it belongs to. At 20
    interviews normal critical values give too many false claims, since the denominators vary as well. Units
    without a score, a standard error or a degree of freedom take no rank. When every variance is zero the
    data show no uncertainty, and each set is the rank, or the ranks that equal scores share.

    References
    ----------
    Mogstad, M., Romano, J. P., Shaikh, A. M. and Wilhelm, D. (2024). Inference for ranks with applications to
    mobility across neighbourhoods and academic achievement across countries. Review of Economic Studies 91.
    Romano, J. P. and Wolf, M. (2005). Exact and approximate stepdown methods for multiple hypothesis testing.
    Journal of the American Statistical Association 100.

    Examples
    --------
    >>> sets = rank_sets([80.0, 70.0, 69.0], [2.0, 2.0, 2.0], df=[19, 19, 19], n=[20, 20, 20], overall=False)
    >>> sets.families[0].low.tolist(), sets.families[0].high.tolist()
    ([1, 2, 2], [1, 3, 3])
    """
    x, se, d, size, code = _arrays(score, std_error, df, n, family)
    _check_options(level, draws, seed, sets, critical)
    ranked = np.isfinite(x) & np.isfinite(se) & np.isfinite(d) & (d > 0) & (size > 0)
    order = np.flatnonzero(ranked)[np.argsort(code[ranked], kind="stable")]
    notes: list[str] = []
    if order.size < x.size:
        notes.append(
            f"{x.size - order.size} of {x.size} units take no rank: no score, standard error or second value"
        )
    if not order.size:
        nothing = np.full(x.size, np.nan)
        empty = Moderated(np.array(0.0), np.array(np.nan), nothing)
        return RankSets((), (), None, empty, nothing, ranked, level, draws, seed, critical, tuple(notes))

    rounded = np.round(x[order], _DECIMALS)
    variance, moderation = observed_variance(se[order], d[order], size[order], critical)
    notes.extend(moderation.notes)
    plan = Bootstrap(
        std_error=se[order],
        df=d[order],
        n=size[order],
        draws=draws,
        seed=seed,
        moderated=bool(moderation.prior_df > 0),
        critical=critical,
    )
    by_family = Observed(rounded, variance, group_slices(code[order]))
    together = Observed(rounded, variance, [slice(0, order.size)])
    groupings = [by_family]
    if overall and len(by_family.groups) > 1:
        groupings.append(together)
    if sets == "none":
        found = [_unknown(observed) for observed in groupings]
    elif not variance.any():
        notes.append("every variance is zero: the sets show only what the scores show")
        found = [_exact(observed) for observed in groupings]
    else:
        search = _Search(plan, level, sets, step_down, progress)
        found = search.run(groupings, deviations=deviations)
    families = tuple(
        _family(by_family, index, found[0], order, sets) for index in range(len(by_family.groups))
    )
    all_units = None
    if overall:
        all_units = families[0] if len(groupings) == 1 else _family(together, 0, found[1], order, sets)
    spread = np.full(x.size, np.nan)
    spread[order] = moderation.variance
    final_se = np.full(x.size, np.nan)
    final_se[order] = np.sqrt(variance)
    return RankSets(
        families=families,
        codes=tuple(int(code[order][members.start]) for members in by_family.groups),
        overall=all_units,
        moderation=Moderated(moderation.prior_df, moderation.prior_variance, spread, moderation.notes),
        std_error=final_se,
        ranked=ranked,
        level=level,
        draws=draws,
        seed=seed,
        critical_values=critical,
        notes=tuple(notes),
    )


def _arrays(
    score: ArrayLike, std_error: ArrayLike, df: ArrayLike, n: ArrayLike, family: ArrayLike | None
) -> tuple[Floats, Floats, Floats, Floats, NDArray[np.intp]]:
    x = np.asarray(score, dtype=np.float64)
    columns = [np.asarray(column, dtype=np.float64) for column in (std_error, df, n)]
    code = np.zeros(x.shape, dtype=np.intp) if family is None else np.asarray(family, dtype=np.intp)
    for name, column in zip(("std_error", "df", "n", "family"), (*columns, code), strict=True):
        if column.shape != x.shape or x.ndim != 1:
            raise MethodError(
                f"`{name}` has not one value per score", value=column.shape, expected=str(x.shape)
            )
    if (columns[0] < 0).any():
        raise MethodError("a standard error is negative", value=float(columns[0][columns[0] < 0][0]))
    return x, columns[0], columns[1], columns[2], code


def _check_options(level: float, draws: int, seed: int, sets: str, critical: str) -> None:
    if not 0.5 < level < 1:
        raise MethodError("the level of rank sets is a share", value=level, expected="over 0.5 and under 1")
    if draws < 100 or draws * (1 - level) < 1:
        raise MethodError(
            "too few draws for the level",
            value=draws,
            expected=f"at least {max(100, int(np.ceil(1 / (1 - level))))}",
        )
    if seed < 0:
        raise MethodError("a seed is not negative", value=seed)
    if sets not in get_args(Sets):
        raise MethodError("unknown kind of rank sets", value=sets, expected=", ".join(get_args(Sets)))
    if critical not in get_args(Critical):
        raise MethodError(
            "unknown kind of critical values", value=critical, expected=", ".join(get_args(Critical))
        )


@dataclass(frozen=True)
class _Goal:
    """Critical values that one pass over the draws looks for: of each group, or of each unit."""

    observed: Observed
    threshold: Floats
    per_unit: bool


class _Search:
    """The passes over the draws that find the critical values."""

    def __init__(
        self, plan: Bootstrap, level: float, sets: Sets, step_down: bool, progress: Progress | None
    ) -> None:
        self.plan, self.sets, self.step_down, self.progress = plan, sets, step_down, progress
        self.smallest = int(np.ceil(level * plan.draws - 1e-9))
        self.largest = plan.draws - self.smallest + 1
        pilot = min(plan.batches, -(-_PILOT // plan.batch_draws))
        self.pilot = [plan.batch(index) for index in range(pilot)]

    def run(self, groupings: list[Observed], *, deviations: bool) -> list[_Critical]:
        """Return the critical values of each grouping; only the first is asked for its deviations."""
        families, units = len(groupings[0].groups), groupings[0].score.size
        largest = np.zeros((families, self.plan.draws)) if deviations else None
        goals = [_Goal(observed, self._thresholds(observed, per_unit=False), False) for observed in groupings]
        blocks: list[list[_Goal]] = []
        if self.sets != "simultaneous":
            limits = [self._thresholds(observed, per_unit=True) for observed in groupings]
            for start in range(0, units, _TARGETS):
                inside = (np.arange(units) >= start) & (np.arange(units) < start + _TARGETS)
                blocks.append(
                    [
                        _Goal(observed, np.where(inside, limit, np.inf), True)
                        for observed, limit in zip(groupings, limits, strict=True)
                    ]
                )
        # groups and the first block of units share one pass over the draws
        values = self._solve([*goals, *(blocks[0] if blocks else [])], largest)
        own = [np.full(units, np.nan) for _ in groupings]
        for index, block in enumerate(blocks):
            found = values[len(goals) :] if index == 0 else self._solve(block, None)
            for marginal, pair in zip(own, found, strict=True):
                np.copyto(marginal, pair[:, 0], where=~np.isnan(pair[:, 0]))
        deviation = np.full(families, np.nan)
        if largest is not None:
            deviation = np.partition(largest, self.smallest - 1, axis=1)[:, self.smallest - 1]
        return [
            _Critical(pair[:, 0], pair[:, 1], marginal, deviation if index == 0 else np.full(1, np.nan))
            for index, (pair, marginal) in enumerate(zip(values[: len(goals)], own, strict=True))
        ]

    def _thresholds(self, observed: Observed, *, per_unit: bool) -> Floats:
        """Set thresholds that so many draws will pass that the critical value is surely among them.

        Step-down never takes away both directions of a pair, so that at least half of the draws that pass a
        threshold still pass it afterwards, up to chance: three times the share needed is asked for.
        """
        low = np.concatenate([low_maxima(batch, observed, per_unit=per_unit) for batch in self.pilot], axis=1)
        wanted = 3 * self.largest / self.plan.draws
        share = min(wanted + 2 * np.sqrt(wanted / low.shape[1]), 1.0)
        threshold = np.quantile(low, 1 - share, axis=1)
        for index, members in enumerate(observed.groups):
            if members.stop - members.start < 2:  # alone in its family: nothing to compare
                threshold[members if per_unit else index] = np.inf
        return np.asarray(threshold)

    def _solve(self, goals: list[_Goal], deviations: Floats | None) -> list[Floats]:
        """Pass over the draws until every target with a finite threshold has its critical values."""
        results = [np.full((goal.threshold.size, 2), np.nan) for goal in goals]
        while deviations is not None or any(np.isfinite(goal.threshold).any() for goal in goals):
            maxima = [Maxima(goal.threshold, self.plan.draws, per_unit=goal.per_unit) for goal in goals]
            self._pass(goals, maxima, deviations)
            deviations = None
            for index, found in enumerate(maxima):
                values = found.critical_values(largest=self.largest, step_down=self.step_down)
                missed = np.isinf(values[:, 0])
                np.copyto(results[index], values, where=np.isfinite(values))
                lower = np.where(found.threshold > 0.5, 0.8 * found.threshold, 0.0)
                goals[index] = replace(goals[index], threshold=np.where(missed, lower, np.inf))
        return results

    def _pass(self, goals: list[_Goal], maxima: list[Maxima], deviations: Floats | None) -> None:
        done = 0
        for batch in chain(self.pilot, self.plan.stream(len(self.pilot))):
            for goal, found in zip(goals, maxima, strict=True):
                collect(batch, goal.observed, found, first_draw=done)
            if deviations is not None:
                deviations[:, done : done + batch.draws] = deviation_maxima(batch, goals[0].observed)
            done += batch.draws
            if self.progress is not None:
                self.progress(done, self.plan.draws)


def deviation_variance(variance: Floats, groups: list[slice] | tuple[slice, ...]) -> Floats:
    """Return the variance of each score less the mean of its group, the scores being independent.

    v_j (1 - 2/J) + Σ v / J², along the first axis.
    """
    out = np.empty_like(variance)
    for members in groups:
        size = members.stop - members.start
        part = variance[members]
        np.multiply(part, 1 - 2 / size, out=out[members])
        out[members] += part.sum(axis=0) / size**2
    for members in groups:
        if members.stop - members.start == 1:
            out[members] = 0.0
    return out


def deviation_maxima(batch: Batch, observed: Observed) -> Floats:
    """Return, for each group and draw, the largest |e* - mean| / standard error."""
    variance = deviation_variance(batch.variance, list(observed.groups))
    out = np.zeros((len(observed.groups), batch.draws))
    for index, members in enumerate(observed.groups):
        size = members.stop - members.start
        if size == 1:
            continue
        square = batch.error[members] - batch.error[members].sum(axis=0) / size
        np.square(square, out=square)
        spread = variance[members]
        square /= np.where(spread > 0, spread, 1.0) if spread.min() <= 0 else spread
        out[index] = np.sqrt(square.max(axis=0))
    return out


def _unknown(observed: Observed) -> _Critical:
    nothing = np.full(len(observed.groups), np.nan)
    return _Critical(nothing, nothing, np.full(observed.score.size, np.nan), nothing)


def _exact(observed: Observed) -> _Critical:
    zero = np.zeros(len(observed.groups))
    return _Critical(zero, zero, np.zeros(observed.score.size), zero)


def _family(
    observed: Observed, index: int, critical: _Critical, order: NDArray[np.intp], sets: Sets
) -> FamilySets:
    members = observed.groups[index]
    score, variance = observed.score[members], observed.variance[members]
    size = score.size
    ascending = np.sort(score)
    low = high = low_marginal = high_marginal = None
    if sets in {"simultaneous", "both"}:
        low, high = _bounds(score, variance, np.full(size, critical.simultaneous[index]))
    if sets in {"marginal", "both"}:
        low_marginal, high_marginal = _bounds(score, variance, critical.marginal[members])
    return FamilySets(
        members=order[members],
        rank=np.asarray(1 + size - np.searchsorted(ascending, score, side="right"), dtype=np.int64),
        low=low,
        high=high,
        low_marginal=low_marginal,
        high_marginal=high_marginal,
        critical=float(critical.simultaneous[index]),
        critical_single_step=float(critical.single_step[index]),
        critical_marginal=critical.marginal[members] if sets in {"marginal", "both"} else None,
        deviation=score - score.mean(),
        deviation_std_error=np.sqrt(deviation_variance(variance, [slice(0, size)])),
        critical_deviation=float(critical.deviation[index]),
    )


def _bounds(score: Floats, variance: Floats, critical: Floats) -> tuple[Ranks, Ranks]:
    """Count, for each unit, those above and below it beyond its critical value, some units at a time."""
    size = score.size
    low, high = np.ones(size, dtype=np.int64), np.full(size, size, dtype=np.int64)
    step = max(1, _CELLS // size)
    for start in range(0, size, step):
        rows = slice(start, start + step)
        statistic = studentise(score - score[rows, None], variance + variance[rows, None])
        low[rows] += (statistic > critical[rows, None]).sum(axis=1)
        high[rows] -= (statistic < -critical[rows, None]).sum(axis=1)
    return low, high
