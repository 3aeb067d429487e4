"""Lines of least check loss through rows that enter the search a part at a time."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hostile_rows import hostile, imbalance, least_loss, loss

from satsurvey.errors import MethodError
from satsurvey.regression import check_lines
from satsurvey.regression.check_lines import CheckRows, best_line


def rows_of(seed: int):  # type: ignore[no-untyped-def]
    """Return a hostile case of 60 rows or more with its rows; None where terms follow from each other."""
    case = hostile(seed)
    if case.y.size < 60 or np.ptp(case.y) == 0 or any(np.ptp(x) == 0 for x in case.columns.values()):
        return None
    design = case.design
    if np.linalg.eigvalsh(design.T @ design)[0] < 1e-8 * case.y.size:
        return None
    return case, CheckRows(design, case.outcome, case.weight)


@pytest.mark.parametrize("first", [5000, 5040])
def test_few_rows_at_a_time_lead_to_the_line_of_all(first: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check_lines, "_SMALL", 20)
    found = 0
    for seed in range(first, first + 40):
        made = rows_of(seed)
        if made is None:
            continue
        case, rows = made
        best = best_line(rows, case.tau)
        found += 1
        assert best.loss == pytest.approx(loss(best.values, case), abs=1e-7 * case.weight.sum())
        assert best.loss <= least_loss(case) * (1 + 1e-9) + 1e-11 * case.weight.sum()
        assert imbalance(best.values, case) <= 1e-9
    assert found > 10


def test_lines_of_drawn_clusters_are_the_best_through_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check_lines, "_SMALL", 40)
    drawn_lines = lost = 0
    for seed in range(6000, 6060):
        made = rows_of(seed)
        if made is None:
            continue
        case, rows = made
        codes = np.unique(case.codes, return_inverse=True)[1]
        groups = int(codes.max()) + 1
        count = np.bincount(np.random.default_rng(seed).integers(0, groups, groups), minlength=groups)
        found = best_line(rows, case.tau).drawn(case.tau, codes, [count])
        there = count[codes] > 0
        design, weight = rows.design[there], (rows.weight * count[codes])[there]
        if np.linalg.matrix_rank(design) < design.shape[1]:
            assert len(found) == 0
            lost += 1
            continue
        alone = best_line(CheckRows(design, rows.y[there], weight), case.tau)
        off = rows.y[there] - design @ found[0]
        own = float(weight @ (off * (case.tau - (off < 0))))
        assert own == pytest.approx(alone.loss, rel=1e-9, abs=1e-7 * weight.sum())
        drawn_lines += 1
    assert drawn_lines > 15
    assert lost > 0


def test_rows_that_do_not_determine_a_line_are_refused() -> None:
    same = CheckRows(np.ones((50, 2)), np.arange(50.0), np.ones(50))
    with pytest.raises(MethodError, match="do not determine a line"):
        best_line(same, 0.5)


def test_a_line_that_is_not_proved_is_not_returned(monkeypatch: pytest.MonkeyPatch) -> None:
    """Outcomes told apart too far give another line, which the bound on its loss betrays."""
    monkeypatch.setattr(check_lines, "_RAISES", (10.0,))
    rng = np.random.default_rng(3)
    rows = CheckRows(np.column_stack([np.ones(99), rng.normal(size=99)]), rng.normal(size=99), np.ones(99))
    with pytest.raises(MethodError, match="no line is proved to be the best"):
        best_line(rows, 0.5)
    monkeypatch.setattr(check_lines, "_RAISES", (10.0, 1e-8))
    plain = best_line(rows, 0.5)
    assert np.abs(plain.raised.y - rows.y).max() <= 1e-8
    assert best_line(replace(rows, y=rows.y + 5), 0.5).values[0] == pytest.approx(plain.values[0] + 5)
