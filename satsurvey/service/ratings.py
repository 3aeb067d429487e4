"""The scale of ratings in service records: without it a rating says nothing of who is satisfied."""

from __future__ import annotations

import re
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, BeforeValidator, ConfigDict, model_validator

from satsurvey.errors import MethodError

Floats = NDArray[np.float64]

ENOUGH_TO_DOUBT = 30
"""Ratings among which somebody has given the best one, where the scale is what it is said to be."""
_RANGE = re.compile(r"\s*(-?\d+(?:\.\d+)?)\s*(?:(?:-|~|–|—|至|到)\s*(-?\d+(?:\.\d+)?))?\s*")


def _pair(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


class RatingScale(BaseModel):
    """A scale of ratings.

    Attributes
    ----------
    low, high
        The least and the greatest number that customers can give.
    satisfied
        The first and the last number that counts as satisfied; of a scale on which 1 is the best, such as
        (1, 2).

    Examples
    --------
    >>> scale = RatingScale(low=1, high=5, satisfied=(4, 5))
    >>> scale.flags(np.array([5.0, 3.0, np.nan])).tolist()
    [1.0, 0.0, nan]
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    low: float
    high: float
    satisfied: Annotated[tuple[float, float], BeforeValidator(_pair)]

    @model_validator(mode="after")
    def _in_order(self) -> RatingScale:
        first, last = self.satisfied
        if not self.low < self.high or not self.low <= first <= last <= self.high:
            raise ValueError("satisfied ratings lie between low and high, and low is less than high")
        if (first, last) == (self.low, self.high):
            raise ValueError("some ratings of a scale are those of customers who are not satisfied")
        return self

    @classmethod
    def of_texts(cls, scale: str, satisfied: str) -> RatingScale:
        """Make a scale of texts such as "1-5" and "4-5" (or "5").

        Raises
        ------
        MethodError
            When they are none.

        Examples
        --------
        >>> RatingScale.of_texts("1-10", "9-10").satisfied
        (9.0, 10.0)
        """
        found = []
        for text in (scale, satisfied):
            match = _RANGE.fullmatch(text)
            if match is None or (text is scale and match[2] is None):
                raise MethodError("this is no range of ratings", value=text, expected="such as 1-5")
            found.append((float(match[1]), float(match[2] or match[1])))
        (low, high), pair = found
        try:
            return cls(low=low, high=high, satisfied=pair)
        except ValueError as exc:
            raise MethodError(
                "these ratings make no scale",
                value=f"{scale}, {satisfied}",
                expected="a scale such as 1-5, and ratings in it that count as satisfied, such as 4-5",
            ) from exc

    @property
    def best(self) -> float:
        """The rating that the most satisfied customers give; NaN where satisfied ratings lie inside."""
        first, last = self.satisfied
        return self.high if last == self.high else self.low if first == self.low else float("nan")

    def flags(self, ratings: Floats) -> Floats:
        """Return 1.0 for satisfied ratings, 0.0 for others, NaN where there is none."""
        first, last = self.satisfied
        with np.errstate(invalid="ignore"):
            inside = ((ratings >= first) & (ratings <= last)).astype(np.float64)
        return np.where(np.isfinite(ratings), inside, np.nan)

    def doubt(self, ratings: Floats) -> tuple[str, float] | None:
        """Return why ratings can hardly be on this scale, with the rating that says so; None where they can.

        The reason is "outside" where one lies beyond the ends, and "never_best" where nobody of thirty or
        more has given the best rating: a scale of 1-10 on which nobody goes beyond 5 is another scale.
        """
        given = ratings[np.isfinite(ratings)]
        beyond = given[(given < self.low) | (given > self.high)]
        if beyond.size:
            return "outside", float(beyond[0])
        best = self.best
        if given.size >= ENOUGH_TO_DOUBT and np.isfinite(best) and not (given == best).any():
            return "never_best", best
        return None
