"""Response times of the past by channel and tier of customers: medians, shares within a time, months."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from satsurvey.benchmarks.vocabulary import channel_of
from satsurvey.errors import ColumnsError, MethodError
from satsurvey.intake.responses import Factor
from satsurvey.response_time.claim_data import ClaimData
from satsurvey.scoring.intervals import wilson
from satsurvey.service.incidence import ANSWERED, CENSORED, GAVE_UP, answered_by
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
        Time to the first response, or how long an unanswered contact had waited; NaN where that is not known
        of one who gave up.
    answered
        Whether it was answered.
    gave_up
        Whether the customer left without an answer: such a contact can no longer be answered in time.
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
    n_bot
        Contacts that a bot handled alone, which no time to a human answer is about; they are not among these.
    """

    seconds: Floats
    answered: Flags
    gave_up: Flags
    channel: NDArray[np.object_]
    tier: NDArray[np.object_]
    company: NDArray[np.int64]
    month: NDArray[np.object_]
    definition: Definition | None
    from_records: bool
    n_bot: int = 0

    @classmethod
    def of(cls, data: ClaimData) -> History:
        """Take the times of all contacts where there are records with times, else those of interviews.

        Raises
        ------
        ColumnsError
            When the data have no response time.
        """
        if data.records is not None and "first_response_s" in data.records.contacts:
            return cls._of_records(data)
        times = data.times
        if times is None:
            raise ColumnsError(
                data.no_times or "there is no first response time to set a target for",
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
            np.zeros(int(rows.sum()), dtype=np.bool_),
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
        gave_up = np.zeros(seconds.size, dtype=np.bool_)
        if "abandoned" in frame:
            gave_up = ~answered & (frame["abandoned"].to_numpy(np.float64) == 1)
            if "wait_s" in frame:
                waited = np.where(gave_up & np.isnan(waited), frame["wait_s"].to_numpy(np.float64), waited)
        by_bot = np.zeros(seconds.size, dtype=np.bool_)
        if "handled_by" in frame:
            by_bot = ~answered & (frame["handled_by"] == "bot").to_numpy(dtype=np.bool_)
        seconds = np.where(answered, seconds, waited)
        rows = (np.isfinite(seconds) | gave_up) & ~by_bot
        if not np.isfinite(seconds[rows]).any():
            raise ColumnsError(
                "no contact of the records has a first response time",
                next_step="satsurvey records FILE lists what cannot be read in it, and why",
            )
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
            gave_up[rows],
            channel[rows],
            texts("tier")[rows],
            codes[rows],
            month[rows],
            data.records.definitions.get("first_response_s"),
            True,
            int(by_bot.sum()),
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
        rows = rows & np.isfinite(self.seconds)
        if not rows.any():
            return float("nan"), float("nan")
        if self.answered[rows].all():
            middle, late = np.quantile(self.seconds[rows], [0.5, 0.9])
            return float(middle), float(late)
        curve = kaplan_meier(self.seconds[rows], self.answered[rows], quantiles=(0.5, 0.9), level=level)
        middle, late = curve.quantiles["time"].tolist()
        return float(middle), float(late)

    def within(self, rows: Flags, seconds: float, *, level: float) -> tuple[float, float, float]:
        """Return the share answered within a time: cumulative incidence, by Wilson over companies.

        Who gave up, and who still waits beyond the time, was not answered in it. Who waits but not so long
        yet may still be: such contacts count as long as they were watched, and the interval is that of as
        many contacts as are known to be in time or not.
        """
        with np.errstate(invalid="ignore"):
            in_time = self.answered & (self.seconds <= seconds)
            known = rows & (self.answered | self.gave_up | (self.seconds > seconds))
        if not known.any():
            return float("nan"), float("nan"), float("nan")
        company = self.company[known]
        several = np.unique(company[company >= 0]).size > 1
        design = Design(np.zeros(company.size, np.int64), 1, company if several else None)
        found = shares_of(in_time[known].astype(np.int64), 2, design, level=level)
        if int(known.sum()) == int(rows.sum()):
            return float(found.share[0, 1]), float(found.low[0, 1]), float(found.high[0, 1])
        state = np.where(self.answered, ANSWERED, np.where(self.gave_up, GAVE_UP, CENSORED))[rows]
        time = np.where(np.isnan(self.seconds), np.inf, self.seconds)[rows]
        value = answered_by(time, state, seconds)
        share, n = float(found.share[0, 1]), int(found.n[0])
        plain = share * (1 - share) / n
        effect = max(float(found.covariance[0, 1, 1]) / plain, 1.0) if plain > 0 else 1.0
        df = np.array([np.unique(company).size - 1.0]) if found.clustered[0] else None
        low, high = wilson(np.array([value]), np.array([n / effect]), level=level, df=df)
        return value, float(low[0]), float(high[0])

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
