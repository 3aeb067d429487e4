"""The overall score broken down by other fields: region, wave, channel and the like."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from satsurvey.errors import MethodError
from satsurvey.intake.responses import INVALID, Responses
from satsurvey.scoring.estimates import Scores, score
from satsurvey.scoring.method import ScoringMethod


def breakdown(responses: Responses, scores: Scores, fields: Sequence[str]) -> pd.DataFrame:
    """Score every value of some fields as a survey of its own, by the method and weights of the whole.

    Parameters
    ----------
    responses, scores
        The interviews and their scores.
    fields
        Roles (`region`, `wave`, `interviewer` …) or codes of coded questions of fact (`S2`).

    Returns
    -------
    DataFrame
        One row per field and value: by, value, score, std_error, ci_low, ci_high, df, n_companies, n,
        n_effective, design_effect, one column per dimension, note. `value` is the name or the declared code;
        interviews without a value stand under "".

    Raises
    ------
    MethodError
        When a field is not in the data; the fields that are there are named.
    """
    parts = []
    codes = responses.instrument.dimension_codes
    fixed = _same_weights(scores)
    for field in fields:
        for value, rows in _values(responses, field):
            found = score(responses.take(rows), **vars(fixed)).overall
            found["note"] = "; ".join(
                filter(None, (*found["note"], *_remarks(found, codes, int(rows.sum()))))
            )
            found.insert(0, "by", field)
            found.insert(1, "value", value)
            parts.append(found)
    if not parts:
        return pd.DataFrame(columns=["by", "value", *scores.overall.columns])
    return pd.concat(parts, ignore_index=True)


def score_without(responses: Responses, scores: Scores, rows: NDArray[np.bool_]) -> Scores:
    """Score the survey without some interviews, by the method and weights of the whole."""
    return score(responses.take(~rows), **vars(_same_weights(scores)))


def _same_weights(scores: Scores) -> ScoringMethod:
    """Return the method with the weights that the whole was scored with, also where they came from data."""
    return replace(
        scores.method,
        dimension_weights="declared",
        declared_dimension_weights=dict(scores.dimension_weights.values),
        item_weights="declared",
        declared_item_weights={
            c: w for inner in scores.item_weights.values() for c, w in inner.values.items()
        },
    )


def _remarks(row: pd.DataFrame, codes: Sequence[str], interviews: int) -> list[str]:
    """Say what keeps a row from being compared with the others."""
    there = row.notna().iloc[0]
    if not there["score"]:
        return []
    remarks = []
    absent = [code for code in codes if not there[code]]
    if absent:
        remarks.append(f"nobody answered {', '.join(absent)}: not comparable with the other rows")
    left_out = interviews - int(row["n"].iloc[0])
    if left_out:
        remarks.append(f"{left_out} interviews have too few answers for a score")
    return remarks


def _values(responses: Responses, field: str) -> list[tuple[str, NDArray[np.bool_]]]:
    if field in responses.factors:
        factor = responses.factors[field]
        names, codes = (*factor.names, ""), np.where(factor.codes < 0, len(factor.names), factor.codes)
    elif field in responses.facts and (answers := responses.facts[field].codes) is not None:
        names = (*responses.facts[field].values, "")
        codes = np.where(answers < INVALID, answers, len(names) - 1).astype(np.int64)
    else:
        there = [
            *responses.factors,
            *(c for c, column in responses.facts.items() if column.codes is not None),
        ]
        raise MethodError(
            f"the survey has no field {field!r} to break the score down by",
            expected=", ".join(sorted(there)) or "a column bound to a role such as region or wave",
        )
    return [(name, codes == k) for k, name in enumerate(names) if (codes == k).any()]
