"""What must be looked at before a regression is believed: findings with a figure, a threshold and words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from satsurvey.errors import MethodError
from satsurvey.regression.mixed import RandomIntercept
from satsurvey.regression.ordered_logit import OrderedLogit
from satsurvey.regression.tallies import Tally

Floats = NDArray[np.float64]

SKEW, CEILING, SPREAD, INFLUENCE, INFLATION, CONDITION = 1.0, 0.5, 1.5, 1.0, 5.0, 30.0
"""Thresholds: of the skew of residuals; the share at the top; the ratio of spreads; the change of a slope in
its standard errors when a company is left out; variance inflation; the condition number (Belsley, 1991)."""
CLUSTERS, FEW_CLUSTERS = 50, 10
_THIRDS = 3
_LEAST_ROWS = 30


@dataclass(frozen=True)
class Diagnostic:
    """One finding.

    Attributes
    ----------
    code
        What was looked at: `skew`, `ceiling`, `spread`, `influence`, `collinearity`, `condition`, `clusters`,
        `convergence` or `variance`.
    value
        The figure.
    threshold
        From which it is a concern.
    concern
        Whether it is.
    words
        The finding in English.
    where
        The term or the number of the cluster that it is about; "" where it is about the whole.
    """

    code: str
    value: float
    threshold: float
    concern: bool
    words: str
    where: str = ""


def residual_findings(
    outcome: ArrayLike, fitted: ArrayLike, *, top: float | None = None
) -> tuple[Diagnostic, ...]:
    """Return skew of the residuals, ceiling of the outcome, and unequal spread.

    Parameters
    ----------
    outcome, fitted
        N numbers each.
    top
        The highest answer that the scale allows; by default the highest that occurs.

    Notes
    -----
    Unequal spread is the ratio of the residuals' standard deviations in the third of rows with the highest
    and the third with the lowest fitted values, the larger over the smaller: a size, where a test would
    only tell that there are many rows. Clustered errors hold with unequal spread.
    """
    y, line = np.asarray(outcome, dtype=np.float64), np.asarray(fitted, dtype=np.float64)
    residual = y - line
    residual = residual - residual.mean()
    square = float((residual**2).mean())
    found: list[Diagnostic] = []
    if square > 0:
        skew = float((residual**3).mean()) / square**1.5
        concern = abs(skew) >= SKEW
        words = (
            f"the residuals are skewed ({skew:.2f}): compare the median regression, which does not mind"
            if concern
            else f"the residuals are not much skewed ({skew:.2f})"
        )
        found.append(Diagnostic("skew", skew, SKEW, concern, words))
    share = float((y >= (y.max() if top is None else top)).mean())
    concern = share >= CEILING
    words = (
        f"{100 * share:.0f} % of the answers are at the top of the scale, where nothing can rise: compare "
        "the ordered logit"
        if concern
        else f"{100 * share:.0f} % of the answers are at the top of the scale"
    )
    found.append(Diagnostic("ceiling", share, CEILING, concern, words))
    if y.size >= _LEAST_ROWS and float(line.max()) > float(line.min()):
        low, high = np.quantile(line, [1 / _THIRDS, 1 - 1 / _THIRDS])
        spreads = residual[line <= low].std(), residual[line >= high].std()
        if min(spreads) > 0:
            ratio = float(max(spreads) / min(spreads))
            concern = ratio >= SPREAD
            words = (
                f"residuals spread {ratio:.2f} times as far at one end of the fitted values as at the other: "
                "errors by cluster hold, those of the mixed model may not"
                if concern
                else f"residuals spread about alike at all fitted values (ratio {ratio:.2f})"
            )
            found.append(Diagnostic("spread", ratio, SPREAD, concern, words))
    return tuple(found)


def slopes_without_each(tally: Tally) -> Floats:
    """Return the coefficients of least squares without each cluster, shape (G, p); exact, by taking it off.

    NaN where a cluster has no rows or the others do not carry the model.
    """
    p = len(tally.terms)
    total = tally.total()
    size = np.sqrt(np.maximum(np.diag(total)[:p], 1e-300))
    rest = (total - tally.cross)[:, :p, :] / size[None, :, None]
    inner = rest[:, :, :p] / size[None, None, :]
    least = np.linalg.eigvalsh(inner)[:, 0]
    carried = (least > 1e-10) & (tally.n > 0)
    result = np.full((tally.n.size, p), np.nan)
    centred = np.linalg.solve(inner[carried], rest[carried][:, :, p : p + 1])[:, :, 0] / size
    shift, scale = tally.columns()
    turn = np.diag(1.0 / scale)
    turn[0, 1:] = -shift[1:] / scale[1:]
    result[carried] = centred @ turn.T
    result[carried, 0] += tally.centring.outcome_shift
    return result


def influence_finding(tally: Tally, term: str, estimate: float, std_error: float) -> Diagnostic:
    """Return the largest change of a slope when one cluster is left out, in its standard errors.

    Parameters
    ----------
    tally
        Design and outcome by cluster.
    term
        Whose slope.
    estimate, std_error
        With all clusters.

    Raises
    ------
    MethodError
        When the model has no such term.
    """
    if term not in tally.terms:
        raise MethodError(f"the model has no term {term}", expected=", ".join(tally.terms))
    without = slopes_without_each(tally)[:, tally.terms.index(term)]
    lost = np.flatnonzero((tally.n > 0) & np.isnan(without))
    if lost.size:
        words = f"without one of the clusters the slope of {term} could not be told at all"
        return Diagnostic("influence", float("inf"), INFLUENCE, True, words, str(int(lost[0])))
    change = (without - estimate) / std_error if std_error > 0 else np.zeros_like(without)
    most = int(np.nanargmax(np.abs(change)))
    size = float(change[most])
    turned = bool(without[most] * estimate < 0)
    concern = abs(size) >= INFLUENCE or turned
    words = f"without the most influential cluster the slope of {term} moves by {size:.2f} standard errors"
    if turned:
        words += " and changes its sign"
    return Diagnostic("influence", size, INFLUENCE, concern, words, str(most))


def inflation(tally: Tally, groups: Mapping[str, Sequence[str]] | None = None) -> dict[str, float]:
    """Return the variance inflation of each term, and of groups of terms together.

    Parameters
    ----------
    tally
        Design by cluster.
    groups
        Names of groups to their terms, such as a spline's columns, which are related by construction.

    Notes
    -----
    For one term 1/(1 - R^2) on the others. For a group with correlations R_1, those of the others R_2, all R:
    (det R_1 det R_2 / det R)^(1/m), m the terms of the group, which compares with the inflation of one term.

    References
    ----------
    Fox, J. and Monette, G. (1992). Generalized collinearity diagnostics. JASA 87, 178-183.
    """
    total = tally.total()
    p = len(tally.terms)
    centred = total[1:p, 1:p] - np.outer(total[0, 1:p], total[0, 1:p]) / total[0, 0]
    size = np.sqrt(np.diag(centred))
    correlation = centred / np.outer(size, size)
    names = tally.terms[1:]
    grouped = {name: tuple(terms) for name, terms in (groups or {}).items()}
    taken = {term for terms in grouped.values() for term in terms}
    grouped |= {name: (name,) for name in names if name not in taken}
    whole = np.linalg.slogdet(correlation)[1]
    result: dict[str, float] = {}
    for name, terms in grouped.items():
        inside = np.isin(names, terms)
        parts = [np.linalg.slogdet(correlation[np.ix_(of, of)])[1] for of in (inside, ~inside)]
        result[name] = float(np.exp((sum(parts) - whole) / max(int(inside.sum()), 1)))
    return result


def condition_number(tally: Tally) -> float:
    """Return the condition number of the design, its columns (the intercept too) scaled to length 1."""
    p = len(tally.terms)
    shift, scale = tally.columns()
    turn = np.diag(scale)
    turn[0, 1:] = shift[1:]
    raw = turn.T @ tally.total()[:p, :p] @ turn
    size = np.sqrt(np.diag(raw))
    values = np.linalg.eigvalsh(raw / np.outer(size, size))
    return float(np.sqrt(values[-1] / values[0])) if values[0] > 0 else float("inf")


def collinearity_findings(
    tally: Tally, groups: Mapping[str, Sequence[str]] | None = None
) -> tuple[Diagnostic, ...]:
    """Return the largest variance inflation and the condition number; see `inflation`."""
    found: list[Diagnostic] = []
    if len(tally.terms) > 2:
        inflated = inflation(tally, groups)
        worst = max(inflated, key=lambda name: inflated[name])
        value = inflated[worst]
        concern = value >= INFLATION
        words = (
            f"{worst} says much the same as the other terms (variance inflation {value:.1f}): its effect is "
            "told from theirs with difficulty"
            if concern
            else f"the terms say different things (largest variance inflation {value:.1f}, of {worst})"
        )
        found.append(Diagnostic("collinearity", value, INFLATION, concern, words, worst))
    value = condition_number(tally)
    concern = value >= CONDITION
    words = (
        f"the condition number of the terms is high ({value:.0f}): small changes of the data may move slopes"
        if concern
        else f"the condition number of the terms is {value:.0f}"
    )
    found.append(Diagnostic("condition", value, CONDITION, concern, words))
    return tuple(found)


def cluster_finding(clusters: int, df: float) -> Diagnostic:
    """Return whether clusters are few; `df` are the degrees of freedom of the slope that matters."""
    concern = clusters < CLUSTERS or df < FEW_CLUSTERS
    if clusters < FEW_CLUSTERS:
        words = f"{clusters} clusters are very few: the interval rests on {df:.1f} degrees of freedom"
    elif concern:
        words = f"{clusters} clusters are few: the interval rests on {df:.1f} degrees of freedom"
    else:
        words = f"{clusters} clusters are enough for errors by cluster"
    return Diagnostic("clusters", float(clusters), float(CLUSTERS), concern, words)


def convergence_findings(
    mixed: RandomIntercept | None = None, ordered: OrderedLogit | None = None
) -> tuple[Diagnostic, ...]:
    """Return how the models that are solved in steps ended."""
    found: list[Diagnostic] = []
    if mixed is not None:
        zero = mixed.between_variance == 0
        words = (
            "the variance between clusters is estimated as 0: the mixed model is least squares"
            if zero
            else f"clusters account for {100 * mixed.icc:.1f} % of the variance that the terms leave"
        )
        found.append(Diagnostic("variance", mixed.icc, 0.0, zero, words))
    if ordered is not None:
        words = f"the ordered logit reached its maximum in {ordered.steps} steps"
        found.append(Diagnostic("convergence", float(ordered.steps), float("inf"), False, words))
    return tuple(found)
