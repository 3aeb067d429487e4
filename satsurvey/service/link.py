"""Which contact each interview is about: joined by case, or by customer and time, with what did not fit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from satsurvey.errors import ColumnsError, MethodError
from satsurvey.intake.dates import parse_dates
from satsurvey.intake.responses import Responses
from satsurvey.service.link_keys import KeyColumn, joined_codes
from satsurvey.service.records import ServiceRecords
from satsurvey.service.repeats import seconds_of

Key = Literal["case_id", "customer"]
Prefer = Literal["last_before", "nearest"]
Codes = NDArray[np.int64]
Floats = NDArray[np.float64]

LINK_STATUS = (
    "linked",
    "linked_of_several",
    "no_id",
    "id_not_in_records",
    "several_contacts",
    "no_time",
    "outside_window",
    "contact_after_interview",
    "different_company",
)
"""What became of an interview; the first two are linked, the others say why not."""
CONFLICTS = ("different_company", "contact_after_interview", "several_interviews")
_CODE = {name: place for place, name in enumerate(LINK_STATUS)}
_DAY = 86_400


@dataclass(frozen=True)
class Link:
    """Interviews and the contacts they are about; only pairs stand in it, nothing is filled in.

    Attributes
    ----------
    interview, contact
        Positions in the responses and in the contacts, int64, one pair each, interviews ascending. A contact
        may stand in several pairs (a conflict names them).
    status
        What became of every interview, int8, a place in `LINK_STATUS`.
    coverage
        side ("interviews", "contacts"), status, n, share (of that side, 0-1). Contacts are "linked" or
        "no_interview".
    conflicts
        conflict (one of `CONFLICTS`), id, interview_file, interview_row, contact_file, contact_row,
        interview_company, contact_company, interview_at, contact_at; the rows as a spreadsheet counts them.
    method
        by, window_days, prefer.
    notes
        What a reader must know.
    """

    interview: Codes
    contact: Codes
    status: NDArray[np.int8]
    coverage: pd.DataFrame
    conflicts: pd.DataFrame
    method: dict[str, object]
    notes: tuple[str, ...]

    def __len__(self) -> int:
        return int(self.interview.size)


def link(
    responses: Responses,
    records: ServiceRecords,
    *,
    by: Key = "case_id",
    window_days: float | None = None,
    prefer: Prefer = "last_before",
) -> Link:
    """Join interviews to the contacts they are about.

    Parameters
    ----------
    responses
        The interviews, with texts `case_id` (or `customer_id`), `completed_at`, `contact_at`.
    records
        The contacts; `contact_id` stands in where there is no `case_id`.
    by
        "case_id": the interview names the case. "customer": it names the customer, whose contact is found by
        time.
    window_days
        The longest time from the contact to the interview; needed for "customer". None: any.
    prefer
        Which of several contacts is meant. "last_before": the last that began before the interview (before
        `contact_at` where the interview has no time of its own). "nearest": the nearest to `contact_at` (else
        to the interview), before or after it.

    Returns
    -------
    Link

    Raises
    ------
    ColumnsError
        When a side has no such id, or the ids cannot be trusted (see `joined_codes`).
    MethodError
        When an option is none, or a window is wanted.

    Notes
    -----
    Where both sides name companies, an id is one of its company: the same id at another company is a conflict
    and not a link. A time without a time of day stands for the end of its day. An interview whose contact
    began after it is a conflict and not a link, but for "nearest".
    """
    _check(by, window_days, prefer)
    notes: list[str] = []
    ids, its = _keys(responses, records, by, notes)
    keys, contact_keys = joined_codes(ids, its)
    company, contact_company = _companies(responses, records, notes)
    matching = _Matching(
        when=_interview_times(responses, prefer, notes),
        contact_when=_contact_times(records),
        window_s=np.inf if window_days is None else float(window_days) * _DAY,
        by=by,
        prefer=prefer,
    )
    n = len(responses)
    status, contact = np.full(n, _CODE["id_not_in_records"], dtype=np.int8), np.full(n, -1, dtype=np.int64)
    status[keys < 0] = _CODE["no_id"]
    usable = contact_keys >= 0
    # An id belongs to its company; contacts that name none may be anybody's.
    n_companies = int(max(company.max(initial=-1), contact_company.max(initial=-1))) + 2
    for mine, theirs, rows in (
        (company, contact_company, company >= 0),
        (np.full(n, -1), contact_company, company >= 0),
        (np.full(n, -1), np.full(contact_company.size, -1), company < 0),
    ):
        todo = np.flatnonzero(rows & (status == _CODE["id_not_in_records"]))
        if todo.size:
            joint = np.where(usable, contact_keys * n_companies + theirs + 1, -1)
            status[todo], contact[todo] = matching.of(todo, (keys * n_companies + mine + 1)[todo], joint)
    elsewhere = (status == _CODE["id_not_in_records"]) & np.isin(keys, contact_keys[usable])
    status[elsewhere] = _CODE["different_company"]
    contact[elsewhere] = _first_with(keys[elsewhere], contact_keys)
    linked = status <= _CODE["linked_of_several"]
    interview = np.flatnonzero(linked).astype(np.int64)
    pairs = contact[linked]
    claims = np.bincount(pairs, minlength=len(records)) if pairs.size else np.zeros(len(records), np.int64)
    sides = _Sides(responses, records, matching, ids.ids)
    conflicts = [
        sides.rows("different_company", np.flatnonzero(elsewhere), contact),
        sides.rows(
            "contact_after_interview",
            np.flatnonzero(status == _CODE["contact_after_interview"]),
            contact,
        ),
        sides.rows("several_interviews", interview[claims[pairs] > 1], contact),
    ]
    _tell(notes, n, interview.size, int((claims > 1).sum()))
    return Link(
        interview=interview,
        contact=pairs,
        status=status,
        coverage=_coverage(status, claims),
        conflicts=pd.concat(conflicts, ignore_index=True),
        method={"by": by, "window_days": window_days, "prefer": prefer},
        notes=tuple(dict.fromkeys(notes)),
    )


def _check(by: str, window_days: float | None, prefer: str) -> None:
    for name, value, known in (("by", by, get_args(Key)), ("prefer", prefer, get_args(Prefer))):
        if value not in known:
            raise MethodError(
                f"there is no such way of linking ({name})", value=value, expected=", ".join(known)
            )
    if window_days is None and by == "customer":
        raise MethodError(
            "a customer is linked to a contact within a window of time, and none is given",
            expected="window_days, such as 14",
            next_step="say how many days before the interview the contact may lie",
        )
    if window_days is not None and not 0 < window_days < np.inf:
        raise MethodError("the window must be positive", value=window_days, expected="days, such as 14")


def _keys(
    responses: Responses, records: ServiceRecords, by: Key, notes: list[str]
) -> tuple[KeyColumn, KeyColumn]:
    """Return the ids of interviews and contacts."""
    role = "case_id" if by == "case_id" else "customer_id"
    column = role
    if role == "case_id" and role not in records.contacts and "contact_id" in records.contacts:
        column = "contact_id"
        notes.append("the records have no case_id: the case of an interview was looked for in contact_id")
    if role not in responses.texts:
        raise ColumnsError(
            "the interviews do not say which contact they are about",
            column=role,
            expected=f"a column bound to the role {role}",
            next_step=f'write {role} = "HEADING" under [columns] in the study file',
        )
    if column not in records.contacts:
        raise ColumnsError(
            "the service records have no ids to link interviews to",
            column=column,
            expected=f"a column {column}",
            next_step="bind it in the map of records",
        )
    heading = responses.headings.get(role, role)
    own = KeyColumn(responses.texts[role], f"{heading} (interviews)", responses.findings, heading=heading)
    return own, KeyColumn(pa.array(records.contacts[column]), f"{column} (service records)", records.findings)


def _companies(responses: Responses, records: ServiceRecords, notes: list[str]) -> tuple[Codes, Codes]:
    """Number the companies of both sides alike; -1 everywhere where a side does not name them."""
    n, m = len(responses), len(records)
    if responses.company_id is not None and "company_id" in records.contacts:
        factor, column = responses.company_id, "company_id"
    elif "company" in records.contacts:
        factor, column = responses.company, "company"
    else:
        notes.append("the records name no company: an interview is linked by its id alone")
        return np.full(n, -1, dtype=np.int64), np.full(m, -1, dtype=np.int64)
    codes, names = pd.factorize(records.contacts[column])
    spelled = [*factor.names, *(str(name) for name in names)]
    plain = ["".join(name.split()).casefold() for name in spelled]
    places = {name: place for place, name in enumerate(dict.fromkeys(plain))}
    table = np.array([places[name] if name else -1 for name in plain] + [-1], dtype=np.int64)
    own = np.where(factor.codes < 0, -1, table[factor.codes])
    theirs = np.where(codes < 0, -1, table[: len(spelled)][len(factor.names) + codes] if m else codes)
    if n and m and not np.isin(own[own >= 0], theirs).any() and (own >= 0).any() and (theirs >= 0).any():
        notes.append(f"interviews and records have no company in common (compared by {column})")
    return own.astype(np.int64), theirs.astype(np.int64)


def _interview_times(responses: Responses, prefer: Prefer, notes: list[str]) -> Floats:
    """Return the time of each interview that contacts are compared with, seconds of local time."""
    found = np.full(len(responses), np.nan)
    order = ("completed_at", "contact_at") if prefer == "last_before" else ("contact_at", "completed_at")
    for role in order:
        if role not in responses.texts:
            continue
        moments, bad = parse_dates(responses.texts[role])
        seconds = np.where(np.isnat(moments), np.nan, moments.astype(np.int64))
        # A day alone is over at its end.
        seconds = np.where(seconds % _DAY == 0, seconds + _DAY - 1, seconds)
        found = np.where(np.isnan(found), seconds, found)
        if bad.any():
            notes.append(f"{int(bad.sum()):,} interviews have a {role} that cannot be read")
    return found


def _contact_times(records: ServiceRecords) -> Floats:
    """Return when each contact began, seconds of local time, which is how interviews are dated."""
    if "request_at" not in records.contacts:
        return np.full(len(records), np.nan)
    moments = records.contacts["request_at"]
    return seconds_of(moments.dt.tz_localize(None) if moments.dt.tz is not None else moments)


@dataclass(frozen=True)
class _Matching:
    """The choice among the contacts of one key by time."""

    when: Floats
    contact_when: Floats
    window_s: float
    by: Key
    prefer: Prefer

    def of(self, rows: NDArray[np.intp], keys: Codes, contact_keys: Codes) -> tuple[NDArray[np.int8], Codes]:
        """Return status and contact of interviews; the contact also where it is one that does not fit."""
        order = np.lexsort((self.contact_when, contact_keys))  # contacts without a time are last of their key
        key, time = contact_keys[order], self.contact_when[order]
        new = np.ones(key.size, dtype=np.bool_)
        new[1:] = key[1:] != key[:-1]
        place = np.cumsum(new) - 1
        ends = np.append(np.flatnonzero(new)[1:], key.size)
        low = np.searchsorted(key, keys)
        here = np.minimum(low, max(key.size - 1, 0))
        known_key = key[here] == keys if key.size else np.zeros(rows.size, dtype=np.bool_)
        status = np.full(rows.size, _CODE["id_not_in_records"], dtype=np.int8)
        found = np.flatnonzero(known_key)
        low, when = low[found], self.when[rows[found]]
        high = ends[place[low]]
        dated = np.concatenate([[0], np.cumsum(~np.isnan(time))])
        n_dated = dated[high] - dated[low]
        before = _last_not_after(place, time, place[low], when) - low
        # Places before the first dated contact of the key mean that none began before the interview.
        chosen = np.maximum(before, 0)
        if self.prefer == "nearest":
            after = np.minimum(before + 1, np.maximum(n_dated - 1, 0))
            with np.errstate(invalid="ignore"):
                nearer = np.abs(time[low + after] - when) < np.abs(when - time[low + chosen])
            chosen = np.where((before < 0) | nearer, after, chosen)
        gap = when - time[low + chosen]
        single = high - low == 1
        known = ~np.isnan(gap)
        own = np.where(single, _CODE["linked"], _CODE["linked_of_several"])
        own = np.where(known & (np.abs(gap) > self.window_s), _CODE["outside_window"], own)
        late = known & (before < 0) & (self.prefer == "last_before")
        # A customer's next contact is no contradiction; a case that began after its interview is.
        own = np.where(
            late, _CODE["outside_window"] if self.by == "customer" else _CODE["contact_after_interview"], own
        )
        if self.by == "customer" or np.isfinite(self.window_s):
            own = np.where(~known, _CODE["no_time"], own)
        if self.by == "case_id":
            own = np.where(~known & ~single, _CODE["several_contacts"], own)
        status[found] = own
        contact = np.full(rows.size, -1, dtype=np.int64)
        contact[found] = order[low + chosen]
        return status, contact


def _last_not_after(group: Codes, time: Floats, wanted: Codes, when: Floats) -> Codes:
    """Return the place of the last contact of each group that began by a moment; before the group: none.

    `group` and `time` are sorted, no time coming last. Interviews are dated to the second, and so are the
    contacts here: one that began in the same second did not begin after.
    """
    known = time[~np.isnan(time)]
    first = np.floor(known.min()) if known.size else 0.0
    span = np.int64(known.max() - first) + 3 if known.size else np.int64(3)
    passed = np.where(np.isnan(time), span - 1, np.floor(time) - first + 1).astype(np.int64)
    sought = np.where(np.isnan(when), 0, np.clip(np.floor(when) - first + 1, 0, span - 2)).astype(np.int64)
    places: Codes = np.searchsorted(group * span + passed, wanted * span + sought, side="right") - 1
    return places


@dataclass(frozen=True)
class _Sides:
    """Both sides, to name the rows of conflicts."""

    responses: Responses
    records: ServiceRecords
    matching: _Matching
    ids: pa.Array

    def rows(self, conflict: str, interviews: NDArray[np.intp] | Codes, contact: Codes) -> pd.DataFrame:
        """Return the rows of one kind of conflict, those of one contact together."""
        contacts = contact[interviews]
        order = np.lexsort((interviews, contacts))
        interviews, contacts = interviews[order], contacts[order]
        frame, files = self.records.contacts, [source.name for source in self.responses.files]
        company = frame["company"].iloc[contacts].tolist() if "company" in frame else [""] * contacts.size
        names = self.records.files or ("",)
        place = frame["file"].to_numpy()[contacts] if "file" in frame else np.zeros(contacts.size, np.int64)
        row = frame["row"].to_numpy()[contacts] if "row" in frame else contacts + 2
        return pd.DataFrame(
            {
                "conflict": pd.Series([conflict] * interviews.size, dtype="str"),
                "id": pd.Series([(i or "").strip() for i in self._ids(interviews)], dtype="str"),
                "interview_file": pd.Series([files[k] for k in self.responses.file[interviews]], dtype="str"),
                "interview_row": self.responses.row[interviews].astype(np.int64),
                "contact_file": pd.Series([names[k] for k in place], dtype="str"),
                "contact_row": row.astype(np.int64),
                "interview_company": pd.Series(
                    self.responses.company.take(interviews.astype(np.intp)).texts(), dtype="str"
                ),
                "contact_company": pd.Series(company, dtype="str"),
                "interview_at": _moments(self.matching.when[interviews]),
                "contact_at": _moments(self.matching.contact_when[contacts]),
            }
        )

    def _ids(self, interviews: NDArray[np.intp] | Codes) -> list[str | None]:
        texts: list[str | None] = self.ids.take(pa.array(interviews)).to_pylist()
        return texts


def _moments(seconds: Floats) -> NDArray[np.datetime64]:
    known = ~np.isnan(seconds)
    whole = np.where(known, seconds, 0).astype(np.int64).astype("datetime64[s]")
    return np.where(known, whole, np.datetime64("NaT", "s"))


def _first_with(keys: Codes, contact_keys: Codes) -> Codes:
    """Return the first contact of each key, which must be there."""
    order = np.argsort(contact_keys, kind="stable")
    found: Codes = order[np.searchsorted(contact_keys[order], keys)].astype(np.int64)
    return found


def _coverage(status: NDArray[np.int8], claims: Codes) -> pd.DataFrame:
    counts = np.bincount(status, minlength=len(LINK_STATUS))
    claimed = int((claims > 0).sum())
    rows = [("interviews", name, int(n), status.size) for name, n in zip(LINK_STATUS, counts, strict=True)]
    rows += [
        ("contacts", "linked", claimed, claims.size),
        ("contacts", "no_interview", claims.size - claimed, claims.size),
    ]
    return pd.DataFrame(
        {
            "side": pd.Series([row[0] for row in rows], dtype="str"),
            "status": pd.Series([row[1] for row in rows], dtype="str"),
            "n": np.array([row[2] for row in rows], dtype=np.int64),
            "share": np.array([row[2] / row[3] if row[3] else np.nan for row in rows]),
        }
    )


def _tell(notes: list[str], n: int, linked: int, claimed: int) -> None:
    notes.insert(0, f"{linked:,} of {n:,} interviews are linked to a contact; the others enter nothing")
    if claimed:
        notes.append(
            f"{claimed:,} contacts are claimed by several interviews each; all of these are kept, and listed"
        )
