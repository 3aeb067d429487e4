"""What each contact says for each figure: its value, or the reason why it has none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from satsurvey.service.concurrency import overlap
from satsurvey.service.grouping import Levels
from satsurvey.service.kpi_formulas import KPI_METRICS
from satsurvey.service.records import ServiceRecords
from satsurvey.service.repeats import Repeats, Visits, seconds_of
from satsurvey.service.service_levels import SERVICE_LEVELS

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Kind = Literal["time", "share", "number", "ratio", "waits"]
TEXT_CHANNELS = ("online", "im", "text", "email", "app_ticket", "bot", "social")


class State(IntEnum):
    """What a contact is for one figure."""

    USED = 0
    CENSORED = 1
    ABSENT = 2
    NOT_APPLICABLE = 3
    UNDECIDED = 4
    UNIDENTIFIED = 5


@dataclass(frozen=True)
class Measure:
    """One figure before it is made.

    Attributes
    ----------
    metric, formula
        Of `KPI_METRICS` and `FORMULAS`.
    kind
        "time" (seconds: mean, median, 90th percentile, share within target), "share" (0 or 1: rate), "number"
        (mean, median, 90th percentile), "ratio" (Σ values / Σ weights), "waits" (sum, longest, count).
    values
        Of every contact, float64; read where the state is `USED`, and where it is `CENSORED` the time that
        was seen (NaN where that is not known).
    state
        int8, a `State` of every contact.
    weights
        Denominators of a ratio, 1 where there are none; for "waits" the number of single waits.
    target
        Target of every contact in seconds, NaN where none is given.
    gave_up
        Where the customer left before the end: it can no longer come in time.
    """

    metric: str
    formula: str
    kind: Kind
    values: Floats
    state: NDArray[np.int8]
    weights: Floats | None = None
    target: Floats | None = None
    gave_up: Flags | None = None

    @property
    def used(self) -> Flags:
        """Which contacts have a value."""
        return np.asarray(self.state == State.USED)

    @property
    def has_censored(self) -> bool:
        """Whether the end of some contact was not seen, though a part of its time was."""
        return bool(((self.state == State.CENSORED) & ~np.isnan(self.values)).any())

    def arranged(self, order: NDArray[np.int64]) -> Measure:
        """Return the measure of the contacts in another order."""
        return replace(
            self,
            values=self.values.take(order),
            state=self.state.take(order),
            weights=None if self.weights is None else self.weights.take(order),
            target=None if self.target is None else self.target.take(order),
            gave_up=None if self.gave_up is None else self.gave_up.take(order),
        )


class Contacts:
    """The measures of service records, made one after the other.

    Parameters
    ----------
    records, levels
        The contacts, and their columns as codes.
    targets
        Metric to seconds, or to seconds by channel.
    fcr_window_days, short_abandon_s
        As in `satsurvey.service.kpis.kpis`.
    """

    def __init__(
        self,
        records: ServiceRecords,
        levels: Levels,
        *,
        targets: Mapping[str, float | Mapping[str, float]],
        fcr_window_days: float,
        short_abandon_s: float | None,
    ) -> None:
        self.records = records
        self.levels = levels
        self.frame = records.contacts
        self.targets = targets
        self.window_days = fcr_window_days
        self.short_abandon_s = short_abandon_s
        self.notes: list[str] = []
        self._wanting: dict[tuple[str, ...], list[str]] = {}
        self._n = len(self.frame)

    def measures(self) -> Iterator[Measure]:
        """Yield every measure that the records have the columns for; a note says what the others want."""
        yield from self._first_response()
        yield from self._average_response()
        yield from self._waits()
        yield from self._answering()
        yield from self._resolution()
        yield from self._handling()
        yield from self._agreements()
        yield from self._repeats()
        yield from self._transfers()
        yield from self._bots()
        yield from self._concurrency()
        for columns, names in self._wanting.items():
            said = (
                "is left out: the records have no column"
                if len(names) == 1
                else ("are left out: the records have no column")
            )
            self.notes.append(f"{', '.join(names)} {said} {', '.join(columns)}")

    # Columns -----------------------------------------------------------------------------------------------

    def _has(self, metric: str | Sequence[str], *columns: str) -> bool:
        """Tell whether all columns are there; if not, note which are wanted."""
        absent = tuple(column for column in columns if column not in self.frame)
        if absent:
            names = [metric] if isinstance(metric, str) else metric
            wanting = self._wanting.setdefault(absent, [])
            wanting += [KPI_METRICS[name][1] for name in names if KPI_METRICS[name][1] not in wanting]
        return not absent

    def _numbers(self, column: str) -> Floats:
        if column not in self.frame:
            return np.full(self._n, np.nan)
        return self.frame[column].to_numpy(np.float64)

    def _is(self, column: str, *words: str) -> Flags:
        if column not in self.frame:
            return np.zeros(self._n, dtype=np.bool_)
        codes, names = self.levels.of(column)
        return names.isin(words)[codes]

    def _target(self, metric: str) -> Floats | None:
        """Return the target of every contact, None where the metric has none."""
        given = self.targets.get(metric)
        if given is None:
            return None
        if not isinstance(given, Mapping):
            return np.full(self._n, float(given))
        found = np.full(self._n, np.nan)
        for channel, seconds in given.items():
            found[self._is("channel", channel)] = float(seconds)
        return found

    @cached_property
    def answered(self) -> Floats:
        """1 where a contact was answered, 0 where it was not (or not yet), NaN where that is not known.

        The mark of having given up goes before everything; then the moment of the answer, the first response
        and who handled the contact.
        """
        abandoned = self._numbers("abandoned")
        seen = np.full(self._n, np.nan)
        if "answered_at" in self.frame:
            seen = np.where(self.frame["answered_at"].isna().to_numpy(), 0.0, 1.0)
        else:
            seen[~np.isnan(self._numbers("first_response_censored_s"))] = 0.0
        seen[~np.isnan(self._numbers("first_response_s"))] = 1.0
        seen[self._is("handled_by", "none")] = 0.0
        # Not given up is not answered yet while the contact waits, or is open and nothing shows an answer.
        waiting = (seen == 0) & (self._open | ~np.isnan(self._numbers("first_response_censored_s")))
        # Nor is what a bot kept, though nobody gave up.
        seen = np.where((abandoned == 0) & ~waiting & ~self._bot_only, 1.0, seen)
        return np.where(abandoned == 1, 0.0, seen)

    @cached_property
    def _bot_only(self) -> Flags:
        return self._is("handled_by", "bot")

    # Times -------------------------------------------------------------------------------------------------

    def _first_response(self) -> Iterator[Measure]:
        if not self._has("first_response_time", "first_response_s"):
            return
        values = self._numbers("first_response_s")
        waited = self._numbers("first_response_censored_s")
        # Who gave up had waited that long without an answer.
        left = np.isnan(values) & (self._numbers("abandoned") == 1)
        waited = np.where(np.isnan(waited) & left, self._numbers("wait_s"), waited)
        state = _state(values)
        state[np.isnan(values) & self._bot_only] = State.NOT_APPLICABLE
        state[(state == State.ABSENT) & ~np.isnan(waited)] = State.CENSORED
        values = np.where(state == State.CENSORED, waited, values)
        target = self._target("first_response_time")
        yield Measure(
            "first_response_time", "answered_only", "time", values, state, target=target, gave_up=left
        )

    def _average_response(self) -> Iterator[Measure]:
        if not self._has("avg_response_time", "avg_response_s"):
            return
        values = self._numbers("avg_response_s")
        target = self._target("avg_response_time")
        yield Measure("avg_response_time", "contacts_equal", "time", values, _state(values), target=target)
        if "replies" in self.frame:
            replies = self._numbers("replies")
            product = values * replies
            yield Measure(
                "avg_response_time", "weighted_by_replies", "ratio", product, _state(product), weights=replies
            )

    def _waits(self) -> Iterator[Measure]:
        if not self._has(["wait_time", "speed_of_answer", "queue_rate"], "wait_s"):
            return
        queue = self._numbers("wait_s")
        target = self._target("wait_time")
        if "hold_s" in self.frame:
            # Nobody holds a customer who was not answered.
            hold = np.where(
                (self.answered == 0) & np.isnan(self._numbers("hold_s")), 0.0, self._numbers("hold_s")
            )
            formula = "queue_and_hold"
        else:
            hold, formula = np.zeros(self._n), "queue_only"
        total = queue + hold
        # Nobody waits for a person whom a bot keeps.
        by_bot = self._bot_only & (self.answered != 1) & (self._numbers("abandoned") != 1)
        waited, queued = _state(total), _state(queue)
        waited[by_bot] = queued[by_bot] = State.NOT_APPLICABLE
        yield Measure("wait_time", formula, "time", total, waited, target=target)
        count = (queue > 0).astype(np.float64) + (hold > 0)
        yield Measure("wait_time", "single_waits", "waits", np.maximum(queue, hold), waited, weights=count)
        state = queued
        yield Measure("queue_rate", "waited_at_all", "share", (queue > 0).astype(np.float64), state)
        answered = np.where(self.answered == 1, queue, np.nan)
        state = _state(answered)
        state[(self.answered == 0) | by_bot] = State.NOT_APPLICABLE
        yield Measure("speed_of_answer", "waits_of_answered", "time", answered, state)

    def _resolution(self) -> Iterator[Measure]:
        if not self._has("resolution_time", "resolution_s"):
            return
        values, state, seen = self.resolution
        unknown = int(((state == State.CENSORED) & np.isnan(seen)).sum())
        if unknown:
            self.notes.append(
                f"{unknown:,} open contacts have no known age on the clock of the resolution time; the "
                "Kaplan-Meier figures leave them out"
            )
        values = np.where(state == State.CENSORED, seen, values)
        target = self._target("resolution_time")
        yield Measure("resolution_time", "resolved_only", "time", values, state, target=target)

    @cached_property
    def resolution(self) -> tuple[Floats, NDArray[np.int8], Floats]:
        """Resolution times, whether they are known, and how long the open contacts had been seen open."""
        values = self._numbers("resolution_s")
        state = _state(values)
        state[np.isnan(values) & self._open] = State.CENSORED
        if "resolution_censored_s" in self.frame:
            seen = self._numbers("resolution_censored_s")
            return values, state, np.where(state == State.CENSORED, seen, np.nan)
        definition = self.records.definitions.get("resolution_s")
        if "request_at" not in self.frame or (definition is not None and definition.clock != "calendar"):
            return values, state, np.full(self._n, np.nan)
        with np.errstate(invalid="ignore"):
            age = self._last_seen - seconds_of(self.frame["request_at"])
            return values, state, np.where((age >= 0) & (state == State.CENSORED), age, np.nan)

    @cached_property
    def _open(self) -> Flags:
        """Contacts that are not closed yet; where no mark says so, those without resolution and closing."""
        if "open" in self.frame:
            return np.asarray(self._numbers("open") == 1)
        ends = [column for column in ("resolved_at", "closed_at") if column in self.frame]
        open_now: Flags = np.full(self._n, bool(ends)) & (self._numbers("abandoned") != 1)
        for column in ends:
            open_now &= self.frame[column].isna().to_numpy(dtype=np.bool_)
        return open_now

    @cached_property
    def _last_seen(self) -> Floats:
        """The latest moment in the file of each contact: the export cannot have been made before it."""
        file = self.frame["file"].to_numpy(np.int64) if "file" in self.frame else np.zeros(self._n, np.int64)
        latest = np.full(int(file.max(initial=0)) + 1, -np.inf)
        for column in ("request_at", "answered_at", "first_reply_at", "resolved_at", "closed_at"):
            if column in self.frame:
                np.fmax.at(latest, file, seconds_of(self.frame[column]))
        seen: Floats = latest[file]
        return seen

    def _handling(self) -> Iterator[Measure]:
        if "talk_s" not in self.frame:
            return  # only call logs have it
        parts = [column for column in ("hold_s", "after_call_s") if column in self.frame]
        total = self._numbers("talk_s") + sum((self._numbers(column) for column in parts), np.zeros(self._n))
        formula = "_".join(["talk", *(part.split("_")[0] for part in parts)])
        state = _state(total)
        state[np.isnan(total) & (self.answered == 0)] = State.NOT_APPLICABLE
        yield Measure("handling_time", formula, "time", total, state)

    # Answering ---------------------------------------------------------------------------------------------

    def _answering(self) -> Iterator[Measure]:
        if not {"abandoned", "answered_at", "first_response_s"} & set(self.frame.columns):
            self._has("answer_rate", "answered_at")
        else:
            state = _state(self.answered)
            state[self._bot_only & (self.answered != 1)] = State.NOT_APPLICABLE
            if np.count_nonzero(state == State.USED) and (self.answered[state == State.USED] == 1).all():
                self.notes.append(
                    "every contact that is known to have asked for an agent was answered: where the export "
                    "holds answered contacts only, the answer rate says nothing"
                )
            yield Measure("answer_rate", "of_asked", "share", self.answered, state)
        if not self._has(["abandon_rate", "service_level"], "abandoned"):
            return
        # Offered is what was answered or given up; what still waits is neither.
        gave_up = self._numbers("abandoned") == 1
        state = _state(self.answered)
        state[(self.answered == 0) & ~gave_up] = State.UNDECIDED
        state[self._bot_only] = State.NOT_APPLICABLE
        lost = gave_up.astype(np.float64)
        yield Measure("abandon_rate", "gave_up_of_offered", "share", lost, state)
        wait = self._numbers("wait_s")
        if self.short_abandon_s is not None and self._has("abandon_rate", "wait_s"):
            longer = state.copy()
            longer[gave_up & np.isnan(wait) & (state == State.USED)] = State.ABSENT
            with np.errstate(invalid="ignore"):
                longer[gave_up & (wait <= self.short_abandon_s)] = State.NOT_APPLICABLE
            yield Measure("abandon_rate", "short_left_out", "share", lost, longer)
        target = self._target("service_level")
        if target is None:
            self.notes.append(
                "service level is left out: it wants a target in seconds (targets: service_level)"
            )
        elif self._has("service_level", "wait_s"):
            yield from self._service_levels(state, gave_up, wait, target)

    def _service_levels(
        self, offered: NDArray[np.int8], gave_up: Flags, wait: Floats, target: Floats
    ) -> Iterator[Measure]:
        state = offered.copy()
        state[(state == State.USED) & np.isnan(wait + target)] = State.ABSENT
        with np.errstate(invalid="ignore"):
            in_time = wait <= target
        met = (in_time & ~gave_up).astype(np.float64)
        left_out = {"of_answered": gave_up, "quick_abandons_left_out": gave_up & in_time}
        for formula in SERVICE_LEVELS:
            yes = in_time.astype(np.float64) if formula == "quick_abandons_count_as_met" else met
            own = state.copy()
            if formula in left_out:
                own[left_out[formula] & (state == State.USED)] = State.NOT_APPLICABLE
            yield Measure("service_level", formula, "share", yes, own, target=target)

    def _agreements(self) -> Iterator[Measure]:
        """SLA attainment: open and overdue is missed, open and not yet due is not due."""
        recorded = self._numbers("sla_met")
        target = self._target("sla_attainment")
        if target is None:
            if not {"sla_met", "sla_target_s"} & set(self.frame.columns):
                self._has("sla_attainment", "sla_met", "sla_target_s")
                return
            target = self._numbers("sla_target_s")
        promise = self.records.promise
        if "resolution_s" in self.frame and promise != "first_response_s":
            formula = "resolution_in_target"
            values, state, seen = self.resolution
        elif "first_response_s" in self.frame and promise != "resolution_s":
            formula = "first_response_in_target"
            measure = next(self._first_response())
            state = measure.state
            values = np.where(state == State.USED, measure.values, np.nan)
            seen = np.where(state == State.CENSORED, measure.values, np.nan)
        elif "sla_met" in self.frame:
            formula, values, seen = "sla_as_recorded", recorded * np.nan, recorded * np.nan
        else:
            self._has("sla_attainment", "resolution_s")
            return
        if "sla_met" in self.frame:
            formula = "sla_as_recorded"
        with np.errstate(invalid="ignore"):
            overdue = np.isnan(values) & (seen > target)
            not_due = np.isnan(values) & (seen <= target)
            met = np.where(np.isnan(values + target), np.nan, values <= target)
        met = np.where(np.isnan(recorded), met, recorded)
        met = np.where(overdue, 0.0, met)
        state = _state(met)
        # What is open and not kept yet may still be kept.
        state[not_due & (met != 1)] = State.UNDECIDED
        unknown = int((state[np.isnan(values)] == State.ABSENT).sum())
        if unknown and not np.isnan(target).all():
            self.notes.append(
                f"{unknown:,} contacts without an end have no known age: SLA attainment leaves them out, "
                "though some may be overdue"
            )
        yield Measure("sla_attainment", formula, "share", met, state)

    # Whole cases -------------------------------------------------------------------------------------------

    def _repeats(self) -> Iterator[Measure]:
        if "resolved_first_contact" not in self.frame:
            self.notes.append(
                "first-contact resolution as stated is left out: the records have no column "
                "resolved_first_contact"
            )
        else:
            said = self._numbers("resolved_first_contact")
            yield Measure("fcr", "stated", "share", said, _state(said))
        if not self._has(["repeat_free_rate", "repeat_contact_rate"], "customer_id", "request_at"):
            self.notes.append(
                "first-contact resolution by the absence of repeats is left out for the same reason"
            )
            return
        visits = Visits.of(self.frame, self.levels)
        yield self._first_contact_resolution(
            visits.repeats(window_days=self.window_days, only=self.answered != 0)
        )
        every = visits.repeats(window_days=self.window_days)
        for metric, formula, yes, known in (
            ("repeat_free_rate", "no_repeat_of_contact", ~every.is_repeated, every.window_after),
            ("repeat_contact_rate", "repeats_of_contacts", every.is_repeat, every.window_before),
        ):
            state = np.where(known, State.USED, State.UNDECIDED).astype(np.int8)
            state[~every.identified] = State.UNIDENTIFIED
            yield Measure(metric, formula, "share", yes.astype(np.float64), state)

    def _first_contact_resolution(self, found: Repeats) -> Measure:
        open_now, reopened = self._open, self._numbers("reopened") == 1
        state = np.where(found.window_after, State.USED, State.UNDECIDED).astype(np.int8)
        state[found.is_repeat | (self.answered == 0)] = State.NOT_APPLICABLE
        state[~found.identified] = State.UNIDENTIFIED
        yes = ~found.is_repeated & ~open_now & ~reopened
        return Measure("fcr", "no_repeat_of_issue", "share", yes.astype(np.float64), state)

    def _transfers(self) -> Iterator[Measure]:
        if not self._has(["transfers", "transfer_rate", "second_transfer_rate"], "transfers"):
            return
        number = self._numbers("transfers")
        state = _state(number)
        yield Measure("transfers", "transfers_per_contact", "ratio", number, state)
        for metric, formula, least in (
            ("transfer_rate", "transferred_once", 1),
            ("second_transfer_rate", "transferred_twice", 2),
        ):
            with np.errstate(invalid="ignore"):
                yield Measure(metric, formula, "share", (number >= least).astype(np.float64), state)

    def _bots(self) -> Iterator[Measure]:
        if not self._has(["bot_containment", "bot_deflection"], "handled_by"):
            return
        taken = self._is("handled_by", "bot", "bot_then_human")
        known = ~self._is("handled_by", "")
        state = np.where(taken, State.USED, State.NOT_APPLICABLE).astype(np.int8)
        state[~known] = State.ABSENT
        yield Measure(
            "bot_containment", "bot_alone_of_bot", "share", self._bot_only.astype(np.float64), state
        )
        if self._has("bot_deflection", "channel"):
            written = self._is("channel", *TEXT_CHANNELS)
            state = np.where(written, State.USED, State.NOT_APPLICABLE).astype(np.int8)
            state[written & ~known] = State.ABSENT
            yield Measure("bot_deflection", "bot_of_text", "share", taken.astype(np.float64), state)

    def _concurrency(self) -> Iterator[Measure]:
        begin = next((c for c in ("answered_at", "first_reply_at") if c in self.frame), None)
        end = next((c for c in ("closed_at", "resolved_at") if c in self.frame), None)
        if begin is not None and end is not None and "agent_id" in self.frame:
            yield from self._overlaps(begin, end)
        elif "concurrency" in self.frame:
            number = self._numbers("concurrency")
            yield Measure("concurrent_chats", "as_recorded", "number", number, _state(number))
        else:
            self._has("concurrent_chats", "agent_id", "answered_at", "closed_at")

    def _overlaps(self, begin: str, end: str) -> Iterator[Measure]:
        agent = self.levels.identities("agent_id")
        if agent is None:
            return
        start, stop = seconds_of(self.frame[begin]), seconds_of(self.frame[end])
        with np.errstate(invalid="ignore"):
            known = stop >= start
        state = np.where(known, State.USED, State.ABSENT).astype(np.int8)
        state[agent < 0] = State.UNIDENTIFIED
        rows = np.flatnonzero(state == State.USED)
        found = overlap(agent[rows], start[rows], stop[rows])
        length, busy, at_start = (np.full(self._n, np.nan) for _ in range(3))
        length[rows], busy[rows], at_start[rows] = found.length_s, found.busy_s, found.at_start
        yield Measure("concurrent_chats", "over_busy_time", "ratio", length, state, weights=busy)
        yield Measure("concurrent_chats", "at_start_of_contact", "number", at_start, state)


def _state(values: Floats) -> NDArray[np.int8]:
    """Mark what has a value as used and the rest as absent."""
    return np.where(np.isnan(values), State.ABSENT, State.USED).astype(np.int8)
