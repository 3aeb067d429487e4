"""A promise such as "at most 30 s in at least 95 % of contacts", tested against what records show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from satsurvey.benchmarks.promise_estimates import PromiseTimes, mean_rows, share_rows
from satsurvey.benchmarks.seconds import Seconds
from satsurvey.errors import MethodError
from satsurvey.intake.ledger import Ledger
from satsurvey.service.records import METRICS, ServiceRecords

if TYPE_CHECKING:
    from satsurvey.service.records import Definition

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]
Statistic = Literal["share", "mean"]
Clustering = Literal["auto", "agent", "company_day", "none"]
VERDICTS = ("kept", "broken", "cannot_be_told")
READINGS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "no_time_missed": ("没有应答时间的算未达到", "contacts without a time count as missed"),
        "no_time_left_out": (
            "没有应答时间的不计（等待已超过承诺的仍算未达到）",
            "contacts without a time are left out, unless they had waited longer than promised",
        ),
        "waited_so_far": (
            "没有应答的按已等待时长计",
            "contacts without an answer count as long as they had waited",
        ),
    }
)
"""What is done with contacts that have no time, in Chinese and English."""


@dataclass(frozen=True)
class PromiseTest:
    """What records say of a promise.

    Attributes
    ----------
    verdicts
        One row per group and statistic ("share", "mean"): the columns of `by`, verdict ("kept", "broken",
        "cannot_be_told"), why ("" or "readings_differ", "interval", "no_contacts"), n_needed (contacts with
        which the share or mean found would tell; NaN where no number would).
    frame
        One row per group, statistic, reading and interval: value (share 0-1, or seconds), ci_low, ci_high, n,
        n_clusters, design_effect, promised, verdict, n_needed.
    counts
        One row per group: n_contacts, n_within, n_late, n_waited_longer (no answer, and had waited longer
        than promised), n_no_time (no answer that is known), n_not_applicable, n_impossible.
    within_s, share
        The promise.
    metric, definition
        Which time, and what it means in the records (None for a column of seconds).
    ledger
        What became of every row.
    method, notes
        Choices, and what a reader must know.
    """

    verdicts: pd.DataFrame
    frame: pd.DataFrame
    counts: pd.DataFrame
    within_s: float
    share: float | None
    metric: str
    definition: Definition | None = None
    ledger: Ledger = field(default_factory=Ledger)
    method: Mapping[str, object] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def check_promise(
    times: ServiceRecords | Seconds | Sequence[float] | Floats,
    *,
    within_s: float,
    share: float | None = None,
    mean: bool = False,
    metric: str = "first_response_s",
    by: Sequence[str] = (),
    clusters: Clustering = "auto",
    level: float = 0.95,
) -> PromiseTest:
    """Test whether a promise about times was kept.

    Parameters
    ----------
    times
        Service records, a column of seconds, or seconds; NaN is a contact without an answer.
    within_s
        The time promised, in seconds.
    share
        The share of contacts promised to lie within it, 0-1; None where the promise names none.
    mean
        Whether the promise is (also) about the mean.
    metric
        Which time of the records, one of `METRICS`.
    by
        Columns of the records by which the promise is tested apart (company, channel, tier).
    clusters
        What contacts have in common: "agent", "company_day" (contacts of a company on one day), "auto" (both
        where the records have them), "none".
    level
        Confidence level, two-sided.

    Returns
    -------
    PromiseTest

    Raises
    ------
    MethodError
        The promise cannot be tested as it stands, or the records lack the column.

    Notes
    -----
    A promise of a share is kept where the lower end of the interval reaches it, broken where the upper end
    falls short of it, and cannot be told in between. Intervals are Wilson's; with clusters they go by the
    effective number of contacts, and the widest counts. The number needed is z² p₀ (1 - p₀)/(p - p₀)² times
    the design effect: with so many contacts in the clusters there are, and the same share, the interval
    leaves p₀ out. A promise
    of a mean is tested with Student's interval. What the contacts without a time would have shown is not
    known: the verdict must hold in both readings of them.

    Examples
    --------
    >>> import numpy as np
    >>> few, more = (check_promise(np.full(n, 20.0), within_s=30, share=0.95) for n in (72, 73))
    >>> few.verdicts["verdict"].item(), more.verdicts["verdict"].item()
    ('cannot_be_told', 'kept')
    """
    _check(within_s, share, mean, level)
    found = _from_records(times, metric, by) if isinstance(times, ServiceRecords) else _plain(times, by)
    kinds = _clusterings(found, clusters)
    rows: list[dict[str, object]] = []
    if share is not None:
        rows += share_rows(found, kinds, within_s, share, level)
    if mean or share is None:
        rows += mean_rows(found, kinds, within_s, level)
    frame = pd.DataFrame(rows)
    names = list(found.groups.columns)
    frame = pd.concat([found.groups.iloc[frame["group"]].reset_index(drop=True), frame], axis=1)
    return PromiseTest(
        verdicts=_verdicts(frame, found),
        frame=frame.drop(columns="group"),
        counts=pd.concat([found.groups, _counts(found, within_s)], axis=1),
        within_s=float(within_s),
        share=share,
        metric=metric if isinstance(times, ServiceRecords) else "seconds",
        definition=found.definition,
        ledger=found.ledger,
        method={"level": level, "by": names, "clusters": [name for name, _ in kinds] or ["none"]},
        notes=_notes(found, kinds, clusters, frame, within_s),
    )


def _check(within_s: float, share: float | None, mean: bool, level: float) -> None:
    if not 0 < within_s < np.inf:
        raise MethodError("a promised time is positive", value=within_s, expected="seconds, such as 30")
    if share is not None and not 0 < share < 1:
        raise MethodError(
            "a promised share lies between 0 and 1",
            value=share,
            expected="such as 0.95, or 95% on the command line",
            next_step="a promise about every contact is broken by one; count those instead",
        )
    if share is None and not mean:
        raise MethodError(
            "the promise says neither which share of contacts nor that the mean is meant",
            next_step="give a share, or say that it is about the mean",
        )
    if not 0 < level < 1:
        raise MethodError("a confidence level lies between 0 and 1", value=level, expected="such as 0.95")


def _plain(times: Seconds | Sequence[float] | Floats, by: Sequence[str]) -> PromiseTimes:
    if by:
        raise MethodError("a column of seconds cannot be parted", value=", ".join(by))
    column = times if isinstance(times, Seconds) else Seconds.of_values(times)
    n = column.values.size
    return PromiseTimes(
        column.values,
        np.full(n, np.nan),
        np.zeros(n, dtype=np.int64),
        pd.DataFrame(index=[0]),
        {},
        np.zeros(1, dtype=np.int64),
        np.array([column.n_impossible], dtype=np.int64),
        ledger=column.ledger,
        notes=column.notes,
    )


def _from_records(records: ServiceRecords, metric: str, by: Sequence[str]) -> PromiseTimes:
    contacts = records.contacts
    if metric not in METRICS or metric not in contacts:
        have = [name for name in METRICS if name in contacts]
        raise MethodError(
            f"the records have no times of {metric}", expected=", ".join(have) or "a column of times"
        )
    strange = [name for name in by if name not in contacts]
    if strange:
        raise MethodError("the records have no such column", value=", ".join(strange))
    value = contacts[metric].to_numpy(np.float64)
    waited = np.full(value.size, np.nan)
    if metric == "first_response_s" and "first_response_censored_s" in contacts:
        waited = contacts["first_response_censored_s"].to_numpy(np.float64)
    notes = list(records.notes)
    if metric == "wait_s" and "abandoned" in contacts:
        gave_up = contacts["abandoned"].to_numpy(np.float64) == 1
        waited = np.where(gave_up, value, waited)
        value = np.where(gave_up, np.nan, value)
    human = np.ones(value.size, dtype=np.bool_)
    if "handled_by" in contacts and metric in ("first_response_s", "wait_s"):
        # A promise of people is not about what a bot kept; who asked for a person and gave up, it is about.
        by_bot = (contacts["handled_by"] == "bot").to_numpy(dtype=np.bool_)
        human = ~(by_bot & np.isnan(value if metric == "first_response_s" else waited))
    if metric == "wait_s" and "channel" in contacts:
        queued = pd.Series(np.isfinite(value) | np.isfinite(waited)).groupby(contacts["channel"].to_numpy())
        human &= queued.transform("any").to_numpy(dtype=np.bool_)
    groups, codes = _grouped(contacts, by)
    apart = np.bincount(codes[~human], minlength=len(groups)).astype(np.int64)
    return PromiseTimes(
        value[human],
        np.where(np.isnan(value), waited, np.nan)[human],
        codes[human],
        groups,
        {name: found[human] for name, found in _shared(contacts).items()},
        apart,
        np.zeros(len(groups), dtype=np.int64),
        records.definitions.get(metric),
        records.ledger,
        tuple(notes),
    )


def _grouped(contacts: pd.DataFrame, by: Sequence[str]) -> tuple[pd.DataFrame, Codes]:
    if not by:
        return pd.DataFrame(index=[0]), np.zeros(len(contacts), dtype=np.int64)
    found = contacts.groupby(list(by), sort=True, dropna=False)
    return found.size().index.to_frame(index=False), found.ngroup().to_numpy().astype(np.int64)


def _shared(contacts: pd.DataFrame) -> dict[str, Codes]:
    """Return the clusters of contacts by kind; a contact that names none is a cluster by itself."""
    own = np.arange(len(contacts), dtype=np.int64)
    found: dict[str, Codes] = {}
    # The number of an agent says who that is within a company only.
    company = [name for name in ("company_id", "company") if name in contacts][:1]

    def put(name: str, codes: Codes, known: NDArray[np.bool_]) -> None:
        if known.any():
            found[name] = np.where(known, codes, codes.max(initial=0) + 1 + own)

    if "agent_id" in contacts:
        named = (contacts["agent_id"] != "").to_numpy(dtype=np.bool_)
        keys = [*company, "agent_id"]
        put("agent", contacts.groupby(keys, sort=False).ngroup().to_numpy().astype(np.int64), named)
    if "request_at" in contacts:
        dated = contacts.assign(request_at=contacts["request_at"].dt.normalize())
        keys = [*company, "request_at"]
        codes = dated.groupby(keys, sort=False, dropna=False).ngroup().to_numpy().astype(np.int64)
        put("company_day", codes, contacts["request_at"].notna().to_numpy(dtype=np.bool_))
    return found


def _clusterings(found: PromiseTimes, wanted: Clustering) -> list[tuple[str, Codes]]:
    if wanted == "none":
        return []
    if wanted != "auto" and wanted not in found.clusters:
        raise MethodError(
            f"the records do not say the {'agent' if wanted == 'agent' else 'day and company'} of contacts",
            next_step="take another clustering, or none",
        )
    return [(name, codes) for name, codes in found.clusters.items() if wanted in ("auto", name)]


# Together --------------------------------------------------------------------------------------------------


def _verdicts(frame: pd.DataFrame, found: PromiseTimes) -> pd.DataFrame:
    """Return one verdict per group and statistic: it must hold in all readings and intervals."""
    rows = []
    for (g, statistic), part in frame.groupby(["group", "statistic"], sort=False):
        by_reading = []
        for _, one in part.groupby("reading", sort=False):
            given = one["verdict"].tolist()
            by_reading.append(given[0] if len(set(given)) == 1 else "cannot_be_told")
        same = len(set(by_reading)) == 1
        verdict = by_reading[0] if same else "cannot_be_told"
        why = ""
        if verdict == "cannot_be_told":
            empty = int(part["n"].max()) == 0
            differ = not same and {"kept", "broken"} & set(by_reading)
            why = "no_contacts" if empty else "readings_differ" if differ else "interval"
        rows.append(
            {
                "group": g,
                "statistic": statistic,
                "verdict": verdict,
                "why": why,
                "n_needed": part["n_needed"].max(skipna=False),
            }
        )
    made = pd.DataFrame(rows)
    return pd.concat([found.groups.iloc[made["group"]].reset_index(drop=True), made], axis=1).drop(
        columns="group"
    )


def _counts(found: PromiseTimes, within_s: float) -> pd.DataFrame:
    def count(rows: NDArray[np.bool_]) -> Codes:
        return np.bincount(found.group[rows], minlength=len(found.groups)).astype(np.int64)

    within, late = found.value <= within_s, found.value > within_s
    longer = found.waited > within_s
    return pd.DataFrame(
        {
            "n_contacts": count(np.ones(within.size, np.bool_)) + found.n_not_applicable + found.n_impossible,
            "n_within": count(within),
            "n_late": count(late),
            "n_waited_longer": count(longer),
            "n_no_time": count(~within & ~late & ~longer),
            "n_not_applicable": found.n_not_applicable,
            "n_impossible": found.n_impossible,
        },
        index=found.groups.index,
    )


def _notes(
    found: PromiseTimes,
    kinds: list[tuple[str, Codes]],
    wanted: Clustering,
    frame: pd.DataFrame,
    within_s: float,
) -> tuple[str, ...]:
    notes = [*found.notes]
    none = int(np.isnan(found.value).sum())
    longer = int((found.waited > within_s).sum())
    if longer:
        notes.append(f"{longer:,} contacts without an answer had waited longer than promised: they are late")
    if none > longer:
        notes.append(
            f"{none - longer:,} contacts have no time: missed in one reading of them, left out in the other"
        )
    if int(found.n_not_applicable.sum()):
        notes.append(
            f"the promise is not about {int(found.n_not_applicable.sum()):,} contacts: a bot handled them "
            "alone, or their channel has no such time"
        )
    if "mean" in frame["statistic"].tolist() and none:
        notes.append("a mean leaves out who never got an answer, and is too good where many did not")
    if wanted == "auto" and not kinds:
        notes.append("contacts are taken as independent; name agents or days to see whether they are")
    stuck = frame["interval"].str.startswith("wilson_") & frame["value"].isin([0.0, 1.0])
    if stuck.any():
        notes.append("where every contact or none is within the time, clusters cannot widen the interval")
    if int(found.n_impossible.sum()):
        notes.append(f"{int(found.n_impossible.sum()):,} times are negative or no times, and are not used")
    return tuple(dict.fromkeys(notes))
