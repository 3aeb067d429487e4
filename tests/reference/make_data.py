"""Make the small data sets that the R scripts of this folder compute reference numbers from."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
SEED = 20190722
ITEMS = ("a1", "a2", "b1", "b2")
COMPANIES_PER_INDUSTRY = (("银行", 3), ("电商", 4), ("快递", 5))


def write(name: str, heading: list[str], rows: list[list[object]]) -> None:
    with (HERE / name).open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(heading)
        out.writerows(rows)


def make_survey(rng: np.random.Generator) -> None:
    """Answers 1-10 to two items in each of two dimensions, 12 companies, 20-40 interviews each."""
    companies: list[list[object]] = []
    missing: list[list[object]] = []
    complete: list[list[object]] = []
    for industry, count in COMPANIES_PER_INDUSTRY:
        for _ in range(count):
            name = f"企业{len(companies) + 1:02d}"
            n = int(rng.integers(20, 41))
            population = int(n * rng.uniform(2, 12))
            companies.append([name, industry, n, population, round(float(rng.uniform(0.5, 4)), 3)])
            level = rng.normal(7.6, 0.6)
            for _ in range(n):
                person = rng.normal(0, 1.1)
                weight = round(float(rng.lognormal(0, 0.4)), 4)
                answers = np.clip(
                    np.rint(level + person + rng.normal(0, 1.2, 4) + [0, 0.4, -0.5, 0.2]), 1, 10
                )
                row = [len(complete) + 1, name, industry, weight]
                complete.append(row + [int(x) for x in answers])
                # The second item of the second dimension is asked of about half, the others are nearly full.
                gone = rng.random(4) < np.array([0.05, 0.1, 0.05, 0.5])
                if gone.all():
                    gone[0] = False
                missing.append(row + ["" if out else int(x) for x, out in zip(answers, gone, strict=True)])
    heading = ["interview", "company", "industry", "weight", *ITEMS]
    write("survey_missing.csv", heading, missing)
    write("survey_complete.csv", heading, complete)
    write("survey_companies.csv", ["company", "industry", "n", "population", "market_share"], companies)


def make_known_variances(rng: np.random.Generator) -> None:
    """Scores with known sampling variances: eight schools, and families of several sizes and spreads."""
    schools = zip((28, 8, -3, 7, -1, 1, 18, 12), (15, 10, 16, 11, 9, 11, 10, 18), strict=True)
    rows: list[list[object]] = [["eight_schools", y, se**2] for y, se in schools]
    for family, count, tau in (("wide", 24, 6.0), ("narrow", 40, 2.0), ("two", 2, 8.0), ("none", 30, 0.0)):
        variance = rng.uniform(2, 30, count).round(4)
        score = (80 + rng.normal(0, tau, count) + rng.normal(0, np.sqrt(variance))).round(4)
        rows += [[family, x, v] for x, v in zip(score.tolist(), variance.tolist(), strict=True)]
    write("shrinkage_known.csv", ["family", "score", "variance"], rows)


def make_answers(rng: np.random.Generator) -> None:
    """Scores of respondents in companies in industries, with more and with less spread between companies."""
    rows: list[list[object]] = []
    for case, tau in (("spread", 5.0), ("flat", 0.0)):
        for industry, count in (("g1", 9), ("g2", 6), ("g3", 12)):
            for company in range(count):
                effect = rng.normal({"g1": 78, "g2": 84, "g3": 81}[industry], tau)
                y = np.clip(effect + rng.normal(0, 14, int(rng.integers(2, 30))), 0, 100).round(3)
                rows += [[case, industry, f"{industry}c{company:02d}", value] for value in y.tolist()]
    # Sorted scores dealt out in turn: the companies are more alike than chance makes them.
    for industry in ("g1", "g2"):
        y = np.sort(rng.normal(80, 14, 96)).round(3).tolist()
        for company in range(8):
            dealt = [y[k * 8 + (company if k % 2 else 7 - company)] for k in range(12)]
            rows += [["alike", industry, f"{industry}c{company:02d}", value] for value in dealt]
    write("shrinkage_answers.csv", ["case", "industry", "company", "y"], rows)


if __name__ == "__main__":
    generator = np.random.default_rng(SEED)
    make_survey(generator)
    make_known_variances(generator)
    make_answers(generator)
