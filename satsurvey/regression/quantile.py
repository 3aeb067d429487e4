"""Quantile regression: exact lines through the median and others, with errors by drawing companies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from satsurvey.errors import MethodError
from satsurvey.regression.check_lines import CheckRows, best_line
from satsurvey.regression.estimates import Estimates
from satsurvey.regression.least_squares import inverse_of
from satsurvey.regression.tallies import INTERCEPT, centring_of, check_numbers, check_rows

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

QUANTILES = (0.25, 0.5, 0.75)
DRAWS = 200
_FEW_LEVELS = 11


@dataclass(frozen=True, eq=False)
class QuantileFit:
    """The line of one quantile.

    Attributes
    ----------
    quantile
        Between 0 and 1.
    estimates
        Coefficients; covariance and errors are those of the drawn companies. Degrees of freedom are of G
        clusters and B draws together: 1 / (1 / (G - 1) + 1 / (B - 1)).
    loss
        Least weighted sum of the check function over rows.
    """

    quantile: float
    estimates: Estimates
    loss: float


@dataclass(frozen=True, eq=False)
class QuantileRegression:
    """Lines of several quantiles through the same rows.

    Attributes
    ----------
    fits
        One per quantile.
    rows, clusters, draws, seed
        What they were fitted to, how many times companies were drawn and from which seed.
    notes
        What must be known of them.
    """

    fits: tuple[QuantileFit, ...]
    rows: int
    clusters: int
    draws: int
    seed: int
    notes: tuple[str, ...] = ()

    def frame(self, level: float = 0.95) -> pd.DataFrame:
        """Return quantile, term, estimate, std_error, ci_low, ci_high, df, p_value."""
        frames = [fit.estimates.frame(level).assign(quantile=fit.quantile) for fit in self.fits]
        frame = pd.concat(frames, ignore_index=True)
        return frame[["quantile", *(column for column in frame.columns if column != "quantile")]]


def quantile_regression(
    columns: Mapping[str, ArrayLike],
    outcome: ArrayLike,
    clusters: ArrayLike,
    *,
    quantiles: Sequence[float] = QUANTILES,
    weights: ArrayLike | None = None,
    draws: int = DRAWS,
    seed: int = 20191,
) -> QuantileRegression:
    """Fit linear quantiles of an outcome; errors by a bootstrap that draws whole clusters.

    Parameters
    ----------
    columns
        The design without the intercept: name to N finite numbers.
    outcome
        N finite numbers.
    clusters
        N whole numbers from 0.
    quantiles
        Each between 0 and 1.
    weights
        N positive numbers, relative; by default every row counts once.
    draws
        How many times clusters are drawn with replacement; 0 leaves errors out (they are NaN).
    seed
        Of the draws.

    Raises
    ------
    MethodError
        When a quantile is not between 0 and 1, no row is given, there are fewer than two clusters, no more
        rows than coefficients, terms follow from each other, the outcome is the same in every row, a weight
        is not positive, or more than half of the draws do not carry the model.

    Notes
    -----
    Lines are exact, and proved to be the best, at every size: rows far from the line enter the search
    through their sums only, and as they are where the line crosses any of them (Portnoy and Koenker, 1997).
    Each goes through as many rows as it has coefficients. Where several lines fit equally well, as with
    answers of few levels, one corner of their set is returned, the same for the same rows in the same order.
    Drawn companies give lines in the same way, each sought from where Newton's step foretells it.

    References
    ----------
    Koenker, R. and Bassett, G. (1978). Regression quantiles. Econometrica 46, 33-50.
    Portnoy, S. and Koenker, R. (1997). The Gaussian hare and the Laplacian tortoise. Statistical Science 12.
    Hagemann, A. (2017). Cluster-robust bootstrap inference in quantile regression models. JASA 112, 446-456.

    Examples
    --------
    >>> found = quantile_regression({"x": [1.0, 2, 3, 4, 5]}, [2.0, 4, 6, 8, 99], [0, 1, 2, 3, 4],
    ...                             quantiles=[0.5], draws=0)
    >>> round(found.fits[0].estimates["x"], 9)
    2.0
    """
    y = np.ascontiguousarray(outcome, dtype=np.float64)
    codes = np.asarray(clusters)
    arrays = {name: np.ascontiguousarray(column, dtype=np.float64) for name, column in columns.items()}
    weight = np.ones(y.size) if weights is None else np.ascontiguousarray(weights, dtype=np.float64)
    check_rows(arrays, y, codes, weight)
    check_numbers({**arrays, "outcome": y})
    names = (INTERCEPT, *arrays)
    centring = centring_of(arrays, y)
    design = np.empty((y.size, len(names)))
    design[:, 0] = 1.0
    for place, column in enumerate(arrays.values()):
        design[:, place + 1] = (column - centring.shift[place]) / centring.scale[place]
    groups = _check(y, codes, quantiles, draws, design, names)
    middle, spread = centring.outcome_shift, float(y.std())
    rows = CheckRows(design, (y - middle) / spread, weight)
    rng = np.random.default_rng(seed)
    codes = np.unique(codes, return_inverse=True)[1]
    # Every quantile sees the same drawn companies.
    counts = (
        np.stack([np.bincount(rng.integers(0, groups, groups), minlength=groups) for _ in range(draws)])
        if draws
        else np.zeros((0, groups), dtype=np.int64)
    )
    turn = np.diag(spread / np.concatenate([[1.0], centring.scale]))
    turn[0, 1:] = -centring.shift / centring.scale * spread
    fits: list[QuantileFit] = []
    lost = 0
    for tau in quantiles:
        best = best_line(rows, tau)
        covariance = np.full((len(names), len(names)), np.nan)
        df = groups - 1.0
        if draws:
            drawn = best.drawn(tau, codes, counts)
            lost = max(lost, draws - len(drawn))
            if len(drawn) < max(draws // 2, 2):
                raise MethodError(
                    "companies are so few or so alike that drawn ones often do not carry the model",
                    next_step="leave controls out",
                )
            covariance = turn @ np.cov(drawn.T).reshape(turn.shape) @ turn.T
            # Few draws know the variance as little as few clusters do.
            df = 1 / (1 / df + 1 / (len(drawn) - 1))
        values = turn @ best.values
        values[0] += middle
        estimates = Estimates(names, values, covariance, np.full(len(names), df))
        fits.append(QuantileFit(float(tau), estimates, spread * best.loss))
    notes: list[str] = []
    if lost:
        notes.append(f"{lost} of {draws} draws of companies did not carry the model and are left out")
    levels = np.unique(y[:: max(y.size // 10_000, 1)]).size
    if levels <= _FEW_LEVELS:
        notes.append(
            f"the outcome takes {levels} different values: quantiles lie on them, and slopes of 0 say little"
        )
    return QuantileRegression(tuple(fits), y.size, groups, draws, seed, tuple(notes))


def _check(
    y: Floats,
    codes: NDArray[np.integer],
    quantiles: Sequence[float],
    draws: int,
    design: Floats,
    names: tuple[str, ...],
) -> int:
    for tau in quantiles:
        if not 0 < tau < 1:
            raise MethodError("a quantile lies between 0 and 1", value=tau)
    groups = int((np.bincount(codes) > 0).sum())
    if draws < 0 or draws == 1:
        raise MethodError("companies are drawn twice or more, or not at all", value=draws)
    if draws and groups < 2:
        raise MethodError(
            "one cluster only: how far clusters differ cannot be told",
            expected="rows of two companies or more",
            next_step="cluster by something else, such as the agent",
        )
    if y.size <= len(names):
        raise MethodError(
            f"{y.size} rows cannot carry a model of {len(names)} coefficients", expected="more rows"
        )
    if float(y.min()) == float(y.max()):
        raise MethodError("the outcome is the same in every row: there is nothing to explain")
    inverse_of(design.T @ design, names)
    return groups
