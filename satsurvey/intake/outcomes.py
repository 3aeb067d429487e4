"""Final outcomes of cases, and the outcome rates of AAPOR's Standard Definitions."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

import numpy as np

from satsurvey.errors import MethodError, shorten
from satsurvey.intake.answers import fold
from satsurvey.intake.dates import as_strings

CLASSES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "I": ("完成", "complete interview"),
        "P": ("部分完成", "partial interview"),
        "R": ("拒访或中断", "refusal or break-off"),
        "NC": ("未接触到", "non-contact"),
        "O": ("其他合格未访", "other eligible"),
        "UH": ("未知是否有合格住户", "unknown if eligible household"),
        "UO": ("其他资格不明", "unknown, other"),
        "NE": ("不合格", "not eligible"),
    }
)
"""The classes of final outcomes, with their words in Chinese and English."""

PRECEDENCE = ("I", "P", "R", "NE", "O", "NC", "UH", "UO")
"""Which class is final when the attempts of one case differ. An interview outweighs all; a refusal stands
unless an interview follows; what was learned of eligibility outweighs attempts that learned nothing."""

_PREFIXES = (
    (re.compile(r"1\.2"), "P"),
    (re.compile(r"1\.[01]"), "I"),
    (re.compile(r"2\.1"), "R"),
    (re.compile(r"2\.2"), "NC"),
    (re.compile(r"2\.3"), "O"),
    (re.compile(r"3\.1"), "UH"),
    (re.compile(r"3\.[02-9]"), "UO"),
    (re.compile(r"4\.\d"), "NE"),
)

FORMULAS: Mapping[str, str] = MappingProxyType(
    {
        "RR1": "I / (N + U)",
        "RR2": "(I + P) / (N + U)",
        "RR3": "I / (N + eU)",
        "RR4": "(I + P) / (N + eU)",
        "RR5": "I / N",
        "RR6": "(I + P) / N",
        "COOP1": "I / C",
        "COOP2": "(I + P) / C",
        "COOP3": "I / (I + P + R)",
        "COOP4": "(I + P) / (I + P + R)",
        "REF1": "R / (N + U)",
        "REF2": "R / (N + eU)",
        "REF3": "R / N",
        "CON1": "C / (N + U)",
        "CON2": "C / (N + eU)",
        "CON3": "C / N",
    }
)
"""The rates as formulas, with N = I + P + R + NC + O, U = UH + UO and C = I + P + R + O."""


@dataclass(frozen=True)
class OutcomeRates:
    """The outcome rates of a survey.

    Attributes
    ----------
    rates
        RR1 to RR6, COOP1 to COOP4, REF1 to REF3, CON1 to CON3, 0-1; None where a rate is 0 over 0.
    classes
        Cases by class: I, P, R, NC, O, UH, UO, NE (weighted when the counts were).
    codes
        Cases by final code as the export has it.
    n
        All cases.
    e
        Share of the cases of unknown eligibility that is taken to be eligible; None where it is undefined.
    e_method
        Where e comes from, in words; it belongs beside RR3, RR4, REF2 and CON2 wherever they are printed.
    unclassified
        Codes that belong to no class; they count as unknown, other (UO).
    notes
        What to doubt.
    """

    rates: Mapping[str, float | None]
    classes: Mapping[str, float]
    codes: Mapping[str, float]
    n: float
    e: float | None
    e_method: str
    unclassified: Mapping[str, float]
    notes: tuple[str, ...] = ()


def outcome_class(code: str, classes: Mapping[str, str] | None = None) -> str | None:
    """Return the class of a final code, or None when it has none.

    Parameters
    ----------
    code
        An AAPOR code as text (`1.1`, `2.111a`), a class (`NC`), or a text that `classes` knows.
    classes
        The study's own texts, each with a class or an AAPOR code (`{"拒访": "2.11", "空号": "NE"}`).

    Notes
    -----
    Codes need their point: a lone 2 or 4 means something else in every survey system, and is left to
    `classes`.

    Examples
    --------
    >>> outcome_class("2.111a"), outcome_class("3.13"), outcome_class("2")
    ('R', 'UH', None)
    """
    return classifier(classes)(code)


def classifier(classes: Mapping[str, str] | None) -> Callable[[str], str | None]:
    """Return `outcome_class` with its second argument fixed, for many codes."""
    own = {fold(text): name for text, name in (classes or {}).items()}

    @cache
    def classify(code: str) -> str | None:
        text = fold(code)
        text = fold(own.get(text, text))
        if text.upper() in CLASSES:
            return text.upper()
        return next((name for prefix, name in _PREFIXES if prefix.match(text)), None)

    return classify


def final_outcomes(
    cases: Sequence[str],
    codes: Sequence[str],
    *,
    classes: Mapping[str, str] | None = None,
    precedence: Sequence[str] = PRECEDENCE,
) -> list[str]:
    """Reduce the outcomes of all attempts to one final code per case.

    Parameters
    ----------
    cases
        The case of each attempt; an attempt with an empty case is a case by itself.
    codes
        The outcome of each attempt, in the order in which they were made.
    classes
        The study's own texts, as for `outcome_class`.
    precedence
        The classes from strongest to weakest; within a class, the last attempt stands.

    Returns
    -------
    list of str
        One code per case, in the order of the cases' first attempts.

    Raises
    ------
    MethodError
        When cases and codes differ in number, or a class is missing from `precedence`.
    """
    if len(cases) != len(codes):
        raise MethodError(
            f"{len(cases)} cases and {len(codes)} outcomes do not match", expected="one outcome per attempt"
        )
    if sorted(precedence) != sorted(CLASSES):
        raise MethodError(
            "the order of precedence must name every class once",
            value=", ".join(precedence),
            expected=", ".join(PRECEDENCE),
        )
    if not len(codes):
        return []
    outcomes = as_strings(codes).dictionary_encode()
    distinct = ["" if code is None else code for code in outcomes.dictionary.to_pylist()]
    classify = classifier(classes)
    ranks = [precedence.index(classify(code) or "UO") for code in distinct]
    code = np.asarray(outcomes.indices)
    named = as_strings(cases).dictionary_encode()
    case = np.asarray(named.indices).astype(np.int64)
    empty = [k for k, name in enumerate(named.dictionary.to_pylist()) if not name.strip()]
    alone = np.isin(case, empty)
    case[alone] = len(named.dictionary) + np.arange(int(alone.sum()))
    attempt = np.arange(case.size)
    order = np.lexsort((-attempt, np.array(ranks)[code], case))
    firsts = order[np.flatnonzero(np.diff(case[order], prepend=-1))]
    _, met = np.unique(case, return_index=True)
    return [distinct[k] for k in code[firsts][np.argsort(met)].tolist()]


def outcome_rates(
    outcomes: Mapping[str, float] | Sequence[str],
    *,
    e: float | None = None,
    classes: Mapping[str, str] | None = None,
) -> OutcomeRates:
    """Compute AAPOR's response, cooperation, refusal and contact rates from final codes by case.

    Parameters
    ----------
    outcomes
        The final code of every case, or cases by code or class (`{"1.1": 760, "R": 59}`; weighted counts are
        allowed). Cases, not calls: see `final_outcomes`.
    e
        Share of the cases of unknown eligibility taken to be eligible, 0-1. By default N / (N + NE), the
        proportional allocation of AAPOR's response rate calculator 4.0.
    classes
        The study's own texts, as for `outcome_class`.

    Returns
    -------
    OutcomeRates

    Raises
    ------
    MethodError
        When `e` does not lie between 0 and 1, or a count is negative or no number.

    Notes
    -----
    The formulas are in `FORMULAS`. RR5, RR6, REF3 and CON3 are for surveys in which no case of unknown
    eligibility is eligible. A full quota is not eligible (4.8), not a refusal.

    References
    ----------
    AAPOR (2016), Standard Definitions: Final Dispositions of Case Codes and Outcome Rates for Surveys,
    9th ed.
    """
    if e is not None and not 0 <= e <= 1:
        raise MethodError("e is the share of unknown cases that is eligible", value=e, expected="from 0 to 1")
    codes = dict(outcomes) if isinstance(outcomes, Mapping) else dict(Counter(outcomes))
    for code, n in codes.items():
        if not (n >= 0 and np.isfinite(n)):
            raise MethodError(
                f"there cannot be {n} cases with the outcome {code!r}", expected="a count, 0 or more"
            )
    found: dict[str, float] = dict.fromkeys(CLASSES, 0)
    unclassified: dict[str, float] = {}
    classify = classifier(classes)
    for code, n in codes.items():
        name = classify(code)
        if name is None:
            unclassified[code] = n
        found[name or "UO"] += n
    I, P, R, NC, O, UH, UO, NE = (found[name] for name in CLASSES)  # noqa: E741
    N, U, contacted = I + P + R + NC + O, UH + UO, I + P + R + O
    notes = []
    if unclassified:
        shown = ", ".join(f"'{shorten(code, 20)}' ({n:g})" for code, n in list(unclassified.items())[:5])
        more = f" and {len(unclassified) - 5} more" if len(unclassified) > 5 else ""
        notes.append(
            f"outcomes that belong to no AAPOR class count as unknown, other (UO): {shown}{more}; "
            "give their classes in the study or instrument"
        )
    if e is not None:
        method = "e given by the user"
    elif N + NE > 0:
        e, method = N / (N + NE), "e = N / (N + NE), proportional allocation"
    else:
        method = "e is undefined: no case has a known eligibility"
    if e is None and U == 0:
        e = 1.0  # multiplies nothing
    known_and_likely = None if e is None else N + e * U
    fractions: dict[str, tuple[float, float | None]] = {
        "RR1": (I, N + U),
        "RR2": (I + P, N + U),
        "RR3": (I, known_and_likely),
        "RR4": (I + P, known_and_likely),
        "RR5": (I, N),
        "RR6": (I + P, N),
        "COOP1": (I, contacted),
        "COOP2": (I + P, contacted),
        "COOP3": (I, I + P + R),
        "COOP4": (I + P, I + P + R),
        "REF1": (R, N + U),
        "REF2": (R, known_and_likely),
        "REF3": (R, N),
        "CON1": (contacted, N + U),
        "CON2": (contacted, known_and_likely),
        "CON3": (contacted, N),
    }
    rates = {name: above / below if below else None for name, (above, below) in fractions.items()}
    undefined = [name for name, rate in rates.items() if rate is None]
    if undefined:
        notes.append(f"not defined, for want of cases: {', '.join(undefined)}")
    if U > 0 and e != 0:
        notes.append(
            "RR5, RR6, REF3 and CON3 leave out cases of unknown eligibility; they need the argument that "
            "none is eligible"
        )
    if I > 0 and sum(found.values()) == I:
        notes.append(
            "every case is a complete interview; if the export leaves out all other cases, these are no "
            "rates of the survey"
        )
    return OutcomeRates(rates, found, codes, sum(found.values()), e, method, unclassified, tuple(notes))
