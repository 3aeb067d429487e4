"""Which contact each interview is about: joined by case, or by customer and time, with what did not fit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, get_args

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from satsurvey.errors import ColumnsError, MethodError
from satsurvey.intake.dates import parse_dates
from satsurvey.intake.responses import Responses
from satsurvey.scoring.frames import names_at
from satsurvey.service.contacts_by_key import ContactsByKey
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
LINK_WORDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "linked": ("已连接", "linked"),
        "linked_of_several": ("已连接（多次联系取其一）", "linked, one of several contacts"),
        "no_id": ("访问中没有编号", "no id in the interview"),
        "id_not_in_records": ("服务记录中没有该编号", "id not in the records"),
        "several_contacts": ("该编号有多次联系，无时间可分", "several contacts with the id, no time to tell"),
        "no_time": ("缺少时间", "no time to compare"),
        "outside_window": ("不在时间窗内", "outside the window"),
        "contact_after_interview": ("联系晚于访问", "contact began after the interview"),
        "different_company": ("企业不一致", "another company"),
    }
)
"""What became of an interview, in Chinese and English."""
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
    and not a link. A day without a time of day stands for its end; for "nearest" a contact of that day is not
    away from it. An interview whose contact
    began after it is a conflict and not a link, but for "nearest".
    """
    _check(by, window_days, prefer)
    notes: list[str] = []
    ids, its = _keys(responses, records, by, notes)
    keys, contact_keys = joined_codes(ids, its)
    company, contact_company = _companies(responses, records, notes)
    when, slack = _interview_times(responses, prefer, notes)
    matching = _Matching(
        when=when,
        slack=slack,
        contact_when=_contact_times(records),
        window_s=np.inf if window_days is None else float(window_days) * _DAY,
        by=by,
        prefer=prefer,
    )
    n = len(responses)
    status, contact = np.full(n, _CODE["id_not_in_records"], dtype=np.int8), np.full(n, -1, dtype=np.int64)
    status[keys < 0] = _CODE["no_id"]
    # An id belongs to its company; contacts that name none may be anybody's.
    nobody = np.full(n, -1, dtype=np.int64)
    n_companies = int(max(company.max(initial=-1), contact_company.max(initial=-1))) + 2
    for theirs, wanted in ((contact_company, company >= 0), (np.full_like(contact_company, -1), company < 0)):
        if not wanted.any():
            continue
        joint = np.where(contact_keys >= 0, contact_keys * n_companies + theirs + 1, -1)
        contacts = ContactsByKey.of(joint, matching.contact_when)
        for mine in (company, nobody):
            todo = np.flatnonzero(wanted & (status == _CODE["id_not_in_records"]))
            own = keys[todo] * n_companies + mine[todo] + 1
            status[todo], contact[todo] = matching.of(todo, own, contacts)
    first = _first_of(keys, contact_keys)
    elsewhere = (status == _CODE["id_not_in_records"]) & (first >= 0)
    status[elsewhere], contact[elsewhere] = _CODE["different_company"], first[elsewhere]
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
    several = int((status == _CODE["linked_of_several"]).sum())
    _tell(notes, n, interview.size, several, int((claims > 1).sum()), prefer)
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


def _interview_times(responses: Responses, prefer: Prefer, notes: list[str]) -> tuple[Floats, Floats]:
    """Return the time of each interview that contacts are compared with, local seconds, and its slack.

    A day without a time stands at its end, and its slack is how much earlier it may have been. A midnight is
    such a day where the cell has no time or where all moments of the column are midnights.
    """
    found = np.full(len(responses), np.nan)
    slack = np.zeros(len(responses))
    order = ("completed_at", "contact_at") if prefer == "last_before" else ("contact_at", "completed_at")
    for role in order:
        if role not in responses.texts:
            continue
        moments, bad = parse_dates(responses.texts[role])
        seconds = np.where(np.isnat(moments), np.nan, moments.astype(np.int64))
        midnight = seconds % _DAY == 0
        timed = pc.fill_null(pc.match_substring(responses.texts[role], ":"), False).to_numpy(
            zero_copy_only=False
        )
        alone = midnight & (~timed | bool((midnight | np.isnan(seconds)).all()))
        new = np.isnan(found)
        found = np.where(new, np.where(alone, seconds + _DAY - 1, seconds), found)
        slack = np.where(new & alone, _DAY - 1.0, slack)
        if bad.any():
            notes.append(f"{int(bad.sum()):,} interviews have a {role} that cannot be read")
    return found, slack


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
    slack: Floats
    contact_when: Floats
    window_s: float
    by: Key
    prefer: Prefer

    def of(
        self, rows: NDArray[np.intp], keys: Codes, contacts: ContactsByKey
    ) -> tuple[NDArray[np.int8], Codes]:
        """Return status and contact of interviews; the contact also where it is one that does not fit."""
        status = np.full(rows.size, _CODE["id_not_in_records"], dtype=np.int8)
        contact = np.full(rows.size, -1, dtype=np.int64)
        there, group = contacts.find(keys)
        found = np.flatnonzero(there)
        group, when = group[found], self.when[rows[found]]
        time, low = contacts.time, contacts.groups.starts[group]
        before = contacts.last_not_after(group, when)
        # Places before the first dated contact of the key mean that none began before the interview.
        chosen = np.maximum(before, 0)
        if self.prefer == "nearest":
            n_dated = contacts.groups.counts(~np.isnan(time))[group]
            after = np.minimum(before + 1, np.maximum(n_dated - 1, 0))
            with np.errstate(invalid="ignore"):
                away = np.maximum(when - time[low + chosen] - self.slack[rows[found]], 0.0)
                nearer = np.abs(time[low + after] - when) < away
            chosen = np.where((before < 0) | nearer, after, chosen)
        gap = when - time[low + chosen]
        single = contacts.groups.size[group] == 1
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
        status[found], contact[found] = own, contacts.order[low + chosen]
        return status, contact


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
        names = self.records.files or ("",)
        place = frame["file"].to_numpy()[contacts] if "file" in frame else np.zeros(contacts.size, np.int64)
        row = frame["row"].to_numpy()[contacts] if "row" in frame else contacts + 2
        company = self.responses.company
        own = np.where(company.codes < 0, len(company.names), company.codes)[interviews]
        ids = pc.fill_null(pc.utf8_trim_whitespace(self.ids.take(pa.array(interviews))), "")
        return pd.DataFrame(
            {
                "conflict": names_at([conflict], np.zeros(interviews.size, dtype=np.int64)),
                "id": pd.Series(ids, dtype="str"),
                "interview_file": names_at(files, self.responses.file[interviews]),
                "interview_row": self.responses.row[interviews].astype(np.int64),
                "contact_file": names_at(names, place),
                "contact_row": row.astype(np.int64),
                "interview_company": names_at((*company.names, ""), own),
                "contact_company": frame["company"].take(contacts).array if "company" in frame else "",
                "interview_at": _moments(self.matching.when[interviews]),
                "contact_at": _moments(self.matching.contact_when[contacts]),
            }
        )


def _moments(seconds: Floats) -> NDArray[np.datetime64]:
    known = ~np.isnan(seconds)
    whole = np.where(known, seconds, 0).astype(np.int64).astype("datetime64[s]")
    return np.where(known, whole, np.datetime64("NaT", "s"))


def _first_of(keys: Codes, contact_keys: Codes) -> Codes:
    """Return the first contact of each key, -1 where there is none."""
    first = np.full(int(max(keys.max(initial=-1), contact_keys.max(initial=-1))) + 2, -1, dtype=np.int64)
    first[contact_keys[::-1]] = np.arange(contact_keys.size)[::-1]
    first[-1] = -1  # which is where no key points
    found: Codes = first[keys]
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


def _tell(notes: list[str], n: int, linked: int, several: int, claimed: int, prefer: Prefer) -> None:
    notes.insert(0, f"{linked:,} of {n:,} interviews are linked to a contact; the others enter nothing")
    if several and prefer == "nearest":
        notes.insert(1, f"{several:,} interviews have several contacts: the nearest in time was taken")
    elif several:
        notes.insert(
            1, f"{several:,} interviews have several contacts: the last before the interview was taken"
        )
    if claimed:
        notes.append(
            f"{claimed:,} contacts are claimed by several interviews each; all of these are kept, and listed"
        )
