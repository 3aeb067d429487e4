"""Weights of dimensions and of the items inside them, and the methods that make them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from satsurvey.errors import MethodError
from satsurvey.instrument.model import Dimension, DimensionWeighting, Instrument, Item, ItemWeighting

RANDOM_INDEX = (0.0, 0.0, 0.58, 0.90, 1.12, 1.24, 1.32, 1.41, 1.45, 1.49, 1.51, 1.48, 1.56, 1.57, 1.59)
"""Mean consistency index of random pairwise matrices of order 1, 2, … 15 (Saaty 1980)."""
CONSISTENCY_LIMIT = 0.1
"""Pairwise matrices with this consistency ratio or more are refused (Saaty 1980)."""

_RECIPROCITY = 0.011
_SOURCES = {
    "equal": "equal weights",
    "items": "number of items of each dimension",
    "declared": "declared weights",
    "entropy": "Shannon entropy weights (Hwang & Yoon 1981)",
    "ahp": "analytic hierarchy process, principal eigenvector (Saaty 1980)",
}


@dataclass(frozen=True)
class Weights:
    """Weights that sum to 1.

    Attributes
    ----------
    method
        How they were made.
    values
        Weight by code, in the order of the instrument.
    detail
        What to print beside them, such as the consistency ratio; "" when there is nothing to say.
    source
        The method in words, with author and year where there is one.
    consistency_ratio
        Of a pairwise matrix; NaN for the other methods.
    """

    method: DimensionWeighting | ItemWeighting
    values: Mapping[str, float]
    detail: str = ""
    source: str = ""
    consistency_ratio: float = math.nan

    @property
    def array(self) -> NDArray[np.float64]:
        """The weights as float64 in the order of `values`."""
        return np.array(list(self.values.values()), dtype=np.float64)


def dimension_weights(
    instrument: Instrument,
    method: DimensionWeighting,
    *,
    declared: Mapping[str, float] | None = None,
    ahp: Sequence[Sequence[float]] | None = None,
    scores: ArrayLike | None = None,
) -> Weights:
    """Make the weights of the dimensions.

    Parameters
    ----------
    instrument
        Gives the dimensions, their numbers of items, and declared weights and pairwise matrix when the call
        gives none.
    method
        `equal`, `items` (number of items), `declared`, `entropy` or `ahp`.
    declared
        Weight by dimension code, relative, for `declared`.
    ahp
        Pairwise matrix in the order of the dimensions, for `ahp`; entry (a, b) says how many times as
        important a is as b.
    scores
        Scores 0-100 of shape (companies, dimensions), for `entropy`.

    Returns
    -------
    Weights
        Sum 1.

    Raises
    ------
    MethodError
        When weights are negative, sum to 0, are missing or have unknown codes; when a pairwise matrix is not
        square, not reciprocal, or has a consistency ratio of 0.1 or more; when `entropy` has no scores that
        differ.

    Notes
    -----
    Entropy: with p_jd = x_jd / sum_j x_jd over J companies, e_d = -sum_j p_jd log p_jd / log J and
    w_d proportional to 1 - e_d. A dimension on which companies hardly differ gets hardly any weight.

    References
    ----------
    Hwang, C.-L. and Yoon, K. (1981). Multiple Attribute Decision Making. Springer, section 2.3.
    Saaty, T. L. (1980). The Analytic Hierarchy Process. McGraw-Hill.
    """
    codes = instrument.dimension_codes
    if method == "items":
        return _scaled(method, {code: float(len(instrument.items_of(code))) for code in codes}, "dimension")
    if method == "declared" and declared is None:
        declared = _declared_by(instrument.dimensions, "dimension")
    if method == "ahp" and ahp is None:
        ahp = instrument.scoring.ahp_dimensions
    if method not in get_args(DimensionWeighting):
        raise _unknown_method(method, get_args(DimensionWeighting))
    return _weights(method, codes, "dimension", declared=declared, ahp=ahp, scores=scores)


def item_weights(
    instrument: Instrument,
    method: ItemWeighting,
    *,
    declared: Mapping[str, float] | None = None,
    ahp: Mapping[str, Sequence[Sequence[float]]] | None = None,
    scores: ArrayLike | None = None,
) -> dict[str, Weights]:
    """Make the weights of the items inside each dimension.

    Parameters
    ----------
    instrument
        Gives dimensions and items, and declared weights and pairwise matrices when the call gives none.
    method
        `equal`, `declared`, `entropy` or `ahp`.
    declared
        Weight by item code, relative inside the dimension.
    ahp
        Pairwise matrix by dimension code, in the order of the dimension's items. Dimensions of one item need
        none.
    scores
        Scores 0-100 of shape (companies, items) in the order of the instrument, for `entropy`.

    Returns
    -------
    dict of str to Weights
        By dimension code; each sums to 1.

    Raises
    ------
    MethodError
        As `dimension_weights` does; the message names the dimension.
    """
    if method not in get_args(ItemWeighting):
        raise _unknown_method(method, get_args(ItemWeighting))
    if method == "declared":
        if declared is None:
            declared = _declared_by(instrument.items, "item")
        _check_codes(declared, instrument.item_codes, "item")
    matrices = instrument.scoring.ahp_items if ahp is None else ahp
    if method == "ahp":
        unknown = [code for code in matrices if code not in instrument.dimension_codes]
        if unknown:
            raise MethodError(
                f"a pairwise matrix is given for {_listed(unknown)}, which is no dimension of the instrument",
                expected=", ".join(instrument.dimension_codes),
            )
    table = None if scores is None else _score_table(scores, len(instrument.items), "item")
    result = {}
    for dimension in instrument.dimension_codes:
        at = [k for k, item in enumerate(instrument.items) if item.dimension == dimension]
        codes = tuple(instrument.item_codes[k] for k in at)
        inside = f"item of dimension {dimension}"
        if len(codes) == 1 and method in ("entropy", "ahp"):
            # Nothing is to be compared.
            result[dimension] = Weights(method, {codes[0]: 1.0}, source=_SOURCES[method])
            continue
        result[dimension] = _weights(
            method,
            codes,
            inside,
            declared=None if declared is None else {code: declared[code] for code in codes},
            ahp=matrices.get(dimension),
            scores=None if table is None else table[:, at],
        )
    return result


def item_weight_array(instrument: Instrument, weights: Mapping[str, Weights]) -> NDArray[np.float64]:
    """Lay item weights out over `instrument.items`: float64 of shape (items,), sum 1 in each dimension."""
    return np.array(
        [weights[item.dimension].values[item.code] for item in instrument.items], dtype=np.float64
    )


def entropy_weights(scores: ArrayLike) -> NDArray[np.float64]:
    """Return Shannon entropy weights of the columns of a table of scores (rows are companies).

    Rows with a NaN are left out. Weights are float64 of shape (columns,) and sum to 1.

    Raises
    ------
    MethodError
        When fewer than two complete rows remain, a score is negative, a column is all 0, or no column varies.
    """
    x = np.asarray(scores, dtype=np.float64)
    # Sorted, so that no digit depends on the order of the companies; every column stands by itself.
    x = np.sort(x[~np.isnan(x).any(axis=1)], axis=0)
    if x.shape[0] < 2:
        raise MethodError(
            "entropy weights need two companies or more with all scores",
            value=f"{x.shape[0]} complete companies",
        )
    if not np.isfinite(x).all() or (x < 0).any():
        raise MethodError("entropy weights need scores from 0", value="a negative or infinite score")
    mean = x.mean(axis=0)
    if (mean == 0).any():
        raise MethodError("entropy weights cannot be made when every company scores 0 somewhere")
    # 1 - e_d as the distance from uniform shares. The terms (1+u)log(1+u) - u are not negative and sum to the
    # same, so that dimensions which differ little keep their digits.
    share = x / mean
    u = share - 1
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(share > 0, share * np.log1p(np.where(share > 0, u, 0.0)), 0.0) - u
    distance = terms.mean(axis=0) / math.log(x.shape[0])
    distance[np.ptp(x, axis=0) == 0] = 0.0
    if distance.sum() <= 0:
        raise MethodError(
            "entropy weights cannot be made: no score differs between companies",
            next_step="use equal weights",
        )
    result: NDArray[np.float64] = distance / distance.sum()
    return result


def pairwise_weights(
    matrix: Sequence[Sequence[float]], *, about: str = "dimension"
) -> tuple[NDArray[np.float64], float]:
    """Return the principal eigenvector (sum 1) of a pairwise matrix, and its consistency ratio.

    The judgements above the diagonal count; those below must be their reciprocals to within about 1 %, as
    typed fractions are (0.33 for 1/3), and are replaced by them. The ratio is not judged here.

    Raises
    ------
    MethodError
        When the matrix is not square, has more than 15 rows, has entries that are not positive, a diagonal
        other than 1, or entries that are not reciprocal.
    """
    size = len(matrix)
    if size == 0 or any(len(row) != size for row in matrix):
        lengths = ", ".join(str(len(row)) for row in matrix)
        raise MethodError(
            f"the pairwise matrix of each {about} is not square",
            value=f"{size} rows of lengths {lengths}" if size else "no rows",
            expected="as many columns as rows",
        )
    if size > len(RANDOM_INDEX):
        raise MethodError(
            "the consistency ratio of a pairwise matrix is defined up to 15 rows", value=f"{size} rows"
        )
    a = np.array(matrix, dtype=np.float64)
    if not np.isfinite(a).all() or (a <= 0).any():
        raise MethodError(f"the pairwise matrix of each {about} has an entry that is not a positive number")
    if (np.diag(a) != 1).any():
        raise MethodError(
            f"the diagonal of the pairwise matrix of each {about} is not 1", value=np.diag(a).tolist()
        )
    off = np.argwhere(np.triu(np.abs(a * a.T - 1) > _RECIPROCITY, 1))
    if off.size:
        row, column = (int(k) for k in off[0])
        raise MethodError(
            f"the pairwise matrix of each {about} is not reciprocal",
            value=f"row {row + 1}, column {column + 1} is {a[row, column]:g}; "
            f"row {column + 1}, column {row + 1} is {a[column, row]:g}",
            expected=f"{1 / a[row, column]:.4g} there",
        )
    upper = np.triu(a, 1)
    lower = np.tril(1 / a.T, -1)
    values, vectors = np.linalg.eig(upper + lower + np.eye(size))
    top = int(np.argmax(values.real))
    vector = np.abs(vectors[:, top].real)
    if size < 3:
        return vector / vector.sum(), 0.0
    index = (float(values[top].real) - size) / (size - 1)
    return vector / vector.sum(), max(index, 0.0) / RANDOM_INDEX[size - 1]


def _weights(
    method: DimensionWeighting | ItemWeighting,
    codes: tuple[str, ...],
    kind: str,
    *,
    declared: Mapping[str, float] | None,
    ahp: Sequence[Sequence[float]] | None,
    scores: ArrayLike | None,
) -> Weights:
    if method == "equal":
        return _scaled(method, dict.fromkeys(codes, 1.0), kind)
    if method == "declared":
        given = {} if declared is None else declared
        _check_codes(given, codes, kind)
        return _scaled(method, {code: float(given[code]) for code in codes}, kind)
    if method == "entropy":
        if scores is None:
            raise MethodError(f"entropy weights of each {kind} need the scores of the companies")
        table = _score_table(scores, len(codes), kind)
        values = entropy_weights(table)
        left_out = int(np.isnan(table).any(axis=1).sum())
        detail = f"over {table.shape[0] - left_out} companies"
        if left_out:
            detail += f"; without {left_out} that miss a score"
        return Weights(method, _named(codes, values), detail, _SOURCES[method])
    if not ahp:
        raise MethodError(
            f"weights by ahp need a pairwise matrix for each {kind}",
            next_step="declare scoring.ahp_dimensions or scoring.ahp_items in the instrument file",
        )
    if len(ahp) != len(codes):
        raise MethodError(
            f"the pairwise matrix has a wrong number of rows for each {kind}",
            value=f"{len(ahp)} rows",
            expected=f"{len(codes)} rows ({', '.join(codes)})",
        )
    values, ratio = pairwise_weights(ahp, about=kind)
    if ratio >= CONSISTENCY_LIMIT:
        raise MethodError(
            f"the pairwise judgements of each {kind} contradict each other",
            value=f"consistency ratio CR = {ratio:.4f}",
            expected=f"CR below {CONSISTENCY_LIMIT:g}",
            next_step="revise the judgements; a triple a > b > c should have a/c near a/b times b/c",
        )
    detail = (
        f"consistency ratio CR = {ratio:.4f}" if len(codes) > 2 else "consistency ratio not defined below 3"
    )
    return Weights(method, _named(codes, values), detail, _SOURCES[method], ratio)


def _scaled(method: DimensionWeighting | ItemWeighting, given: Mapping[str, float], kind: str) -> Weights:
    for code, value in given.items():
        if not math.isfinite(value) or value < 0:
            raise MethodError(f"the weight of {kind} {code} is no weight", value=value, expected="0 or more")
    total = math.fsum(given.values())
    if total <= 0:
        raise MethodError(f"the weights of each {kind} sum to 0", expected="at least one weight over 0")
    values = {code: value / total for code, value in given.items()}
    return Weights(method, values, source=_SOURCES[method])


def _named(codes: Sequence[str], values: NDArray[np.float64]) -> dict[str, float]:
    return dict(zip(codes, values.tolist(), strict=True))


def _declared_by(parts: Sequence[Dimension | Item], kind: str) -> dict[str, float]:
    missing = [part.code for part in parts if part.weight is None]
    if missing:
        raise MethodError(
            f"no weight is declared for {kind} {_listed(missing)}",
            next_step="give a weight to each in the instrument or study file, or use another weighting",
        )
    return {part.code: part.weight for part in parts if part.weight is not None}


def _check_codes(given: Mapping[str, float], codes: Sequence[str], kind: str) -> None:
    unknown = [code for code in given if code not in codes]
    missing = [code for code in codes if code not in given]
    if unknown:
        raise MethodError(
            f"weights are declared for {_listed(unknown)}, which is no {kind} of the instrument",
            expected=", ".join(codes),
        )
    if missing:
        raise MethodError(f"no weight is declared for {kind} {_listed(missing)}", expected=", ".join(codes))


def _score_table(scores: ArrayLike, columns: int, kind: str) -> NDArray[np.float64]:
    table = np.asarray(scores, dtype=np.float64)
    if table.ndim != 2 or table.shape[1] != columns:
        raise MethodError(
            f"the scores for entropy weights do not have one column for each {kind}",
            value=f"shape {table.shape}",
            expected=f"(companies, {columns})",
        )
    return table


def _listed(codes: Sequence[str]) -> str:
    return ", ".join(repr(code) for code in codes)


def _unknown_method(method: str, allowed: Sequence[str]) -> MethodError:
    return MethodError("this weighting is not known", value=method, expected=", ".join(allowed))
