"""Reading service records: exports, a map and a calendar together become `ServiceRecords`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from satsurvey.errors import MethodError, ReadError
from satsurvey.intake.finding_log import FindingLog
from satsurvey.intake.ledger import Ledger, UnusedRow
from satsurvey.intake.personal_data import mask_personal_data
from satsurvey.service.calendars import Calendar, as_calendar, known_zone
from satsurvey.service.clocks import business_between, calendar_between
from satsurvey.service.conversations import Seconds
from satsurvey.service.drafts import Draft
from satsurvey.service.fields import FieldReader
from satsurvey.service.finishing import Finisher, repeated
from satsurvey.service.joining import Joining
from satsurvey.service.maps import RecordMap, load_map
from satsurvey.service.records import CHANNELS, METRICS, Clock, ServiceRecords
from satsurvey.service.tables import ExportTable, open_table, split_role

_MOST_FILES = 32_000
_MOST_NAMED = 12


def read_records(
    paths: Sequence[str | Path],
    *,
    map: RecordMap | str | Path = "general",
    time_zone: str | None = None,
    calendar: Calendar | str | Path | None = None,
    clock: Clock | None = None,
    encoding: str | None = None,
    sheet: str | None = None,
    now: datetime | None = None,
    progress: Callable[[str], None] | None = None,
) -> ServiceRecords:
    """Read exports of ticket, call and chat systems.

    Parameters
    ----------
    paths
        The exports: CSV, Excel, SPSS, Stata, Parquet, JSON. Of a map with several tables, give one file or
        more for each; which is which is told by the headings, or by a name in front (`comments=notes.csv`).
    map
        A map, the name of a shipped one (`satsurvey.service.maps.map_names`), or the path of a file.
    time_zone
        Zone in which moments are shown and in which texts without a zone are read; default is the map's.
    calendar
        Calendar of business time: one, the name of a shipped one, or the path of a file. Given one, times
        are counted in business time unless `clock` says otherwise.
    clock
        "calendar" or "business"; default is the map's.
    encoding, sheet
        Of the exports, where the automatic choice is wrong.
    now
        Moments later than a day after it are impossible; default is the present.
    progress
        Called with the name of each file before it is read.

    Returns
    -------
    ServiceRecords
        One row per contact; `ledger` accounts for all other rows, `findings` for what cannot be true.

    Raises
    ------
    ReadError, EncodingError, ColumnsError, RecordMapError, CalendarError, MethodError
        When files, map or calendar cannot be used at all. Defects of single cells never raise.

    Examples
    --------
    >>> records = read_records(["calls.csv"], map="call_log")  # doctest: +SKIP
    >>> records.definitions["wait_s"].text()  # doctest: +SKIP
    """
    plan = map if isinstance(map, RecordMap) else load_map(map)
    zone = _zone(time_zone or plan.time_zone)
    hours = as_calendar(calendar)
    folder = Path(map).parent if not isinstance(map, RecordMap) and Path(map).is_file() else Path()
    if hours is None and plan.calendar is not None:
        beside = folder / plan.calendar
        hours = as_calendar(beside if beside.is_file() else plan.calendar)
    chosen: Clock = clock or ("business" if calendar is not None else plan.clock)
    seconds = _seconds(chosen, hours)
    tables = _tables(paths, plan, chosen, encoding, sheet, progress)
    log = FindingLog()
    # A zone that the user names holds for texts too, unless the map says in which other one they are written.
    readers: dict[str, list[FieldReader]] = defaultdict(list)
    for table in tables:
        readers[table.role].append(
            FieldReader(table, plan, clock=chosen, zone=plan.written_in or zone, log=log)
        )
    joining = Joining(plan, chosen, seconds)
    draft, joined = _draft(plan, readers, joining)
    finisher = Finisher(
        draft,
        plan,
        clock=chosen,
        zone=zone,
        calendar_name=hours.name if hours else "",
        seconds=seconds,
        countable=chosen == "calendar" or hours is not None,
        tables=tables,
        log=log,
        now=now or datetime.now(UTC),
    )
    finisher.finish(joined, joining.pending)
    frame = finisher.frame()
    frame, repeats = _without_repeats(frame, plan, tables, log)
    ledger = _ledger(tables, joining, repeats)
    notes = [
        *_map_notes(plan),
        *joining.notes,
        *(_calendar_notes(frame, hours) if chosen == "business" else ()),
    ]
    if chosen == "business" and hours is None:
        notes.append(
            "without a calendar, how long unanswered contacts had waited is not known in business time"
        )
    notes += [f"{table.source.name}: {note}" for table in tables for note in table.source.notes]
    notes += [note for table in tables for note in _unread(table)]
    notes += _strange_channels(frame)
    return ServiceRecords(
        frame,
        finisher.definitions,
        ledger,
        log.findings(),
        tuple(table.source.name for table in tables),
        tuple(notes),
        tuple(table.source for table in tables),
        plan.rating,
        plan.promise,
    )


def _unread(table: ExportTable) -> Iterator[str]:
    """Say which columns of a file the map does not name."""
    if table.unread:
        names = [mask_personal_data(name)[0] for name in table.unread]
        listed = ", ".join(names[:_MOST_NAMED]) + (" …" if len(names) > _MOST_NAMED else "")
        n = len(names)
        yield f"{table.source.name}: the map does not name {n} columns, which were not read: {listed}"


def _strange_channels(frame: pd.DataFrame) -> Iterator[str]:
    """Say which channels are the user's own words, that no published figure is about."""
    if "channel" not in frame:
        return
    own = [name for name in sorted(frame["channel"].unique()) if name and name not in CHANNELS]
    if own:
        names = [mask_personal_data(name)[0] for name in own]
        listed = ", ".join(names[:_MOST_NAMED]) + (" …" if len(names) > _MOST_NAMED else "")
        yield f"channels that the map does not translate, and that no published figure is about: {listed}"


def _zone(name: str) -> str:
    try:
        return known_zone(name)
    except ValueError as exc:
        raise MethodError(str(exc), next_step="name a zone such as Asia/Shanghai") from exc


def _seconds(clock: Clock, calendar: Calendar | None) -> Seconds:
    if clock == "calendar":
        return calendar_between
    if calendar is None:
        return _no_calendar
    return lambda start, end: business_between(start, end, calendar)


def _no_calendar(start: NDArray[np.int64], end: NDArray[np.int64]) -> NDArray[np.float64]:
    raise MethodError(
        "business time needs a calendar",
        next_step="name one with --calendar, or read calendar time with --clock calendar",
    )


def _tables(
    paths: Sequence[str | Path],
    plan: RecordMap,
    clock: Clock,
    encoding: str | None,
    sheet: str | None,
    progress: Callable[[str], None] | None,
) -> list[ExportTable]:
    if isinstance(paths, str | Path):
        paths = [paths]
    if not paths:
        raise ReadError("no file was given", next_step="name an export")
    if len(paths) > _MOST_FILES:
        raise ReadError(f"{len(paths):,} files were given; at most {_MOST_FILES:,} are read at once")
    named = [split_role(path, plan) for path in paths]
    seen: set[tuple[Path, str | None]] = set()
    tables: list[ExportTable] = []
    for number, (role, path) in enumerate(named):
        if (path.absolute(), role) in seen:
            raise ReadError("this file was given twice", file=path, next_step="name every file once")
        seen.add((path.absolute(), role))
        if progress:
            progress(path.name)
        tables.append(
            open_table(path, number, map=plan, role=role, clock=clock, encoding=encoding, sheet=sheet)
        )
    return tables


def _draft(
    plan: RecordMap, readers: dict[str, list[FieldReader]], joining: Joining
) -> tuple[Draft, set[str]]:
    """Make the contacts from all tables; with them, the lengths of time that other tables gave."""
    joined: set[str] = set()
    if readers["contacts"]:
        draft = Draft.joined([Draft.of_contacts(reader) for reader in readers["contacts"]])
    elif readers["messages"]:
        draft = joining.of_messages(readers["messages"])
        joined |= {"first_response_s", "avg_response_s"}
    elif readers["events"]:
        draft = joining.of_events(readers["events"])
    else:
        given = ", ".join(role for role, found in readers.items() if found)
        raise ReadError(
            f"these files have {given} alone, and none has the contacts that they belong to",
            expected=", ".join(plan.tables),
            next_step="give the table of contacts too",
        )
    before = set(draft.numbers)
    if readers["comments"]:
        joining.comments(draft, readers["comments"], readers["people"])
    if readers["milestones"]:
        joining.milestones(draft, readers["milestones"])
    if readers["events"]:
        joining.events(draft, readers["events"])
    return draft, joined | {name for name in METRICS if name in draft.numbers and name not in before}


def _without_repeats(
    frame: pd.DataFrame, plan: RecordMap, tables: Sequence[ExportTable], log: FindingLog
) -> tuple[pd.DataFrame, dict[int, list[int]]]:
    last = plan.repeated_ids == "last"
    aside, conflicting = repeated(frame, keep_last=last)
    if not aside.any() and not conflicting.any():
        return frame, {}
    rows: dict[int, list[int]] = {}
    for table in tables:
        of_file = (frame["file"] == table.number).to_numpy(np.bool_)
        rows[table.number] = frame["row"].to_numpy()[of_file & aside].tolist()
        found = frame["row"].to_numpy(np.int64)[of_file & conflicting]
        if found.size:
            log.add(
                table.source,
                table.columns.get("contact_id"),
                "repeated_id",
                "warning",
                "several rows with different contents have one contact id; the last was used"
                if last
                else "several rows with different contents have one contact id; all were used",
                'write repeated_ids = "last" in the map where a later row replaces an earlier one'
                if not last
                else "see whether the id is that of the contact and not of the case",
                rows=found,
            )
    return frame[~aside].reset_index(drop=True), rows


def _ledger(tables: Sequence[ExportTable], joining: Joining, repeats: dict[int, list[int]]) -> Ledger:
    ledger = Ledger()
    for table in tables:
        source = table.source
        unused = [
            *table.unused,
            *joining.unused.get(table.number, ()),
            *(
                UnusedRow(source.name, source.sheet, row, "repeated_contact")
                for row in repeats.get(table.number, ())
                if table.role == "contacts"
            ),
        ]
        unused.sort(key=lambda row: row.row)
        ledger += Ledger.of_file(source.name, source.sheet, table.rows_read, unused)
    return ledger


def _map_notes(plan: RecordMap) -> list[str]:
    if plan.verified is False:
        return [
            f"the map {plan.name} is a sample: nobody has confirmed its names of fields; "
            "compare them with your export"
        ]
    if plan.verified == "partly":
        return [f"the map {plan.name} is confirmed in part: its users name some fields themselves"]
    return []


def _calendar_notes(frame: pd.DataFrame, calendar: Calendar | None) -> tuple[str, ...]:
    if calendar is None or "request_at" not in frame or frame["request_at"].isna().all():
        return ()
    first: date = frame["request_at"].min().date()
    ends = [frame[name].max() for name in ("resolved_at", "closed_at", "request_at") if name in frame]
    last: date = max(moment for moment in ends if not pd.isna(moment)).date()
    return calendar.notes(first - timedelta(days=1), last + timedelta(days=1))
