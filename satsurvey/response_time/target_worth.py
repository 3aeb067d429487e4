"""What targets cost and bring by the user's own assumptions, channel by channel and all together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from satsurvey.response_time.assumptions import Channel

Floats = NDArray[np.float64]


def worth(row: Mapping[str, object], own: Channel) -> dict[str, object]:
    """Return cost and benefit per month by the user's assumptions; NaN where one is left out."""
    change = np.array([float(str(row[name])) for name in ("score_change", "score_low", "score_high")])
    moved = max(float(str(row["needed"])) - float(str(row["attained"])), 0.0)
    # Where no target is proposed there is nothing to pay for.
    cost = own.cost(moved) if np.isfinite(float(str(row["target_s"]))) else np.nan
    value = own.value_of_point()
    again = np.nan if own.repurchase_percent_per_point is None else own.repurchase_percent_per_point
    benefit, bought = _ordered(change * value), _ordered(change * again)
    return {
        "cost": cost,
        "benefit": benefit[0],
        "benefit_low": benefit[1],
        "benefit_high": benefit[2],
        "net": benefit[0] - cost,
        "net_low": benefit[1] - cost,
        "net_high": benefit[2] - cost,
        "repurchase": bought[0],
        "repurchase_low": bought[1],
        "repurchase_high": bought[2],
        "break_even": cost / value if value > 0 else np.nan,
    }


def total_worth(frame: pd.DataFrame, own: Mapping[str, Channel]) -> dict[str, float] | None:
    """Return cost and benefit over all channels; None where there is nothing to add up."""
    names = [f"{name}{end}" for name in ("benefit", "net", "repurchase") for end in ("", "_low", "_high")]
    if not frame[["cost", "benefit", "repurchase"]].notna().to_numpy().any():
        return None
    share = frame["n"].to_numpy(np.float64) / float(frame["n"].sum())
    made = {"cost": _sum(frame["cost"])}
    for name in names:
        column = frame[name].to_numpy(np.float64)
        # Percent points of customers are averaged over contacts, amounts are added.
        made[name] = _sum(column * share) if name.startswith("repurchase") else _sum(column)
    for end in ("", "_low", "_high"):
        made[f"net{end}"] = made[f"benefit{end}"] - made["cost"]
    value = _sum([one.value_of_point() for one in own.values()])
    made["break_even"] = made["cost"] / value if value > 0 else float("nan")
    return made


def _sum(numbers: Iterable[float]) -> float:
    """Return the sum of what is known; NaN where nothing is."""
    known = [float(number) for number in numbers if np.isfinite(number)]
    return sum(known) if known else float("nan")


def _ordered(numbers: Floats) -> tuple[float, float, float]:
    low, high = sorted(numbers[1:].tolist())
    return float(numbers[0]), low, high
