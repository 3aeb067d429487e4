"""The ranking of companies and industries: rank sets, tiers, shrunken scores, and whether to publish."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Protocol, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from satsurvey.errors import MethodError
from satsurvey.scoring.posterior_ranks import expected_ranks, top_probabilities
from satsurvey.scoring.ranksets import FamilySets, Progress, RankSets, Sets, rank_sets
from satsurvey.scoring.shrinkage import Shrinkage, shrink
from satsurvey.scoring.tiers import (
    TierControl,
    detectable_difference,
    tiers_by_critical_value,
    tiers_by_false_discovery_rate,
)
from satsurvey.scoring.winner import correct_winner

__all__ = ["Ranking", "ScoredFrames", "detectable_difference", "publishable", "rank", "rankability"]

Floats = NDArray[np.float64]
Publish = Literal["ranks", "tiers_first", "tiers_only"]

_TIERS_ONLY_UNDER = 0.5
_RANKS_FROM = 0.7
_WORKERS = 2
_KEYS = ("industry", "company", "company_id")
_COUNTS = ("rank", "rank_low", "rank_high")


class ScoredFrames(Protocol):
    """What a ranking needs of scores: the frames of companies and of industries."""

    @property
    def companies(self) -> pd.DataFrame:
        """One row per company: keys, score, std_error, df, n, suppressed."""

    @property
    def industries(self) -> pd.DataFrame:
        """One row per industry: industry, score, std_error, df, suppressed."""


@dataclass(frozen=True)
class Ranking:
    """Ranks of companies and industries at full precision, row by row as in the scores.

    Attributes
    ----------
    companies
        The keys and: rank, rank_low, rank_high (within the industry; whole numbers, missing where none is
        published), rank_low_marginal and rank_high_marginal when both kinds of set are asked for,
        rank_overall, rank_overall_low, rank_overall_high (over all companies), expected_rank, p_top_k,
        in_top_k, tier, shrunken_score, shrunken_std_error, reliability.
    industries
        The industry, the same columns for the industries among themselves (none overall), and of the
        companies inside it: rankability, detectable_difference, publish. Empty without industries.
    method
        Every choice and every quantity the ranks rest on, as plain numbers and words, by `companies` and
        `industries`.
    notes
        What a reader has to know.
    """

    companies: pd.DataFrame
    industries: pd.DataFrame
    method: Mapping[str, Any]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Choices:
    level: float
    draws: int
    seed: int
    sets: Sets
    top_k: int
    tier_control: TierControl
    force_ranks: bool


@dataclass
class _Table:
    """The columns of one frame while they are filled in."""

    keys: pd.DataFrame
    integers: dict[str, tuple[NDArray[np.int64], NDArray[np.bool_]]] = field(default_factory=dict)
    numbers: dict[str, Floats] = field(default_factory=dict)
    words: dict[str, NDArray[np.str_]] = field(default_factory=dict)
    in_top_k: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, dtype=np.bool_))

    def put(self, name: str, members: NDArray[np.intp], values: NDArray[Any] | float | str) -> None:
        """Write values of some rows; the other rows stay missing, 0 or empty."""
        rows = len(self.keys)
        if isinstance(values, str) or (isinstance(values, np.ndarray) and values.dtype.kind == "U"):
            self.words.setdefault(name, np.full(rows, "", dtype="<U20"))[members] = values
        elif isinstance(values, np.ndarray) and values.dtype.kind == "i":
            missing = (np.zeros(rows, dtype=np.int64), np.ones(rows, dtype=np.bool_))
            column, mask = self.integers.setdefault(name, missing)
            column[members], mask[members] = values, False
        else:
            self.numbers.setdefault(name, np.full(rows, np.nan))[members] = values

    def frame(self, order: list[str]) -> pd.DataFrame:
        """Return the frame with the columns named, all of them present."""
        rows = len(self.keys)
        columns: dict[str, Any] = {name: self.keys[name] for name in self.keys.columns}
        for name in order:
            if name == "in_top_k":
                columns[name] = self.in_top_k
            elif name in ("tier", "publish"):
                columns[name] = pd.array(self.words.get(name, np.full(rows, "")), dtype="str")
            elif name.startswith("rank_") or name == "rank":
                missing = (np.zeros(rows, dtype=np.int64), np.ones(rows, dtype=np.bool_))
                columns[name] = pd.arrays.IntegerArray(*self.integers.get(name, missing))
            else:
                columns[name] = self.numbers.get(name, np.full(rows, np.nan))
        return pd.DataFrame(columns, index=self.keys.index)


def rank(
    scores: ScoredFrames,
    *,
    level: float = 0.95,
    draws: int = 10_000,
    seed: int = 20191,
    sets: Sets = "simultaneous",
    top_k: int = 3,
    tier_control: TierControl = "simultaneous",
    force_ranks: bool = False,
    overall: bool = True,
    companies: bool = True,
    progress: Progress | None = None,
) -> Ranking:
    """Rank companies within their industries and overall, and industries among themselves.

    Parameters
    ----------
    scores
        Scores with standard errors, as `satsurvey.score` makes them.
    level
        Confidence of rank sets and tiers, over 0.5 and under 1.
    draws, seed
        Draws of the bootstrap and of the posterior, and their seed. Draws belong to companies in the order of
        their names, so that the order of rows changes nothing.
    sets
        What rank_low and rank_high hold: `simultaneous` sets (all true ranks of the family lie inside
        together), `marginal` ones (each by itself), or `both`: then the simultaneous, with the marginal
        beside.
    top_k
        K of p_top_k and in_top_k.
    tier_control
        `simultaneous`: no false tier in a family, with the level; `fdr`: few false tiers among those told
        apart.
    force_ranks
        Publish ranks even where they rest on noise; the notes say so.
    overall
        Whether companies are also ranked over all industries.
    companies
        Whether companies get ranks, sets and tiers, which takes most of the time. Without them their columns
        are empty where there are industries, and the industries still say what is known of the companies
        inside.
    progress
        Called with the draws done and the draws to do, for companies.

    Returns
    -------
    Ranking

    Raises
    ------
    MethodError
        An option is out of its range.

    Notes
    -----
    Rankability ρ = τ² / (τ² + median SE²), with moderated SE² and τ² by REML. Under 0.5 a family gets no
    ranks, only tiers (`tiers_only`); under 0.7 tiers come first (`tiers_first`). in_top_k marks the units
    that cannot be excluded from the first K: their simultaneous lower rank bound is at most K. Tiers compare
    with the mean of the family's ranked units, each counting once. Suppressed units stay as rows without
    values. The variances of industries are taken to rest on df + 1 companies.

    References
    ----------
    van Houwelingen, H. C., Brand, R. and Louis, T. A. (2020). Empirical Bayes methods for monitoring health
    care quality. arXiv:2009.03058 (rankability).
    Mogstad, M., Romano, J. P., Shaikh, A. M. and Wilhelm, D. (2024). Review of Economic Studies 91.
    """
    if top_k < 1:
        raise MethodError("the first places are at least one", value=top_k)
    if tier_control not in get_args(TierControl):
        raise MethodError(
            "unknown control of tiers", value=tier_control, expected=", ".join(get_args(TierControl))
        )
    choices = _Choices(level, draws, seed, sets, top_k, tier_control, force_ranks)
    of_companies = choices if companies or scores.industries.empty else replace(choices, sets="none")
    notes: list[str] = []
    scored, industries = scores.companies, scores.industries
    labels = scored["industry"].astype(str).to_numpy() if "industry" in scored else None
    if industries.empty:
        industries = pd.DataFrame({name: np.zeros(0) for name in ("score", "std_error", "df")})
        industries.insert(0, "industry", np.zeros(0, dtype="<U1"))
    industry_size = industries["df"].to_numpy(float) + 1
    industry_notes: list[str] = []
    with ThreadPoolExecutor(1) as aside:
        # Industries are ranked beside the companies: neither needs the other.
        second = aside.submit(
            _rank_frame,
            industries,
            None,
            industry_size,
            choices,
            industry_notes,
            "industries",
            False,
            None,
        )
        company_table, company_method, inside = _rank_frame(
            scored, labels, scored["n"].to_numpy(float), of_companies, notes, "companies", overall, progress
        )
        industry_table, industry_method, _ = second.result()
    notes += industry_notes
    method: dict[str, Any] = {
        "level": level,
        "draws": draws,
        "seed": seed,
        "sets": sets,
        "top_k": top_k,
        "tier_control": tier_control,
        "force_ranks": force_ranks,
        "companies": company_method,
    }
    order = [*_COUNTS]
    if sets == "both":
        order += ["rank_low_marginal", "rank_high_marginal"]
    overall_columns = ["rank_overall", "rank_overall_low", "rank_overall_high"] if overall else []
    rest = [
        "expected_rank",
        "p_top_k",
        "in_top_k",
        "tier",
        "shrunken_score",
        "shrunken_std_error",
        "reliability",
    ]
    company_frame = company_table.frame([*order, *overall_columns, *rest])
    method["industries"] = industry_method
    for row, name in enumerate(industries["industry"].astype(str)):
        place = np.array([row], dtype=np.intp)
        family = inside.get(str(name))
        industry_table.put("publish", place, "tiers_only" if family is None else str(family["publish"]))
        if family is not None:
            share = family["rankability"]
            industry_table.put("rankability", place, float("nan") if share is None else float(share))
            industry_table.put("detectable_difference", place, float(family["detectable_difference"]))
    industry_frame = industry_table.frame([*order, *rest, "rankability", "detectable_difference", "publish"])
    return Ranking(company_frame, industry_frame, method, tuple(dict.fromkeys(notes)))


def _rank_frame(
    frame: pd.DataFrame,
    labels: NDArray[Any] | None,
    size: Floats,
    choices: _Choices,
    notes: list[str],
    what: str,
    overall: bool,
    progress: Progress | None,
) -> tuple[_Table, dict[str, Any], dict[str, dict[str, Any]]]:
    """Rank the rows of a frame inside the families of their labels; also return the facts by label."""
    keys = frame[[name for name in _KEYS if name in frame]]
    table = _Table(keys, in_top_k=np.zeros(len(frame), dtype=np.bool_))
    candidates, codes, names = _canonical(frame, keys, labels)
    score, std_error = (frame[name].to_numpy(float)[candidates] for name in ("score", "std_error"))
    df, n = frame["df"].to_numpy(float)[candidates], size[candidates]
    found = rank_sets(
        score,
        std_error,
        df=df,
        n=n,
        family=codes,
        level=choices.level,
        draws=choices.draws,
        seed=choices.seed,
        # the first places need the simultaneous sets in any case
        sets="both" if choices.sets == "marginal" else choices.sets,
        overall=overall,
        deviations=choices.tier_control == "simultaneous",
        progress=progress,
    )
    notes.extend(f"{what}: {note}" for note in found.notes)
    _name_left_out(keys, candidates, ~found.ranked, what, notes)
    families: dict[str, dict[str, Any]] = {}
    ranked = [_Family(found, family, score, df, n, choices) for family in found.families]
    with ThreadPoolExecutor(_WORKERS) as pool:
        chances = list(pool.map(_Family.first_places, ranked))
    for code, here, chance in zip(found.codes, ranked, chances, strict=True):
        label = names[code]
        here.warn(f"{what} of {label}" if label else what, notes)
        if choices.sets != "none":
            here.fill(table, candidates[here.family.members], chance)
        families[label] = here.facts()
    method: dict[str, Any] = {
        "ranked": int(found.ranked.sum()),
        "prior_df": _plain(float(found.moderation.prior_df)),
        "prior_sd": _plain(float(np.sqrt(found.moderation.prior_variance))),
        "families": families,
    }
    if found.overall is not None:
        everything = found.overall
        together = _Family(found, everything, score, df, n, choices)
        method["overall"] = together.facts()
        if len(found.families) == 1:
            method["overall"] = families[names[found.codes[0]]]
        together.warn(f"all {what} together", notes)
        together.fill_overall(table, candidates[everything.members])
    whole = method.get("overall") or next(iter(families.values()), {})
    published = whole.get("publish") != "tiers_only" or choices.force_ranks
    if found.ranked.any() and published and choices.sets != "none":
        # Where no ranks are published, the first place is not either.
        method["first_place"] = _first_place(keys, candidates, score, found, choices.level)
    return table, method, families


def _canonical(
    frame: pd.DataFrame, keys: pd.DataFrame, labels: NDArray[Any] | None
) -> tuple[NDArray[np.intp], NDArray[np.intp], list[str]]:
    """Return the rows not suppressed, ordered by name, with their family codes and the families' names."""
    shown = (
        ~frame["suppressed"].to_numpy(bool) if "suppressed" in frame else np.ones(len(frame), dtype=np.bool_)
    )
    texts = [keys[name].astype(str).to_numpy(dtype=str) for name in keys.columns]
    order = np.lexsort(texts[::-1]) if texts else np.arange(len(frame))
    candidates = order[shown[order]]
    if labels is None:
        return candidates, np.zeros(candidates.size, dtype=np.intp), [""]
    names, codes = np.unique(labels[candidates].astype(str), return_inverse=True)
    return candidates, codes.astype(np.intp), [str(name) for name in names]


def _name_left_out(
    keys: pd.DataFrame,
    candidates: NDArray[np.intp],
    left_out: NDArray[np.bool_],
    what: str,
    notes: list[str],
) -> None:
    if not left_out.any():
        return
    name = "company" if "company" in keys else "industry"
    labels = keys[name].astype(str).to_numpy()[candidates[left_out]]
    more = f" and {labels.size - 10} more" if labels.size > 10 else ""
    notes.append(f"{what} without a rank, for lack of a standard error: {', '.join(labels[:10])}{more}")


class _Family:
    """One family with everything that is said of its units."""

    def __init__(
        self, found: RankSets, family: FamilySets, score: Floats, df: Floats, n: Floats, choices: _Choices
    ) -> None:
        self.family, self.choices = family, choices
        members = family.members
        self.variance = np.square(found.std_error[members])
        self.shrunken: Shrinkage = shrink(score[members], self.variance)
        self.df = df[members] + float(found.moderation.prior_df)
        self.rankability = rankability(self.shrunken.tau2, self.variance)
        self.publish = publishable(self.rankability)
        pooled = float((found.moderation.variance[members] * df[members]).sum() / df[members].sum())
        self.detectable = detectable_difference(
            float(np.sqrt(pooled)), float(members.size / (1 / n[members]).sum()), level=choices.level
        )

    def facts(self) -> dict[str, Any]:
        """Return the numbers of the family that belong into the method of the ranking."""
        family = self.family
        return {
            "units": int(family.members.size),
            "critical_value": _plain(family.critical),
            "critical_value_single_step": _plain(family.critical_single_step),
            "critical_value_tiers": _plain(family.critical_deviation),
            "mean": self.shrunken.mean,
            "tau2": _plain(self.shrunken.tau2),
            "rankability": _plain(self.rankability),
            "detectable_difference": self.detectable,
            "publish": self.publish,
        }

    @property
    def ranks_shown(self) -> bool:
        """Whether ranks are printed for this family."""
        return self.publish != "tiers_only" or self.choices.force_ranks

    def sets(self) -> tuple[NDArray[np.int64] | None, NDArray[np.int64] | None]:
        """Return the bounds of the kind asked for."""
        if self.choices.sets == "marginal":
            return self.family.low_marginal, self.family.high_marginal
        return self.family.low, self.family.high

    def first_places(self) -> Floats | None:
        """Return the chance of each unit of one of the first places, None where no ranks are shown."""
        if not self.ranks_shown or self.choices.sets == "none":
            return None
        choices, shrunken = self.choices, self.shrunken
        return top_probabilities(
            shrunken.estimate,
            shrunken.variance,
            top_k=choices.top_k,
            draws=choices.draws,
            seed=choices.seed,
        )

    def fill(self, table: _Table, rows: NDArray[np.intp], chance: Floats | None) -> None:
        """Write the columns of the ranking within the family, with the chances of the first places."""
        family, choices = self.family, self.choices
        if self.ranks_shown:
            low, high = self.sets()
            table.put("rank", rows, family.rank)
            for name, bound in (
                ("rank_low", low),
                ("rank_high", high),
                ("rank_low_marginal", family.low_marginal),
                ("rank_high_marginal", family.high_marginal),
            ):
                if bound is not None:
                    table.put(name, rows, bound)
        if family.low is not None and self.ranks_shown:
            table.in_top_k[rows] = family.low <= choices.top_k
        if chance is not None:
            table.put("expected_rank", rows, expected_ranks(self.shrunken.estimate, self.shrunken.variance))
            table.put("p_top_k", rows, chance)
        table.put("shrunken_score", rows, self.shrunken.estimate)
        table.put("shrunken_std_error", rows, np.sqrt(self.shrunken.variance))
        table.put("reliability", rows, self.shrunken.reliability)
        if choices.tier_control == "fdr":
            tier = tiers_by_false_discovery_rate(
                family.deviation, family.deviation_std_error, df=self.df, rate=1 - choices.level
            )
        else:
            tier = tiers_by_critical_value(
                family.deviation, family.deviation_std_error, critical=family.critical_deviation
            )
        table.put("tier", rows, tier)

    def fill_overall(self, table: _Table, rows: NDArray[np.intp]) -> None:
        """Write the columns of the ranking over all families."""
        if self.ranks_shown and self.choices.sets != "none":
            low, high = self.sets()
            table.put("rank_overall", rows, self.family.rank)
            if low is not None and high is not None:
                table.put("rank_overall_low", rows, low)
                table.put("rank_overall_high", rows, high)

    def warn(self, where: str, notes: list[str]) -> None:
        """Say why there are no ranks, or that they were forced."""
        if self.family.members.size == 1:
            notes.append(f"{where}: only one takes part, so there is nothing to rank")
        elif self.publish == "tiers_only":
            why = f"{where}: rankability {self.rankability:.2f} is under {_TIERS_ONLY_UNDER}"
            if self.choices.force_ranks:
                notes.append(f"{why}; ranks were forced and rest mostly on noise")
            else:
                notes.append(f"{why}, no ranks but tiers only")
        elif self.publish == "tiers_first":
            notes.append(
                f"{where}: rankability {self.rankability:.2f} is under {_RANKS_FROM}, read tiers first"
            )


def rankability(tau2: float, variance: Floats) -> float:
    """Return τ² / (τ² + median SE²): the share of the differences between scores that is no noise.

    NaN where τ² is not defined, 0 where there are neither differences nor noise.
    """
    if np.isnan(tau2) or not variance.size:
        return float("nan")
    total = tau2 + float(np.median(variance))
    return tau2 / total if total > 0 else 0.0


def publishable(share: float) -> Publish:
    """Return what a family of this rankability may publish; without a rankability, tiers only."""
    if not share >= _TIERS_ONLY_UNDER:
        return "tiers_only"
    return "tiers_first" if share < _RANKS_FROM else "ranks"


def _plain(number: float) -> float | str | None:
    """Return a number that any file format can hold: nothing for NaN, a word for infinity."""
    if np.isnan(number):
        return None
    return "infinite" if np.isinf(number) else number


def _first_place(
    keys: pd.DataFrame, candidates: NDArray[np.intp], score: Floats, found: RankSets, level: float
) -> dict[str, Any]:
    ranked = np.flatnonzero(found.ranked)
    result = correct_winner(score[ranked], found.std_error[ranked], level=level)
    row = candidates[ranked[result.winner]]
    return {
        **{name: str(keys[name].iloc[row]) for name in keys.columns},
        "score": result.score,
        "corrected": result.hybrid,
        "corrected_low": result.hybrid_low,
        "corrected_high": result.hybrid_high,
    }
