"""What users state beside their data: days, names, and scales, each checked when it is given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from satsurvey.errors import MethodError
from satsurvey.intake.dates import parse_dates
from satsurvey.intake.responses import Responses

GIVEN = (
    "value_tiers",
    "tiered_from",
    "cheap_vendor",
    "vendor_from",
    "period_order",
    "changed_on",
    "changed_company",
    "rating_scale",
    "rating_satisfied",
)
"""What a user may state: which tiers are valued, and since which day they are served better; the cheap
vendor, and its first period; the order of periods whose names do not tell it; the day on which response
became faster, and the company where only one did; the scale of ratings in the records (1-5), and the ratings
that count as satisfied (4-5)."""
_DAYS = ("tiered_from", "changed_on")


def stated(pairs: Sequence[str]) -> dict[str, str]:
    """Read NAME=VALUE arguments of what the user states.

    Raises
    ------
    MethodError
        When one is no such pair.
    """
    found: dict[str, str] = {}
    for pair in pairs:
        name, sign, value = (part.strip() for part in pair.replace("＝", "=").partition("="))
        if not sign or not value or name not in GIVEN:
            raise MethodError(
                "this is nothing that a test uses",
                value=pair,
                expected=f"NAME=VALUE with a name of {', '.join(GIVEN)}",
            )
        found[name] = value
    return found


def check_stated(given: Mapping[str, str], responses: Responses | None) -> None:
    """Refuse what cannot be meant: unknown names, days that are none, companies that nobody was asked about.

    Raises
    ------
    MethodError
        With what was stated, and what it should be.
    """
    for name in given:
        if name not in GIVEN:
            raise MethodError("no test uses this", value=name, expected=", ".join(GIVEN))
    for name in _DAYS:
        if name in given:
            moments, bad = parse_dates([given[name]])
            if bad[0] or np.isnat(moments[0]):
                raise MethodError(
                    "this is no day", column=name, value=given[name], expected="a day such as 2025-07-01"
                )
    company = given.get("changed_company")
    if company is not None and responses is not None and company not in responses.company.names:
        raise MethodError("no interview is of this company", column="changed_company", value=company)
    if ("rating_scale" in given) != ("rating_satisfied" in given):
        raise MethodError(
            "a scale of ratings needs both its ends and the ratings that count as satisfied",
            expected="rating_scale=1-5 and rating_satisfied=4-5",
        )
