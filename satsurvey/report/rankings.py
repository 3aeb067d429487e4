"""The tables that answer the main question: industries ranked, companies ranked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from satsurvey.errors import MethodError
from satsurvey.instrument.model import Language
from satsurvey.report.cells import Withheld, is_absent, printable
from satsurvey.report.labels import label
from satsurvey.report.layout import (
    Body,
    Table,
    intervals,
    leaves_the_scale,
    listed,
    named_column,
    rank_sets,
    texts,
)
from satsurvey.report.notes import Subject, display_style, family_facts, table_notes
from satsurvey.report.published import TIER_ORDER, Published

if TYPE_CHECKING:
    from satsurvey.analysis import Analysis

COMPARISON = 1.39
"""Half-width of a comparison bar in standard errors, about 1.96/√2 (Goldstein and Healy 1995)."""
FIRST_DIMENSION = 10
"""Dimensions are the first columns to go where room is short; counts follow."""


def main_table(analysis: Analysis, language: Language) -> Table:
    """Build the ranking of industries, or of companies where the export names no industry."""
    return (
        industry_table(analysis, language) if len(analysis.industries) else company_table(analysis, language)
    )


def industry_table(analysis: Analysis, language: Language, *, full: bool = False) -> Table:
    """Build the ranking of industries.

    Parameters
    ----------
    analysis
        The study's estimates.
    language
        "zh" or "en".
    full
        Add what the narrow table leaves out: standard error, degrees of freedom, effective n, design effect,
        expected rank, shrunken score, and what can be said of the companies inside.

    Returns
    -------
    Table
        Best first, with the overall score below. Under `tiers_only` no ranks, grouped by tier and by name
        inside a tier, so that the order says nothing; under `tiers_first` the tier stands before the rank.
        The ranking's own account in `method["ranking"]` says which; the column `publish` of the frame
        speaks of the companies inside an industry.
    """
    everything = Published(analysis)
    frame = everything.industries
    publish = [_gate(analysis, "industries") or "ranks"] * len(frame)
    body = Body(frame)
    body.add("industry", "text")
    _add_score(analysis, body, "industries", language)
    body.add("n_companies", "integer", optional=1)
    body.add("n", "integer", optional=2)
    body.add_dimensions(analysis.instrument.dimensions, optional=FIRST_DIMENSION)
    if full:
        body.add_precision()
        if "std_error" in frame:
            half = [
                COMPARISON * float(error) for error in frame["std_error"].to_numpy(float, na_value=np.nan)
            ]
            body.put(named_column("half_bar", "score"), half)
        body.add("rankability", "ratio")
        body.add("detectable_difference", "score")
        body.add("publish", "word")
    footer = _overall_row(everything.overall, body, {"industry": label("all", language)})
    return _ranking(analysis, "industries", body, publish, footer, language)


def company_table(
    analysis: Analysis, language: Language, industry: str | None = None, *, full: bool = False
) -> Table:
    """Build the ranking of companies, of one industry or of all, industry by industry.

    Ranks are within the industry, or over all companies where the export names no industry.

    Parameters
    ----------
    analysis, language, full
        As in `industry_table`.
    industry
        The industry to show; None shows all.

    Raises
    ------
    MethodError
        No industry has that name.
    """
    everything = Published(analysis)
    frame = everything.companies
    has_industries = "industry" in frame and len(everything.industries) > 0
    if industry is not None:
        known = sorted(set(texts(frame, "industry"))) if has_industries else []
        if industry not in known:
            raise MethodError(
                "there is no such industry",
                value=industry,
                expected=", ".join(known) or "none: the export has no industry column",
                next_step="give an industry as it stands in the export, or leave it out",
            )
        frame = frame.loc[frame["industry"] == industry].reset_index(drop=True)
    body = Body(frame)
    if has_industries and industry is None:
        body.add("industry", "text")
    body.add("company", "text")
    body.add("company_id", "text", optional=3)
    _add_score(analysis, body, "companies", language)
    body.add("n", "integer", optional=2)
    body.add_dimensions(analysis.instrument.dimensions, optional=FIRST_DIMENSION)
    if full:
        body.add_precision()
        if has_industries and "rank_overall" in frame:
            ranks = rank_sets(frame, "rank_overall", "rank_overall_low", "rank_overall_high")
            body.put(named_column("rank_overall", "rank_set"), ranks)
    publish = _company_publish(analysis, frame, everything.industries)
    table = _ranking(analysis, "companies", body, publish, (), language, industry)
    return table if industry is None else replace(table, title=f"{table.title} · {printable(industry)}")


def _ranking(
    analysis: Analysis,
    subject: Subject,
    body: Body,
    publish: Sequence[str],
    footer: tuple[object, ...],
    language: Language,
    family: str | None = None,
) -> Table:
    """Put rank and tier where the way of publishing wants them, order the rows, and add the notes."""
    frame = body.frame
    tiers = texts(frame, "tier")
    ranks = rank_sets(frame, "rank", "rank_low", "rank_high")
    full = Body(frame)
    tier_leads = any(gate != "ranks" for gate in publish)
    if tier_leads:
        full.put(named_column("tier", "word"), tiers)
    shown = [None if gate == "tiers_only" else rank for gate, rank in zip(publish, ranks, strict=True)]
    full.put(named_column("rank", "rank_set"), shown)
    before = len(full.columns)
    for column, values in body:
        full.put(column, values)
    if not tier_leads:
        full.put(named_column("tier", "word"), tiers)
    full.add_notes(language)
    rows = full.rows()
    groups = list(
        zip(
            texts(frame, "industry") if subject == "companies" else [""] * len(frame),
            (tier if gate == "tiers_only" else "" for tier, gate in zip(tiers, publish, strict=True)),
            strict=True,
        )
    )
    order = _order(groups, publish, texts(frame, "industry" if subject == "industries" else "company"))
    decimals, rule = display_style(analysis.method)
    beyond = leaves_the_scale((*rows, footer), decimals, rule)
    notes = table_notes(analysis, language, subject, family, beyond=beyond)
    if "tiers_only" in publish:
        zh = "标为“—”的名次因可排名度不足而不发布：按档次分组，同档之内按名称排列，先后没有意义"
        en = "Ranks shown as — are not published, for want of rankability; inside a tier the order is by name"
        notes = (zh if language == "zh" else en, *notes)
    if footer:
        after = len(full.columns) - before - len(footer)
        footer = (*[""] * before, *footer, *[""] * after)
    return Table(
        label(f"title_{subject}", language),
        tuple(full.columns),
        tuple(rows[place] for place in order),
        notes,
        footer,
        tuple(k for k in range(1, len(order)) if groups[order[k]] != groups[order[k - 1]]),
        language,
        decimals,
        rule,
    )


def _order(groups: Sequence[tuple[str, str]], publish: Sequence[str], names: Sequence[str]) -> list[int]:
    """Keep the published order (best first), but let it rank nothing that is published in tiers only."""
    homes: dict[str, int] = {}
    for home, _ in groups:
        homes.setdefault(home, len(homes))
    tier_places = {tier: place for place, tier in enumerate(TIER_ORDER)}

    def key(place: int) -> tuple[int, int, str, int]:
        home, tier = groups[place]
        if publish[place] == "tiers_only":
            return homes[home], tier_places.get(tier, len(tier_places)), names[place], place
        return homes[home], 0, "", place

    return sorted(range(len(groups)), key=key)


def _gate(analysis: Analysis, subject: Subject, family: str = "") -> str:
    """Return how a family is published, or "" where the method does not say."""
    if analysis.method.get("force_ranks"):
        return "ranks"
    gate = family_facts(analysis, subject, family).get("publish")
    return gate if isinstance(gate, str) else ""


def _company_publish(analysis: Analysis, frame: pd.DataFrame, industries: pd.DataFrame) -> list[str]:
    by_industry = dict(zip(texts(industries, "industry"), texts(industries, "publish", "ranks"), strict=True))
    # The column of the industries speaks of the companies inside them.
    homes = texts(frame, "industry") if by_industry else [""] * len(frame)
    gates = {
        home: _gate(analysis, "companies", home) or by_industry.get(home, "ranks") for home in set(homes)
    }
    return [gates[home] for home in homes]


def _add_score(analysis: Analysis, body: Body, subject: Subject, language: Language) -> None:
    """Append the score with its interval; a suppressed row says why it has none."""
    cells: list[object] = list(intervals(body.frame))
    if "suppressed" in body.frame:
        count, key = (
            ("n", "company_min_n") if subject == "companies" else ("n_companies", "industry_min_companies")
        )
        least = analysis.method.get(key)
        counts = listed(body.frame, count)
        word = "n" if subject == "companies" else label("n_companies", language)
        for place in np.flatnonzero(body.frame["suppressed"].to_numpy(dtype=bool)):
            few = (
                isinstance(least, int) and not is_absent(counts[place]) and float(str(counts[place])) < least
            )
            cells[place] = Withheld(f"{word} < {least}" if few else "")
    body.put(named_column("score", "interval", words="score_interval"), cells)


def _overall_row(overall: pd.DataFrame, body: Body, words: Mapping[str, str]) -> tuple[object, ...]:
    """Put the overall estimate into the columns of a ranking."""
    if overall.empty:
        return ()
    return tuple(
        words[column.key]
        if column.key in words
        else (intervals(overall)[0] if column.kind == "interval" else listed(overall, column.key)[0])
        for column in body.columns
    )
