"""From contacts in the making to service records: times computed, checked and defined; repeated rows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from satsurvey.intake.finding_log import FindingLog
from satsurvey.intake.findings import Severity
from satsurvey.intake.raw import RawColumn
from satsurvey.service.clocks import ABSENT, calendar_between
from satsurvey.service.conversations import Seconds, automatic_authors
from satsurvey.service.drafts import Draft
from satsurvey.service.maps import ClockRule, RecordMap
from satsurvey.service.records import COUNTS, FLAGS, LENGTHS, METRICS, MOMENTS, TEXTS, Clock, Definition
from satsurvey.service.tables import ExportTable

_ANSWERS = ("answered_at", "first_reply_at")
_US = 1_000_000


class Finisher:
    """Turns a draft into the contacts and definitions of service records.

    Parameters
    ----------
    draft
        The contacts; is changed.
    map, clock, zone, calendar_name
        How the export was read, and how its business time is called.
    seconds
        The clock of the times that are computed.
    countable
        Whether the clock can be computed: not for business time without a calendar, which exports can report.
    tables
        The files, for findings.
    log
        Where findings go.
    now
        Moments later than a day after it are impossible.
    """

    def __init__(
        self,
        draft: Draft,
        map: RecordMap,
        *,
        clock: Clock,
        zone: str,
        calendar_name: str,
        seconds: Seconds,
        countable: bool,
        tables: Sequence[ExportTable],
        log: FindingLog,
        now: datetime,
    ) -> None:
        self.draft = draft
        self.definitions: dict[str, Definition] = {}
        self._map = map
        self._clock = clock
        self._zone = zone
        self._calendar_name = calendar_name
        self._seconds = seconds
        self._countable = countable
        self._tables = tables
        self._log = log
        self._now = int((now + timedelta(days=1)).timestamp() * _US)
        self._joined: set[str] = set()
        self._computed: set[str] = set()

    def finish(self, joined: set[str], pending: dict[str, NDArray[np.int64]]) -> None:
        """Compute, check and define everything.

        Parameters
        ----------
        joined
            Lengths of time that other tables gave, by the clock asked for.
        pending
            By length of time, since when a contact waits, where other tables say so.
        """
        self._joined = joined
        self._constants()
        self._no_future()
        self._in_order()
        latest = self._latest()
        for metric, rule in self._map.clocks.items():
            self._compute(metric, rule)
        self._handled_by_machines()
        self._open_and_abandoned()
        self._bots_stop_no_clock()
        self._waiting(latest, pending.get("first_response_s"))
        self._unresolved(latest)
        for metric in METRICS:
            if metric in self.draft.numbers:
                self.definitions[metric] = self._definition(metric)

    # Steps -------------------------------------------------------------------------------------------------

    def _constants(self) -> None:
        n = len(self.draft)
        for name, text in self._map.constants.items():
            own = self.draft.texts.get(name)
            constant = pa.repeat(pa.scalar(text), n)
            self.draft.texts[name] = constant if own is None else pc.if_else(pc.equal(own, ""), constant, own)
        if "case_id" not in self.draft.texts and "contact_id" in self.draft.texts:
            # An export without cases knows nothing above the contact, which is then what interviews name.
            self.draft.texts["case_id"] = self.draft.texts["contact_id"]

    def _no_future(self) -> None:
        for name, moments in self.draft.moments.items():
            late = moments > self._now
            if late.any():
                self._report(
                    late,
                    name,
                    "future_time",
                    "error",
                    "this moment lies in the future and was not used",
                    "correct the clock of the source system, or the order of day and month in the map",
                )
                self.draft.moments[name] = np.where(late, ABSENT, moments)
                self.draft.bad(name)[late] = True

    def _in_order(self) -> None:
        """Report moments that stand before what they follow; times between them are then not used."""
        moments = self.draft.moments
        pairs = [("request_at", name) for name in MOMENTS if name != "request_at"]
        pairs += [(name, "resolved_at") for name in _ANSWERS]
        for before, after in pairs:
            if before not in moments or after not in moments:
                continue
            turned = (moments[before] != ABSENT) & (moments[after] != ABSENT)
            turned &= moments[after] < moments[before]
            if not turned.any():
                continue
            self._report(
                turned,
                after,
                "time_order",
                "error",
                f"{after} lies before {before}; the time between them was not used",
                "correct the clocks of the source systems, or see whether the map binds the right columns",
            )
            if before in _ANSWERS and "resolution_s" in self.draft.numbers:
                self.draft.numbers["resolution_s"][turned] = np.nan
            self.draft.bad(f"{before}-{after}")[turned] = True

    def _compute(self, metric: str, rule: ClockRule) -> None:
        """Compute a length of time from its moments, where no column or table gives it."""
        moments = self.draft.moments
        ends = [name for name in rule.to_fields if name in moments]
        if metric in self.draft.numbers or rule.from_field not in moments or not ends:
            return
        start = moments[rule.from_field]
        end = np.full(len(self.draft), ABSENT)
        bad = self.draft.bad(rule.from_field).copy()
        for name in ends:
            end = np.where(end == ABSENT, moments[name], end)
            bad |= self.draft.bad(name) & (end == ABSENT)
        seconds = self._seconds if metric in _BY_CLOCK else calendar_between
        found = seconds(start, end)
        turned = (end != ABSENT) & (start != ABSENT) & (end < start)
        if metric == "resolution_s":
            for name in _ANSWERS:
                turned |= self.draft.bad(f"{name}-resolved_at")
        self.draft.numbers[metric] = np.where(turned, np.nan, found)
        self.draft.unusable[metric] = bad | turned
        self._computed.add(metric)

    def _handled_by_machines(self) -> None:
        """Tell contacts of machines by the name of the agent."""
        agents = self.draft.text("agent_id")
        machine = automatic_authors(agents, self._map.automatic, len(self.draft))
        if not machine.any():
            return
        own = self.draft.texts.get("handled_by", pa.repeat(pa.scalar(""), len(self.draft)))
        unsaid = pc.equal(own, "").to_numpy(zero_copy_only=False)
        self.draft.texts["handled_by"] = pc.if_else(pa.array(machine & unsaid), "bot", own)

    def _open_and_abandoned(self) -> None:
        moments, numbers = self.draft.moments, self.draft.numbers
        ends = [name for name in ("resolved_at", "closed_at") if name in moments]
        if "answered_at" in moments and "closed_at" in moments and self._map.abandoned_when_unanswered:
            answered = (moments["answered_at"] != ABSENT) | self.draft.bad("answered_at")
            ended = moments["closed_at"] != ABSENT
            gave_up = np.where(answered, 0.0, np.where(ended, 1.0, np.nan))
            self.draft.set_numbers("abandoned", gave_up)
        if "open" not in numbers and ends and "contacts" in self._map.tables:
            over = np.zeros(len(self.draft), dtype=np.bool_)
            for name in ends:
                over |= (moments[name] != ABSENT) | self.draft.bad(name)
            if "abandoned" in numbers:
                over |= numbers["abandoned"] == 1
            numbers["open"] = np.where(over, 0.0, 1.0)

    def _bots_stop_no_clock(self) -> None:
        """Take away responses that a machine gave, but for contacts in the channel of machines."""
        machine = self.draft.is_text("handled_by", "bot") & ~self.draft.is_text("channel", "bot")
        for metric in ("first_response_s", "avg_response_s"):
            values = self.draft.numbers.get(metric)
            if values is None or metric in self._joined:
                continue
            taken = machine & ~np.isnan(values)
            if taken.any():
                self._report(
                    taken,
                    metric,
                    "bot_reply",
                    "note",
                    _MACHINE[metric],
                    "bind channel to bot where the times of machines are wanted",
                )
                self.draft.numbers[metric] = np.where(taken, np.nan, values)

    def _latest(self) -> NDArray[np.int64]:
        """Return the latest moment in the file of each contact: its export is no earlier than that."""
        latest = np.full(int(self.draft.file.max(initial=0)) + 1, ABSENT)
        for moments in self.draft.moments.values():
            np.maximum.at(latest, self.draft.file, moments)
        found: NDArray[np.int64] = latest[self.draft.file]
        return found

    def _waiting(self, latest: NDArray[np.int64], pending: NDArray[np.int64] | None) -> None:
        """Say how long contacts without a reply had waited when they were last seen."""
        values = self.draft.numbers.get("first_response_s")
        if values is None or not self._countable:
            return
        moments = self.draft.moments
        n = len(self.draft)
        since = moments.get("request_at", np.full(n, ABSENT)).copy()
        if pending is not None:
            since = np.where(pending != ABSENT, pending, since)
        waits = np.isnan(values) & (since != ABSENT) & ~self.draft.bad("first_response_s")
        for name in _ANSWERS:
            if name in moments:
                answered = (moments[name] != ABSENT) | self.draft.bad(name)
                waits &= ~answered | self.draft.is_text("handled_by", "bot")
        until = np.full(n, ABSENT)
        for name in ("closed_at", "resolved_at"):
            if name in moments:
                until = np.where(until == ABSENT, moments[name], until)
        until = np.where(until == ABSENT, latest, until)
        waited = np.where(waits, self._seconds(since, until), np.nan)
        self.draft.numbers["first_response_censored_s"] = np.where(waited >= 0, waited, np.nan)

    def _unresolved(self, latest: NDArray[np.int64]) -> None:
        """Say how long contacts without a resolution had been open when they were last seen."""
        values, moments = self.draft.numbers.get("resolution_s"), self.draft.moments
        still = self.draft.numbers.get("open")
        if values is None or still is None or "request_at" not in moments or not self._countable:
            return
        since = moments["request_at"]
        waits = np.isnan(values) & (still == 1) & (since != ABSENT) & ~self.draft.bad("resolution_s")
        waited = np.where(waits, self._seconds(since, latest), np.nan)
        self.draft.numbers["resolution_censored_s"] = np.where(waited >= 0, waited, np.nan)

    def _definition(self, metric: str) -> Definition:
        rule = self._map.clocks.get(metric, ClockRule())
        business = self._clock == "business" and (
            metric in self._joined
            or (metric in self._computed and metric in _BY_CLOCK)
            or any(metric in table.business for table in self._map.tables.values())
        )
        own = metric in self._computed or metric in self._joined
        return Definition(
            metric,
            rule.starts,
            rule.stops,
            "business" if business else "calendar",
            self._zone,
            self._calendar_name if business and own else "",
            self._map.name,
            rule.automatic_replies,
        )

    def _report(
        self, found: NDArray[np.bool_], name: str, rule: str, severity: Severity, what: str, do: str
    ) -> None:
        for table in self._tables:
            rows = self.draft.row[found & (self.draft.file == table.number)]
            if rows.size:
                column: RawColumn | None = table.columns.get(name)
                self._log.add(table.source, column, rule, severity, what, do, rows=rows)

    # Result ------------------------------------------------------------------------------------------------

    def frame(self) -> pd.DataFrame:
        """Return the contacts as a frame in the order of the canonical columns."""
        columns: dict[str, object] = {}
        for name in TEXTS:
            if name in self.draft.texts:
                columns[name] = self.draft.texts[name].to_pandas().astype("str")
        for name in MOMENTS:
            if name in self.draft.moments:
                utc = self.draft.moments[name].view("datetime64[us]")
                columns[name] = pd.DatetimeIndex(utc).tz_localize("UTC").tz_convert(self._zone)
        for name in (*LENGTHS, *COUNTS, *FLAGS):
            if name in self.draft.numbers:
                columns[name] = self.draft.numbers[name]
        columns["file"], columns["row"] = self.draft.file, self.draft.row
        return pd.DataFrame(columns)


_MACHINE = {
    "first_response_s": "a machine replied and no human; its time is no first response of a human",
    "avg_response_s": "a machine replied and no human; its times are no replies of a human",
}
_BY_CLOCK = frozenset({"first_response_s", "avg_response_s", "resolution_s"})
"""Times that business hours make sense for; waits in a queue and conversations run on all clocks alike."""


def repeated(frame: pd.DataFrame, *, keep_last: bool) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Mark rows to set aside because their contact is there already, and contacts that are told in two ways.

    Parameters
    ----------
    frame
        Contacts with `contact_id`.
    keep_last
        Whether of rows that differ only the last is kept.
    """
    n = len(frame)
    if "contact_id" not in frame or not n:
        return np.zeros(n, dtype=np.bool_), np.zeros(n, dtype=np.bool_)
    named = (frame["contact_id"] != "").to_numpy(np.bool_)
    aside = np.zeros(n, dtype=np.bool_)
    # Counting is several times quicker than marking, and most exports have nothing to mark.
    if frame["contact_id"][named].nunique() == int(named.sum()):
        return aside, aside.copy()
    several = frame["contact_id"].duplicated(keep=False).to_numpy(np.bool_) & named
    places = np.flatnonzero(several)
    few = frame.iloc[places].drop(columns=["file", "row"])
    same = few.duplicated(keep="last" if keep_last else "first").to_numpy(np.bool_)
    left = few["contact_id"][~same].duplicated(keep=False)
    differ = np.zeros(few.shape[0], dtype=np.bool_)
    differ[~same] = left.to_numpy(np.bool_)
    if keep_last:
        aside[places] = few["contact_id"].duplicated(keep="last").to_numpy(np.bool_)
    else:
        aside[places] = same
    conflicting = np.zeros(n, dtype=np.bool_)
    conflicting[places] = differ
    return aside, conflicting
