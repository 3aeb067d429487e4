"""Companies brought together: industries and the whole, with errors clustered by company."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from satsurvey.scoring.method import ScoringMethod
from satsurvey.scoring.tally import Floats, Plan, Pooled, Tally
from satsurvey.scoring.units import Units

_COLUMNS = 4
_DUST = 1e-12


@dataclass(frozen=True)
class Estimate:
    """Estimates of K rows (companies, industries or the whole): total, dimensions and items side by side.

    Attributes
    ----------
    value, variance, df
        Float64 of shape (K, 1 + D + I): the total, then the dimensions, then the items.
    n
        Interviews behind each of them, the same shape.
    n_effective, design_effect
        Of the total; shape (K,).
    n_companies
        Companies behind each row; shape (K,).
    notes
        What is to be said of each row; "" for nothing.
    """

    value: Floats
    variance: Floats
    df: Floats
    n: NDArray[np.int64]
    n_effective: Floats
    design_effect: Floats
    n_companies: NDArray[np.int64]
    notes: tuple[str, ...]

    @classmethod
    def of_units(
        cls, sums: Tally, method: ScoringMethod, population: Floats | None, df: Floats | None = None
    ) -> Estimate:
        """Estimate every company from its own interviews: SE² = n/(n-1) Σ z² with n - 1 df.

        `df` are other degrees of freedom of the total and the dimensions, shape (J, 1 + D).
        """
        value = np.column_stack([sums.total, sums.dimension_mean, sums.item_mean])
        squares = np.column_stack([sums.total_squares, sums.dimension_squares, sums.item_squares])
        n = np.column_stack([sums.total_n, sums.dimension_n, sums.item_n])
        with np.errstate(invalid="ignore", divide="ignore"):
            variance = np.where((n > 1) & ~np.isnan(value), n / (n - 1) * squares, np.nan)
            if population is not None:
                variance = variance * (1 - sums.n / population)[:, None]
            simple = sums.total_spread / (sums.total_n - 1)
            effect = np.where(simple > 0, variance[:, 0] / simple, np.nan)
            n_effective = _without_dust(sums.weight**2 / sums.weight_squares, sums.n)
        own_df = np.maximum(n - 1.0, 0)
        if df is not None:
            own_df[:, : df.shape[1]] = df
        absent = np.isnan(value[:, 0])
        remarks = (
            (sums.total_n < method.company_min_n, f"n < {method.company_min_n}"),
            (absent, "no score: no dimension has enough answers"),
            (~absent & (n[:, 0] < 2), "one interview: no interval"),
            (~absent & (n[:, 0] > 1) & (squares[:, 0] == 0), "no spread: all interviews agree"),
            (~absent & np.isnan(squares[:, 0]), "no item has two answers: no interval"),
        )
        notes = [""] * value.shape[0]
        for concerned, remark in remarks:
            for k in np.flatnonzero(concerned).tolist():
                notes[k] = f"{notes[k]}; {remark}" if notes[k] else remark
        return cls(
            value,
            variance,
            own_df,
            n,
            n_effective,
            effect,
            np.ones(value.shape[0], np.int64),
            tuple(notes),
        )


@dataclass
class Groups:
    """Aggregation of units into industries and into the whole.

    Parameters
    ----------
    units, sums, plan, method
        The companies and how they were scored.
    companies
        Their estimates.
    within_pooled
        Adds up influence values on pooled scores unit by unit; called only for a census of companies.
    market
        Market share of each unit for market-weighted scores, or None.
    unsampled
        Finite-population correction 1 - n/N of each unit, or None.
    """

    units: Units
    sums: Tally
    plan: Plan
    method: ScoringMethod
    companies: Estimate
    within_pooled: Callable[[Pooled], tuple[Floats, NDArray[np.int64]]]
    market: Floats | None = None
    unsampled: Floats | None = None
    notes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.counted = ~np.isnan(self.sums.total)
        if not self.method.small_companies_in_industry:
            self.counted &= self.sums.total_n >= self.method.company_min_n
        change = np.flatnonzero(np.diff(self.units.industry)) + 1
        self.industry_starts = np.concatenate([[0], change]).astype(np.intp)
        self.industry_codes = self.units.industry[self.industry_starts]
        self.industry_of_unit = np.repeat(
            np.arange(self.industry_starts.size), np.diff([*self.industry_starts, len(self.units)])
        )

    def industries(self) -> Estimate:
        """Estimate every industry."""
        return self._estimate(self.industry_starts, self.method.industry_level, stratified=False)

    def overall(self) -> Estimate:
        """Estimate the whole: industries are strata, companies a sample within each."""
        everything = np.zeros(1, dtype=np.intp)
        if self.method.overall_level != "industry_mean":
            return self._estimate(everything, self.method.overall_level, stratified=True)
        inner = self.industries()
        return self._mean_of(inner)

    def _mean_of(self, inner: Estimate) -> Estimate:
        """The mean of industry scores; industries are not sampled, so only their own errors count."""
        everything = np.zeros(1, dtype=np.intp)
        present = ~np.isnan(inner.value)
        count = present.sum(axis=0)
        with np.errstate(invalid="ignore", divide="ignore"):
            total = group_sums(np.where(present, inner.value, 0.0), everything)
            value = _held(total / count, inner.value, present, everything)
            parts = np.where(present, inner.variance, 0.0) / count**2
            variance = group_sums(parts, everything)
            df = _satterthwaite(parts, inner.df, variance)
            n_effective = count[0] ** 2 / math.fsum(1 / inner.n_effective[present[:, 0]])
            n_effective = _without_dust(np.array([n_effective]), inner.n[:, :1].sum(axis=0))
        self.notes.append(
            "the overall score is the mean of the industries; its error is that of their errors"
        )
        return Estimate(
            value,
            variance,
            df,
            inner.n.sum(axis=0)[None, :],
            n_effective,
            np.array([np.nan]),
            np.array([inner.n_companies.sum()]),
            ("an industry has no error of its own: no interval",) if np.isnan(variance[0, 0]) else ("",),
        )

    def count_by(self, counts: NDArray[np.int64], starts: NDArray[np.intp]) -> NDArray[np.int64]:
        """Add up counts over the counted units of each group."""
        shape = (-1,) + (1,) * (counts.ndim - 1)
        return np.add.reduceat(np.where(self.counted.reshape(shape), counts, 0), starts, axis=0)

    def sum_by(self, values: Floats, starts: NDArray[np.intp]) -> Floats:
        """Add up a table of columns over the counted units of each group, in any order to the same digits."""
        return group_sums(np.where(self.counted[:, None], values, 0.0), starts)

    def _estimate(self, starts: NDArray[np.intp], level: str, *, stratified: bool) -> Estimate:
        group = self._group_of(starts)
        pooled: Pooled | None = None
        if level == "respondent_pooled":
            mean, influence, pooled = self._pooled(starts)
            mass = np.where(self.counted, self.sums.total_weight, 0.0)
            pieces: Iterable[tuple[slice, Floats, Floats]] = [(slice(None), mean, influence)]
        else:
            share = self.market if level == "market_weighted" and self.market is not None else 1.0
            mass = np.where(self.counted & ~np.isnan(self.companies.value[:, 0]), share, 0.0)
            pieces = self._means(share, starts)
        shape = (starts.size, self.companies.value.shape[1])
        value, variance, df = np.empty(shape), np.empty(shape), np.empty(shape)
        count = np.empty(shape, dtype=np.int64)
        for columns, mean, influence in pieces:
            value[:, columns] = mean
            present = (influence != 0) | (self.counted[:, None] & ~np.isnan(self.companies.value[:, columns]))
            count[:, columns] = np.add.reduceat(present.astype(np.int64), starts, axis=0)
            if self.method.companies == "sample":
                found = self._between(starts, influence, present, stratified=stratified)
                variance[:, columns], df[:, columns] = found
        if self.method.companies == "census":
            variance, df = self._within(starts, level, group, pooled)
        variance, df, notes = self._single_companies(starts, count, variance, df)
        n = np.column_stack(
            [
                self.count_by(counts, starts)
                for counts in (self.sums.total_n, self.sums.dimension_n, self.sums.item_n)
            ]
        )
        n_effective, effect = self._design(starts, group, mass, value[:, 0], variance[:, 0], n[:, 0])
        with np.errstate(invalid="ignore"):
            return Estimate(
                np.where(count > 0, value, np.nan),
                np.where(count > 0, variance, np.nan),
                df,
                n,
                n_effective,
                effect,
                count[:, 0],
                notes,
            )

    def _means(
        self, share: Floats | float, starts: NDArray[np.intp]
    ) -> Iterator[tuple[slice, Floats, Floats]]:
        """Yield weighted means of companies and their influence, some columns at a time to save memory."""
        for first in range(0, self.companies.value.shape[1], _COLUMNS):
            columns = slice(first, first + _COLUMNS)
            present = self.counted[:, None] & ~np.isnan(self.companies.value[:, columns])
            weights = present * np.broadcast_to(share, self.counted.shape)[:, None]
            yield columns, *self._mean(weights, columns, starts)

    def _group_of(self, starts: NDArray[np.intp]) -> NDArray[np.intp]:
        return np.repeat(np.arange(starts.size), np.diff([*starts, len(self.units)]))

    def _mean(self, weights: Floats, columns: slice, starts: NDArray[np.intp]) -> tuple[Floats, Floats]:
        """Weighted means of companies, and each company's influence on them."""
        values = np.where(weights > 0, self.companies.value[:, columns], 0.0)
        mass = group_sums(weights, starts)
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = _held(group_sums(weights * values, starts) / mass, values, weights > 0, starts)
            group = self._group_of(starts)
            influence = np.where(weights > 0, weights * (values - mean[group]) / mass[group], 0.0)
        return mean, influence

    def _pooled(self, starts: NDArray[np.intp]) -> tuple[Floats, Floats, Pooled]:
        """Scores of the pooled respondents of a group, and each company's influence on them."""
        sums, group = self.sums, self._group_of(starts)
        keep = self.counted[:, None]
        weights = np.column_stack([sums.total_weight, sums.dimension_weight, sums.item_weight])
        weights = np.where(keep & ~np.isnan(self.companies.value), weights, 0.0)
        if self.method.order == "respondent_first":
            value, influence = self._mean(weights, slice(None), starts)
            nothing = np.zeros((group.size, self.plan.item_weights.size))
            own = self._own_items(value[group], weights[:, -nothing.shape[1] :])
            return value, influence, Pooled(own, group_sums(weights, starts)[group], nothing, nothing)
        item_weights = np.where(keep & ~np.isnan(sums.item_mean), sums.item_weight, 0.0)
        means = np.where(item_weights > 0, sums.item_mean, 0.0)
        mass = group_sums(item_weights, starts)
        with np.errstate(invalid="ignore", divide="ignore"):
            item_mean = _held(
                group_sums(item_weights * means, starts) / mass, means, item_weights > 0, starts
            )
            item_influence = np.where(
                item_weights > 0, item_weights * (means - item_mean[group]) / mass[group], 0.0
            )
        n_dimensions = self.plan.dimension_weights.size
        dimension_mean = np.full((starts.size, n_dimensions), np.nan)
        dimension_influence = np.zeros((len(self.units), n_dimensions))
        item_share = np.zeros((starts.size, self.plan.item_weights.size))
        for d in range(n_dimensions):
            items = np.flatnonzero(self.plan.dimension == d)
            present = ~np.isnan(item_mean[:, items])
            share = self.plan.item_weights[items] * present
            total = share.sum(axis=1)
            usable = (present.sum(axis=1) >= min(int(self.plan.min_items[d]), items.size)) & (total > 0)
            with np.errstate(invalid="ignore", divide="ignore"):
                share = np.where(usable[:, None], share / total[:, None], 0.0)
            item_share[:, items] = share
            mean = (share * np.where(present, item_mean[:, items], 0.0)).sum(axis=1)
            mean = np.clip(
                mean, np.fmin.reduce(item_mean[:, items], axis=1), np.fmax.reduce(item_mean[:, items], axis=1)
            )
            dimension_mean[:, d] = np.where(usable, mean, np.nan)
            dimension_influence[:, d] = (share[group] * item_influence[:, items]).sum(axis=1)
        share = self.plan.dimension_weights * ~np.isnan(dimension_mean)
        absent = ~(share.sum(axis=1) > 0)
        with np.errstate(invalid="ignore", divide="ignore"):
            share = np.where(absent[:, None], 0.0, share / share.sum(axis=1)[:, None])
        mean = (share * np.where(np.isnan(dimension_mean), 0.0, dimension_mean)).sum(axis=1)
        total_mean = np.clip(
            np.where(absent, np.nan, mean),
            np.fmin.reduce(dimension_mean, axis=1),
            np.fmax.reduce(dimension_mean, axis=1),
        )
        total_influence = (share[group] * dimension_influence).sum(axis=1)
        value = np.column_stack([total_mean, dimension_mean, item_mean])
        behind = group_sums(weights, starts)
        behind[:, 1 + n_dimensions :] = mass
        pooled = Pooled(
            self._own_items(value[group], item_weights), behind[group], item_share[group], share[group]
        )
        return value, np.column_stack([total_influence, dimension_influence, item_influence]), pooled

    def _own_items(self, means: Floats, item_weights: Floats) -> Floats:
        """Take out the items that a unit does not bring in, having too few answers to them."""
        first = means.shape[1] - item_weights.shape[1]
        means[:, first:] = np.where(item_weights > 0, means[:, first:], np.nan)
        return means

    def _between(
        self, starts: NDArray[np.intp], influence: Floats, present: NDArray[np.bool_], *, stratified: bool
    ) -> tuple[Floats, Floats]:
        """Variance between companies: J/(J-1) Σ z_j², within strata where the group has several industries.

        A stratum of one company has no variance of its own; its company is compared with the whole, as R's
        survey does under `lonely.psu = "adjust"`.
        """
        strata = self.industry_starts if stratified else starts
        stratum = self._group_of(strata)
        count = np.add.reduceat(present.astype(np.int64), strata, axis=0)
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = np.where(count > 1, group_sums(influence, strata) / count, 0.0)
            centred = np.where(present, influence - mean[stratum], 0.0)
            factor = np.where(count > 1, count / np.maximum(count - 1, 1), 1.0)
            variance = factor * group_sums(centred**2, strata)
        if stratified:
            # The whole is the only group that has strata.
            total = group_sums(variance, np.zeros(1, dtype=np.intp))
            df = (count.sum(axis=0) - (count > 0).sum(axis=0))[None, :].astype(np.float64)
            companies = count.sum(axis=0)[None, :]
            return total, np.where(df > 0, df, np.maximum(companies - 1, 0)).astype(np.float64)
        return variance, np.maximum(count - 1.0, 0)

    def _within(
        self, starts: NDArray[np.intp], level: str, group: NDArray[np.intp], pooled: Pooled | None
    ) -> tuple[Floats, Floats]:
        """Variance when the companies are all there are: only interviews are sampled, within each company."""
        if pooled is not None:
            # How many of a company answer, and their weights, are chance too: influence is taken about the
            # pooled score and then centred within the company, as in a design stratified by company.
            squares, n = self.within_pooled(pooled)
            parts = n / np.maximum(n - 1, 1) * squares
            parts = np.where(self.counted[:, None], parts, 0.0)
            if self.unsampled is not None:
                parts = parts * self.unsampled[:, None]
        else:
            mass = np.where(self.counted[:, None] & ~np.isnan(self.companies.value), 1.0, 0.0)
            if level == "market_weighted" and self.market is not None:
                mass *= self.market[:, None]
            own = np.where(np.isnan(self.companies.variance), 0.0, self.companies.variance)
            with np.errstate(invalid="ignore", divide="ignore"):
                share = mass / group_sums(mass, starts)[group]
            parts = np.where(np.isnan(share), 0.0, share) ** 2 * own
        variance = group_sums(parts, starts)
        with np.errstate(invalid="ignore", divide="ignore"):
            weighted = np.where(self.companies.df > 0, parts**2 / self.companies.df, 0.0)
            df = variance**2 / group_sums(weighted, starts)
        return variance, np.where(np.isfinite(df), df, 0.0)

    def _single_companies(
        self, starts: NDArray[np.intp], count: NDArray[np.int64], variance: Floats, df: Floats
    ) -> tuple[Floats, Floats, tuple[str, ...]]:
        notes = []
        variance, df = variance.copy(), df.copy()
        ends = [*starts[1:].tolist(), len(self.units)]
        for g, (start, end) in enumerate(zip(starts.tolist(), ends, strict=True)):
            members = np.flatnonzero(self.counted[start:end]) + start
            if members.size == 1:
                variance[g], df[g] = self.companies.variance[members[0]], self.companies.df[members[0]]
                notes.append("one company: the interval is that of its interviews")
            elif members.size == 0:
                notes.append("no company with a score")
            else:
                single = int((self.sums.total_n[members] < 2).sum())
                if self.method.companies == "sample":
                    # A dimension or item that one company alone answered has no spread between companies.
                    variance[g, count[g] < 2] = np.nan
                    notes.append("")
                else:
                    # Nothing is known of the spread inside such a company, and it must not be hidden.
                    notes.append(
                        f"{single} companies of one interview add nothing to the error" if single else ""
                    )
        return variance, df, tuple(notes)

    def _design(
        self,
        starts: NDArray[np.intp],
        group: NDArray[np.intp],
        mass: Floats,
        mean: Floats,
        variance: Floats,
        n: NDArray[np.int64],
    ) -> tuple[Floats, Floats]:
        """Effective n, and the variance against that of a simple random sample of as many interviews."""
        sums = self.sums
        with np.errstate(invalid="ignore", divide="ignore"):
            share = mass / group_sums(mass, starts)[group]
            gap = np.where(self.counted, sums.total - mean[group], 0.0)
            spread = group_sums(np.where(self.counted, share * (sums.total_spread + gap**2), 0.0), starts)
            squares = np.where(self.counted, share**2 * sums.weight_squares / sums.weight**2, 0.0)
            n_effective = np.where(n > 0, _without_dust(1 / group_sums(squares, starts), n), np.nan)
            simple = spread / (n - 1)
            effect = np.where(simple > 0, variance / simple, np.nan)
        return n_effective, effect


def _held(mean: Floats, parts: Floats, present: NDArray[np.bool_], starts: NDArray[np.intp]) -> Floats:
    """Hold means between the least and the largest of their parts, which rounding may overstep by a bit."""
    low = np.minimum.reduceat(np.where(present, parts, np.inf), starts, axis=0)
    high = np.maximum.reduceat(np.where(present, parts, -np.inf), starts, axis=0)
    held: Floats = np.where(low <= high, np.clip(mean, low, high), np.nan)
    return held


def group_sums(values: Floats, starts: NDArray[np.intp]) -> Floats:
    """Sum stretches of rows so that their order cannot change a digit.

    Values are brought to a power-of-two grid on which sums are exact (pre-rounding; Demmel and Nguyen 2013).
    """
    size = np.diff([*starts, values.shape[0]])
    shape = (-1,) + (1,) * (values.ndim - 1)
    largest = np.maximum.reduceat(np.abs(values), starts, axis=0)
    room = np.ceil(np.log2(np.maximum(size, 2))).astype(np.int64).reshape(shape)
    # Nothing below the normal numbers of float64: dividing by a smaller grid would overflow.
    exponent = np.maximum(np.frexp(largest)[1] + room - 52, -1000)
    grid = np.ldexp(1.0, exponent.astype(np.int32))
    spread = np.repeat(grid, size, axis=0)
    return np.add.reduceat(np.rint(values / spread) * spread, starts, axis=0)


def _satterthwaite(parts: Floats, df: Floats, variance: Floats) -> Floats:
    """Degrees of freedom of a sum of independent variances (Satterthwaite 1946)."""
    with np.errstate(invalid="ignore", divide="ignore"):
        weighted = np.where(df > 0, parts**2 / df, 0.0)
        result = variance**2 / group_sums(weighted, np.zeros(1, dtype=np.intp))
    return np.where(np.isfinite(result), result, 0.0)


def _without_dust(n_effective: Floats, n: NDArray[np.int64]) -> Floats:
    """Return n itself where an effective n differs from it by rounding alone, as with weights all equal."""
    return np.where(np.abs(n_effective - n) <= _DUST * n, n, n_effective)
