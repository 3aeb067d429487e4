"""How many are answered by a time where some give up and of some no end is seen (Aalen and Johansen)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

CENSORED, ANSWERED, GAVE_UP = 0, 1, 2


def answered_by(time: Floats, state: NDArray[np.integer[Any]], at: float) -> float:
    """Return the share of contacts that are answered by a time.

    Parameters
    ----------
    time
        How long each contact was watched, seconds, shape (n,); infinite where one who gave up is not known to
        have waited for any stated time.
    state
        How the watching ended: 0 not seen, 1 answered, 2 the customer gave up.
    at
        The time in seconds.

    Returns
    -------
    float
        Between 0 and 1; NaN where there is no contact, or none was watched so long and more might follow.

    Notes
    -----
    The cumulative incidence: Σ S(t-) d(t)/n(t) over times up to `at`, d answers among n watched, S the share
    that has neither been answered nor given up. Who gave up is never answered; Kaplan-Meier, which censors
    them, says what would be if nobody gave up. Without contacts whose end is not seen it is the plain share.

    References
    ----------
    Aalen and Johansen (1978), Scandinavian Journal of Statistics 5.

    Examples
    --------
    >>> answered_by(np.array([10.0, 20.0, 30.0, 40.0]), np.array([1, 2, 1, 2]), 35)
    0.5
    """
    order = np.lexsort((state == CENSORED, time))
    times, states = np.asarray(time, dtype=np.float64)[order], np.asarray(state)[order]
    if not times.size:
        return float("nan")
    at_risk = times.size - np.searchsorted(times, times, side="left").astype(np.float64)
    first = np.searchsorted(times, times, side="left")
    new = np.flatnonzero(first == np.arange(times.size))
    answers = np.add.reduceat((states == ANSWERED).astype(np.float64), new)
    ends = np.add.reduceat((states != CENSORED).astype(np.float64), new)
    watched = at_risk[new]
    before = np.concatenate([[1.0], np.cumprod(1 - ends / watched)[:-1]])
    left = before[-1] * (1 - ends[-1] / watched[-1])
    if at > times[-1] and left > 0:
        return float("nan")
    return float((before * answers / watched)[times[new] <= at].sum())
