"""What a cause does by way of something between it and the outcome, and what it does beside that."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from satsurvey.errors import MethodError
from satsurvey.regression.estimates import tidy
from satsurvey.regression.least_squares import Correction, least_squares
from satsurvey.regression.tallies import Tally

PATHS = ("total", "direct", "indirect", "to_mediator", "from_mediator")


@dataclass(frozen=True, eq=False)
class Mediation:
    """Paths from a cause to an outcome.

    Attributes
    ----------
    paths
        path, estimate, std_error, ci_low, ci_high, df, p_value; one row for each of `PATHS`: the slope of the
        outcome on the cause (`total`), the same with the mediator held (`direct`), what goes through the
        mediator (`indirect`), the slope of the mediator on the cause, and that of the outcome on the
        mediator with the cause held.
    rows, clusters
        What the paths were fitted to.
    correction
        Of the clustered errors, as in `least_squares`.
    """

    paths: pd.DataFrame
    rows: int
    clusters: int
    correction: Correction

    def path(self, name: str) -> tuple[float, float, float]:
        """Return a path with its interval."""
        row = self.paths[self.paths["path"] == name].iloc[0]
        return float(row["estimate"]), float(row["ci_low"]), float(row["ci_high"])


def mediation(
    tally: Tally, *, cause: str, mediator: str, level: float = 0.95, correction: Correction | None = None
) -> Mediation:
    """Divide the effect of a cause into what goes through a mediator and what does not.

    Parameters
    ----------
    tally
        Rows by cluster: a design with the cause, the mediator and what is held fixed, and the outcome.
    cause, mediator
        Terms of the design.
    level
        Of the intervals.
    correction
        As in `least_squares`.

    Returns
    -------
    Mediation

    Raises
    ------
    MethodError
        When a term is not in the design, the mediator is the same in every row, or `least_squares` raises.

    Notes
    -----
    With M = i + a T + h'X and Y = j + c' T + b M + k'X by least squares, the indirect effect is a b, the
    direct one c', and the total c = c' + a b, exactly, on the same rows. Each cluster adds b u_a + a u_b to
    a b, where u_a and u_b are what it adds to the two slopes; the variance is the sum of squares of these
    (delta method on the scores of both equations together, so that errors of the two that go together in a
    cluster are counted). The interval is Student's with the fewer degrees of freedom of the two slopes. It
    is too wide where both slopes are near 0, where the product has no normal distribution.

    That a b is an effect of the cause takes more than any data say: nothing unmeasured that moves two of
    cause, mediator and outcome, and no part of the effect that depends on the level of the mediator.

    References
    ----------
    Baron, R. M. and Kenny, D. A. (1986). Journal of Personality and Social Psychology 51, 1173-1182.
    Sobel, M. E. (1982). Sociological Methodology 13, 290-312.
    VanderWeele, T. J. (2015). Explanation in Causal Inference. Oxford University Press.

    Examples
    --------
    >>> import numpy as np
    >>> from satsurvey.regression.tallies import tally
    >>> rng = np.random.default_rng(1)
    >>> time = rng.normal(size=600)
    >>> solved = -2 * time + rng.normal(size=600)
    >>> score = 3 * solved - time + rng.normal(size=600)
    >>> rows = tally({"time": time, "solved": solved}, score, np.arange(600) % 60)
    >>> found = mediation(rows, cause="time", mediator="solved")
    >>> [round(value) for value in found.paths["estimate"]]
    [-7, -1, -6, -2, 3]
    """
    for name in (cause, mediator):
        if name not in tally.terms[1:]:
            raise MethodError("the design has no such term", value=name, expected=", ".join(tally.terms[1:]))
    rest = tuple(term for term in tally.terms if term != mediator)
    whole = least_squares(tally.of_terms(rest), correction=correction)
    first = least_squares(tally.with_outcome(mediator), correction=correction)
    second = least_squares(tally, correction=correction)
    cause_place, through = rest.index(cause), tally.terms.index(mediator)
    a, b = first.estimates.values[cause_place], second.estimates.values[through]
    of_a, of_b = first.influences[:, cause_place], second.influences[:, through]
    error = float(np.sqrt(((b * of_a + a * of_b) ** 2).sum()))
    df = min(float(first.estimates.df[cause_place]), float(second.estimates.df[through]))
    own = [
        (fit.estimates.values[place], fit.estimates.std_errors[place], fit.estimates.df[place])
        for fit, place in (
            (whole, cause_place),
            (second, tally.terms.index(cause)),
            (first, cause_place),
            (second, through),
        )
    ]
    value, errors, freedom = np.array([*own[:2], (a * b, error, df), *own[2:]], dtype=np.float64).T
    paths = tidy(value, errors, freedom, level)
    paths.insert(0, "path", list(PATHS))
    return Mediation(paths, second.rows, second.clusters, second.correction)
