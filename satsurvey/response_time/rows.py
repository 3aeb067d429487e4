"""Rows of the response-time study: each interview's outcome beside how long the customer waited."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from satsurvey.errors import ColumnsError, MethodError
from satsurvey.intake.dates import parse_dates
from satsurvey.intake.responses import Factor, Responses
from satsurvey.response_time.contacts import Contacts, refuse_unlinked
from satsurvey.response_time.outcomes import Outcome, outcome_of
from satsurvey.response_time.times import TIME_COLUMNS, Times, times_of
from satsurvey.service.link import link as link_to_records
from satsurvey.service.masking import masked_names
from satsurvey.service.records import Definition, ServiceRecords

if TYPE_CHECKING:
    from satsurvey.intake.findings import Finding
    from satsurvey.intake.ledger import Ledger
    from satsurvey.intake.raw import Source
    from satsurvey.service.link import Link

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Rows = NDArray[np.intp]

STANDARD_CONTROLS = ("channel", "purpose", "industry", "wave")
"""What every model holds fixed where the data have it and nothing else is asked for."""
FIELDS = ("company", "industry", "channel", "purpose", "agent", "tier")
EXCLUDED: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "not_linked": ("没有对应的服务记录", "linked to no service record"),
        "negative_time": ("时间为负", "the time is negative"),
        "by_bot": ("机器人独立处理，没有人工答复", "handled by a bot alone"),
        "never_answered": ("从未得到答复（删失）", "never answered (censored)"),
        "no_time": ("没有时间", "no time"),
        "no_outcome": ("没有可用的评分", "no rating that can be used"),
        "no_company": ("没有企业", "no company"),
        "no_control": ("控制变量缺失", "a control is missing"),
    }
)
"""Why an interview is not in the study, with the words in Chinese and English, in the order asked."""


@dataclass(frozen=True, eq=False)
class Unused:
    """Interviews that are not in the study.

    Attributes
    ----------
    file, row
        Where each stands: place of its file, and its row as a spreadsheet counts.
    reason
        A key of `EXCLUDED` for each.
    """

    file: NDArray[np.int16]
    row: NDArray[np.int32] | NDArray[np.int64]
    reason: NDArray[np.str_]

    def __len__(self) -> int:
        return int(self.row.size)


@dataclass(frozen=True, eq=False)
class ResponseRows:
    """Interviews that have both an outcome and a time; everything else is counted.

    Attributes
    ----------
    outcome
        float64 0-100, shape (rows,).
    answer
        The answers as they were given (of a reverse item turned, so that more is better), where the outcome
        is one question; None where it is built of several.
    outcome_name
        `total`, `dimension:A`, `item:A1` or `outcome:O1`.
    top
        The highest outcome that can be given.
    time_s
        float64 seconds, not negative.
    time_name
        `first_response`, `average_reply`, `wait` or `resolution`.
    definition
        What starts and stops the clock.
    company, industry, channel, purpose, agent, tier
        Names, each None where the data have none.
    controls
        What every model holds fixed, by name: names, or numbers without gaps.
    resolved, complex
        1, 0, NaN where not known, or None: whether the first contact settled the matter, and whether the
        matter was out of the ordinary. Both may move waiting and satisfaction alike.
    weight
        Interview weights, or None.
    date
        When the interview was, else the contact; datetime64[s] or None.
    file, row
        Where each interview stands.
    excluded
        Interviews that are not here by reason (`EXCLUDED`), with those used they are all that were read.
    unused
        The same interview by interview, in the order of the exports.
    findings
        Times that cannot be true, with their rows.
    read
        How many interviews there were.
    ledger, files
        What became of the rows of the exports, and the exports.
    notes
        What must be known.
    """

    outcome: Floats
    answer: Floats | None
    outcome_name: str
    time_s: Floats
    time_name: str
    definition: Definition
    company: Factor
    file: NDArray[np.int16]
    row: NDArray[np.int32] | NDArray[np.int64]
    excluded: Mapping[str, int]
    read: int
    top: float = 100.0
    industry: Factor | None = None
    channel: Factor | None = None
    purpose: Factor | None = None
    agent: Factor | None = None
    tier: Factor | None = None
    controls: Mapping[str, Factor | Floats] = field(default_factory=dict)
    resolved: Floats | None = None
    complex: Floats | None = None
    weight: Floats | None = None
    date: NDArray[np.datetime64] | None = None
    unused: Unused | None = None
    findings: tuple[Finding, ...] = ()
    ledger: Ledger | None = None
    files: tuple[Source, ...] = ()
    fields: Mapping[str, Factor] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return int(self.time_s.size)

    def factor(self, name: str) -> Factor:
        """Return a column of names: one of `FIELDS`, or another field of the export such as `wave`.

        Raises
        ------
        MethodError
            When there is none of this name.
        """
        found = getattr(self, name) if name in FIELDS else self.fields.get(name)
        if found is None:
            known = [field for field in FIELDS if getattr(self, field) is not None]
            raise MethodError(
                f"the data have no field called {name}",
                value=name,
                expected=", ".join(dict.fromkeys([*known, *self.fields])),
                next_step="bind a column to it in the study file, or name another field",
            )
        result: Factor = found
        return result

    def take(self, rows: Rows | Flags) -> ResponseRows:
        """Return some of the rows (positions or a mask); what was excluded stays as counted."""
        at = np.flatnonzero(rows) if rows.dtype == np.bool_ else rows.astype(np.intp)

        def some(value: Factor | Floats | None) -> Factor | Floats | None:
            if value is None:
                return None
            return value.take(at) if isinstance(value, Factor) else value[at]

        names = ("outcome", "time_s", "answer", "resolved", "complex", "weight", "date", "file", "row")
        changed = {name: some(getattr(self, name)) for name in (*names, *FIELDS)}
        return replace(
            self,
            **changed,  # type: ignore[arg-type]
            controls={name: some(value) for name, value in self.controls.items()},  # type: ignore[misc]
            fields={name: value.take(at) for name, value in self.fields.items()},
        )


def response_rows(
    responses: Responses,
    link: Link | None = None,
    records: ServiceRecords | None = None,
    *,
    outcome: str = "total",
    time: str = "first_response",
    controls: Sequence[str] | None = (),
) -> ResponseRows:
    """Put each interview's outcome beside its time.

    Parameters
    ----------
    responses
        The interviews.
    link, records
        Service records, and which contact each interview is about; without a link they are joined by case.
        Without records the times are those of the export itself: the roles `first_response_s`,
        `avg_response_s`, `wait_s`, `resolution_s`, or `contact_at` and `responded_at`.
    outcome
        `total`, `dimension:CODE`, `item:CODE` or `outcome:CODE`.
    time
        `first_response`, `average_reply`, `wait` or `resolution`.
    controls
        Fields to hold fixed: channel, purpose, industry, wave, tier, agent, any other factor of the export,
        the code of a question of fact, complexity, resolved, or a number of the records such as transfers.
        None takes those of `STANDARD_CONTROLS` that take two values or more.

    Returns
    -------
    ResponseRows

    Raises
    ------
    MethodError
        When outcome, time or a control is unknown.
    ColumnsError
        When the data have no such time, or ids that cannot be joined.

    Notes
    -----
    Names of agents and interviewers that are no ids, and personal data in other names, are replaced: names
    become terms of models and stand in everything that is written.

    A contact that was never answered has no time: it is counted as censored, and never stands with the time
    it had waited so far. A negative time is a finding; it is neither used nor clipped. Names that are absent
    are a level of their own in a control; numbers that are absent take the interview out.
    """
    if link is not None and records is None:
        raise MethodError("a link needs the service records that it points to")
    if time not in TIME_COLUMNS:
        raise MethodError(
            "this time is not known", value=time, expected=", ".join(TIME_COLUMNS), next_step="name one"
        )
    found = outcome_of(responses, outcome)
    notes: list[str] = list(found.notes)
    if records is not None and link is None:
        link = link_to_records(responses, records)
    contacts = None
    if records is not None and link is not None:
        refuse_unlinked(link)
        contacts = Contacts(records, link, len(responses))
        notes += [*records.notes, *link.notes]
    times = times_of(responses, time, contacts)
    notes += times.notes
    source = _Fields(responses, contacts)
    held = source.controls(controls, notes)
    reasons = _reasons(responses, found, times, contacts, held)
    used = reasons < 0
    counts = np.bincount(reasons[~used], minlength=len(EXCLUDED))
    excluded = {name: int(n) for name, n in zip(EXCLUDED, counts, strict=True) if n}
    if not used.any():
        raise ColumnsError(
            "; ".join(
                ["no interview has both an outcome and a time"]
                + [f"{EXCLUDED[name][1]}: {n:,}" for name, n in excluded.items()]
            ),
            next_step="look at the reasons: how interviews are linked, and which times the records have",
        )
    rows = ResponseRows(
        outcome=found.scores,
        answer=found.answers,
        outcome_name=outcome,
        top=found.top,
        time_s=times.seconds,
        time_name=time,
        definition=times.definition,
        company=responses.company,
        industry=responses.industry,
        channel=source.factor("channel"),
        purpose=source.factor("purpose"),
        agent=source.factor("agent"),
        tier=source.factor("tier"),
        controls=held,
        resolved=source.number("resolved"),
        complex=source.number("complexity"),
        weight=responses.weight,
        date=_dates(responses),
        file=responses.file,
        row=responses.row,
        excluded=excluded,
        unused=Unused(responses.file[~used], responses.row[~used], np.array(list(EXCLUDED))[reasons[~used]]),
        read=len(responses),
        findings=times.findings,
        ledger=responses.ledger,
        files=responses.files,
        fields={name: field for name in responses.factors if (field := source.factor(name)) is not None},
    ).take(used)
    notes += _precision(rows.time_s)
    return replace(rows, notes=tuple(dict.fromkeys(notes)))


def _reasons(
    responses: Responses,
    outcome: Outcome,
    times: Times,
    contacts: Contacts | None,
    controls: Mapping[str, Factor | Floats],
) -> NDArray[np.int8]:
    """Return why each interview is left out, a place in `EXCLUDED`; -1 where it is used. The first counts."""
    lacking = np.zeros(len(responses), dtype=np.bool_)
    for value in controls.values():
        if not isinstance(value, Factor):
            lacking |= np.isnan(value)
    linked = np.ones(len(responses), dtype=np.bool_) if contacts is None else contacts.linked
    ways = {
        "not_linked": ~linked,
        "negative_time": times.negative,
        "by_bot": times.by_bot,
        "never_answered": times.censored,
        "no_time": np.isnan(times.seconds),
        "no_outcome": np.isnan(outcome.scores),
        "no_company": responses.company.codes < 0,
        "no_control": lacking,
    }
    reasons = np.full(len(responses), -1, dtype=np.int8)
    for place, name in reversed(list(enumerate(EXCLUDED))):
        reasons[ways[name]] = place
    return reasons


_PEOPLE = {"agent": "agent", "interviewer": "interviewer"}
"""Fields that name people, with the word that stands for them."""


class _Fields:
    """Fields of interviews: from the linked records where they have them, else from the export."""

    def __init__(self, responses: Responses, contacts: Contacts | None) -> None:
        self._responses = responses
        self._contacts = contacts

    def factor(self, name: str) -> Factor | None:
        """Return names by field, role or code of a question of fact; None where there are none."""
        found = self._factor(name)
        if found is None or name in ("company", "industry"):
            return found
        shown, n = masked_names(found.names, person=_PEOPLE.get(name))
        if not n:
            return found
        # Levels that differed by personal data alone are one level.
        place = {text: k for k, text in enumerate(dict.fromkeys(shown))}
        turn = np.array([*(place[text] for text in shown), -1], dtype=np.int32)
        return Factor(turn[found.codes], tuple(place))

    def _factor(self, name: str) -> Factor | None:
        responses = self._responses
        if self._contacts is not None and (found := self._contacts.factor(name)) is not None:
            return found
        if name in ("company", "industry"):
            return responses.company if name == "company" else responses.industry
        role = {"tier": "customer_tier"}.get(name, name)
        if role in responses.factors and responses.factors[role].names:
            return responses.factors[role]
        for fact in responses.instrument.facts:
            if name in (fact.plays, fact.code) and fact.code in responses.facts:
                column = responses.facts[fact.code]
                if column.codes is not None:
                    codes = np.where(column.codes < len(column.values), column.codes, 255).astype(np.int32)
                    return Factor(np.where(codes == 255, -1, codes).astype(np.int32), column.values)
        return None

    def number(self, name: str) -> Floats | None:
        """Return numbers by name: `resolved`, `complexity`, of the records or of a question of fact."""
        responses = self._responses
        if self._contacts is not None and (found := self._contacts.number(name)) is not None:
            return found
        for fact in responses.instrument.facts:
            means = {"resolved": fact.metric == "fcr", "complexity": fact.plays == "complexity"}
            if fact.code in responses.facts and (means.get(name) or fact.code == name):
                column = responses.facts[fact.code]
                if column.numbers is not None:
                    return column.numbers
                if column.codes is not None and fact.type == "yes_no":
                    known = column.codes < len(column.values)
                    return np.where(known, column.codes, np.nan).astype(np.float64)
        return responses.numbers.get(name)

    def controls(self, names: Sequence[str] | None, notes: list[str]) -> dict[str, Factor | Floats]:
        """Return what is to be held fixed."""
        if names is None:
            standard = {name: self.factor(name) for name in STANDARD_CONTROLS}
            return {
                name: value
                for name, value in standard.items()
                if value is not None and np.unique(value.codes).size > 1
            }
        held: dict[str, Factor | Floats] = {}
        for name in dict.fromkeys(names):
            value = self.number(name) if name in ("complexity", "resolved") else self.factor(name)
            if value is None:
                value = self.number(name)
            if value is None:
                raise MethodError(
                    f"the data have no field called {name} to hold fixed",
                    value=name,
                    expected=", ".join(self.known()),
                    next_step="bind a column to it in the study file, or leave it out of the controls",
                )
            if isinstance(value, Factor) and np.unique(value.codes).size < 2:
                notes.append(f"the control {name} is the same in every interview and is left out")
                continue
            held[name] = value
        return held

    def known(self) -> list[str]:
        """Return the names of fields that can be held fixed."""
        responses = self._responses
        named = [name for name in (*FIELDS[1:], *responses.factors) if self.factor(name) is not None]
        named += [name for name in ("complexity", "resolved") if self.number(name) is not None]
        named += [*responses.facts, *([] if self._contacts is None else self._contacts.numbers)]
        return [name for name in dict.fromkeys(named) if name != "customer_tier"]


def _dates(responses: Responses) -> NDArray[np.datetime64] | None:
    for role in ("completed_at", "contact_at"):
        if role in responses.texts:
            moments, _ = parse_dates(responses.texts[role])
            if not np.isnat(moments).all():
                return moments
    return None


def _precision(seconds: Floats) -> list[str]:
    """Return a note where times are in whole minutes: a time of 0 then is any time below one."""
    if seconds.size > 1 and (seconds % 60 == 0).all() and (seconds > 0).any():
        return ["times are in whole minutes: 0 stands for anything shorter than a minute"]
    return []
