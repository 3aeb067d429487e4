"""Rows that are hard to put a best line through, and two judges of a line by linear programming."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import linprog

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Case:
    """One set of rows."""

    columns: dict[str, Floats]
    y: Floats
    weights: Floats | None
    tau: float
    codes: NDArray[np.int64]

    @property
    def weight(self) -> Floats:
        return np.ones(self.y.size) if self.weights is None else self.weights

    @property
    def design(self) -> Floats:
        """The intercept and the columns, standardised."""
        columns = [(column - column.mean()) / column.std() for column in self.columns.values()]
        return np.column_stack([np.ones(self.y.size), *columns])

    @property
    def outcome(self) -> Floats:
        return (self.y - self.y.mean()) / self.y.std()

    def standardised(self, line: Floats) -> Floats:
        """Return a line through the rows as given as one through the standardised rows."""
        shift = np.array([column.mean() for column in self.columns.values()])
        scale = np.array([column.std() for column in self.columns.values()])
        middle = line[0] + line[1:] @ shift - self.y.mean()
        return np.append(middle, line[1:] * scale) / self.y.std()


def hostile(seed: int) -> Case:
    """Draw 5 to 500 rows: rounded times, dummies, few levels, ties, outliers, columns nearly like others."""
    rng = np.random.default_rng(seed)
    n = int(np.exp(rng.uniform(np.log(5), np.log(500))))
    seconds = np.rint(rng.lognormal(5, 1, n) * rng.choice([0.01, 0.1, 1.0]))
    columns: dict[str, Floats] = {}

    def factor() -> dict[str, Floats]:
        codes = rng.integers(0, rng.integers(3, 8), n)
        return {f"level {k}": (codes == k).astype(float) for k in range(1, int(codes.max()) + 1)}

    def rare() -> Floats:
        return np.isin(np.arange(n), rng.choice(n, max(1, n // 50), replace=False)).astype(float)

    def copied() -> dict[str, Floats]:
        first = next(iter(columns.values()), seconds)
        if rng.random() < 0.3:
            return {"copy": 2 * first + 1}
        return {"nearly": first + rng.choice([1e-1, 1e-3, 1e-4]) * rng.normal(size=n)}

    kinds: dict[str, Callable[[], Floats | dict[str, Floats]]] = {
        "seconds": lambda: seconds,
        "minutes": lambda: np.rint(seconds / 60),
        "log": lambda: np.log1p(seconds),
        "dummy": lambda: rng.integers(0, 2, n).astype(float),
        "rare": rare,
        "factor": factor,
        "count": lambda: rng.poisson(1, n).astype(float),
        "copied": copied,
        "number": lambda: rng.normal(size=n) * rng.choice([1e-4, 1, 1e6]),
        "outliers": lambda: rng.standard_cauchy(n),
    }
    for kind in rng.choice(list(kinds), rng.integers(1, 5)).tolist():
        made = kinds[kind]()
        columns |= made if isinstance(made, dict) else {kind: made}
    score = 90 - 3 * np.log1p(seconds) + rng.normal(0, 8, n)
    score += sum(
        rng.normal() * (column - column.mean()) / (column.std() + 1e-9) for column in columns.values()
    )
    outcomes: dict[str, Callable[[], Floats]] = {
        "as it is": lambda: score,
        "whole numbers": lambda: np.rint(score),
        "five levels": lambda: np.clip(np.rint((score - 50) / 10), 1, 5) * 20 - 20,
        "two levels": lambda: (score > 85) * 100.0,
        "mostly at the top": lambda: np.where(rng.random(n) < 0.8, 100.0, np.rint(score)),
        "on a line": lambda: 5 + sum(columns.values(), np.zeros(n)),
        "outliers": lambda: score + 100 * rng.standard_cauchy(n),
        "thirds": lambda: np.round(score / 9.0) * 100 / 3,
    }
    y = outcomes[str(rng.choice(list(outcomes)))]()
    weights = [rng.uniform(0.1, 5, n), rng.integers(1, 4, n).astype(float), rng.lognormal(0, 2, n)]
    return Case(
        columns,
        y,
        None if rng.random() < 0.6 else weights[rng.integers(3)],
        float(rng.choice([0.5, 0.5, 0.25, 0.75, 0.1, 0.9, 0.05, 1 / 3])),
        rng.integers(0, max(2, n // 5), n),
    )


def loss(line: Floats, case: Case) -> float:
    """Return the weighted check loss of a line through the standardised rows."""
    off = case.outcome - case.design @ line
    return float(case.weight @ (off * (case.tau - (off < 0))))


def least_loss(case: Case) -> float:
    """Return the least check loss that HiGHS finds for the standardised rows."""
    n, p = case.design.shape
    equal = sparse.hstack([sparse.csr_matrix(case.design), sparse.eye(n), -sparse.eye(n)]).tocsr()
    cost = np.concatenate([np.zeros(p), case.tau * case.weight, (1 - case.tau) * case.weight])
    bounds = [(None, None)] * p + [(0, None)] * (2 * n)
    found = linprog(cost, A_eq=equal, b_eq=case.outcome, bounds=bounds, method="highs")
    return loss(found.x[:p], case)


def imbalance(line: Floats, case: Case, near: float = 1e-7) -> float:
    """Return by how much the rows on a line fail to hold the others in balance, per unit of weight.

    The rows on it may each pull with between tau - 1 and tau times their weight (Karush, Kuhn and Tucker).
    """
    off = case.outcome - case.design @ line
    on = np.abs(off) <= near
    others = (case.weight * np.where(off > 0, case.tau, case.tau - 1))[~on] @ case.design[~on]
    p = line.size
    size = np.abs(case.design).sum(axis=0)
    equal = np.hstack([case.design[on].T / size[:, None], np.eye(p), -np.eye(p)])
    own = case.weight[on]
    bounds = [*zip(own * (case.tau - 1), own * case.tau, strict=True), *[(0, None)] * (2 * p)]
    cost = np.append(np.zeros(own.size), np.ones(2 * p))
    found = linprog(cost, A_eq=equal, b_eq=-others / size, bounds=bounds, method="highs")
    return float(found.fun) / float(case.weight.sum())
