"""A small made-up analysis of the agreed shape, for tests of what shows results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import pandas as pd

from satsurvey.instrument.model import Instrument
from satsurvey.intake.ledger import Ledger, UnusedRow

INDUSTRIES = (
    "银行",
    "证券",
    "互联网旅游",
    "通信",
    "保险",
    "公共服务",
    "互联网金融",
    "物流快递",
    "家电",
    "电力",
    "汽车",
    "教育培训",
    "医疗健康",
    "航空",
    "电子商务",
)
DIMENSIONS = {
    "A": ("接入便利", "Ease of access"),
    "B": ("沟通愉悦", "Pleasant communication"),
    "C": ("回应快与解决有效", "Quick response and effective solution"),
    "D": ("跟进及时", "Timely follow-up"),
    "E": ("起止礼仪", "Opening and closing etiquette"),
    "F": ("话务水平", "Telephone skill"),
}
NAN = float("nan")


@dataclass(frozen=True)
class Analysis:
    """The fields of an analysis that report reads."""

    instrument: Instrument
    companies: pd.DataFrame
    industries: pd.DataFrame
    dimensions: pd.DataFrame
    items: pd.DataFrame
    overall: pd.DataFrame
    breakdowns: pd.DataFrame
    ledger: Ledger
    method: Mapping[str, object]
    provenance: Mapping[str, object]
    notes: tuple[str, ...] = ()
    findings_summary: Sequence[Mapping[str, object]] = ()


@cache
def instrument() -> Instrument:
    return Instrument.model_validate(
        {
            "schema": "satsurvey.instrument/1",
            "id": "stand-in",
            "version": "1",
            "title": {"zh": "试验问卷", "en": "Trial"},
            "default_scale": "ten",
            "scales": {"ten": {"min": 1, "max": 10}},
            "dimensions": [
                {"code": code, "text": {"zh": zh, "en": en}} for code, (zh, en) in DIMENSIONS.items()
            ],
            "items": [
                {"code": f"{code}1", "dimension": code, "text": {"zh": f"{zh}的一项", "en": f"One of {en}"}}
                for code, (zh, en) in DIMENSIONS.items()
            ],
        }
    )


def ranked(scores: np.ndarray) -> dict[str, object]:
    """Give scores that fall from row to row the columns of a ranking."""
    count = len(scores)
    rank = np.arange(1, count + 1)
    return {
        "rank": rank,
        "rank_low": np.maximum(1, rank - 2),
        "rank_high": np.minimum(count, rank + 3),
        "expected_rank": rank + 0.25,
        "p_top_k": np.linspace(1, 0, count),
        "in_top_k": rank <= 3,
        "tier": [
            "above" if k < count / 3 else "not_distinguishable" if k < 2 * count / 3 else "below"
            for k in range(count)
        ],
        "shrunken_score": scores * 0.9 + 8,
        "shrunken_std_error": np.full(count, 0.5),
        "reliability": np.full(count, 0.8),
    }


def ranking_facts(publish: Mapping[str, str], *, rankability: float, difference: float) -> dict[str, object]:
    """What a ranking tells of its families, by name."""
    return {
        "ranked": 15,
        "prior_df": "infinite",
        "families": {
            name: {
                "units": 15,
                "critical_value": 3.25,
                "rankability": rankability,
                "detectable_difference": difference,
                "publish": gate,
            }
            for name, gate in publish.items()
        },
        "first_place": {
            "industry": "银行",
            "score": 89.47123,
            "corrected": 88.914,
            "corrected_low": 87.1,
            "corrected_high": 90.5,
        },
    }


def with_ranking(made: Analysis, **subjects: object) -> Analysis:
    ranking = made.method["ranking"]
    assert isinstance(ranking, dict)
    return with_method(made, ranking={**ranking, **subjects})


def published_as(made: Analysis, gate: str) -> Analysis:
    """Publish the ranking of the industries in another way."""
    return with_ranking(made, industries=ranking_facts({"": gate}, rankability=0.93, difference=2.5))


def estimates(scores: np.ndarray, std_error: float, n: int) -> dict[str, object]:
    count = len(scores)
    return {
        "score": scores,
        "std_error": np.full(count, std_error),
        "ci_low": scores - 2 * std_error,
        "ci_high": scores + 2 * std_error,
        "df": np.full(count, 19.0),
        "n": np.full(count, n),
        "n_effective": np.full(count, n * 0.9),
        "design_effect": np.full(count, 1 / 0.9),
        **{
            code: scores + shift
            for code, shift in zip(DIMENSIONS, (-6.3, 1.4, -2.8, -0.2, -1.7, 9.6), strict=True)
        },
        "suppressed": np.zeros(count, dtype=bool),
        "note": [""] * count,
    }


@cache
def analysis(industries: Sequence[str] = INDUSTRIES, *, companies_each: int = 3) -> Analysis:
    """Make an analysis: industries from best to worst, a few companies in each."""
    count = len(industries)
    scores = np.linspace(89.4712345678901, 77.0512345678901, count)
    first = pd.DataFrame(
        {
            "industry": list(industries),
            **estimates(scores, 0.62, 20 * companies_each),
            "n_companies": np.full(count, companies_each),
            **ranked(scores),
            "rankability": np.linspace(0.71, 0.92, count),
            "detectable_difference": np.full(count, 13.62),
            "publish": ["ranks"] * count,
        }
    )
    companies = pd.concat(
        [
            pd.DataFrame(
                {
                    "industry": name,
                    "company": [f"{name}企业{k + 1:02d}" for k in range(companies_each)],
                    **estimates(inside, 2.5, 20),
                    **ranked(inside),
                }
            )
            for name, score in zip(industries, scores, strict=True)
            for inside in [score + np.linspace(3, -3, companies_each)]
        ],
        ignore_index=True,
    )
    return Analysis(
        instrument(),
        companies,
        first,
        _dimensions(first, companies),
        _items(first, companies),
        _overall(first, companies),
        pd.DataFrame(columns=["by", "value"]),
        Ledger.of_file(
            "导出.csv",
            None,
            count * companies_each * 20 + 5,
            [
                UnusedRow("导出.csv", None, 2, "blank_row"),
                UnusedRow("导出.csv", None, 3, "blank_row"),
                UnusedRow("导出.csv", None, 9, "no_company", "=1+1"),
                UnusedRow("导出.csv", None, 11, "unreadable", "坏行"),
                UnusedRow("导出.csv", None, 12, "total_row"),
            ],
        ),
        {
            "conversion": "share_of_max",
            "conversion_formula": "x / max × 100",
            "order": "item_first",
            "dimension_weighting": "equal",
            "dimension_weights": dict.fromkeys(DIMENSIONS, 1 / 6),
            "item_weighting": "equal",
            "industry_level": "company_mean",
            "overall_level": "company_mean",
            "companies": "sample",
            "level": 0.95,
            "seed": 20260101,
            "draws": 10000,
            "rank_sets": "simultaneous",
            "tier_control": "simultaneous",
            "company_min_n": 20,
            "industry_min_companies": 3,
            "decimals": 2,
            "rounding": "half_up",
            "force_ranks": False,
            "ranking": {
                "industries": ranking_facts({"": "ranks"}, rankability=0.93, difference=2.5),
                "companies": ranking_facts(
                    dict.fromkeys(industries, "ranks"), rankability=0.8, difference=13.62
                ),
            },
        },
        {
            "inputs": [
                {
                    "name": "导出.csv",
                    "sha256": "ab" * 32,
                    "bytes": 1234,
                    "format": "csv",
                    "encoding": "gb18030",
                }
            ],
            "versions": {"satsurvey": "0.1.0", "python": "3.11"},
            "options": {"lang": "zh", "top_k": None},
            "created": "2026-01-02T03:04:05+00:00",
        },
        ("模拟数据，不是真实的企业",),
        [{"rule": "out_of_range", "severity": "error", "n": 3}, {"rule": "late", "severity": "note", "n": 1}],
    )


def with_method(made: Analysis, **choices: object) -> Analysis:
    return replace(made, method={**made.method, **choices})


def companies_only() -> Analysis:
    """An analysis of an export without a column of industries."""
    made = analysis(("",), companies_each=6)
    return replace(
        made,
        industries=made.industries.iloc[:0],
        companies=made.companies.drop(columns="industry"),
        dimensions=made.dimensions.loc[made.dimensions["level"] != "industry"].reset_index(drop=True),
        items=made.items.loc[made.items["level"] != "industry"].reset_index(drop=True),
    )


def suppressed(made: Analysis, company: int, *, n: int = 7) -> Analysis:
    """Mark one company as having too few interviews; its numbers are left standing, to be withheld later."""
    companies = made.companies.copy()
    companies.loc[company, ["suppressed", "n"]] = [True, n]
    return replace(made, companies=companies)


def _owners(industries: pd.DataFrame, companies: pd.DataFrame) -> list[tuple[str, str, str, float, int]]:
    rows = [("overall", "", "", 83.71, int(companies["n"].sum()))]
    rows += [("industry", r.industry, "", r.score, r.n) for r in industries.itertuples()]
    rows += [("company", r.industry, r.company, r.score, r.n) for r in companies.itertuples()]
    return rows


def _dimensions(industries: pd.DataFrame, companies: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "level": level,
                "industry": industry,
                "company": company,
                "dimension": code,
                "score": score,
                "std_error": 1.0,
                "ci_low": score - 2,
                "ci_high": score + 2,
                "df": 19.0,
                "n": n,
                "note": "",
            }
            for level, industry, company, score, n in _owners(industries, companies)
            for code in DIMENSIONS
        ]
    )


def _items(industries: pd.DataFrame, companies: pd.DataFrame) -> pd.DataFrame:
    frame = _dimensions(industries, companies).drop(columns="note")
    frame.insert(4, "item", frame["dimension"] + "1")
    absent = ("blank", "not_asked", "skipped", "dont_know", "refused", "not_applicable", "invalid")
    return frame.assign(**{f"n_{reason}": k for k, reason in enumerate(absent)}, satisfied_share=0.731)


def _overall(industries: pd.DataFrame, companies: pd.DataFrame) -> pd.DataFrame:
    scores = np.array([83.71])
    frame = pd.DataFrame(estimates(scores, 0.31, int(companies["n"].sum()))).drop(
        columns=["suppressed", "note"]
    )
    return frame.assign(n_industries=len(industries), n_companies=len(companies))
