"""Response times of the past by channel and tier of customers: medians, shares within a time, months."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from satsurvey.benchmarks.vocabulary import channel_of
from satsurvey.errors import MethodError
from satsurvey.intake.responses import Factor
from satsurvey.response_time.claim_data import ClaimData
from satsurvey.service.records import Definition
from satsurvey.service.survival import kaplan_meier
from satsurvey.text.shares import Design, shares_of

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class History:
    """First responses of contacts.

    Attributes
    ----------
    seconds
        Time to the first response, or how long an unanswered contact had waited.
    answered
        Whether it was answered.
    channel, tier
        Names, "" where not known.
    company
        Codes, -1 where not known.
    month
        "2025-03", "" where not known.
    definition
        The clock.
    from_records
        Whether they are contacts of service records; else those that were interviewed.
    """

    seconds: Floats
    answered: Flags
    channel: NDArray[np.object_]
    tier: NDArray[np.object_]
    company: NDArray[np.int64]
    month: NDArray[np.object_]
    definition: Definition | None
    from_records: bool

    @classmethod
    def of(cls, data: ClaimData) -> History:
        """Take the times of all contacts where there are records with times, else those of interviews.

        Raises
        ------
        MethodError
            When the data have no response time.
        """
        if data.records is not None and "first_response_s" in data.records.contacts:
            return cls._of_records(data)
        times = data.times
        if times is None:
            raise MethodError(
                "there is no first response time to set a target for",
                next_step="give service records, or a column with the role first_response_s",
            )
        rows = np.isfinite(times.seconds)
        month = np.full(data.n, "", dtype=object)
        if data.date is not None:
            known = ~np.isnat(data.date)
            month[known] = data.date[known].astype("datetime64[M]").astype(str)
        return cls(
            times.seconds[rows],
            np.ones(int(rows.sum()), dtype=np.bool_),
            _spelled(data.factor("channel"), data.n)[rows],
            _names(data.factor("tier"), data.n)[rows],
            data.company[rows],
            month[rows],
            times.definition,
            False,
        )

    @classmethod
    def _of_records(cls, data: ClaimData) -> History:
        if data.records is None:
            raise MethodError("there are no service records")
        frame = data.records.contacts
        seconds = frame["first_response_s"].to_numpy(np.float64)
        waited = np.full(seconds.size, np.nan)
        if "first_response_censored_s" in frame:
            waited = frame["first_response_censored_s"].to_numpy(np.float64)
        answered = np.isfinite(seconds)
        seconds = np.where(answered, seconds, waited)
        rows = np.isfinite(seconds)
        if not rows.any():
            raise MethodError("no contact of the records has a first response time")
        blank = np.full(seconds.size, "", dtype=object)

        def texts(name: str) -> NDArray[np.object_]:
            return frame[name].to_numpy(dtype=object) if name in frame else blank

        company = next((name for name in ("company_id", "company") if name in frame), None)
        codes = (
            np.full(seconds.size, -1, dtype=np.int64)
            if company is None
            else pd.factorize(frame[company])[0].astype(np.int64)
        )
        month = blank
        if "request_at" in frame:
            month = frame["request_at"].dt.strftime("%Y-%m").fillna("").to_numpy(dtype=object)
        spelled = {str(name): channel_of(str(name)) if name else "" for name in set(texts("channel"))}
        channel = np.array([spelled[str(name)] for name in texts("channel")], dtype=object)
        return cls(
            seconds[rows],
            answered[rows],
            channel[rows],
            texts("tier")[rows],
            codes[rows],
            month[rows],
            data.records.definitions.get("first_response_s"),
            True,
        )

    def cells(self) -> list[tuple[str, str]]:
        """Return channels, each followed by its tiers where it has two or more; "" stands for all tiers."""
        found: list[tuple[str, str]] = []
        for channel in sorted({str(name) for name in self.channel}):
            found.append((channel, ""))
            tiers = sorted({str(name) for name in self.tier[self.channel == channel]} - {""})
            if len(tiers) > 1:
                found += [(channel, tier) for tier in tiers]
        return found

    def rows(self, channel: str, tier: str) -> Flags:
        """Return which contacts are of a cell."""
        here = self.channel == channel
        return np.asarray(here if not tier else here & (self.tier == tier), dtype=np.bool_)

    def quantiles(self, rows: Flags, *, level: float) -> tuple[float, float]:
        """Return the median and the ninth decile; of contacts never answered only the wait so far counts."""
        if self.answered[rows].all():
            middle, late = np.quantile(self.seconds[rows], [0.5, 0.9])
            return float(middle), float(late)
        curve = kaplan_meier(self.seconds[rows], self.answered[rows], quantiles=(0.5, 0.9), level=level)
        middle, late = curve.quantiles["time"].tolist()
        return float(middle), float(late)

    def within(self, rows: Flags, seconds: float, *, level: float) -> tuple[float, float, float]:
        """Return the share answered within a time: by Wilson, or Kaplan-Meier where some never were."""
        if not self.answered[rows].all():
            curve = kaplan_meier(self.seconds[rows], self.answered[rows], at=(seconds,), level=level)
            row = curve.stated.iloc[0]
            value = 1 - float(row["survival"])
            return value, 1 - float(row["ci_high"]), 1 - float(row["ci_low"])
        company = self.company[rows]
        several = np.unique(company[company >= 0]).size > 1
        flag = (self.seconds[rows] <= seconds).astype(np.int64)
        design = Design(np.zeros(flag.size, np.int64), 1, company if several else None)
        found = shares_of(flag, 2, design, level=level)
        return float(found.share[0, 1]), float(found.low[0, 1]), float(found.high[0, 1])

    def months(self, rows: Flags, seconds: float, *, level: float) -> pd.DataFrame:
        """Return month, n, attained, ci_low, ci_high: the share within a time, month by month."""
        made = []
        for month in sorted({str(name) for name in self.month[rows]} - {""}):
            here = rows & (self.month == month)
            made.append((month, int(here.sum()), *self.within(here, seconds, level=level)))
        return pd.DataFrame(made, columns=["month", "n", "attained", "ci_low", "ci_high"])


def _names(factor: Factor | None, n: int) -> NDArray[np.object_]:
    if factor is None:
        return np.full(n, "", dtype=object)
    return np.array([*factor.names, ""], dtype=object)[factor.codes]


def _spelled(factor: Factor | None, n: int) -> NDArray[np.object_]:
    if factor is None:
        return np.full(n, "", dtype=object)
    return np.array([*(channel_of(name) for name in factor.names), ""], dtype=object)[factor.codes]
