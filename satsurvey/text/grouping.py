"""Shares of comments by question, industry, company and aspect, each table made when it is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from satsurvey.text.comment_columns import Comments
from satsurvey.text.confusion import ConfusionTable
from satsurvey.text.readings import ASPECTS, NONE, Readings
from satsurvey.text.shares import Design, aspect_frame, label_columns


@dataclass(frozen=True)
class Grouping:
    """Comments with what was read in them, to be counted by whom they are about.

    Attributes
    ----------
    comments, readings, missing
        As in `satsurvey.text.comments.CommentScores`.
    table
        The measured error of the engine, or None.
    level
        Confidence level.
    """

    comments: Comments
    readings: Readings
    missing: NDArray[np.bool_]
    table: ConfusionTable | None
    level: float

    def overall(self) -> pd.DataFrame:
        """Return the shares of all comments, one row."""
        return self._labels(self._everything)

    def questions(self) -> pd.DataFrame:
        """Return the shares of every column of comments."""
        questions = self.comments.questions
        design = Design(
            self.comments.question.astype(np.int64),
            len(questions),
            self._between,
            self.comments.weight,
            self._strata,
        )
        return self._labels(
            design,
            column=[question.name for question in questions],
            heading=[question.heading for question in questions],
        )

    def industries(self) -> pd.DataFrame:
        """Return the shares of every industry; no rows where the comments name none."""
        industry = self.comments.industry
        if industry is None:
            return pd.DataFrame()
        return self._labels(self._by_industry(), industry=list(industry.names))

    def companies(self) -> pd.DataFrame:
        """Return the shares of every company; no rows where the comments name none."""
        if self._company is None:
            return pd.DataFrame()
        above, own = self._names
        return self._labels(self._by_company(), industry=above, company=own)

    def aspects(self) -> pd.DataFrame:
        """Return how often every aspect is spoken of, and how: overall, by industry, by company."""
        parts = [self._aspects(self._everything).assign(level="overall", industry="", company="")]
        industry = self.comments.industry
        if industry is not None:
            found = self._aspects(self._by_industry())
            if len(found):
                names = [industry.names[k] for k in found["group"]]
                parts.append(found.assign(level="industry", industry=names, company=""))
        if self._company is not None:
            found = self._aspects(self._by_company())
            if len(found):
                above, own = self._names
                parts.append(
                    found.assign(
                        level="company",
                        industry=[above[k] for k in found["group"]],
                        company=[own[k] for k in found["group"]],
                    )
                )
        parts = [part for part in parts if len(part)]
        if not parts:
            return pd.DataFrame()
        together = pd.concat(parts, ignore_index=True)
        first = ["level", "industry", "company", "aspect"]
        return together[[*first, *(c for c in together.columns if c not in {*first, "group"})]]

    def _labels(self, design: Design, **names: object) -> pd.DataFrame:
        found = label_columns(self.readings.label, self.missing, design, table=self.table, level=self.level)
        return pd.DataFrame(names | found)

    def _aspects(self, design: Design) -> pd.DataFrame:
        says = ~self.missing & (self.readings.label != NONE)
        return aspect_frame(ASPECTS, *self._spoken, says, design, level=self.level)

    @cached_property
    def _spoken(self) -> tuple[NDArray[np.int64], NDArray[np.int8], NDArray[np.int8]]:
        return self.readings.aspect_labels()

    @cached_property
    def _everything(self) -> Design:
        everything = np.zeros(len(self.comments), np.int64)
        return Design(everything, 1, self._between, self.comments.weight, self._strata)

    def _by_industry(self) -> Design:
        industry = self.comments.industry
        codes = np.zeros(0, np.int64) if industry is None else industry.codes.astype(np.int64)
        n = 0 if industry is None else len(industry.names)
        return Design(codes, n, self._between, self.comments.weight, self._strata)

    def _by_company(self) -> Design:
        codes = np.zeros(0, np.int64) if self._company is None else self._company
        return Design(codes, int(codes.max(initial=-1)) + 1, self._respondent, self.comments.weight)

    @cached_property
    def _respondent(self) -> NDArray[np.int64] | None:
        """Who said each comment, or None where everybody said one."""
        who = self.comments.respondent
        return None if np.unique(who).size == who.size else who

    @cached_property
    def _between(self) -> NDArray[np.int64] | None:
        """What comments cluster in: companies, or else respondents."""
        if self._strata is not None:
            return self.comments.respondent
        return self._respondent if self._company is None else self._company

    @cached_property
    def _strata(self) -> NDArray[np.int64] | None:
        """Companies that are all there are: only what their respondents say is chance."""
        return self._company if self.comments.companies == "census" else None

    @cached_property
    def _company(self) -> NDArray[np.int64] | None:
        """Companies by number within industries: one name in two industries is two companies."""
        company, industry = self.comments.company, self.comments.industry
        if company is None:
            return None
        codes = company.codes.astype(np.int64)
        if industry is None:
            return codes
        key = np.where(codes < 0, -1, (industry.codes.astype(np.int64) + 1) * len(company.names) + codes)
        named = np.unique(key[key >= 0])
        return np.where(key < 0, -1, np.searchsorted(named, key))

    @cached_property
    def _names(self) -> tuple[list[str], list[str]]:
        """The industry and the name of every company."""
        codes, company, industry = self._company, self.comments.company, self.comments.industry
        if codes is None or company is None:
            return [], []
        firsts = np.zeros(int(codes.max(initial=-1)) + 1, dtype=np.int64)
        inside = np.flatnonzero(codes >= 0)[::-1]
        firsts[codes[inside]] = inside
        own = [company.names[k] for k in company.codes[firsts].tolist()]
        if industry is None:
            return [""] * len(own), own
        return [(*industry.names, "")[k] for k in industry.codes[firsts].tolist()], own
