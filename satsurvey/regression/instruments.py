"""Two-stage least squares with one instrument, the agent's other contacts; and what a weak one tells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from satsurvey.errors import MethodError
from satsurvey.regression.estimates import Estimates
from satsurvey.regression.least_squares import inverse_of
from satsurvey.regression.tallies import INTERCEPT, Centring, Tally, tally

Floats = NDArray[np.float64]
Region = Literal["interval", "outside", "everything", "nothing"]

BIAS = 0.10
"""Largest bias that a strong instrument may leave, as a share of the worst case."""
_INSTRUMENT = "instrument"
_FEW = 50


@dataclass(frozen=True, eq=False)
class AgentInstrument:
    """How slow an agent is with others: the mean over the agent's other contacts.

    Attributes
    ----------
    values
        One per row; NaN where the agent, or the company, has too few other contacts.
    agents
        How many agents have two contacts or more.
    rows
        How many rows have a value.
    """

    values: Floats
    agents: int
    rows: int


@dataclass(frozen=True, eq=False)
class TwoStage:
    """A slope by two-stage least squares.

    Attributes
    ----------
    term
        What is instrumented.
    estimates
        Of the second stage, with clustered errors (CR1) and t on G - 1 degrees of freedom.
    least_squares
        The slope without the instrument, on the same rows, with its error.
    first_stage
        Slope of the term on the instrument, with its error.
    effective_f
        Montiel Olea and Pflueger's F; with one instrument, the cluster-robust F of the first stage.
    critical_f
        What it should exceed for a bias of no more than 10 % of the worst case, at the 5 % level.
    weak
        Whether it does not.
    anderson_rubin
        Ends of the slopes that the Anderson-Rubin test does not reject: the interval between them, or where
        `anderson_rubin_region` is `outside` all that is not between them.
    anderson_rubin_region
        `interval`, `outside`, `everything` or `nothing`.
    rows, clusters
        What the model was fitted to.
    notes
        In words.
    """

    term: str
    estimates: Estimates
    least_squares: tuple[float, float]
    first_stage: tuple[float, float]
    effective_f: float
    critical_f: float
    weak: bool
    anderson_rubin: tuple[float, float]
    anderson_rubin_region: Region
    rows: int
    clusters: int
    notes: tuple[str, ...]


def agent_instrument(
    values: ArrayLike, agents: ArrayLike, clusters: ArrayLike | None = None
) -> AgentInstrument:
    """Return the leave-one-out mean of each row's agent, less that of its company where companies are given.

    Parameters
    ----------
    values
        N finite numbers, the term that is to be instrumented.
    agents
        N whole numbers from 0; less than 0 where the agent is not known.
    clusters
        N whole numbers from 0: the companies that agents work in. The same number in two companies then is
        two agents. Without, agents are compared with all others.

    Returns
    -------
    AgentInstrument

    Raises
    ------
    MethodError
        When lengths differ, or no company has two agents with two contacts.

    Notes
    -----
    With own row i left out of both, z_i = (S_a - x_i)/(n_a - 1) - (S_c - x_i)/(n_c - 1). It sums to 0 in
    every company, so that whatever makes a company good or bad is not in it, and holds nothing of the row
    itself (Kolesar, 2013, for the case of one set of intercepts). Rows of agents with one contact are in
    neither mean.

    References
    ----------
    Angrist, J. D., Imbens, G. W. and Krueger, A. B. (1999). Jackknife instrumental variables estimation. J.
    Applied Econometrics 14, 57-67.
    Kolesar, M. (2013). Estimation in an instrumental variables model with treatment effect heterogeneity.

    Examples
    --------
    >>> agent_instrument([1.0, 3.0, 5.0, 7.0], [0, 0, 1, 1], [0, 0, 0, 0]).values.round(3).tolist()
    [-2.0, -3.333, 3.333, 2.0]
    """
    x = np.asarray(values, dtype=np.float64)
    who = np.asarray(agents)
    where = np.zeros(x.size, dtype=np.int64) if clusters is None else np.asarray(clusters)
    if who.shape != x.shape or where.shape != x.shape:
        raise MethodError(f"agents or clusters are not given for each of {x.size} rows")
    if not np.isfinite(x).all():
        raise MethodError("the instrumented term holds values that are no finite numbers")
    kept = who >= 0
    key = where.astype(np.int64) * (int(who.max(initial=0)) + 1) + who
    found, code = np.unique(key[kept], return_inverse=True)
    count = np.bincount(code, minlength=found.size)
    several = count[code] > 1
    kept[np.flatnonzero(kept)[~several]] = False
    code = code[several]
    result = np.full(x.size, np.nan)
    own, place = x[kept], where[kept]
    if own.size == 0:
        raise MethodError(
            "no agent has two contacts: the agents' other contacts tell nothing",
            next_step="use no instrument",
        )
    shift = float(own.mean())
    own = own - shift
    sums = np.bincount(code, own, minlength=found.size)
    mine = (sums[code] - own) / (count[code] - 1)
    size = np.bincount(place)
    whole = np.bincount(place, own)
    agents_in = np.bincount(found[count > 1] // (int(who.max(initial=0)) + 1), minlength=size.size)
    compared = agents_in[place] > 1
    if not compared.any():
        raise MethodError(
            "no company has two agents with two contacts: agents cannot be compared",
            next_step="use no instrument",
        )
    others = (whole[place] - own) / np.maximum(size[place] - 1, 1)
    difference = mine - others if clusters is not None else mine + shift
    result[np.flatnonzero(kept)[compared]] = difference[compared]
    return AgentInstrument(result, int((count > 1).sum()), int(compared.sum()))


def two_stage(
    endogenous: Mapping[str, ArrayLike],
    instrument: ArrayLike,
    outcome: ArrayLike,
    clusters: ArrayLike,
    *,
    controls: Mapping[str, ArrayLike] | None = None,
    level: float = 0.95,
) -> TwoStage:
    """Estimate one slope by two-stage least squares with one instrument and clustered errors.

    Parameters
    ----------
    endogenous
        The one term whose slope is sought, by name: N finite numbers.
    instrument
        N finite numbers.
    outcome, clusters, controls
        See `tally`.
    level
        Of the Anderson-Rubin interval.

    Raises
    ------
    MethodError
        When there is not exactly one endogenous term, fewer than two clusters, no more rows than
        coefficients, or terms, or the instrument and controls, follow from each other.

    Notes
    -----
    Errors: G/(G-1) (N-1)/(N-p) times the sandwich of projected scores. Anderson and Rubin's test of a slope
    b regresses y - b x on the instrument and the controls; it holds however weak the instrument is. The
    slopes it does not reject solve (a - b f)^2 <= t^2 (V_aa - 2 b V_af + b^2 V_ff), a and f the reduced
    form and the first stage with their joint clustered covariance V.

    References
    ----------
    Anderson, T. W. and Rubin, H. (1949). Annals of Mathematical Statistics 20, 46-63. Montiel Olea, J. L.
    and Pflueger, C. (2013). A robust test for weak instruments. J. Business and Economic Statistics 31,
    358-369. Andrews, I., Stock, J. H. and Sun, L. (2019). Weak instruments in instrumental variables
    regression. Annual Review of Economics 11, 727-753.
    """
    from scipy.special import chndtrix, stdtrit

    if len(endogenous) != 1:
        raise MethodError(
            "one instrument carries the slope of one term",
            value=", ".join(endogenous),
            expected="a form of the time with one term: linear or log",
        )
    (term,) = endogenous
    held = dict(controls or {})
    for name in (term, _INSTRUMENT):
        if name in held:
            raise MethodError(
                f"a control is called {name}, as a term of this model is", next_step="rename it"
            )
    whole = tally({**held, term: endogenous[term], _INSTRUMENT: instrument}, outcome, clusters)
    n, groups, q = whole.rows, whole.clusters, len(held)
    p = q + 2
    if groups < 2:
        raise MethodError(
            "one cluster only: how far clusters differ cannot be told",
            expected="rows of two companies or more",
            next_step="cluster by something else, such as the agent",
        )
    if n <= p:
        raise MethodError(f"{n} rows cannot carry a model of {p} coefficients", expected="more rows")
    cross = whole.cross[whole.n > 0]
    total = whole.total()
    exogenous = [*range(q + 1), q + 2]
    second = [*range(q + 1), q + 1]
    x, y = q + 1, q + 3
    inverse_of(total[np.ix_(second, second)], (INTERCEPT, *held, term))
    first_bread = inverse_of(total[np.ix_(exogenous, exogenous)], (INTERCEPT, *held, _INSTRUMENT))
    stages = first_bread @ total[np.ix_(exogenous, [y, x])]
    # Scores of both regressions on the instrument, cluster by cluster.
    scores = [
        cross[:, exogenous, target] - cross[:, exogenous][:, :, exogenous] @ stages[:, at]
        for at, target in enumerate((y, x))
    ]
    factor = groups / (groups - 1) * (n - 1) / (n - p)
    ahead = np.stack([score @ first_bread[-1] for score in scores], axis=1)
    joint = factor * ahead.T @ ahead
    reduced, first = stages[-1]
    df = groups - 1.0
    critical = float(chndtrix(1 - 0.05, 1, 1 / BIAS))
    f = float(first**2 / joint[1, 1])
    # Projected columns: the controls as they are, the term as its first stage.
    project = np.zeros((q + 4, p))
    project[: q + 1, : q + 1] = np.eye(q + 1)
    project[exogenous, q + 1] = stages[:, 1]
    square = project.T @ total @ project
    bread = inverse_of(square, (INTERCEPT, *held, term))
    beta = bread @ (project.T @ total[:, y])
    residual = np.zeros(q + 4)
    residual[y], residual[second] = 1.0, -beta
    each = cross @ residual @ project
    own = Tally((INTERCEPT, *held, term), _centring(whole, q), whole.n, cross)
    values, covariance = own.to_original(beta, bread @ (factor * each.T @ each) @ bread)
    estimates = Estimates(own.terms, values, covariance, np.full(p, df))
    scale = float(whole.centring.scale[q])
    region, ends = _anderson_rubin(reduced, first, joint, float(stdtrit(df, 0.5 + level / 2)))
    plain = _plain(total, cross, second, y, factor)
    ends = (ends[0] / scale, ends[1] / scale)
    size = scale / float(whole.centring.scale[q + 1])
    return TwoStage(
        term,
        estimates,
        (plain[0] / scale, plain[1] / scale),
        (float(first) * size, float(np.sqrt(joint[1, 1])) * size),
        f,
        critical,
        f <= critical,
        ends,
        region,
        n,
        groups,
        _notes(f, critical, region, groups),
    )


def _anderson_rubin(
    reduced: float, first: float, joint: Floats, quantile: float
) -> tuple[Region, tuple[float, float]]:
    """Solve the quadratic of the slopes that are not rejected."""
    square = quantile**2
    a = first**2 - square * joint[1, 1]
    b = reduced * first - square * joint[0, 1]
    c = reduced**2 - square * joint[0, 0]
    root = b * b - a * c
    if root < 0:
        return ("everything" if a < 0 else "nothing"), ((-np.inf, np.inf) if a < 0 else (np.nan, np.nan))
    if a == 0:
        return "everything", (-np.inf, np.inf)
    low, high = sorted(((b - np.sqrt(root)) / a, (b + np.sqrt(root)) / a))
    return ("interval" if a > 0 else "outside"), (float(low), float(high))


def _plain(total: Floats, cross: Floats, second: list[int], y: int, factor: float) -> tuple[float, float]:
    bread = np.linalg.inv(total[np.ix_(second, second)])
    beta = bread @ total[second, y]
    scores = cross[:, second, y] - cross[:, second][:, :, second] @ beta
    ahead = scores @ bread[-1]
    return float(beta[-1]), float(np.sqrt(factor * (ahead @ ahead)))


def _centring(whole: Tally, q: int) -> Centring:
    return Centring(
        whole.centring.shift[: q + 1], whole.centring.scale[: q + 1], whole.centring.outcome_shift
    )


def _notes(f: float, critical: float, region: Region, groups: int) -> tuple[str, ...]:
    notes: list[str] = []
    if f <= critical:
        notes.append(
            f"the instrument is weak (effective F {f:.1f}, at least {critical:.1f} is wanted): rest on the "
            "Anderson-Rubin interval, not on the estimate and its error"
        )
    else:
        notes.append(
            f"the instrument is strong enough (effective F {f:.1f}, at least {critical:.1f} is wanted)"
        )
    if region == "everything":
        notes.append("no slope at all is excluded by the Anderson-Rubin test: the instrument tells nothing")
    elif region == "outside":
        notes.append(
            "the Anderson-Rubin test excludes only the slopes between the two ends, not those beyond them"
        )
    if groups < _FEW:
        notes.append(f"{groups} companies are few: errors of two-stage least squares may be too small")
    notes.append(
        "the estimate holds if agents get contacts as if by lot and change satisfaction through the time only"
    )
    return tuple(notes)
