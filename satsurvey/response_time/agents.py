"""The agent as an instrument: whether contacts that came to slow agents, as if by lot, pleased less."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from satsurvey.errors import MethodError
from satsurvey.regression.estimates import interval
from satsurvey.regression.forms import Form, FormComparison
from satsurvey.regression.instruments import TwoStage, agent_instrument, two_stage
from satsurvey.response_time.design import Clusters, Held
from satsurvey.response_time.rows import ResponseRows

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Instrumented:
    """The effect by two-stage least squares.

    Attributes
    ----------
    effect, std_error, ci_low, ci_high, df, p_value
        Average change of the score for one minute less, over the data's own times.
    plain_effect, plain_std_error
        The same without the instrument, on the same rows.
    robust_low, robust_high, robust_region
        Ends of the effects that the Anderson-Rubin test does not reject, and whether they lie between the
        ends (`interval`), beyond them (`outside`), anywhere (`everything`) or nowhere (`nothing`).
    form
        `linear` or `log`, whichever has one term and is the chosen form; else `log`.
    agents
        How many agents are compared.
    stages
        The two stages with their strength.
    notes
        What must be known.
    """

    effect: float
    std_error: float
    ci_low: float
    ci_high: float
    df: float
    p_value: float
    plain_effect: float
    plain_std_error: float
    robust_low: float
    robust_high: float
    robust_region: Literal["interval", "outside", "everything", "nothing"]
    form: str
    agents: int
    stages: TwoStage
    notes: tuple[str, ...]


def instrumented(
    rows: ResponseRows, clusters: Clusters, comparison: FormComparison, held: Held, level: float
) -> Instrumented:
    """Estimate the effect of time with the mean over the agent's other contacts as instrument.

    Raises
    ------
    MethodError
        When agents are not known, cannot be compared, or are the clusters themselves.
    """
    if rows.agent is None:
        raise MethodError(
            "agents are not known: they cannot serve as an instrument",
            expected="a column bound to the role agent, or agent_id in the service records",
        )
    if clusters.single:
        raise MethodError(
            "one cluster only: the errors of two-stage least squares need several",
            next_step="cluster by something else, such as the agent",
        )
    form = Form("linear") if comparison.chosen == "linear" else Form("log")
    (term,) = form.terms
    column = form.columns(rows.time_s)[term]
    made = agent_instrument(column, rows.agent.codes, rows.company.codes)
    used = np.isfinite(made.values)
    seconds = rows.time_s[used]
    inner = held.take(used, {term: column[used], "instrument": made.values[used]})
    _, codes = np.unique(clusters.codes[used], return_inverse=True)
    found = two_stage(
        {term: column[used]},
        made.values[used],
        rows.outcome[used],
        codes,
        controls=inner.columns,
        level=level,
    )
    before = form.columns(seconds)[term]
    after = form.columns(np.maximum(seconds - 60.0, 0.0))[term]
    step = float((after - before).mean())
    place = found.estimates.terms.index(term)
    effect = step * float(found.estimates.values[place])
    error = abs(step) * float(found.estimates.std_errors[place])
    df = float(found.estimates.df[place])
    low, high, p_value = interval(np.array([effect]), np.array([error]), np.array([df]), level)
    ends = sorted(step * end for end in found.anderson_rubin)
    notes = list(found.notes)
    if rows.weight is not None:
        notes.append("two-stage least squares takes rows without weights")
    lost = int((~used).sum())
    if lost:
        notes.append(
            f"{lost:,} rows have no other contact of their agent to compare with and are left out here"
        )
    return Instrumented(
        effect,
        error,
        float(low[0]),
        float(high[0]),
        df,
        float(p_value[0]),
        step * found.least_squares[0],
        abs(step) * found.least_squares[1],
        float(ends[0]),
        float(ends[1]),
        found.anderson_rubin_region,
        form.name,
        made.agents,
        found,
        tuple(notes),
    )
