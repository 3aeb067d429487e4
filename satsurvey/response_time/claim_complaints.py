"""Tests of statements on what customers complain of: slowness and attitude, from codes or from comments."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict
from scipy.special import ndtri

from satsurvey.errors import MethodError, SpecificationError
from satsurvey.instrument.library import read_toml
from satsurvey.instrument.model import Text
from satsurvey.response_time.claim_data import ClaimData
from satsurvey.response_time.claim_results import Estimate, Evidence, judged
from satsurvey.response_time.claim_survey import weighted_share
from satsurvey.response_time.claims import Claim
from satsurvey.response_time.words import say
from satsurvey.text.readings import ASPECTS, LABELS

Floats = NDArray[np.float64]
Cause = Literal["slow", "attitude"]

DATA = Path(__file__).with_name("data") / "complaint_words.toml"
FEWEST_COMPLAINTS = 20
_ILL = ("negative", "mixed")
_ATTITUDE = ("communication", "etiquette")


class CauseWords(BaseModel):
    """How a cause is told: inside codes, by words of comments, and how often that errs.

    Attributes
    ----------
    codes
        Words inside coded causes.
    words
        A regular expression for comments that speak ill, "" where the engine's aspects tell.
    error
        Counts of labelled complaints: rows what a person says (no, yes), columns what the coding says.
    source
        Which complaints they were.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    codes: tuple[str, ...]
    words: str = ""
    error: tuple[tuple[int, int], tuple[int, int]]
    source: Text


@dataclass(frozen=True, eq=False)
class Complaints:
    """Complaints with the causes they name.

    Attributes
    ----------
    rows
        Interviews that complain.
    flag
        For those, 1 where the cause is named; int64.
    coded
        Whether people coded them; else they were read in comments.
    """

    rows: NDArray[np.bool_]
    flag: NDArray[np.int64]
    coded: bool


def not_about_slowness(data: ClaimData, claim: Claim) -> Evidence:
    """Test the share of complaints that do not speak of slowness (C08)."""
    return _share(data, claim, "slow", without=True)


def about_attitude(data: ClaimData, claim: Claim) -> Evidence:
    """Test the share of complaints that speak of attitude (C09)."""
    return _share(data, claim, "attitude", without=False)


def corrected_share(
    numbers: tuple[float, float, float],
    error: tuple[tuple[int, int], tuple[int, int]],
    *,
    level: float,
) -> tuple[float, float, float] | None:
    """Correct a share for the errors of a coding.

    Parameters
    ----------
    numbers
        Observed share with its interval.
    error
        Counts: rows the truth (no, yes), columns the coding (no, yes).
    level
        Of the interval.

    Returns
    -------
    tuple or None
        Share with interval, cut to 0-1; None where the coding hardly tells yes from no.

    Notes
    -----
    p = (q + specificity - 1) / (sensitivity + specificity - 1) (Rogan and Gladen, 1978). Its variance has
    that of q, taken from its interval, and those of the two rates (Lang and Reiczigel, 2014, delta method).

    Examples
    --------
    >>> share, _, _ = corrected_share((0.3, 0.3, 0.3), ((90, 10), (20, 80)), level=0.95)
    >>> round(share, 4)
    0.2857
    """
    (true_no, false_yes), (false_no, true_yes) = error
    negatives, positives = true_no + false_yes, false_no + true_yes
    specificity, sensitivity = true_no / negatives, true_yes / positives
    apart = sensitivity + specificity - 1
    if apart < 0.15:
        return None
    q, low, high = numbers
    z = float(ndtri(0.5 + level / 2))
    share = (q + specificity - 1) / apart
    variance = (
        ((high - low) / (2 * z)) ** 2
        + share**2 * sensitivity * (1 - sensitivity) / positives
        + (1 - share) ** 2 * specificity * (1 - specificity) / negatives
    ) / apart**2
    half = z * float(np.sqrt(variance))
    ends = np.clip([share, share - half, share + half], 0, 1).tolist()
    return ends[0], ends[1], ends[2]


def complaints(data: ClaimData, cause: Cause) -> Complaints:
    """Return the complaints of the data and which of them name a cause.

    Raises
    ------
    MethodError
        When the data have neither coded complaints nor comments.
    """
    words = _causes()[cause]
    coded = data.factor("complaint")
    if coded is not None:
        named = [any(word.casefold() in name.casefold() for word in words.codes) for name in coded.names]
        rows = coded.codes >= 0
        return Complaints(rows, np.array([*named, False], dtype=np.int64)[coded.codes[rows]], True)
    found = data.comments
    if found is None:
        raise MethodError("there are neither coded complaints nor comments")
    readings = found.readings
    ill = np.isin(readings.label, [LABELS.index(name) for name in _ILL]) & ~found.missing
    if words.words:
        text = pc.fill_null(found.comments.texts, "")
        named_here = pc.match_substring_regex(text, words.words)
        told = np.asarray(
            (named_here.combine_chunks() if isinstance(named_here, pa.ChunkedArray) else named_here).to_numpy(
                zero_copy_only=False
            ),
            dtype=np.bool_,
        )
    else:
        told = np.zeros(ill.size, dtype=np.bool_)
        comment, aspect, label = readings.aspect_labels()
        is_ill = np.isin(label, [LABELS.index(name) for name in _ILL])
        is_attitude = np.isin(aspect, [ASPECTS.index(name) for name in _ATTITUDE])
        told[comment[is_ill & is_attitude]] = True
    who = found.comments.respondent.astype(np.int64)
    rows = np.zeros(data.n, dtype=np.bool_)
    rows[who[ill]] = True
    flag = np.zeros(data.n, dtype=np.int64)
    flag[who[ill & told]] = 1
    return Complaints(rows, flag[rows], False)


def _share(data: ClaimData, claim: Claim, cause: Cause, *, without: bool) -> Evidence:
    found = complaints(data, cause)
    n = int(found.rows.sum())
    if n < FEWEST_COMPLAINTS:
        raise MethodError(f"{n} complaints are too few: {FEWEST_COMPLAINTS} are needed at least")
    flag = 1 - found.flag if without else found.flag
    raw = weighted_share(data, found.rows, flag)
    tolerance, level = data.settings.tolerance, data.settings.level
    company = data.company[found.rows]
    companies = int(np.unique(company[company >= 0]).size)
    if found.coded:
        first = judged(claim.rule(), "main", "share", raw, tolerance=tolerance)
        return Evidence((first,), n, companies, say("form_codes"), notes=(say("codes_by_words"),))
    words = _causes()[cause]
    error = words.error
    if without:
        error = (error[1][::-1], error[0][::-1])
    corrected = corrected_share(raw, error, level=level)
    if corrected is None:
        raise MethodError("the coding of comments hardly tells this cause from others")
    first = judged(claim.rule(), "main", "share", corrected, tolerance=tolerance)
    beside = Estimate("main", "share", *raw, what=say("as_read"))
    source = say("error_source", zh=words.source.zh, en=words.source.en)
    return Evidence((first, beside), n, companies, say("form_comments"), notes=(source, say("ill_only")))


@lru_cache(maxsize=1)
def _causes() -> dict[str, CauseWords]:
    data = read_toml(DATA, SpecificationError, "file of words")
    found = {name: CauseWords.model_validate(table) for name, table in data.items()}
    for cause in found.values():
        re.compile(cause.words)
    return found
