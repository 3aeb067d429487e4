"""The random-intercept model with errors that hold when effects, too, differ from cluster to cluster."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from satsurvey.regression.estimates import Estimates
from satsurvey.regression.least_squares import Correction, least_squares
from satsurvey.regression.mixed import RandomIntercept, random_intercept
from satsurvey.regression.tallies import Tally


@dataclass(frozen=True, eq=False)
class RobustIntercepts:
    """A random-intercept model whose errors are those of the sandwich.

    Attributes
    ----------
    estimates
        The coefficients of the random-intercept model with their clustered covariance.
    correction
        Of the sandwich: `cr1` or `cr2`.
    model
        The model itself, whose own errors take effects to be the same in every cluster.
    """

    estimates: Estimates
    correction: Correction
    model: RandomIntercept


def robust_random_intercept(tally: Tally, *, correction: Correction | None = None) -> RobustIntercepts:
    """Fit y = X b + u_g + e by restricted maximum likelihood, with errors clustered by g.

    Parameters
    ----------
    tally
        Design and outcome by cluster, rows not weighted.
    correction
        As in `least_squares`; by default `cr2` with Satterthwaite's degrees of freedom below 50 clusters.

    Raises
    ------
    MethodError
        As `random_intercept` and `least_squares` do.

    Notes
    -----
    The errors of the likelihood are right where nothing but the intercept differs between clusters. Where a
    slope differs, too, they are too small: of slopes of mean 0 many more than 5 percent are found. The
    sandwich (X'V^-1 X)^-1 (sum of X_g'V_g^-1 e_g e_g'V_g^-1 X_g) (X'V^-1 X)^-1 asks for independent clusters
    only. With V_g = I + t 11' and w_g = t / (1 + n_g t), X_g'V_g^-1 X_g is that of the rows less w_g times
    that of their sums: the tally is enough, and least squares on such tallies is the model. Its second
    correction then is that of Bell and McCaffrey with V as working covariance.

    References
    ----------
    Liang, K.-Y. and Zeger, S. L. (1986). Biometrika 73, 13-22.
    Pustejovsky, J. E. and Tipton, E. (2018). Journal of Business and Economic Statistics 36, 672-683.

    Examples
    --------
    >>> from satsurvey.regression.tallies import tally
    >>> fit = robust_random_intercept(tally({}, [6.0, 8.0, 1.0, 3.0, 11.0, 13.0], [0, 0, 1, 1, 2, 2]))
    >>> round(fit.estimates["intercept"], 6), round(float(fit.estimates.std_errors[0]), 6)
    (7.0, 2.886751)
    """
    model = random_intercept(tally)
    ratio = model.between_variance / model.residual_variance
    shrink = ratio / (1 + tally.n * ratio)
    sums = tally.cross[:, 0, :]
    cross = tally.cross - shrink[:, None, None] * np.einsum("gi,gj->gij", sums, sums)
    fit = least_squares(Tally(tally.terms, tally.centring, tally.n, cross), correction=correction)
    return RobustIntercepts(fit.estimates, fit.correction, model)
