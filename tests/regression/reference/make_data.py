"""Make the small data set that models.R computes reference numbers from."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
SEED = 20240611
COMPANIES = 24


def main() -> None:
    """Contacts of companies: a time, its agent, whether by chat, a weight, a score and an answer 1-5."""
    rng = np.random.default_rng(SEED)
    rows: list[list[object]] = []
    for company in range(COMPANIES):
        level, pace = rng.normal(0, 3), rng.normal(0, 0.3)
        speed = rng.normal(0, 0.5, 4)
        for _ in range(int(rng.integers(8, 33))):
            agent = int(rng.integers(0, 4))
            trouble = rng.normal()
            chat = int(rng.random() < 0.4)
            logs = 4.4 + pace + speed[agent] + 0.5 * trouble + rng.normal(0, 0.6)
            seconds = round(float(np.expm1(max(logs, 0.1))), 1)
            bend = max(np.log1p(seconds) - np.log1p(60.0), 0.0)
            score = (
                84 + level - 1.0 * np.log1p(seconds) - 5.0 * bend + 2 * chat - 3 * trouble + rng.normal(0, 5)
            )
            answer = int(np.clip(np.rint((score - 42) / 9), 1, 5))
            weight = round(float(rng.lognormal(0, 0.4)), 4)
            rows.append([company, agent, seconds, chat, weight, round(float(score), 4), answer])
    with (HERE / "contacts.csv").open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(["company", "agent", "seconds", "chat", "weight", "score", "answer"])
        out.writerows(rows)


if __name__ == "__main__":
    main()
