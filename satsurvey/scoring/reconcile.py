"""Which weighting and rounding rules reproduce a published total from its published dimension scores."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import TYPE_CHECKING, Literal, get_args

from satsurvey.errors import MethodError
from satsurvey.instrument.model import Rounding
from satsurvey.instrument.rounding import round_exact

if TYPE_CHECKING:
    import pandas as pd

Figure = str | int | float | Decimal
Weighting = Literal["equal", "items", "declared"]

_MOST_PLACES = 15


@dataclass(frozen=True)
class Trial:
    """One weighting with one rounding rule.

    Attributes
    ----------
    weighting, rule
        How the dimensions are weighted, and how the total is rounded.
    exact
        Weighted mean of the printed dimension scores, unrounded.
    printed
        The same under the rule.
    reproduces
        Whether `printed` is the published total.
    low, high
        Where the unrounded total lies when the printed dimension scores were made by the same rule;
        `low_closed` and `high_closed` say whether the ends belong to the range.
    possible
        Whether some unrounded dimension scores in that range give the published total under the rule.
    """

    weighting: Weighting
    rule: Rounding
    exact: Fraction
    printed: Decimal
    reproduces: bool
    low: Fraction
    high: Fraction
    low_closed: bool
    high_closed: bool
    possible: bool


@dataclass(frozen=True)
class Reconciliation:
    """What a published total has to do with its published dimension scores.

    Attributes
    ----------
    total
        The published total.
    dimensions
        The published dimension scores by name.
    decimals, dimension_decimals
        Places of the total, and of the dimension scores.
    trials
        Every weighting (equal first) with every rule (half_up, half_even, truncate).
    weights
        Relative weights by weighting and dimension.
    """

    total: Decimal
    dimensions: Mapping[str, Decimal]
    decimals: int
    dimension_decimals: int
    trials: tuple[Trial, ...]
    weights: Mapping[str, Mapping[str, Decimal]]

    @property
    def reproducing(self) -> tuple[Trial, ...]:
        """The trials that give the published total from the printed dimension scores."""
        return tuple(trial for trial in self.trials if trial.reproduces)

    @property
    def frame(self) -> pd.DataFrame:
        """One row per trial, columns as the fields of `Trial`; numbers are float64 at full precision."""
        import pandas as pd  # half a second that a command which prints a few lines need not pay

        rows = [
            [float(value) if isinstance(value, Fraction | Decimal) else value for value in row]
            for row in ([getattr(trial, field.name) for field in fields(Trial)] for trial in self.trials)
        ]
        return pd.DataFrame(rows, columns=[field.name for field in fields(Trial)])

    def rows(self) -> list[dict[str, object]]:
        """Return one dict per trial, keys as the fields of `Trial`; printed figures stay text."""
        return [
            {field.name: _plain(getattr(trial, field.name)) for field in fields(Trial)}
            for trial in self.trials
        ]

    def to_dict(self) -> dict[str, object]:
        """Return plain data for JSON; printed figures stay text."""
        return {
            "total": format(self.total, "f"),
            "dimensions": {name: format(score, "f") for name, score in self.dimensions.items()},
            "reproduced": bool(self.reproducing),
            "trials": self.rows(),
        }


def reconcile(
    total: Figure,
    dimensions: Mapping[str, Figure],
    *,
    items_per_dimension: Mapping[str, int] | None = None,
    declared: Mapping[str, Figure] | None = None,
    decimals: int | None = None,
) -> Reconciliation:
    """Find which weightings and rounding rules give a published total from its published dimension scores.

    Parameters
    ----------
    total
        The published total; text keeps its trailing zeros.
    dimensions
        Published scores by dimension, two or more.
    items_per_dimension
        Number of items by dimension; tries weights by items.
    declared
        Relative weights by dimension; tries them.
    decimals
        Places of the published figures. None reads them off the texts: the total's from the total, the
        dimensions' from the longest of them. Floats have lost their trailing zeros, so that a total or scores
        given as floats count as having as many places as the longest figure of all.

    Returns
    -------
    Reconciliation

    Raises
    ------
    MethodError
        When a figure is no number from 0, a dimension has no weight or an unknown one has, weights sum to 0,
        or a figure has more places than `decimals`.

    Notes
    -----
    With relative weights a_d and printed scores x_d the trial total is T = sum a_d x_d / sum a_d, exactly. A
    score printed by half_up with step u stands for [x - u/2, x + u/2), by half_even for the same with both
    ends when the last digit is even and none when it is odd, by truncate for [x, x + u). The range of the
    unrounded total is the weighted mean of those ends; it is not cut at 100.

    Examples
    --------
    >>> published = {"A": "77.40", "B": "85.13", "C": "80.91", "D": "83.53", "E": "81.97", "F": "93.37"}
    >>> result = reconcile("83.71", published)
    >>> round(float(result.trials[0].exact), 5), str(result.trials[0].printed)
    (83.71833, '83.72')
    >>> [trial.rule for trial in result.reproducing]
    ['truncate']
    """
    goal = _figure(total, "total")
    scores = {name: _figure(value, f"dimension {name}") for name, value in dimensions.items()}
    if len(scores) < 2:
        raise MethodError(
            "a total cannot be reconciled with fewer than two dimensions",
            value=f"{len(scores)} dimensions",
            next_step="give every published dimension as NAME=SCORE",
        )
    own, theirs = _places(total, goal, dimensions, scores)
    if decimals is not None:
        longest = max(_count(figure) for figure in (goal, *scores.values()))
        if not longest <= decimals <= _MOST_PLACES:
            raise MethodError(
                "decimals do not fit the figures",
                value=decimals,
                expected=f"from {longest}, which the longest figure has, to {_MOST_PLACES}",
            )
        own = theirs = decimals
    weightings: dict[Weighting, dict[str, Decimal]] = {"equal": dict.fromkeys(scores, Decimal(1))}
    if items_per_dimension is not None:
        weightings["items"] = _weights(items_per_dimension, scores, "number of items")
    if declared is not None:
        weightings["declared"] = _weights(declared, scores, "weight")
    goal = round_exact(goal, own, "truncate")
    scores = {name: round_exact(score, theirs, "truncate") for name, score in scores.items()}
    trials = tuple(
        _trial(weighting, rule, weights, goal, scores, own, theirs)
        for weighting, weights in weightings.items()
        for rule in get_args(Rounding)
    )
    return Reconciliation(
        goal, scores, own, theirs, trials, {str(key): value for key, value in weightings.items()}
    )


@dataclass(frozen=True)
class _Range:
    """Numbers from `low` to `high`; the flags say whether the ends belong to them."""

    low: Fraction
    high: Fraction
    low_closed: bool
    high_closed: bool

    def meets(self, other: _Range) -> bool:
        low, high = max(self.low, other.low), min(self.high, other.high)
        if low < high:
            return True
        return low == high and self.holds(low) and other.holds(low)

    def holds(self, x: Fraction) -> bool:
        above = x > self.low or (x == self.low and self.low_closed)
        return above and (x < self.high or (x == self.high and self.high_closed))


def _stands_for(printed: Decimal, places: int, rule: Rounding) -> _Range:
    """Return the numbers from 0 that a printed figure can stand for."""
    x, step = Fraction(printed), Fraction(1, 10**places)
    if rule == "truncate":
        return _Range(x, x + step, True, False)
    low, high = x - step / 2, x + step / 2
    even = (x / step) % 2 == 0
    closed = (True, False) if rule == "half_up" else (even, even)
    return _Range(low, high, *closed) if low >= 0 else _Range(Fraction(0), high, True, closed[1])


def _trial(
    weighting: Weighting,
    rule: Rounding,
    weights: Mapping[str, Decimal],
    goal: Decimal,
    scores: Mapping[str, Decimal],
    own: int,
    theirs: int,
) -> Trial:
    relative = {name: Fraction(weight) for name, weight in weights.items()}
    whole = sum(relative.values())
    exact = sum((relative[name] * Fraction(score) for name, score in scores.items()), Fraction(0)) / whole
    ranges = {name: _stands_for(score, theirs, rule) for name, score in scores.items() if relative[name]}
    within = _Range(
        sum((relative[name] * r.low for name, r in ranges.items()), Fraction(0)) / whole,
        sum((relative[name] * r.high for name, r in ranges.items()), Fraction(0)) / whole,
        all(r.low_closed for r in ranges.values()),
        all(r.high_closed for r in ranges.values()),
    )
    printed = round_exact(exact, own, rule)
    return Trial(
        weighting=weighting,
        rule=rule,
        exact=exact,
        printed=printed,
        reproduces=printed == goal,
        low=within.low,
        high=within.high,
        low_closed=within.low_closed,
        high_closed=within.high_closed,
        possible=within.meets(_stands_for(goal, own, rule)),
    )


def _figure(value: Figure, what: str) -> Decimal:
    try:
        # A float is taken as the shortest decimal that reads back as it: what its author typed.
        number = Decimal(repr(value) if isinstance(value, float) else str(value).strip())
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or number < 0 or _count(number) > _MOST_PLACES:
        raise MethodError(
            f"the figure of {what} is not a number that can be used",
            value=value,
            expected=f"a number from 0 with at most {_MOST_PLACES} decimals, such as 83.71",
        )
    return number


def _count(number: Decimal) -> int:
    exponent = number.as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _places(
    total: Figure, goal: Decimal, dimensions: Mapping[str, Figure], scores: Mapping[str, Decimal]
) -> tuple[int, int]:
    own, theirs = _count(goal), max(_count(score) for score in scores.values())
    longest = max(own, theirs)
    if not isinstance(total, str | Decimal):
        own = longest
    if not any(isinstance(value, str | Decimal) for value in dimensions.values()):
        theirs = longest
    return own, theirs


def _weights(given: Mapping[str, Figure], scores: Mapping[str, Decimal], what: str) -> dict[str, Decimal]:
    unknown = [name for name in given if name not in scores]
    missing = [name for name in scores if name not in given]
    if unknown or missing:
        wrong = (
            f"a {what} is given for {', '.join(unknown)}, which has no score"
            if unknown
            else f"no {what} is given for {', '.join(missing)}"
        )
        raise MethodError(wrong, expected=f"one {what} for each of {', '.join(scores)}")
    weights = {name: _figure(given[name], f"{what} of {name}") for name in scores}
    if not any(weights.values()):
        raise MethodError(f"every {what} is 0", expected="at least one over 0")
    return weights


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        return format(value, "f")
    return float(value) if isinstance(value, Fraction) else value
