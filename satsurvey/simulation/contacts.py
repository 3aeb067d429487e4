"""Simulated service records of a simulated survey: its cases, and contacts that nobody was asked about."""

from __future__ import annotations

from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from satsurvey.simulation.design import ChannelTime
from satsurvey.simulation.export import Encoding, in_place, write_rows
from satsurvey.simulation.fieldwork import case_ids, moments, numbered
from satsurvey.simulation.population import stream
from satsurvey.simulation.simulate import Simulation

HEADINGS = MappingProxyType(
    {
        "contact_id": "联系编号",
        "case_id": "工单号",
        "company": "企业名称",
        "company_id": "企业编号",
        "customer_id": "客户编号",
        "agent_id": "坐席工号",
        "channel": "渠道",
        "handled_by": "处理方式",
        "request_at": "创建时间",
        "first_reply_at": "首次响应时间",
        "resolved_at": "完成时间",
        "closed_at": "关闭时间",
        "wait_s": "等待时长",
        "abandoned": "是否放弃",
        "open": "状态",
        "transfers": "转接次数",
    }
)
"""Fields and the headings that they have in the file."""
_UNANSWERED, _BOT, _HANDED_OVER, _OPEN = 0.06, 0.08, 0.12, 0.05
_AGENTS = 12
_BOT_S = 2
_PATIENCE_S = 70
_SLOWEST_S = 5 * 86_400


def simulate_contacts(simulation: Simulation) -> dict[str, NDArray[np.str_]]:
    """Simulate the service records behind a survey.

    Returns
    -------
    dict
        Columns of text by field (`HEADINGS`). The cases of the survey come first, in its order, under its own
        `case_id`; behind them as many contacts about which nobody was interviewed.

    Notes
    -----
    Where the survey has a logged time to the first reply, the contact has the same, so that the score depends
    on it as the design's `response_times.effect` says: not at all by default. Other times are log-normal by
    channel. Of the contacts without a logged time some were never answered (on the phone they hang up), some
    only by a machine; some of all are not resolved yet. All figures are assumptions made for simulation.
    """
    columns = simulation.columns
    cases = len(simulation)
    rows = 2 * cases
    rng = stream(simulation.seed, 20)
    company = np.concatenate([simulation.company_of, rng.integers(len(simulation.truth.company), size=cases)])
    request = columns["contact_at"].astype("datetime64[s]")
    shift = rng.integers(-3 * 86_400, 3 * 86_400, size=cases).astype("timedelta64[s]")
    request = np.concatenate([request, request + shift])
    channel = _channels(simulation, rng, rows)
    logged = columns.get("first_response_s", np.full(cases, "", dtype="<U1"))
    known = np.concatenate([logged != "", np.zeros(cases, dtype=np.bool_)])
    seconds = _drawn(simulation, channel, rng)
    seconds[:cases][logged != ""] = logged[logged != ""].astype(np.int64)
    fate = rng.random(rows)
    unanswered = ~known & (fate < _UNANSWERED)
    machine = ~known & ~unanswered & (fate < _UNANSWERED + _BOT)
    handed = ~unanswered & ~machine & (rng.random(rows) < _HANDED_OVER)
    seconds[machine] = _BOT_S
    replied = request + seconds.astype("timedelta64[s]")
    work = np.rint(np.exp(np.log(4 * 3600) + rng.standard_normal(rows))).astype("timedelta64[s]")
    # Who is not answered on the phone hangs up; who wrote goes on waiting.
    gave_up = unanswered & (channel == "phone")
    patience = np.rint(np.exp(np.log(_PATIENCE_S) + 0.7 * rng.standard_normal(rows))).astype("timedelta64[s]")
    still_open = (unanswered & ~gave_up) | (~gave_up & (rng.random(rows) < _OPEN))
    resolved = np.where(still_open | gave_up, "", moments(replied + work))
    queued = (channel == "phone") & ~machine
    waited = np.where(gave_up, patience.astype(np.int64), seconds)
    agents = np.char.add(numbered(company, last=int(company.max()) + 1, least=4), "-")
    agents = np.char.add(agents, numbered(rng.integers(_AGENTS, size=rows), last=_AGENTS, least=2))
    numbers = numbered(np.arange(rows), last=rows, least=7)
    further = case_ids(rows, simulation.seed)[cases:]
    return {
        "contact_id": np.char.add("C", numbers),
        "case_id": np.concatenate([columns["case_id"], further]),
        "company": np.array(simulation.truth.company)[company],
        "company_id": np.array(simulation.truth.company_id)[company],
        "customer_id": np.char.add("U", numbered(rng.permutation(rows), last=rows, least=7)),
        "agent_id": np.where(unanswered | machine, "", agents),
        "channel": channel,
        "handled_by": np.where(
            unanswered, "none", np.where(machine, "bot", np.where(handed, "bot_then_human", "human"))
        ),
        "request_at": moments(request),
        "first_reply_at": np.where(unanswered, "", moments(replied)),
        "resolved_at": resolved,
        "closed_at": np.where(gave_up, moments(request + patience), resolved),
        "wait_s": np.where(queued, waited.astype(str), ""),
        "abandoned": np.where(queued, np.where(gave_up, "是", "否"), ""),
        "open": np.where(still_open, "处理中", np.where(gave_up, "已关闭", "已解决")),
        "transfers": rng.poisson(0.15, size=rows).astype(str),
    }


def write_contacts(
    simulation: Simulation, path: str | Path, *, encoding: Encoding = "gb18030", force: bool = False
) -> int:
    """Write the service records behind a survey as CSV, to be read with the map `general`.

    Returns
    -------
    int
        How many contacts were written.

    Raises
    ------
    OutputError
        As `satsurvey.simulation.export.write_export` does.
    """
    columns = simulate_contacts(simulation)
    with in_place(Path(path), force=force) as place:
        rows = zip(*(column.tolist() for column in columns.values()), strict=True)
        write_rows(place, [[HEADINGS[name] for name in columns]], encoding, ",", rows)
    return 2 * len(simulation)


def _channels(simulation: Simulation, rng: np.random.Generator, rows: int) -> NDArray[np.str_]:
    """Return the channel of every contact: as the interviewed said, else drawn as often as they said it."""
    fact = simulation.design.response_times.channel_fact
    said = simulation.columns.get(fact or "", np.full(len(simulation), "", dtype="<U1"))
    names, counts = np.unique(said[said != ""], return_counts=True)
    if not names.size:
        return np.full(rows, "phone", dtype="<U5")
    drawn = rng.choice(names, size=rows, p=counts / counts.sum())
    drawn[: len(simulation)] = np.where(said != "", said, drawn[: len(simulation)])
    return drawn


def _drawn(simulation: Simulation, channel: NDArray[np.str_], rng: np.random.Generator) -> NDArray[np.int64]:
    """Draw the seconds to the first reply by channel."""
    times = simulation.design.response_times.channels
    fallback = times.get("any", ChannelTime(median_s=60, log_sd=0.8))
    seconds = np.ones(channel.size)
    noise = rng.standard_normal(channel.size)
    for name in np.unique(channel).tolist():
        one = times.get(name, fallback)
        here = channel == name
        seconds[here] = np.exp(np.log(one.median_s) + one.log_sd * noise[here])
    return np.clip(np.rint(seconds), 1, _SLOWEST_S).astype(np.int64)
