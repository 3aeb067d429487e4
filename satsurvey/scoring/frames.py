"""Estimates laid out as tables in the columns that every part of satsurvey uses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from satsurvey.instrument.model import Instrument, MissingReason
from satsurvey.intake.responses import Responses
from satsurvey.scoring.groups import Estimate, Groups
from satsurvey.scoring.intervals import t_quantiles
from satsurvey.scoring.method import ScoringMethod
from satsurvey.scoring.tally import Floats, Tally
from satsurvey.scoring.units import Units

_TEXT = pd.StringDtype("pyarrow", na_value=np.nan)


def interval(value: Floats, variance: Floats, df: Floats, level: float) -> tuple[Floats, Floats, Floats]:
    """Return standard error and both ends of the t interval; NaN where there are no degrees of freedom."""
    error = np.sqrt(variance)
    half = t_quantiles(df, level)
    half *= error
    return error, value - half, value + half


def names_at(names: Sequence[str], codes: NDArray[np.generic]) -> pd.Series:
    """Return a text column from names and codes without making an object for every row."""
    chunked = pa.chunked_array([pa.array(names, pa.large_string()).take(pa.array(codes.astype(np.int64)))])
    return pd.Series(_TEXT.__from_arrow__(chunked))  # type: ignore[attr-defined]


def categories_at(names: Sequence[str], codes: NDArray[np.generic]) -> pd.Categorical:
    """Return a column of names that repeat often, as codes; its categories are in the order given."""
    if len(set(names)) < len(names):
        # A name that stands twice (the empty one) gets one category.
        places = {name: k for k, name in enumerate(dict.fromkeys(names))}
        codes, names = np.array([places[name] for name in names])[codes], tuple(places)
    small = np.int8 if len(names) < 1 << 7 else np.int16 if len(names) < 1 << 15 else np.int32
    return pd.Categorical.from_codes(codes.astype(small), categories=pd.Index(list(names), dtype=_TEXT))


def company_frame(
    instrument: Instrument,
    responses: Responses,
    units: Units,
    sums: Tally,
    companies: Estimate,
    method: ScoringMethod,
    population: Floats | None,
) -> pd.DataFrame:
    """Lay out the companies; those under the minimum n keep their counts and lose their scores."""
    suppressed = (sums.total_n < method.company_min_n) | np.isnan(sums.total)
    columns: dict[str, object] = {}
    if responses.industry is not None:
        columns["industry"] = names_at(units.industry_names, units.industry)
    columns["company"] = names_at(units.company_names, units.company)
    if responses.company_id is not None:
        columns["company_id"] = _company_ids(responses, units)
    columns |= _total(companies, method, suppressed)
    columns |= {"n": sums.total_n, "n_effective": companies.n_effective}
    columns["design_effect"] = np.where(suppressed, np.nan, companies.design_effect)
    if population is not None:
        columns["population"] = population
    columns |= _dimensions(instrument, companies, suppressed)
    columns["suppressed"] = suppressed
    columns["note"] = pd.Series(companies.notes, dtype=_TEXT)
    return pd.DataFrame(columns)


def industry_frame(
    instrument: Instrument, units: Units, groups: Groups, industries: Estimate | None, method: ScoringMethod
) -> pd.DataFrame:
    """Lay out the industries; those with too few companies keep their counts and lose their scores."""
    if industries is None:
        columns = [
            "industry",
            "score",
            "std_error",
            "ci_low",
            "ci_high",
            "df",
            "n_companies",
            "n",
            "n_effective",
        ]
        return pd.DataFrame(
            columns=[*columns, "design_effect", *instrument.dimension_codes, "suppressed", "note"]
        )
    few = industries.n_companies < method.industry_min_companies
    notes = [
        "; ".join(
            filter(
                None,
                (
                    f"fewer than {method.industry_min_companies} companies" if less else "",
                    f"n < {method.company_min_n}" if small else "",
                    note,
                ),
            )
        )
        for less, small, note in zip(
            few.tolist(), _too_few(industries, method).tolist(), industries.notes, strict=True
        )
    ]
    suppressed = few | _too_few(industries, method) | np.isnan(industries.value[:, 0])
    return pd.DataFrame(
        {
            "industry": names_at(units.industry_names, groups.industry_codes),
            **_total(industries, method, suppressed),
            "n_companies": industries.n_companies,
            "n": industries.n[:, 0],
            "n_effective": industries.n_effective,
            "design_effect": np.where(suppressed, np.nan, industries.design_effect),
            **_dimensions(instrument, industries, suppressed),
            "suppressed": suppressed,
            "note": pd.Series(notes, dtype=_TEXT),
        }
    )


def _too_few(estimate: Estimate, method: ScoringMethod) -> NDArray[np.bool_]:
    """Mark groups that rest on fewer interviews than a published company needs."""
    return np.asarray((estimate.n[:, 0] < method.company_min_n) & ~np.isnan(estimate.value[:, 0]))


def overall_frame(instrument: Instrument, groups: Groups, overall: Estimate) -> pd.DataFrame:
    """Lay out the one row over everything."""
    # Whatever rests on fewer interviews than a company needs could show a single company's score.
    shown = _too_few(overall, groups.method)
    note = [overall.notes[0] or (f"n < {groups.method.company_min_n}" if shown[0] else "")]
    named = groups.units.industry_names != ("",)
    return pd.DataFrame(
        {
            **_total(overall, groups.method, shown),
            "n_industries": np.array([groups.industry_codes.size if named else 0]),
            "n_companies": overall.n_companies,
            "n": overall.n[:, 0],
            "n_effective": overall.n_effective,
            "design_effect": np.where(shown, np.nan, overall.design_effect),
            **_dimensions(instrument, overall, shown),
            "note": pd.Series(note, dtype=_TEXT),
        }
    )


def dimension_frame(
    instrument: Instrument,
    units: Units,
    sums: Tally,
    groups: Groups,
    industries: Estimate | None,
    overall: Estimate,
    method: ScoringMethod,
) -> pd.DataFrame:
    """Lay out dimensions: the whole, then industries, then companies, each in the instrument's order."""
    codes = instrument.dimension_codes
    part = slice(1, 1 + len(codes))
    columns = _tidy(units, sums, groups, industries, overall, method, "dimension", codes, part)
    return pd.DataFrame(columns, copy=False)


def item_frame(
    instrument: Instrument,
    units: Units,
    sums: Tally,
    groups: Groups,
    industries: Estimate | None,
    overall: Estimate,
    method: ScoringMethod,
) -> pd.DataFrame:
    """Lay out items likewise, with the answers missing by reason and the share of satisfied answers."""
    start = 1 + len(instrument.dimension_codes)
    everything = np.zeros(1, dtype=np.intp)
    parts = [everything, groups.industry_starts] if industries is not None else [everything]
    missing = [groups.count_by(sums.item_missing, starts).astype(np.int32) for starts in parts]
    with np.errstate(invalid="ignore", divide="ignore"):
        shares = [
            groups.sum_by(sums.item_satisfied, starts) / groups.sum_by(sums.item_weight, starts)
            for starts in parts
        ]
        shares.append(sums.item_satisfied / sums.item_weight)
    columns = _tidy(
        units, sums, groups, industries, overall, method, "item", instrument.item_codes, slice(start, None)
    )
    place = {item.code: item.dimension for item in instrument.items}
    codes = np.array([instrument.dimension_codes.index(place[code]) for code in instrument.item_codes])
    dimension = categories_at(instrument.dimension_codes, np.tile(codes, len(columns["item"]) // codes.size))
    note = columns.pop("note")
    counted: list[NDArray[np.generic]] = [*missing, sums.item_missing]
    names = ("invalid", *MissingReason)
    for k in (*range(1, len(names)), 0):
        columns[f"n_{names[k]}"] = np.concatenate([counts[..., k].ravel() for counts in counted])
    satisfied = np.concatenate(shares).ravel()
    # What has no published score has no published share of satisfied answers either.
    satisfied[np.isnan(columns["score"])] = np.nan
    columns |= {"satisfied_share": satisfied, "note": note}
    before = list(columns).index("item")
    ordered = [*columns.items()]
    ordered.insert(before, ("dimension", dimension))
    return pd.DataFrame(dict(ordered), copy=False)


def _total(estimate: Estimate, method: ScoringMethod, suppressed: NDArray[np.bool_]) -> dict[str, Floats]:
    value, df = estimate.value[:, 0], estimate.df[:, 0]
    error, low, high = interval(value, estimate.variance[:, 0], df, method.level)
    columns = {"score": value, "std_error": error, "ci_low": low, "ci_high": high, "df": df}
    return {name: np.where(suppressed, np.nan, column) for name, column in columns.items()}


def _dimensions(
    instrument: Instrument, estimate: Estimate, suppressed: NDArray[np.bool_]
) -> Mapping[str, Floats]:
    return {
        code: np.where(suppressed, np.nan, estimate.value[:, 1 + d])
        for d, code in enumerate(instrument.dimension_codes)
    }


def _company_ids(responses: Responses, units: Units) -> pd.Series:
    """Name the id of each unit; where rows of one company have several (a finding), the last in order."""
    assert responses.company_id is not None
    codes = units.arrange(responses.company_id.codes)
    first = np.maximum.reduceat(codes, units.starts[:-1])
    return names_at(
        (*responses.company_id.names, ""), np.where(first < 0, len(responses.company_id.names), first)
    )


def _tidy(
    units: Units,
    sums: Tally,
    groups: Groups,
    industries: Estimate | None,
    overall: Estimate,
    method: ScoringMethod,
    kind: str,
    codes: tuple[str, ...],
    part: slice,
) -> dict[str, Any]:
    """Make the columns of a tidy table: the whole, then industries, then companies."""
    estimates = [overall, *([industries] if industries is not None else []), groups.companies]
    sizes = [estimate.value.shape[0] for estimate in estimates]
    # Where no interview has a total of its own, single items may still rest on enough of them.
    few = np.where(sums.total_n > 0, sums.total_n, sums.n) < method.company_min_n
    hidden = [_too_few(overall, method), few]
    if industries is not None:
        few_companies = industries.n_companies < method.industry_min_companies
        hidden.insert(1, few_companies | _too_few(industries, method))
    suppressed = np.repeat(np.concatenate(hidden), len(codes))
    value, variance, df, n = (
        np.concatenate([getattr(estimate, name)[:, part] for estimate in estimates]).ravel()
        for name in ("value", "variance", "df", "n")
    )
    error, low, high = interval(value, variance, df, method.level)
    levels = ("overall", "industry", "company") if industries is not None else ("overall", "company")
    level = np.repeat(np.repeat(np.arange(len(levels), dtype=np.int8), sizes), len(codes))
    no_industry, no_company = len(units.industry_names), len(units.company_names)
    industry, company = [np.array([no_industry])], [np.array([no_company])]
    if industries is not None:
        industry.append(groups.industry_codes)
        company.append(np.full(sizes[1], no_company))
    industry.append(units.industry)
    company.append(units.company)
    columns: dict[str, Any] = {"level": categories_at(levels, level)}
    if industries is not None:
        columns["industry"] = categories_at(
            (*units.industry_names, ""), np.repeat(np.concatenate(industry).astype(np.int32), len(codes))
        )
    columns["company"] = categories_at(
        (*units.company_names, ""), np.repeat(np.concatenate(company).astype(np.int32), len(codes))
    )
    columns[kind] = categories_at(codes, np.tile(np.arange(len(codes), dtype=np.int16), sum(sizes)))
    notes = np.where(suppressed, np.int8(1), np.where(np.isnan(value), np.int8(2), np.int8(0)))
    estimated = {"score": value, "std_error": error, "ci_low": low, "ci_high": high, "df": df}
    for column in estimated.values():
        column[notes > 0] = np.nan
    columns |= estimated | {"n": n.astype(np.int32)}
    columns["note"] = categories_at(
        ("", "suppressed: too few interviews or companies", "not enough answers"), notes
    )
    return columns
