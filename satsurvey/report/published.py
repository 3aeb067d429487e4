"""What may be published of an analysis: frames in a fixed order, without the scores of suppressed rows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

if TYPE_CHECKING:
    from satsurvey.analysis import Analysis

ESTIMATES = (
    "score",
    "std_error",
    "ci_low",
    "ci_high",
    "satisfied_share",
    "rank",
    "rank_low",
    "rank_high",
    "rank_low_marginal",
    "rank_high_marginal",
    "rank_overall",
    "rank_overall_low",
    "rank_overall_high",
    "expected_rank",
    "p_top_k",
    "in_top_k",
    "tier",
    "shrunken_score",
    "shrunken_std_error",
    "reliability",
)
"""The columns that say how good somebody is, and so are withheld from a suppressed row; counts stay."""

TIER_ORDER = ("above", "not_distinguishable", "below", "")


Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Published:
    """The frames of an analysis as they leave the house, each made when it is asked for.

    Rows marked `suppressed` lose every estimate (`ESTIMATES` and the dimensions), and so do the rows of the
    same company or industry among dimensions and items: a score that is not published in one table does not
    stand in another one. Rows are ordered: industries and companies by score (best first, then by name),
    suppressed ones last; companies, dimensions and items industry by industry. Counts and ranks are integers
    (`Int64`, NA where absent).
    """

    analysis: Analysis

    @cached_property
    def industries(self) -> pd.DataFrame:
        """The industries, best first."""
        frame = self.analysis.industries
        return _ranked(_withheld(frame, _suppressed(frame), self._estimates))

    @cached_property
    def companies(self) -> pd.DataFrame:
        """The companies, industry by industry, best first."""
        frame = self.analysis.companies
        return _ranked(_withheld(frame, _suppressed(frame), self._estimates), self._industry_places)

    @cached_property
    def dimensions(self) -> pd.DataFrame:
        """The dimensions: overall, by industry, by company."""
        return self._by_level(self.analysis.dimensions)

    @cached_property
    def items(self) -> pd.DataFrame:
        """The items: overall, by industry, by company."""
        return self._by_level(self.analysis.items)

    @cached_property
    def breakdowns(self) -> pd.DataFrame:
        """The overall score by the values of other fields; empty unless asked for."""
        return _counts(self.analysis.breakdowns)

    @cached_property
    def overall(self) -> pd.DataFrame:
        """The one row of the overall estimate."""
        return _counts(self.analysis.overall)

    @cached_property
    def _estimates(self) -> tuple[str, ...]:
        return (*ESTIMATES, *(dimension.code for dimension in self.analysis.instrument.dimensions))

    @cached_property
    def _industry_places(self) -> dict[object, int]:
        frame = self.industries
        return {name: place for place, name in enumerate(frame["industry"])} if "industry" in frame else {}

    def _by_level(self, frame: pd.DataFrame) -> pd.DataFrame:
        hidden = _belongs(frame, "company", self.analysis.companies)
        hidden |= _belongs(frame, "industry", self.analysis.industries)
        return _levels_ordered(_withheld(frame, hidden, self._estimates), self._industry_places)


def _suppressed(frame: pd.DataFrame) -> Mask:
    if "suppressed" not in frame:
        return np.zeros(len(frame), dtype=bool)
    return frame["suppressed"].to_numpy(dtype=bool)


def _withheld(frame: pd.DataFrame, hidden: Mask, estimates: tuple[str, ...]) -> pd.DataFrame:
    changed: dict[str, pd.Series] = {}
    if hidden.any():
        for name in estimates:
            if name not in frame:
                continue
            column = frame[name]
            if pd.api.types.is_bool_dtype(column):
                changed[name] = column.astype("boolean").mask(hidden)
            elif pd.api.types.is_numeric_dtype(column):
                changed[name] = column.mask(hidden)
            else:
                changed[name] = column.mask(hidden, "")
    return _counts(frame.assign(**changed))


def _counts(frame: pd.DataFrame) -> pd.DataFrame:
    """Turn counts and ranks that became floats beside an absent value back into integers."""
    changed: dict[str, pd.Series] = {}
    for name in map(str, frame.columns):
        if name == "n" or (name.startswith(("n_", "rank_")) and name != "n_effective") or name == "rank":
            values = frame[name]
            if pd.api.types.is_float_dtype(values):
                known = values.to_numpy(dtype=float, na_value=np.nan)
                known = known[~np.isnan(known)]
                if np.isfinite(known).all() and (known == np.floor(known)).all():
                    changed[name] = values.astype("Int64")
    return frame.assign(**changed)


def _places(names: pd.Series, order: dict[object, int]) -> pd.Series:
    """Give each name its place in `order`; names that are not in it follow, as their own sort has them."""
    rest = sorted({str(name) for name in names.dropna().unique()} - {str(name) for name in order})
    places: dict[object, int] = dict(order)
    places.update((name, len(order) + k) for k, name in enumerate(rest))
    return names.map(places).astype(float)


def _ranked(frame: pd.DataFrame, industry_order: dict[object, int] | None = None) -> pd.DataFrame:
    names = [name for name in ("company_id", "company", "industry") if name in frame]
    keys = pd.DataFrame(index=frame.index)
    if industry_order is not None and "industry" in frame:
        keys["industry_place"] = _places(frame["industry"], industry_order)
    if "score" in frame:
        keys["best_first"] = -frame["score"].astype(float)
    keys = pd.concat([keys, frame[names]], axis=1)
    if keys.empty:
        return frame.reset_index(drop=True)
    return frame.loc[keys.sort_values(list(keys.columns), kind="stable").index].reset_index(drop=True)


def _levels_ordered(frame: pd.DataFrame, industry_order: dict[object, int]) -> pd.DataFrame:
    """Order by level, then industry by industry; the order of the instrument stays."""
    keys = pd.DataFrame(index=frame.index)
    if "level" in frame:
        keys["level_place"] = frame["level"].map({"overall": 0, "industry": 1, "company": 2}).astype(float)
    if "industry" in frame:
        keys["industry_place"] = _places(frame["industry"], industry_order)
    if "company" in frame:
        keys["company"] = frame["company"]
    if keys.empty:
        return frame.reset_index(drop=True)
    return frame.loc[keys.sort_values(list(keys.columns), kind="stable").index].reset_index(drop=True)


def _belongs(frame: pd.DataFrame, level: str, owners: pd.DataFrame) -> Mask:
    """Tell which rows of `frame` belong to a suppressed company or industry."""
    hidden = owners.loc[_suppressed(owners)]
    keys = ["industry"] if level == "industry" else ["industry", "company", "company_id"]
    keys = [key for key in keys if key in frame and key in owners]
    if hidden.empty or not keys or "level" not in frame:
        return np.zeros(len(frame), dtype=bool)
    wanted = pd.MultiIndex.from_frame(hidden[keys])
    return np.asarray(
        (frame["level"] == level).to_numpy(dtype=bool) & pd.MultiIndex.from_frame(frame[keys]).isin(wanted)
    )
