"""Every choice behind a score: what the instrument declares, the study changes and the call overrides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Literal, get_args

from satsurvey.errors import MethodError
from satsurvey.instrument.model import (
    Conversion,
    DimensionWeighting,
    IndustryLevel,
    Instrument,
    ItemWeighting,
    Order,
    OverallLevel,
    Rounding,
)
from satsurvey.intake.study import StudyScoring

Companies = Literal["sample", "census"]
SmallSample = Literal["interviews", "items"]


@dataclass(frozen=True)
class ScoringMethod:
    """How scores are made.

    Attributes
    ----------
    conversion
        From raw answer to 0-100: `share_of_max`, `min_max` or `anchored`.
    order
        `item_first` (company item means, then dimensions, then total) or `respondent_first`.
    dimension_weights, item_weights
        The weighting of dimensions in the total and of items in their dimension.
    declared_dimension_weights, declared_item_weights
        Weights by code for the weighting `declared`; empty means those of the instrument.
    ahp_dimensions, ahp_items
        Pairwise comparisons for the weighting `ahp`.
    industry_level, overall_level
        How companies make an industry, and how all make the overall score.
    companies
        `sample`: companies stand for an industry, so errors of industries are clustered by company; `census`:
        the companies surveyed are the industry.
    small_sample
        What corrects a company's error for few answers. `interviews`: SE² = n/(n-1) Σ z² with n - 1 degrees
        of freedom, as R's survey does; short where filters leave some items few answers. `items`: each item
        is corrected by its own number of answers, and the degrees of freedom of dimensions and total come
        from those of the items (see `satsurvey.scoring.small_samples`). With `respondent_first` both are the
        same: every respondent has one score, and n are those who have one.
    small_companies_in_industry
        Whether companies under the minimum n count in their industry's score.
    finite_population
        Whether the contact counts of companies shrink the errors (finite-population correction).
    company_min_n, industry_min_companies, item_min_answers, dimension_min_items
        The least a published company, a published industry, an item of a company and a dimension need;
        `dimension_minimums` overrides the last for single dimensions.
    level
        Confidence level of all intervals, for example 0.95.
    decimals, rounding
        Used only for display.
    """

    conversion: Conversion = "share_of_max"
    order: Order = "item_first"
    dimension_weights: DimensionWeighting = "equal"
    item_weights: ItemWeighting = "equal"
    declared_dimension_weights: Mapping[str, float] | None = None
    declared_item_weights: Mapping[str, float] | None = None
    ahp_dimensions: tuple[tuple[float, ...], ...] = ()
    ahp_items: Mapping[str, tuple[tuple[float, ...], ...]] | None = None
    industry_level: IndustryLevel = "company_mean"
    overall_level: OverallLevel = "company_mean"
    companies: Companies = "sample"
    small_sample: SmallSample = "interviews"
    small_companies_in_industry: bool = True
    finite_population: bool = False
    company_min_n: int = 20
    industry_min_companies: int = 3
    item_min_answers: int = 1
    dimension_min_items: int = 1
    dimension_minimums: Mapping[str, int] | None = None
    level: float = 0.95
    decimals: int = 2
    rounding: Rounding = "half_up"

    @classmethod
    def of(
        cls,
        instrument: Instrument,
        study: StudyScoring | None = None,
        overrides: Mapping[str, Any] | None = None,
    ) -> ScoringMethod:
        """Settle the method: the instrument's scoring, changed by the study, overridden by the call.

        Raises
        ------
        MethodError
            When an override is unknown or not one of its choices.
        """
        declared = instrument.scoring
        method = cls(
            **{
                name: getattr(declared, name)
                for name in (f.name for f in fields(cls))
                if hasattr(declared, name) and name != "ahp_items"
            },
            ahp_items=dict(declared.ahp_items) or None,
            dimension_minimums={
                d.code: d.min_items for d in instrument.dimensions if d.min_items is not None
            },
        )
        if study is not None:
            changes = {
                name: getattr(study, name)
                for name in (f.name for f in fields(cls))
                if name in study.model_fields_set and getattr(study, name) is not None
            }
            method = replace(method, **changes)
        given = {name: value for name, value in (overrides or {}).items() if value is not None}
        known = {f.name for f in fields(cls)}
        for name, value in given.items():
            if name not in known:
                raise MethodError(f"scoring has no choice called {name!r}", expected=", ".join(sorted(known)))
            allowed = _CHOICES.get(name)
            if allowed and value not in allowed:
                raise MethodError(f"{name} cannot be {value!r}", expected=", ".join(map(str, allowed)))
            if name in _FLAGS and not isinstance(value, bool):
                raise MethodError(f"{name} cannot be {value!r}", expected="True or False")
        method = replace(method, **given)
        if not isinstance(method.level, float | int) or not 0 < method.level < 1:
            raise MethodError(
                "the confidence level lies between 0 and 1", value=method.level, expected="for example 0.95"
            )
        for name, least in _WHOLE.items():
            value = getattr(method, name)
            if not isinstance(value, int) or isinstance(value, bool) or value < least:
                raise MethodError(f"{name} is at least {least}", value=value, expected="a whole number")
        return method

    def to_dict(self) -> dict[str, object]:
        """Return the method as plain data, empty choices left out."""
        return {name: value for name, value in asdict(self).items() if value not in (None, (), {})}


_WHOLE: Mapping[str, int] = {
    "company_min_n": 1,
    "industry_min_companies": 1,
    "item_min_answers": 1,
    "dimension_min_items": 1,
    "decimals": 0,
}
_FLAGS = ("small_companies_in_industry", "finite_population")
_CHOICES: Mapping[str, tuple[object, ...]] = {
    "conversion": get_args(Conversion),
    "order": get_args(Order),
    "dimension_weights": get_args(DimensionWeighting),
    "item_weights": get_args(ItemWeighting),
    "industry_level": get_args(IndustryLevel),
    "overall_level": get_args(OverallLevel),
    "companies": get_args(Companies),
    "small_sample": get_args(SmallSample),
    "rounding": get_args(Rounding),
}
