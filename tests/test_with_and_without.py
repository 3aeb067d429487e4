"""Results with and without the interviews that the checks flag, beside a plain restatement."""

from pathlib import Path

import pytest

import satsurvey as ss

ITEMS = [
    f"{d}{k}" for d, n in {"A": 3, "B": 5, "C": 4, "D": 4, "E": 3, "F": 3}.items() for k in range(1, n + 1)
]


def export(folder: Path) -> Path:
    """Two companies of six interviews; the last two of each give one answer to everything."""
    lines = [",".join(["企业名称", *ITEMS])]
    for company in ("甲", "乙"):
        for k in range(4):
            lines.append(",".join([company, *(str(5 + (k + i) % 5) for i in range(22))]))
        lines += [",".join([company, *["10"] * 22])] * 2
    path = folder / "export.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def mean_of_dimensions(rows: list[list[int]]) -> float:
    means = [10 * sum(row[i] for row in rows) / len(rows) for i in range(22)]
    sizes, start, dimensions = (3, 5, 4, 4, 3, 3), 0, []
    for size in sizes:
        dimensions.append(sum(means[start : start + size]) / size)
        start += size
    return sum(dimensions) / len(dimensions)


def test_the_score_without_flagged_interviews_stands_beside_the_score_with_them(tmp_path: Path) -> None:
    analysis = ss.analyse([export(tmp_path)], company_min_n=1, draws=200)
    good = [[5 + (k + i) % 5 for i in range(22)] for k in range(4)]
    found = analysis.method["without_flagged"]
    assert isinstance(found, dict)
    assert found["n"] == 4
    assert found["score"] == pytest.approx(mean_of_dimensions(good), rel=1e-12)
    assert found["score_with"] == pytest.approx(mean_of_dimensions([*good, [10] * 22, [10] * 22]), rel=1e-12)
    # Flagged is not dropped.
    assert float(analysis.overall["score"].iloc[0]) == found["score_with"]
    assert analysis.ledger.rows_used == 12


def test_without_a_flag_nothing_is_compared(tmp_path: Path) -> None:
    path = export(tmp_path)
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if "10,10,10" not in line]
    path.write_text("\n".join(lines), encoding="utf-8")
    assert "without_flagged" not in ss.analyse([path], company_min_n=1, draws=200).method
