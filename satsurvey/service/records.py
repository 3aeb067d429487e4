"""Service records: one row per contact with its moments, times and outcomes, and what each time means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from satsurvey.errors import ColumnsError
from satsurvey.intake.ledger import Ledger

if TYPE_CHECKING:
    from satsurvey.intake.findings import Finding
    from satsurvey.intake.raw import Source
    from satsurvey.service.ratings import RatingScale

TEXTS: Mapping[str, str] = MappingProxyType(
    {
        "contact_id": "id of the contact: one call, chat, mail or ticket",
        "case_id": "id of the case, which interviews name; several contacts may share one",
        "company": "the company that was contacted",
        "company_id": "id of the company",
        "customer_id": "id of the customer",
        "agent_id": "id or name of the agent",
        "channel": "channel of the contact",
        "tier": "tier of the customer",
        "purpose": "what the contact was about",
        "handled_by": "who handled the contact: human, bot, bot_then_human, none",
    }
)
"""Columns of text, "" where absent."""
MOMENTS: Mapping[str, str] = MappingProxyType(
    {
        "request_at": "when the customer asked",
        "answered_at": "when an agent took the contact",
        "first_reply_at": "when the first human reply was sent",
        "resolved_at": "when the contact was resolved",
        "closed_at": "when the contact was closed or hung up",
    }
)
"""Columns of moments: datetime64 with the map's time zone, NaT where absent."""
LENGTHS: Mapping[str, str] = MappingProxyType(
    {
        "wait_s": "how long the customer waited to be taken",
        "hold_s": "how long the customer was on hold",
        "talk_s": "how long they spoke",
        "after_call_s": "work after the call",
        "first_response_s": "request to the first human reply; NaN where there was none",
        "avg_response_s": "mean time from a customer's message to the next human reply",
        "resolution_s": "request to the resolution",
        "sla_target_s": "the promise",
        "first_response_censored_s": "how long a contact without reply had waited when last seen",
        "resolution_censored_s": "how long an open contact had been open when last seen",
    }
)
"""Columns of lengths of time in seconds, float64, NaN where absent."""
COUNTS: Mapping[str, str] = MappingProxyType(
    {
        "transfers": "how often the contact was passed on",
        "replies": "how many replies agents sent",
        "concurrency": "how many contacts the agent had at once",
        "rating": "what the customer gave, on the scale of the system",
    }
)
"""Columns of numbers, float64, NaN where absent."""
FLAGS: Mapping[str, str] = MappingProxyType(
    {
        "abandoned": "the customer gave up before an agent took the contact",
        "reopened": "the contact was opened again",
        "resolved_first_contact": "the system says that the first contact resolved it",
        "sla_met": "the system says that the promise was kept",
        "open": "the contact is not closed yet",
    }
)
"""Columns of yes and no: 1.0, 0.0, NaN where not known."""
CHANNELS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "phone": ("电话", "phone"),
        "online": ("在线客服", "online chat"),
        "im": ("即时通讯", "instant messaging"),
        "text": ("文字渠道", "text channels"),
        "email": ("邮件", "e-mail"),
        "app_ticket": ("App工单", "app ticket"),
        "bot": ("机器人", "bot"),
        "social": ("社交媒体", "social media"),
    }
)
"""The channels that figures are published for, with their words in Chinese and English; others may occur."""
HANDLERS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "human": ("人工", "human"),
        "bot": ("机器人", "bot"),
        "bot_then_human": ("机器人转人工", "bot, then human"),
        "none": ("无人处理", "nobody"),
    }
)
"""Who handled a contact, with words in Chinese and English."""
METRICS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "first_response_s": ("首次响应时长", "first response"),
        "avg_response_s": ("平均响应时长", "average response"),
        "wait_s": ("等待时长", "wait"),
        "hold_s": ("保持时长", "hold"),
        "talk_s": ("通话时长", "talk"),
        "after_call_s": ("话后处理时长", "after-call work"),
        "resolution_s": ("解决时长", "resolution"),
    }
)
"""The lengths of time that have a definition, with their words in Chinese and English."""

POINTS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "contact_created": ("工单创建", "creation of the contact"),
        "request": ("客户提出请求", "the customer's request"),
        "queue_entry": ("进入排队", "entry into the queue"),
        "first_customer_message": ("客户第一条消息", "the customer's first message"),
        "customer_message": ("客户每条消息", "each message of the customer"),
        "session_start": ("会话开始", "start of the session"),
        "agent_answer": ("坐席接起", "the agent's answer"),
        "first_human_reply": ("人工首次回复", "the first human reply"),
        "first_public_agent_comment": ("坐席首条公开回复", "the agent's first public comment"),
        "next_human_reply": ("下一条人工回复", "the next human reply"),
        "milestone_start": ("里程碑开始", "start of the milestone"),
        "milestone_done": ("里程碑完成", "completion of the milestone"),
        "resolution": ("解决", "resolution"),
        "last_resolution": ("最后一次解决", "the last resolution"),
        "closing": ("关闭", "closing"),
        "hang_up": ("挂机", "hang-up"),
        "reported": ("由系统给出", "as the system reports it"),
    }
)
"""Where clocks start and stop, with their words in Chinese and English; a map may use its own words."""
RECORD_RULES = (
    "bad_time",
    "ambiguous_time",
    "clock_change",
    "future_time",
    "time_order",
    "negative_time",
    "bad_length",
    "bad_number",
    "unknown_word",
    "unsafe_number",
    "bot_reply",
    "repeated_id",
)
"""What findings of records can be about."""
_AUTOMATIC = MappingProxyType(
    {
        "ignored": ("自动回复不停表", "automatic replies do not stop the clock"),
        "counted": ("自动回复停表", "automatic replies stop the clock"),
        "unknown": (
            "是否排除自动回复未说明",
            "whether automatic replies stop the clock is not stated",
        ),
    }
)
_CLOCKS = MappingProxyType(
    {"calendar": ("自然时间", "calendar time"), "business": ("工作时间", "business time")}
)

Clock = Literal["calendar", "business"]
AutomaticReplies = Literal["ignored", "counted", "unknown"]


@dataclass(frozen=True)
class Definition:
    """What a length of time means; times with different definitions are not comparable.

    Attributes
    ----------
    metric
        Column of the contacts, one of `METRICS`.
    starts, stops
        Where the clock starts and stops: a word of `POINTS`, or the map's own words.
    clock
        Whether all time counts or only that of the calendar.
    time_zone
        Name of the zone of the moments.
    calendar
        Name of the calendar of business time, "" for calendar time.
    source
        Name of the map.
    automatic_replies
        Whether a reply of a bot or an automatic one stops the clock.
    """

    metric: str
    starts: str
    stops: str
    clock: Clock = "calendar"
    time_zone: str = "Asia/Shanghai"
    calendar: str = ""
    source: str = ""
    automatic_replies: AutomaticReplies = "unknown"

    def text(self, language: str = "en") -> str:
        """Return the definition in plain words, in "zh" or "en".

        Examples
        --------
        >>> Definition("wait_s", "queue_entry", "agent_answer", automatic_replies="ignored").text("zh")
        '等待时长：从进入排队到坐席接起，自然时间（Asia/Shanghai），自动回复不停表'
        """
        at = 0 if language == "zh" else 1

        def word(table: Mapping[str, tuple[str, str]], key: str) -> str:
            return table[key][at] if key in table else key

        clock = word(_CLOCKS, self.clock)
        automatic = _AUTOMATIC[self.automatic_replies][at]
        if language == "zh":
            where = self.time_zone + (f"，日历 {self.calendar}" if self.calendar else "")
            text = (
                f"{word(METRICS, self.metric)}：从{word(POINTS, self.starts)}到{word(POINTS, self.stops)}，"
                f"{clock}（{where}），{automatic}"
            )
            return text + (f"；映射 {self.source}" if self.source else "")
        where = self.time_zone + (f", calendar {self.calendar}" if self.calendar else "")
        text = (
            f"{word(METRICS, self.metric)}: from {word(POINTS, self.starts)} to {word(POINTS, self.stops)}, "
            f"{clock} ({where}), {automatic}"
        )
        return text + (f"; map {self.source}" if self.source else "")

    def comparable(self, other: Definition) -> bool:
        """Whether two times mean the same, so that they may be pooled; the map's name does not matter."""
        return (self.metric, self.starts, self.stops, self.clock, self.automatic_replies) == (
            other.metric,
            other.starts,
            other.stops,
            other.clock,
            other.automatic_replies,
        ) and (self.clock == "calendar" or self.calendar == other.calendar)

    def to_dict(self) -> dict[str, str]:
        """Return the definition as plain data for JSON."""
        return {
            "metric": self.metric,
            "starts": self.starts,
            "stops": self.stops,
            "clock": self.clock,
            "time_zone": self.time_zone,
            "calendar": self.calendar,
            "source": self.source,
            "automatic_replies": self.automatic_replies,
        }


@dataclass(frozen=True)
class ServiceRecords:
    """Contacts read from exports of ticket, call and chat systems.

    Attributes
    ----------
    contacts
        One row per contact. Columns of `TEXTS` ("" where absent), `MOMENTS` (with time zone), `LENGTHS`
        (seconds), `COUNTS` and `FLAGS` (NaN where absent) that the exports have, others left out; then
        `file` (int16, place in `files`) and `row` (int64, as a spreadsheet counts). A contact that was never
        answered has a NaN `first_response_s`, and `first_response_censored_s` says how long it had waited
        when last seen. A time that cannot be true is NaN, and a finding names it.
    definitions
        What each length of time means, by its column.
    ledger
        What became of every row.
    findings
        What is doubtful in the records.
    files
        Names of the files, in the order given.
    notes
        What a reader of figures from these records must know.
    sources
        The files themselves, for provenance; () where the records are of a frame.
    rating_scale
        The scale of the column `rating`, where the map says it.
    promise
        Which length of time `sla_target_s` and `sla_met` are about, `first_response_s` or `resolution_s`; ""
        where the map does not say.
    """

    contacts: pd.DataFrame
    definitions: Mapping[str, Definition] = field(default_factory=dict)
    ledger: Ledger = field(default_factory=Ledger)
    findings: tuple[Finding, ...] = ()
    files: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    sources: tuple[Source, ...] = ()
    rating_scale: RatingScale | None = None
    promise: str = ""

    def __len__(self) -> int:
        return len(self.contacts)

    @classmethod
    def of_frame(
        cls,
        contacts: pd.DataFrame,
        *,
        definitions: Mapping[str, Definition] | None = None,
        time_zone: str = "Asia/Shanghai",
        name: str = "frame",
    ) -> ServiceRecords:
        """Make records from a frame that has the canonical columns already.

        Parameters
        ----------
        contacts
            Columns of `TEXTS`, `MOMENTS`, `LENGTHS`, `COUNTS`, `FLAGS`; `file` and `row` are made where
            absent. Moments without a zone are taken to be of `time_zone`.
        definitions
            What the times mean; a metric left out is taken to be as its system reports it.
        time_zone, name
            Zone of the moments; name that stands for the file.

        Raises
        ------
        ColumnsError
            When a column is not canonical.
        """
        known = {*TEXTS, *MOMENTS, *LENGTHS, *COUNTS, *FLAGS, "file", "row"}
        strange = [str(column) for column in contacts.columns if column not in known]
        if strange:
            raise ColumnsError(
                "these columns are none of service records",
                value=", ".join(strange),
                expected=", ".join(sorted(known)),
                next_step="rename them, or read the file through a map of records",
            )
        frame = pd.DataFrame(index=pd.RangeIndex(len(contacts)))
        for column in contacts.columns:
            values = contacts[column].reset_index(drop=True)
            if column in TEXTS:
                frame[column] = values.astype("str").where(values.notna(), "")
            elif column in MOMENTS:
                moments = pd.to_datetime(values)
                if moments.dt.tz is None:
                    moments = moments.dt.tz_localize(time_zone)
                frame[column] = moments.dt.tz_convert(time_zone)
            elif column not in ("file", "row"):
                frame[column] = values.astype(np.float64)
        frame["file"] = contacts["file"].to_numpy(np.int16) if "file" in contacts else np.int16(0)
        frame["row"] = (
            contacts["row"].to_numpy(np.int64) if "row" in contacts else np.arange(len(frame)) + np.int64(2)
        )
        said = dict(definitions or {})
        for metric in METRICS:
            if metric in frame and metric not in said:
                said[metric] = Definition(metric, "reported", "reported", time_zone=time_zone)
        return cls(frame, said, Ledger.of_file(name, None, len(frame), ()), files=(name,))
