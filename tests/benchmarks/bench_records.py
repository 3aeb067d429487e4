"""How long a million service records take to read: calendar time, business time, one message a row.

Run: python tests/benchmarks/bench_records.py [ROWS]
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as csv

from satsurvey.service.reading import read_records


def tickets(path: Path, rows: int) -> None:
    rng = np.random.default_rng(1)
    asked = np.datetime64("2024-01-01", "s") + np.sort(rng.integers(0, 366 * 86_400, rows)).astype("m8[s]")
    replied = asked + np.exp(rng.normal(4, 1, rows)).astype("m8[s]")
    resolved = asked + np.exp(rng.normal(8, 1, rows)).astype("m8[s]")

    def texts(moments: np.ndarray, share: float) -> np.ndarray:
        written = np.char.replace(np.datetime_as_string(moments), "T", " ")
        return np.where(rng.random(rows) < share, "", written)

    write(path, {
        "联系编号": np.arange(rows) + 10**12, "工单号": rng.integers(10**11, 10**12, rows),
        "企业编号": rng.integers(0, 20_000, rows), "客户编号": rng.integers(0, rows // 3, rows),
        "坐席工号": rng.integers(1000, 9000, rows),
        "渠道": np.array(["电话", "在线客服", "微信", "邮件"])[rng.integers(0, 4, rows)],
        "创建时间": texts(asked, 0), "首次响应时间": texts(replied, 0.05), "完成时间": texts(resolved, 0.1),
        "状态": np.where(rng.random(rows) < 0.1, "处理中", "已解决"),
    })  # fmt: skip


def messages(path: Path, rows: int) -> None:
    rng = np.random.default_rng(2)
    session = np.sort(rng.integers(0, rows // 8, rows))
    sent = np.datetime64("2024-01-01", "s") + (session * 97 + np.arange(rows) * 3).astype("m8[s]")
    write(path, {
        "会话ID": session, "发送者角色": np.array(["客户", "客服", "机器人"])[rng.integers(0, 3, rows)],
        "发送时间": np.char.replace(np.datetime_as_string(sent), "T", " "),
        "发送者": rng.integers(0, 50_000, rows),
    })  # fmt: skip


def write(path: Path, columns: dict[str, np.ndarray]) -> None:
    csv.write_csv(pa.table({name: pa.array(column.tolist()) for name, column in columns.items()}), path)


def main(rows: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        table, talk = Path(folder) / "tickets.csv", Path(folder) / "messages.csv"
        tickets(table, rows)
        messages(talk, rows)
        for name, path, options in (
            ("tickets, calendar time", table, {"map": "general"}),
            ("tickets, business time", table, {"map": "general", "calendar": "china-office"}),
            ("messages", talk, {"map": "chat_messages"}),
        ):
            started = time.perf_counter()
            records = read_records([path], **options)
            seconds = time.perf_counter() - started
            assert records.ledger.adds_up
            print(f"{name:<24} {rows:>10,} rows {len(records):>10,} contacts {seconds:6.2f} s")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
