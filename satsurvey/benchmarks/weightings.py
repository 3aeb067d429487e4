"""Weights of indicators: equal, by their order, declared; and how far an order of vendors rests on them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from satsurvey.benchmarks.sheets import read_sheet
from satsurvey.benchmarks.vocabulary import folded, nearest
from satsurvey.errors import Defect, MethodError, SpecificationError, shorten
from satsurvey.instrument.library import read_toml
from satsurvey.intake.numbers import read_number

Floats = NDArray[np.float64]
DRAWS = 10_000
"""How many weights are drawn."""
SEED = 20_264
TIE = 1e-9
_CELLS = 4_000_000  # comparisons held at once


class WeightsError(SpecificationError):
    """Declared weights cannot be read or used."""


def rank_order_centroid(k: int) -> Floats:
    """Return the centroid of all weights that fall along the order of k indicators.

    w_i = (1/k) Σ_{j ≥ i} 1/j, i = 1 … k.

    References
    ----------
    Barron and Barrett (1996), Management Science 42(11).

    Examples
    --------
    >>> [round(float(weight), 4) for weight in rank_order_centroid(3)]
    [0.6111, 0.2778, 0.1111]
    """
    if k < 1:
        raise MethodError("weights need at least one indicator", value=k)
    found: Floats = np.cumsum(1.0 / np.arange(k, 0, -1))[::-1] / k
    return found


def declared_weights(weights: Mapping[str, float], codes: Sequence[str]) -> Floats:
    """Return declared weights in the order of the indicators, made to add up to 1.

    Raises
    ------
    WeightsError
        An indicator has no weight, a name is not known, a weight is negative or none is positive; every
        defect is listed.
    """
    defects = [
        Defect(name, f"no indicator is called {shorten(name, 40)!r}; nearest: {', '.join(near) or 'none'}")
        for name in weights
        if name not in codes
        for near in [nearest(name, {code: code for code in codes})]
    ]
    defects += [Defect(code, "this indicator has no weight") for code in codes if code not in weights]
    for name, weight in weights.items():
        if not np.isfinite(weight) or weight < 0:
            defects.append(Defect(name, f"a weight cannot be {weight}"))
    if not defects and sum(weights.values()) <= 0:
        defects.append(Defect("weights", "no weight is positive"))
    if defects:
        raise WeightsError("the weights cannot be used", defects=defects)
    found: Floats = np.array([float(weights[code]) for code in codes])
    found /= found.sum()
    return found


def read_weights(path: str | Path, names: Mapping[str, str], codes: Sequence[str]) -> Floats:
    """Read declared weights from a file.

    Parameters
    ----------
    path
        TOML (`[weights]` with an entry per indicator), or a table with the columns indicator and weight.
    names
        Folded writings of indicators with their codes.
    codes
        The indicators in order.

    Raises
    ------
    WeightsError, ReadError, ColumnsError
        The file cannot be read, or its weights cannot be used.
    """
    path = Path(path)
    found: dict[str, float] = {}
    defects: list[Defect] = []
    if path.suffix.lower() == ".toml":
        table = read_toml(path, WeightsError, "weights").get("weights")
        if not isinstance(table, dict):
            raise WeightsError("the weights file has no table [weights]", file=path)
        rows = [(f"weights.{name}", name, value) for name, value in table.items()]
    else:
        sheet = read_sheet(path, known=["indicator", "指标", "weight", "权重"])
        places = sheet.bound({"indicator": ("指标",), "weight": ("权重", "权数")}, ("indicator", "weight"))
        rows = [
            (f"row {row}", cells[places["indicator"]], cells[places["weight"]]) for row, cells in sheet.rows
        ]
    for where, name, value in rows:
        number = read_number(str(value).removesuffix("%")) if not isinstance(value, bool) else None
        code = names.get(folded(name), name)
        if number is None:
            defects.append(Defect(where, f"{shorten(value, 40)!r} is no number"))
        elif code in found:
            defects.append(Defect(where, f"{name} is weighted twice"))
        else:
            found[code] = number
    if defects:
        raise WeightsError("the weights cannot be used", file=path, defects=defects)
    return declared_weights(found, codes)


def drawn_weights(k: int, *, ordered: bool, draws: int = DRAWS, seed: int = SEED) -> Floats:
    """Draw weights uniformly, all of them or those that never rise along the order of the indicators.

    Returns
    -------
    ndarray
        Shape (draws, k); rows add up to 1.

    Notes
    -----
    Dirichlet(1, …, 1) is uniform on all weights; sorted from large to small it is uniform on those that
    respect the order, whose mean is `rank_order_centroid`.
    """
    found = np.random.default_rng(seed).dirichlet(np.ones(k), size=draws)
    return -np.sort(-found, axis=1) if ordered else found


def dependence(
    low: Floats, high: Floats, weights: Floats, *, sure: NDArray[np.bool_], level: float = 0.95
) -> pd.DataFrame:
    """Tell how far the order of vendors depends on the weights.

    Parameters
    ----------
    low, high
        Least and greatest possible score of every vendor and indicator, shape (vendors, indicators); equal
        where nothing is missing.
    weights
        Drawn weights, shape (draws, indicators).
    sure
        Vendors that are certainly in the comparison; the others may turn out to fail the gate.
    level
        Share of the drawn weights that the inner interval of ranks holds.

    Returns
    -------
    pandas.DataFrame
        One row per vendor: first_low (share of weights with which it is first whatever the missing inputs
        are; ties count), first_high (with which it can be first), rank_best and rank_worst (over all drawn
        weights and missing inputs), rank_low and rank_high (the inner interval).
    """
    n = low.shape[0]
    first_low, first_high = np.zeros(n), np.zeros(n)
    best, worst = [], []
    size = max(1, _CELLS // max(n * n, 1))
    for start in range(0, len(weights), size):
        block = weights[start : start + size]
        certain, possible = rank_bounds(block @ low.T, block @ high.T, sure)
        first_low += (possible == 1).sum(axis=0)
        first_high += (certain == 1).sum(axis=0)
        best.append(certain)
        worst.append(possible)
    tail = (1 - level) / 2
    ranks_low, ranks_high = np.concatenate(best), np.concatenate(worst)
    return pd.DataFrame(
        {
            "first_low": first_low / len(weights),
            "first_high": first_high / len(weights),
            "rank_best": ranks_low.min(axis=0),
            "rank_worst": ranks_high.max(axis=0),
            "rank_low": np.quantile(ranks_low, tail, axis=0, method="inverted_cdf"),
            "rank_high": np.quantile(ranks_high, 1 - tail, axis=0, method="inverted_cdf"),
        }
    )


def rank_bounds(
    low: Floats, high: Floats, sure: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the best and the worst possible rank of every vendor; ties share the smaller rank.

    Parameters
    ----------
    low, high
        Least and greatest possible totals, shape (draws, vendors).
    sure
        Vendors that are certainly in the comparison.

    Notes
    -----
    Totals that differ by less than 1e-9 are tied: they are sums of rounded products.
    """
    over = (low[:, None, :] > high[:, :, None] + TIE) & sure
    perhaps = high[:, None, :] > low[:, :, None] + TIE
    perhaps &= ~np.eye(low.shape[1], dtype=np.bool_)
    return 1 + over.sum(axis=2), 1 + perhaps.sum(axis=2)
