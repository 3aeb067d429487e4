"""Speed of service figures, of the link to interviews and of reading, as ratios to bare pandas in one run.

    python tests/benchmarks/bench_service.py [CONTACTS] [COMPANIES]

Figures stand beside a groupby that makes only means, medians, 90th percentiles and shares of the same columns
by company and channel: no intervals, no clusters, no Kaplan-Meier, no repeats, no overlaps, no figures over
all. The link stands beside a merge by the id alone (of customers: a merge_asof by customer and time), reading
beside read_csv of the same call log, whose texts it leaves as they are. Each is run three times and the best
is told, once more without the ratio for the first run, which finds no memory ready.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from satsurvey.instrument.library import load_instrument
from satsurvey.intake.ledger import Ledger
from satsurvey.intake.raw import Source
from satsurvey.intake.responses import Factor, Responses
from satsurvey.service.kpis import kpis
from satsurvey.service.link import link
from satsurvey.service.masking import mask_people
from satsurvey.service.reading import read_records
from satsurvey.service.records import ServiceRecords

BY = ["company", "channel"]
TIMES = ["first_response_s", "avg_response_s", "wait_s", "resolution_s", "handling_s"]
SHARES = ["answered", "abandoned", "waited", "in_time", "resolved_first_contact", "transferred", "sla_met"]
TARGETS = {"first_response_time": 60.0, "service_level": 20.0}
DAY = 86_400


def contacts(n: int, companies: int) -> pd.DataFrame:
    """Make the contacts of a month: customers of one company, ten agents a company, some without an end."""
    rng = np.random.default_rng(7)
    company = rng.integers(0, companies, n)
    names = np.array([f"公司{k:06d}" for k in range(companies)])[company]
    asked = pd.Series(pd.Timestamp("2024-03-01") + pd.to_timedelta(rng.integers(0, 30 * DAY, n), unit="s"))
    wait, gave_up = np.round(rng.exponential(40, n), 1), rng.random(n) < 0.06
    still_open = ~gave_up & (rng.random(n) < 0.08)
    answered = (asked + pd.to_timedelta(wait, unit="s")).where(~gave_up)
    customer = rng.integers(0, max(n // companies // 2, 1), n)

    def of_answered(values: NDArray[np.generic]) -> NDArray[np.float64]:
        return np.where(gave_up, np.nan, values)

    return pd.DataFrame(
        {
            "case_id": np.char.add("T", rng.permutation(n).astype(str)),
            "company": names,
            "channel": np.array(["phone", "online", "im", "email"])[rng.integers(0, 4, n)],
            "customer_id": np.char.add(np.char.add(names, "-"), customer.astype(str)),
            "agent_id": np.where(
                gave_up, "", np.char.add(np.char.add(names, "/"), rng.integers(0, 10, n).astype(str))
            ),
            "handled_by": np.array(["human", "bot_then_human"])[rng.integers(0, 2, n)],
            "request_at": asked,
            "answered_at": answered,
            "closed_at": (answered + pd.to_timedelta(rng.integers(60, 900, n), unit="s")).where(~still_open),
            "wait_s": wait,
            "hold_s": of_answered(np.round(rng.exponential(9, n))),
            "talk_s": of_answered(rng.integers(20, 500, n)),
            "first_response_s": of_answered(wait),
            "first_response_censored_s": np.where(gave_up, wait, np.nan),
            "avg_response_s": of_answered(np.round(rng.exponential(25, n))),
            "replies": of_answered(rng.integers(1, 9, n)),
            "resolution_s": np.where(gave_up | still_open, np.nan, np.round(rng.lognormal(7, 1, n))),
            "open": still_open.astype(float),
            "abandoned": gave_up.astype(float),
            "transfers": of_answered(rng.poisson(0.5, n)),
            "resolved_first_contact": np.where(rng.random(n) < 0.3, np.nan, rng.integers(0, 2, n)),
            "sla_target_s": 1800.0,
        }
    )


def plain_figures(frame: pd.DataFrame) -> pd.DataFrame:
    """Means, medians, 90th percentiles and shares of the columns, as one would write them down."""
    own = frame[[*BY, "first_response_s", "avg_response_s", "wait_s", "resolution_s"]].assign(
        handling_s=frame["talk_s"] + frame["hold_s"],
        answered=frame["answered_at"].notna(),
        abandoned=frame["abandoned"],
        waited=frame["wait_s"] > 0,
        in_time=(frame["wait_s"] <= 20) & (frame["abandoned"] == 0),
        resolved_first_contact=frame["resolved_first_contact"],
        transferred=frame["transfers"] >= 1,
        sla_met=frame["resolution_s"] <= frame["sla_target_s"],
    )
    groups = own.groupby(BY, observed=True, sort=True)
    times = groups[TIMES]
    return pd.concat(
        [times.mean(), times.median(), times.quantile(0.9), groups[SHARES].mean()],
        axis=1,
        keys=["mean", "median", "p90", "share"],
    )


def interviews(frame: pd.DataFrame) -> Responses:
    """One interview for every contact, up to a week later; one in twenty names a case that is not there."""
    rng = np.random.default_rng(8)
    n = len(frame)
    lost = rng.random(n) < 0.05
    asked = frame["request_at"].to_numpy().astype("datetime64[s]")
    when = asked + rng.integers(600, 7 * DAY, n).astype("m8[s]")
    company, names = pd.factorize(frame["company"], sort=True)
    texts = {
        "case_id": np.where(lost, np.char.add("X", np.arange(n).astype(str)), frame["case_id"].to_numpy(str)),
        "customer_id": frame["customer_id"].to_numpy(str),
        "completed_at": np.char.replace(np.datetime_as_string(when), "T", " "),
    }
    instrument = load_instrument("acsi-3")
    return Responses(
        instrument=instrument,
        scales=tuple(instrument.scales[instrument.default_scale] for _ in instrument.items),
        answers=np.zeros((len(instrument.items), n), dtype=np.uint8),
        company=Factor(company.astype(np.int32), tuple(names)),
        industry=None,
        file=np.zeros(n, dtype=np.int16),
        row=np.arange(2, n + 2, dtype=np.int64),
        files=(Source(Path("survey.csv"), "csv"),),
        ledger=Ledger(),
        texts={name: pa.chunked_array([pa.array(values)]) for name, values in texts.items()},
        headings={},
    )


def call_log(frame: pd.DataFrame, path: Path) -> None:
    """Write the contacts as a hotline system would."""
    heads = {
        "case_id": "通话编号", "company": "企业名称", "customer_id": "主叫号码", "agent_id": "坐席工号",
        "request_at": "进入队列时间", "answered_at": "接听时间", "closed_at": "挂机时间",
        "wait_s": "等待时长", "hold_s": "保持时长", "talk_s": "通话时长", "transfers": "转接次数",
    }  # fmt: skip
    phones = 13_800_000_000 + pd.factorize(frame["customer_id"])[0]
    given_up = np.where(frame["abandoned"] == 1, "放弃", "接通")
    log = frame.assign(customer_id=phones)[list(heads)].rename(columns=heads).assign(通话结果=given_up)
    log.to_csv(path, index=False)


def best(work: Callable[[], object]) -> tuple[float, float]:
    """Return the shortest of three runs, and the first."""
    taken = []
    for _ in range(3):
        started = time.perf_counter()
        work()
        taken.append(time.perf_counter() - started)
    return min(taken), taken[0]


def tell(name: str, ours: Callable[[], object], plain: str, theirs: Callable[[], object]) -> None:
    """Print both times, ours for the first run too, and how many times pandas' time ours is."""
    (own, first), (other, _) = best(ours), best(theirs)
    print(f"{name:<34}{own:7.2f} s{first:8.2f} s   {plain:<26}{other:7.2f} s{own / other:7.1f}")


def main(n: int, companies: int) -> None:
    """Print the table."""
    frame = contacts(n, companies)
    records = ServiceRecords.of_frame(frame)
    responses = interviews(frame)
    sides = pd.DataFrame(
        {name: column.to_pandas() for name, column in responses.texts.items()}
        | {"when": pd.to_datetime(responses.texts["completed_at"].to_pandas())}
    )
    print(f"{n:,} contacts, {companies:,} companies, 4 channels; {len(responses):,} interviews\n")
    print(f"{'':<34}{'best':>9}{'first':>10}   {'beside it':<26}{'best':>9}{'ratio':>7}")
    tell(
        "kpis by company and channel",
        lambda: kpis(records, by=BY, targets=TARGETS, short_abandon_s=5),
        "groupby, 5 times, 7 shares",
        lambda: plain_figures(records.contacts),
    )
    tell(
        "link by case",
        lambda: link(responses, records),
        "merge by case_id",
        lambda: sides.merge(records.contacts, on="case_id", how="inner"),
    )
    dated = records.contacts[["customer_id", "request_at", "row"]].assign(
        request_at=records.contacts["request_at"].dt.tz_localize(None)
    )
    tell(
        "link by customer, window 14 days",
        lambda: link(responses, records, by="customer", window_days=14),
        "two sorts and merge_asof",
        lambda: pd.merge_asof(
            sides.sort_values("when"),
            dated.sort_values("request_at"),
            left_on="when",
            right_on="request_at",
            by="customer_id",
        ),
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "calls.csv"
        call_log(frame, path)
        for name, calendar in (("calendar time", None), ("business time", "china-office")):
            tell(
                f"read a call log, {name}",
                lambda calendar=calendar: read_records([path], map="call_log", calendar=calendar),
                "read_csv",
                lambda: pd.read_csv(path),
            )
        read = read_records([path], map="call_log")
        tell("mask its customers", lambda: mask_people(read), "read_csv", lambda: pd.read_csv(path))
        tell("figures of it", lambda: kpis(read, by=BY), "read_csv", lambda: pd.read_csv(path))


if __name__ == "__main__":
    given = [int(text) for text in sys.argv[1:]]
    main(*(given + [1_000_000, 20_000][len(given) :]))
