"""Least squares with errors clustered by company, from per-company tallies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from satsurvey.errors import MethodError
from satsurvey.regression.estimates import Estimates
from satsurvey.regression.tallies import Tally

Floats = NDArray[np.float64]
Correction = Literal["cr1", "cr2"]

FEW_CLUSTERS = 50
"""Below so many clusters the second correction and its degrees of freedom are used."""
_NOTHING = 1e-10


@dataclass(frozen=True, eq=False)
class LeastSquares:
    """A linear model.

    Attributes
    ----------
    estimates
        Coefficients and their clustered covariance, on the scale of the columns as given.
    correction
        `cr1` or `cr2`.
    rows, clusters
        What the model was fitted to.
    residual_variance
        Sum of squared residuals over n - p.
    r_squared
        Share of the outcome's variance that the design explains; NaN where the outcome does not vary.
    log_likelihood
        Of the normal model, at the maximum-likelihood variance.
    influences
        What each cluster with rows adds to the coefficients, corrected: their cross-products are the
        covariance, and those with the influences of another model of the same rows the covariance with its
        coefficients; shape (clusters, p).
    """

    estimates: Estimates
    correction: Correction
    rows: int
    clusters: int
    residual_variance: float
    r_squared: float
    log_likelihood: float
    influences: Floats

    @property
    def aic(self) -> float:
        """Akaike's information criterion; the residual variance counts as a parameter, as in R's `AIC`."""
        return -2 * self.log_likelihood + 2 * (len(self.estimates.terms) + 1)


def least_squares(tally: Tally, *, correction: Correction | None = None) -> LeastSquares:
    """Fit a linear model by least squares, with errors that hold when rows of a cluster go together.

    Parameters
    ----------
    tally
        Design and outcome by cluster.
    correction
        `cr1`: the sandwich of Liang and Zeger times G/(G-1) (N-1)/(N-p), t with G - 1 degrees of freedom
        (as Stata and statsmodels). `cr2`: the bias-reduced sandwich of Bell and McCaffrey with
        Satterthwaite's degrees of freedom (as R's clubSandwich), exact when errors are independent with
        variances inverse to the weights. Default: `cr2` below 50 clusters, else `cr1`.

    Returns
    -------
    LeastSquares

    Raises
    ------
    MethodError
        When there are fewer than two clusters, no more rows than coefficients, a column follows from the
        others, or the outcome is the same in every row.

    Notes
    -----
    Weights are those of a sample: relative, and the sandwich holds whatever they are. The log-likelihood
    then is that of rows weighted to a mean weight of 1, a pseudo-likelihood that orders models of the same
    rows.

    References
    ----------
    Liang, K.-Y. and Zeger, S. L. (1986). Biometrika 73, 13-22.
    Bell, R. M. and McCaffrey, D. F. (2002). Survey Methodology 28, 169-181.
    Pustejovsky, J. E. and Tipton, E. (2018). Journal of Business and Economic Statistics 36, 672-683.

    Examples
    --------
    >>> from satsurvey.regression.tallies import tally
    >>> minutes = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
    >>> fit = least_squares(tally({"minutes": minutes}, [90, 88, 85, 83, 81, 76], [0, 0, 1, 1, 2, 2]))
    >>> round(fit.estimates["minutes"], 3)
    -2.657
    """
    p = len(tally.terms)
    n, clusters = tally.rows, tally.clusters
    if clusters < 2:
        raise MethodError(
            "one cluster only: how far clusters differ cannot be told",
            expected="rows of two companies or more",
            next_step="cluster by something else, such as the agent",
        )
    if n <= p:
        raise MethodError(f"{n} rows cannot carry a model of {p} coefficients", expected="more rows")
    total = tally.total()
    if total[-1, -1] <= _NOTHING * n:
        raise MethodError("the outcome is the same in every row: there is nothing to explain")
    bread = inverse_of(total[:p, :p], tally.terms)
    beta = bread @ total[:p, p]
    # Weights are relative: sums of squares are those of weights with mean 1.
    squares = float(total[p, p] - beta @ total[:p, p]) * (n / total[0, 0])
    # Per cluster, Xg'(yg - Xg b) is all that the sandwich needs.
    used = tally.n > 0
    scores = tally.cross[used, :p, p] - tally.cross[used, :p, :p] @ beta
    correction = correction or ("cr2" if clusters < FEW_CLUSTERS else "cr1")
    df_of = None
    if correction == "cr1":
        adjusted = np.sqrt(clusters / (clusters - 1) * (n - 1) / (n - p)) * scores
        df = np.full(p, clusters - 1.0)
    else:
        df_of, adjusted = _second_correction(tally, used, bread, scores)
        df = df_of(np.eye(p))
    values, whole = tally.to_original(beta, bread @ (adjusted.T @ adjusted) @ bread)
    centred = (total[p, p] - total[0, p] ** 2 / total[0, 0]) * (n / total[0, 0])
    variance = max(squares, 0.0) / n
    return LeastSquares(
        Estimates(tally.terms, values, whole, df, df_of),
        correction,
        n,
        clusters,
        max(squares, 0.0) / (n - p),
        1 - squares / centred if centred > 0 else float("nan"),
        -n / 2 * (np.log(2 * np.pi * variance) + 1) if variance > 0 else float("inf"),
        adjusted @ bread @ tally.turn().T,
    )


def inverse_of(square: Floats, terms: tuple[str, ...]) -> Floats:
    """Return the inverse of a matrix of cross-products, or say which term follows from the others.

    Raises
    ------
    MethodError
        When the matrix is singular to working precision.
    """
    size = np.sqrt(np.maximum(np.diag(square), 0.0))
    for name, length in zip(terms, size.tolist(), strict=True):
        if length <= 0:
            raise MethodError(
                f"the term {name} is the same in every row: it has no effect that can be estimated",
                next_step="leave it out",
            )
    scaled = square / np.outer(size, size)
    values, vectors = np.linalg.eigh(scaled)
    if values[0] < _NOTHING * values[-1]:
        loose = [name for name, part in zip(terms, np.abs(vectors[:, 0]), strict=True) if part > 0.1]
        raise MethodError(
            f"these terms follow from each other: {', '.join(loose)}",
            expected="terms that each say something of their own",
            next_step="leave one of them out",
        )
    return np.asarray(np.linalg.inv(scaled) / np.outer(size, size))


@dataclass(frozen=True, eq=False)
class Satterthwaite:
    """Degrees of freedom of weighted sums of coefficients under the second correction.

    Attributes
    ----------
    bread
        (X'X)^-1 of the centred columns.
    own
        X_g'X_g by cluster, shape (G, p, p).
    adjust, full
        What a cluster's score is multiplied by, and the same taken twice; shape (G, p, p).
    root
        (X'X)^(-1/2).
    turn
        From coefficients of centred columns to those of the columns as given.
    """

    bread: Floats
    own: Floats
    adjust: Floats
    full: Floats
    root: Floats
    turn: Floats

    def __call__(self, weights: Floats) -> Floats:
        """Return one number per row of weights (k, p)."""
        found = np.empty(weights.shape[0])
        for at, contrast in enumerate(weights @ self.turn):
            along = self.bread @ contrast
            ahead = self.own @ along
            first = np.einsum("gij,gj->gi", self.adjust, ahead)
            diagonal = np.einsum("j,gji,gi->g", along, self.full, ahead)
            through = first @ self.root
            taken = (through**2).sum(axis=1)
            trace = (diagonal - taken).sum()
            squares = (diagonal**2).sum() - 2 * (diagonal * taken).sum() + ((through.T @ through) ** 2).sum()
            found[at] = trace**2 / squares if squares > 0 else np.nan
        return found


def _second_correction(
    tally: Tally, used: NDArray[np.bool_], bread: Floats, scores: Floats
) -> tuple[Satterthwaite, Floats]:
    """Return the degrees of freedom and the adjusted scores of Bell and McCaffrey.

    With C = (X'X)^(-1/2) and B_g = C X_g'X_g C, the adjusted score X_g'(I - H_g)^(-1/2) e_g is
    C^(-1) (I - B_g)^(-1/2) C X_g'e_g: matrices of the size of the design are enough.
    """
    p = len(tally.terms)
    values, vectors = np.linalg.eigh(bread)
    root = (vectors * np.sqrt(values)) @ vectors.T
    unroot = (vectors / np.sqrt(values)) @ vectors.T
    own = tally.cross[used, :p, :p]
    share, turned = np.linalg.eigh(root @ own @ root)
    rest = np.clip(1 - share, 0.0, None)
    # A cluster that alone tells a term leaves nothing of it: the generalised inverse drops the direction.
    half = np.where(rest > _NOTHING, 1 / np.sqrt(np.where(rest > _NOTHING, rest, 1.0)), 0.0)
    back = turned.transpose(0, 2, 1) @ root
    adjust = unroot @ (turned * half[:, None, :]) @ back
    full = unroot @ (turned * (half**2)[:, None, :]) @ back
    return Satterthwaite(bread, own, adjust, full, root, tally.turn()), np.einsum(
        "gij,gj->gi", adjust, scores
    )
