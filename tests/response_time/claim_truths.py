"""Data with known truth for tests of statements: what is true of them is planted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from response_time.claim_surveys import companies, survey

from satsurvey.response_time.claim_data import ClaimData
from satsurvey.response_time.claim_results import ClaimResult
from satsurvey.response_time.claim_tests import examine
from satsurvey.response_time.extra_columns import ExtraTable
from satsurvey.service.records import ServiceRecords


def one(data: ClaimData, id: str) -> ClaimResult:
    """Return the result of one statement."""
    return examine(replace(data, settings=replace(data.settings, draws=300)), ids=[id]).results[0]


def value(result: ClaimResult, place: int = 0) -> tuple[float, float, float]:
    """Return an estimate with its interval."""
    assert result.tested is not None, (result.missing, result.reason)
    estimate = result.tested.estimates[place]
    return estimate.value, estimate.low, estimate.high


def table(**columns: list[object]) -> ExtraTable:
    """Return a table beside the survey."""
    cells = {name: pa.array([str(cell) for cell in cells]) for name, cells in columns.items()}
    return ExtraTable("table.csv", cells, {name: name for name in cells})


def timed(folder: Path, seed: int, slope: float, *, linear: bool = False, level: float = 95.0) -> ClaimData:
    """Return 60 companies whose scores fall by `slope` per minute or per log unit."""
    rng = np.random.default_rng(seed)
    names, effect = companies(rng, 60, 25)
    seconds = np.rint(rng.uniform(60, 420, len(names)) if linear else rng.lognormal(5.0, 0.8, len(names)))
    fall = slope * (seconds / 60 if linear else np.log1p(seconds))
    score = level - fall + effect + rng.normal(0, 6, len(names))
    return ClaimData.of(survey(folder, {"company": names, "first_response_s": seconds, "A1": score}))


def resolved(folder: Path, seed: int, among: float, other: float) -> ClaimData:
    rng = np.random.default_rng(seed)
    names, effect = companies(rng, 50, 40)
    log = rng.normal(5, 0.8, len(names))
    flag = rng.integers(0, 2, len(names))
    score = 60 + 12 * flag - np.where(flag == 1, among, other) * (log - 5) + effect
    score = score + rng.normal(0, 6, len(names))
    columns = {"company": names, "first_response_s": np.rint(np.expm1(log)), "S10": flag, "A1": score}
    return ClaimData.of(survey(folder, columns))


def channelled(folder: Path, slopes: Mapping[str, float], seed: int = 6) -> ClaimData:
    rng = np.random.default_rng(seed)
    names, effect = companies(rng, 50, 40)
    channel = rng.choice(sorted(slopes), len(names))
    log = rng.normal(5, 0.8, len(names))
    fall = np.array([slopes[name] for name in channel]) * (log - 5)
    score = 70 - fall + effect + rng.normal(0, 6, len(names))
    columns = {"company": names, "first_response_s": np.rint(np.expm1(log)), "S2": channel, "A1": score}
    return ClaimData.of(survey(folder, columns))


def tiers(folder: Path, ratio: float, seed: int = 108) -> ClaimData:
    rng = np.random.default_rng(seed)
    n, each = 60, 25
    excellent = np.repeat(np.arange(n) % 2 == 0, each)
    base = np.repeat(rng.normal(60, 3, n), each)
    names = [f"公司{k:03d}" for k in np.repeat(np.arange(n), each)]
    seconds = np.where(excellent, rng.uniform(5, 25, n * each), rng.uniform(60, 200, n * each))
    columns = {
        "company": names,
        "first_response_s": np.rint(seconds),
        "S2": "phone",
        "A1": base * np.where(excellent, ratio, 1.0) + rng.normal(0, 5, n * each),
        "流失": (rng.random(n * each) < np.where(excellent, 0.144, 0.2)).astype(int),
    }
    return ClaimData.of(survey(folder, columns), columns={"churned": "流失"})


def costs(effect: float, *, n: int = 8, noise: float = 0.01, seed: int = 9) -> ExtraTable:
    """Return a table in which ten points of resolution change the log of cost per issue by `effect`."""
    rng = np.random.default_rng(seed)
    rows = [(c, p) for c in range(n) for p in range(12)]
    fcr = np.array([60 + 1.5 * p + 2 * (c % 3) + rng.normal(0, 4) for c, p in rows])
    issues = rng.integers(900, 1100, len(rows))
    log = 3 + 0.2 * np.array([c for c, _ in rows]) + 0.05 * np.array([p for _, p in rows]) + effect * fcr / 10
    cost = issues * np.exp(log + rng.normal(0, noise, len(rows)))
    return table(
        company=[f"公司{c}" for c, _ in rows],
        period=[f"2025-{p + 1:02d}" for _, p in rows],
        cost=cost.tolist(),
        issues=issues.tolist(),
        fcr=fcr.tolist(),
    )


def waits(mean_patience: float, n: int = 3000, seed: int = 10) -> ServiceRecords:
    rng = np.random.default_rng(seed)
    patience, offered = rng.exponential(mean_patience, n), rng.exponential(500, n)
    return ServiceRecords.of_frame(
        pd.DataFrame(
            {"wait_s": np.minimum(patience, offered), "abandoned": (patience < offered).astype(float)}
        )
    )


def vendors(complaints: float, repurchase: float, seed: int = 11) -> ExtraTable:
    rng = np.random.default_rng(seed)
    # Months are written without a leading 0: as texts 2025-10 would come before 2025-7.
    rows = [(v, p) for v in "甲乙丙丁戊己庚辛" for p in range(7, 13)]
    changed = np.array([v == "乙" and p > 9 for v, p in rows])
    contacts = np.full(len(rows), 20_000)
    size = {v: 0.8 + 0.1 * k for k, v in enumerate("甲乙丙丁戊己庚辛")}
    rate = 0.02 * np.array([size[v] * (1 + 0.05 * (p - 6)) for v, p in rows])
    again = 0.3 * np.array([size[v] for v, _ in rows])
    return table(
        vendor=[v for v, _ in rows],
        period=[f"2025-{p}" for _, p in rows],
        complaints=rng.poisson(contacts * rate * np.where(changed, complaints, 1)).tolist(),
        contacts=contacts.tolist(),
        repurchases=rng.binomial(contacts, again * np.where(changed, repurchase, 1)).tolist(),
        customers=contacts.tolist(),
    )


GIVEN = {"cheap_vendor": "乙", "vendor_from": "2025-10"}


def log_of_contacts(resolved_share: float, repeated_if_not: float, seed: int = 12) -> ServiceRecords:
    rng = np.random.default_rng(seed)
    n = 3000
    start = pd.Timestamp("2025-03-01")
    first = start + pd.to_timedelta(rng.uniform(10, 40, n) * 86_400, unit="s")
    flag = (rng.random(n) < resolved_share).astype(float)
    again = (flag == 0) & (rng.random(n) < repeated_if_not)
    edge = pd.DataFrame(
        {
            "customer_id": ["first", "last"],
            "request_at": [start, start + pd.Timedelta(days=60)],
            "resolved_first_contact": [1.0, 1.0],
        }
    )
    contacts = pd.DataFrame(
        {"customer_id": [f"c{k}" for k in range(n)], "request_at": first, "resolved_first_contact": flag}
    )
    repeats = contacts[again].assign(request_at=first[again] + pd.Timedelta(days=2))
    return ServiceRecords.of_frame(pd.concat([edge, contacts, repeats], ignore_index=True))


def handling(extra: float, seed: int = 115) -> ExtraTable:
    rng = np.random.default_rng(seed)
    linked = rng.integers(0, 2, 1500)
    company = np.arange(1500) % 30
    seconds = rng.lognormal(7.0, 0.3, 1500) + extra * (1 - linked)
    return table(
        company=[f"公司{k}" for k in company],
        handling_s=np.rint(seconds).tolist(),
        systems_linked=["是" if flag else "否" for flag in linked],
    )


def loaded(folder: Path, turn: float, fall: float, seed: int = 14) -> ClaimData:
    rng = np.random.default_rng(seed)
    names, effect = companies(rng, 50, 40)
    at_once = rng.integers(1, 11, len(names))
    score = 85 - fall * np.maximum(at_once - turn, 0) + effect + rng.normal(0, 5, len(names))
    columns = {"company": names, "并发": at_once, "A1": score}
    return ClaimData.of(survey(folder, columns), columns={"concurrency": "并发"})


def answered(folder: Path, seed: int = 16, each: int = 50, **extra: object) -> ClaimData:
    """Return interviews with flags in columns 流失, 复购, and what more is given."""
    rng = np.random.default_rng(seed)
    names, effect = companies(rng, 40, each)
    columns: dict[str, object] = {"company": names, "A1": 70 + effect + rng.normal(0, 8, len(names))}
    bound = {}
    for name, make in extra.items():
        cells = make(rng, columns) if callable(make) else make
        columns[name] = cells
        if name in ("流失", "复购"):
            bound[{"流失": "churned", "复购": "repurchased"}[name]] = name
    return ClaimData.of(survey(folder, columns), columns=bound)


def handed(folder: Path, clean: float, seed: int = 20) -> ClaimData:
    rng = np.random.default_rng(seed)
    names, effect = companies(rng, 40, 50)
    way = rng.choice(["人工", "机器人", "机器人转人工"], len(names))
    repeat = rng.integers(0, 2, len(names))
    passed = way == "机器人转人工"
    score = (
        75
        - 8 * (way == "机器人")
        + np.where(passed & (repeat == 0), clean, 0)
        - 15 * (passed & (repeat == 1))
    )
    columns = {"company": names, "谁": way, "重复": np.where(repeat == 1, "是", "否")}
    columns["A1"] = score + effect + rng.normal(0, 5, len(names))
    bound = {"handled_by": "谁", "handover_repeat": "重复"}
    return ClaimData.of(survey(folder, columns), columns=bound)


def dimensions(folder: Path, means: Mapping[str, float], seed: int = 21) -> ClaimData:
    rng = np.random.default_rng(seed)
    names, effect = companies(rng, 40, 20)
    columns: dict[str, object] = {"company": names}
    for code, mean in means.items():
        columns[f"{code}1"] = mean + effect + rng.normal(0, 8, len(names))
    return ClaimData.of(survey(folder, columns, dimensions=tuple(means)))


def leaders(folder: Path, gap: float, seed: int = 22) -> ClaimData:
    rng = np.random.default_rng(seed)
    industries = ["银行", "证券", "互联网旅游", "零售", "通信", "汽车"]
    rows = [(k, c) for k in range(6) for c in range(12)]
    company = np.repeat(np.arange(len(rows)), 20)
    industry = np.array([k for k, _ in rows])[company]
    effect = rng.normal(0, 2, len(rows))[company]
    score = 75 + gap * (industry < 3) + effect + rng.normal(0, 8, company.size)
    columns = {
        "company": [f"公司{k:03d}" for k in company],
        "industry": [industries[k] for k in industry],
        "A1": score,
    }
    return ClaimData.of(survey(folder, columns))


def seven_minutes(folder: Path, percent: float, seed: int = 5) -> ClaimData:
    """Return companies whose scores are `percent` of 64 higher at 180 s than at 600 s, on a log curve."""
    slope = percent / 100 * 64 / np.log(601 / 181)
    rng = np.random.default_rng(seed)
    names, effect = companies(rng, 80, 30)
    seconds = np.rint(rng.lognormal(5.6, 0.8, len(names)))
    score = 64 - slope * (np.log1p(seconds) - 5.6) + effect + rng.normal(0, 6, len(names))
    return ClaimData.of(survey(folder, {"company": names, "first_response_s": seconds, "A1": score}))


def turned(folder: Path, knot: float, seed: int = 7) -> ClaimData:
    """Return calls whose scores begin to fall at `knot` seconds."""
    rng = np.random.default_rng(seed)
    names, effect = companies(rng, 60, 40)
    log = rng.uniform(1.5, 7.0, len(names))
    score = 92 - 12 * np.maximum(log - np.log1p(knot), 0) + effect + rng.normal(0, 4, len(names))
    columns = {"company": names, "first_response_s": np.rint(np.expm1(log)), "S2": "phone", "A1": score}
    return ClaimData.of(survey(folder, columns))


def expecting(folder: Path, share: float, seed: int = 15) -> ClaimData:
    """Return customers of whom a share accepts five minutes."""
    rng = np.random.default_rng(seed)
    names, effect = companies(rng, 30, 40)
    expected = np.where(rng.random(len(names)) < share, 300, 301)
    return ClaimData.of(survey(folder, {"company": names, "S7": expected, "A1": 70 + effect}))


def transferred(folder: Path, cost: float, seed: int = 17) -> ClaimData:
    """Return interviews that lose `cost` points by a second transfer."""
    rng = np.random.default_rng(seed)
    names, effect = companies(rng, 40, 40)
    transfers = rng.integers(0, 4, len(names))
    score = 70 - cost * (transfers >= 2) + effect + rng.normal(0, 6, len(names))
    return ClaimData.of(survey(folder, {"company": names, "S14": transfers, "A1": score}))


def left_waiting(folder: Path, slope: float, base: float, each: int = 50) -> ClaimData:
    """Return customers who leave with log odds of `base` and `slope` per log unit of the wait."""

    def wait(rng: np.random.Generator, columns: Mapping[str, object]) -> object:
        return np.rint(rng.lognormal(4.5, 1.2, 40 * each))

    def left(rng: np.random.Generator, columns: Mapping[str, object]) -> object:
        logit = base + slope * np.log1p(np.asarray(columns["S6"], dtype=float))
        return (rng.random(40 * each) < 1 / (1 + np.exp(-logit))).astype(int)

    return answered(folder, each=each, S6=wait, 流失=left)


def disappointed(folder: Path, risk: float, seed: int = 16) -> ClaimData:
    """Return customers who leave `risk` times as often where they waited longer than they accept."""

    def left(rng: np.random.Generator, columns: Mapping[str, object]) -> object:
        missed = np.asarray(columns["S6"]) > np.asarray(columns["S7"])
        return (rng.random(2000) < 0.2 * np.where(missed, risk, 1.0)).astype(int)

    return answered(
        folder,
        seed,
        S6=lambda rng, _: rng.integers(30, 600, 2000),
        S7=lambda rng, _: rng.integers(30, 600, 2000),
        流失=left,
    )


def by_tier(folder: Path, lift: float, seed: int = 19) -> ClaimData:
    """Return customers of two tiers, one of which gains `lift` points from a day on."""
    rng = np.random.default_rng(seed)
    names, effect = companies(rng, 40, 40)
    n = len(names)
    valued = rng.integers(0, 2, n)
    day = pd.Timestamp("2025-06-01") + pd.to_timedelta(rng.integers(0, 60, n), unit="D")
    after = (day >= pd.Timestamp("2025-07-01")).astype(int)
    score = 65 + 4 * valued + 3 * after + lift * valued * after + effect + rng.normal(0, 6, n)
    columns = {
        "company": names,
        "customer_tier": np.where(valued == 1, "VIP", "普通"),
        "completed_at": day.strftime("%Y-%m-%d"),
        "A1": score,
    }
    return ClaimData.of(survey(folder, columns), given={"tiered_from": "2025-07-01"})


def loyal(folder: Path, slope: float, seed: int = 16) -> ClaimData:
    """Return customers whose repurchase goes up, and whose leaving goes down, with the score."""

    def again(rng: np.random.Generator, columns: Mapping[str, object]) -> object:
        logit = slope * (np.asarray(columns["A1"], dtype=float) - 70)
        return (rng.random(2000) < 1 / (1 + np.exp(-logit))).astype(int)

    def gone(rng: np.random.Generator, columns: Mapping[str, object]) -> object:
        return 1 - np.asarray(again(rng, columns))

    return answered(folder, seed, 复购=again, 流失=gone)


def printed(total: str) -> ClaimData:
    """Return the dimension scores that were printed in 2019 with a total."""
    scores = dict(zip("ABCDEF", ("77.40", "85.13", "80.91", "83.53", "81.97", "93.37"), strict=True))
    return ClaimData.of(
        tables=[table(printed_total=[total], **{code: [cell] for code, cell in scores.items()})]
    )


def satisfied_by_company(folder: Path, seed: int = 23) -> tuple[dict[str, object], np.ndarray]:
    """Return columns of a survey in which 70 percent are satisfied overall, and who is."""
    rng = np.random.default_rng(seed)
    names, effect = companies(rng, 20, 30)
    satisfied = rng.random(len(names)) < 0.7
    return {"company": names, "A1": 70 + effect, "O1": np.where(satisfied, 90, 60)}, satisfied


def own_figures(folder: Path, own: float) -> ClaimData:
    """Return a survey with a table in which all companies give the same share of their own."""
    columns, _ = satisfied_by_company(folder)
    names = sorted(set(columns["company"]))  # type: ignore[call-overload]
    rates = table(company=names, csat_rate=[f"{own}%"] * len(names))
    return ClaimData.of(survey(folder, columns), tables=[rates])


def complaining(folder: Path, slow: float, attitude: float, seed: int = 24) -> ClaimData:
    """Return complaints coded by people, with shares of slowness and attitude."""
    rng = np.random.default_rng(seed)
    names, effect = companies(rng, 30, 40)
    cause = rng.choice(
        ["响应慢", "服务态度差", "价格", ""],
        len(names),
        p=[slow * 0.9, attitude * 0.9, (1 - slow - attitude) * 0.9, 0.1],
    )
    columns = {"company": names, "A1": 60 + effect, "原因": cause}
    return ClaimData.of(survey(folder, columns), columns={"complaint": "原因"})
