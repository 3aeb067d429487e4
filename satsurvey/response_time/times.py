"""How long each customer waited: from the linked records, or from the export itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from satsurvey.errors import ColumnsError
from satsurvey.intake.dates import parse_dates
from satsurvey.intake.findings import Finding
from satsurvey.intake.responses import Responses
from satsurvey.response_time.contacts import Contacts
from satsurvey.service.records import Definition

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

TIME_COLUMNS: Mapping[str, str] = MappingProxyType(
    {
        "first_response": "first_response_s",
        "average_reply": "avg_response_s",
        "wait": "wait_s",
        "resolution": "resolution_s",
    }
)
"""The times by the column of the records, or the role in the export, that holds them in seconds."""
_DAY = 86_400
_MENDED = "see whether the two moments were exchanged or come from clocks that differ"


@dataclass(frozen=True, eq=False)
class Times:
    """Times of all interviews.

    Attributes
    ----------
    seconds
        NaN where there is none that can be used.
    negative
        Where the time was negative; it is not used and not clipped.
    censored
        Where the contact was never answered.
    by_bot
        Where a bot handled the contact alone: no time to a human answer is about it.
    definition
        What starts and stops the clock.
    from_records
        Whether they are those of service records.
    findings, notes
        What was found wrong, and what must be known.
    """

    seconds: Floats
    negative: Flags
    censored: Flags
    definition: Definition
    from_records: bool
    by_bot: Flags
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()


def times_of(responses: Responses, time: str, contacts: Contacts | None) -> Times:
    """Return the times of a kind.

    Raises
    ------
    ColumnsError
        When the data do not have it.
    """
    column = TIME_COLUMNS[time]
    if contacts is not None:
        return _of_records(contacts, column, len(responses))
    if column in responses.numbers:
        heading = responses.headings.get(column, column)
        definition = Definition(column, "reported", "reported", source=heading)
        return _checked(responses, responses.numbers[column], column, definition)
    if time == "first_response" and {"contact_at", "responded_at"} <= set(responses.texts):
        return _between(responses, column)
    expected = f"a column bound to the role {column}"
    if time == "first_response":
        expected = f"a column bound to the role {column}, or two bound to contact_at and responded_at"
    raise ColumnsError(
        "the export has no such time, and no service records are given",
        column=column,
        expected=expected,
        next_step="bind the column in the study file, or give the service records with --records",
    )


def _of_records(contacts: Contacts, column: str, n: int) -> Times:
    found = contacts.number(column)
    definition = contacts.records.definitions.get(column)
    censored, by_bot = np.zeros(n, dtype=np.bool_), np.zeros(n, dtype=np.bool_)
    if column == "first_response_s":
        waited = contacts.number("first_response_censored_s")
        unanswered = None if waited is None else np.isfinite(waited)
        if unanswered is not None:
            censored = unanswered if found is None else unanswered & np.isnan(found)
        by_bot = contacts.handled_by("bot") & (np.isnan(found) if found is not None else True)
        censored &= ~by_bot
    if found is None or definition is None:
        if censored.any():
            raise ColumnsError(
                "no linked contact was ever answered: there is no time to compare",
                column=column,
                value=f"{int(censored.sum()):,} contacts waiting when last seen",
                next_step="take records of contacts that were answered",
            )
        if column in contacts.records.contacts:
            raise ColumnsError(
                "no linked contact has a time that can be read",
                column=column,
                next_step="satsurvey records FILE lists what cannot be read in it, and why",
            )
        raise ColumnsError(
            "the linked service records have no such time",
            column=column,
            expected=", ".join(name for name in contacts.records.definitions if name != column)
            or "times in the records",
            next_step="name another time with --time, or bind the column in the map of records",
        )
    own = {row for finding in contacts.records.findings if finding.column == column for row in finding.rows}
    notes = (f"{len(own):,} times of the records cannot be true and are not used",) if own else ()
    return Times(found, found < 0, censored, definition, True, by_bot, contacts.records.findings, notes)


def _between(responses: Responses, column: str) -> Times:
    """Return the time between two moments of the export."""
    start, bad_start = parse_dates(responses.texts["contact_at"])
    stop, bad_stop = parse_dates(responses.texts["responded_at"])
    known = ~(np.isnat(start) | np.isnat(stop))
    seconds = np.full(len(responses), np.nan)
    seconds[known] = (stop[known] - start[known]).astype("timedelta64[s]").astype(np.float64)
    names = [responses.headings.get(role, role) for role in ("contact_at", "responded_at")]
    notes = [
        f"{int(bad.sum()):,} moments of {name} cannot be read; write them as 2019-03-05 10:02"
        for name, bad in zip(names, (bad_start, bad_stop), strict=True)
        if bad.any()
    ]
    with np.errstate(invalid="ignore"):
        negative = seconds < 0
    midnight = known & ((stop.astype(np.int64) % _DAY) == 0)
    if negative.any() and midnight[negative].all():
        notes.append(
            f"all {int(negative.sum()):,} responses before their request stand at 0:00, as a date without a "
            f"time of day does; {int((midnight & ~negative).sum()):,} other responses stand there too and "
            "are used"
        )
    definition = Definition(column, names[0], names[1])
    return _checked(responses, seconds, column, definition, tuple(notes))


def _checked(
    responses: Responses, seconds: Floats, column: str, definition: Definition, notes: tuple[str, ...] = ()
) -> Times:
    """Set negative times aside and report them."""
    with np.errstate(invalid="ignore"):
        negative = seconds < 0
    findings: list[Finding] = []
    for number, source in enumerate(responses.files):
        here = np.flatnonzero(negative & (responses.file == number))
        if here.size:
            findings.append(
                Finding(
                    "negative_time",
                    "error",
                    "the time is negative: the response stands before the request; it is not used and not "
                    "clipped",
                    _MENDED,
                    file=source.name,
                    sheet=source.sheet or "",
                    column=responses.headings.get(column, responses.headings.get("responded_at", column)),
                    letter=responses.letters.get(column, responses.letters.get("responded_at", "")),
                    rows=responses.row[here].astype(np.int64),
                    values=tuple(f"{value:g}" for value in seconds[here].tolist()),
                )
            )
    return Times(
        np.where(negative, np.nan, seconds),
        negative,
        np.zeros(seconds.size, dtype=np.bool_),
        definition,
        False,
        np.zeros(seconds.size, dtype=np.bool_),
        tuple(findings),
        notes,
    )
