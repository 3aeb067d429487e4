"""Estimates of a regression: coefficients with their covariance, and what is made of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Estimates:
    """Coefficients of a model.

    Attributes
    ----------
    terms
        Their names.
    values
        Shape (p,).
    covariance
        Shape (p, p).
    df
        Degrees of freedom of each, shape (p,); infinite where the normal distribution is used.
    df_of
        Degrees of freedom of weighted sums of coefficients, where they are not those of the coefficients:
        takes weights of shape (k, p), gives shape (k,).
    """

    terms: tuple[str, ...]
    values: Floats
    covariance: Floats
    df: Floats
    df_of: Callable[[Floats], Floats] | None = None

    @property
    def std_errors(self) -> Floats:
        """Standard errors, shape (p,)."""
        return np.asarray(np.sqrt(np.maximum(np.diag(self.covariance), 0.0)))

    def __getitem__(self, term: str) -> float:
        return float(self.values[self.terms.index(term)])

    def frame(self, level: float = 0.95) -> pd.DataFrame:
        """Return term, estimate, std_error, ci_low, ci_high, df, p_value; one row per coefficient."""
        frame = tidy(self.values, self.std_errors, self.df, level)
        frame.insert(0, "term", list(self.terms))
        return frame

    def contrast(self, weights: Floats) -> tuple[Floats, Floats]:
        """Return value and standard error of weighted sums of coefficients; weights of shape (k, p)."""
        weights = np.atleast_2d(weights)
        variance = np.einsum("ij,jk,ik->i", weights, self.covariance, weights)
        return weights @ self.values, np.sqrt(np.maximum(variance, 0.0))

    def contrast_df(self, weights: Floats) -> Floats:
        """Return degrees of freedom of weighted sums: computed for the sum, or the least of its terms."""
        weights = np.atleast_2d(weights)
        if self.df_of is not None:
            return self.df_of(weights)
        return np.asarray(np.where(weights != 0, self.df, np.inf).min(axis=1))

    def contrast_frame(self, weights: Floats, level: float = 0.95) -> pd.DataFrame:
        """Return estimate, std_error, ci_low, ci_high, df, p_value of weighted sums, one row each."""
        value, error = self.contrast(weights)
        return tidy(value, error, self.contrast_df(weights), level)


def tidy(value: Floats, error: Floats, df: Floats, level: float = 0.95) -> pd.DataFrame:
    """Return estimate, std_error, ci_low, ci_high, df, p_value; one row per value."""
    low, high, p_value = interval(value, error, df, level)
    df = np.broadcast_to(np.asarray(df, dtype=np.float64), value.shape)
    return pd.DataFrame(
        {
            "estimate": value,
            "std_error": error,
            "ci_low": low,
            "ci_high": high,
            "df": df,
            "p_value": p_value,
        }
    )


def interval(
    estimate: Floats, error: Floats, df: Floats, level: float = 0.95
) -> tuple[Floats, Floats, Floats]:
    """Return the ends of an interval by Student's t, and the two-sided p-value of no effect.

    Parameters
    ----------
    estimate, error, df
        Same shape; df may be infinite.
    level
        Between 0 and 1.
    """
    from scipy.special import ndtr, ndtri, stdtr, stdtrit

    df = np.broadcast_to(np.asarray(df, dtype=np.float64), np.shape(estimate))
    finite = np.isfinite(df) & (df > 0)
    safe = np.where(finite, df, 1.0)
    quantile = np.where(finite, stdtrit(safe, 0.5 + level / 2), ndtri(0.5 + level / 2))
    quantile = np.where(np.isnan(df) | (df <= 0), np.nan, quantile)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.abs(estimate) / error
    p_value = 2 * np.where(finite, stdtr(safe, -ratio), ndtr(-ratio))
    half = quantile * error
    return np.asarray(estimate - half), np.asarray(estimate + half), np.asarray(p_value)
