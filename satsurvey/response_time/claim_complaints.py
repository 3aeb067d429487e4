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
from satsurvey.response_time.checked_comments import CAUSE_ASPECTS, FEWEST_OF_A_KIND, Table
from satsurvey.response_time.claim_data import ClaimData
from satsurvey.response_time.claim_results import Estimate, Evidence, judged
from satsurvey.response_time.claim_survey import weighted_share
from satsurvey.response_time.claims import Claim
from satsurvey.response_time.words import Sentence, say
from satsurvey.text.engines import engine_of
from satsurvey.text.readings import ASPECTS, LABELS, Readings

Floats = NDArray[np.float64]
Cause = Literal["slow", "attitude"]

DATA = Path(__file__).with_name("data") / "complaint_words.toml"
FEWEST_COMPLAINTS = 20
_ILL = tuple(LABELS.index(name) for name in ("negative", "mixed"))


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


@dataclass(frozen=True)
class CodingError:
    """How often a coding errs.

    Attributes
    ----------
    table
        Counts: rows what people say (no, yes), columns what the coding says.
    what
        Code of the words that stand beside a share that was corrected by it.
    notes
        Where it comes from.
    """

    table: Table
    what: str
    notes: tuple[Sentence, ...]


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
    error: Table,
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
    that of q, taken from its interval, and those of the two rates, to each of which half a case told rightly
    and half a case told wrongly is added (delta method, as Lang and Reiczigel, 2014). With small tables the
    interval is rather wide: it holds the truth 94 to 98 times of 100.

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
    # Half a case told rightly, and half wrongly: no error in a table does not prove that there is none.
    of_yes = (true_yes + 0.5) * (false_no + 0.5) / (positives + 1) ** 3
    of_no = (true_no + 0.5) * (false_yes + 0.5) / (negatives + 1) ** 3
    at = min(max(share, 0.0), 1.0)
    variance = (((high - low) / (2 * z)) ** 2 + at**2 * of_yes + (1 - at) ** 2 * of_no) / apart**2
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
    ill = np.isin(readings.label, _ILL) & ~found.missing
    told = told_in(found.comments.texts, readings, cause)
    who = found.comments.respondent.astype(np.int64)
    rows = np.zeros(data.n, dtype=np.bool_)
    rows[who[ill]] = True
    flag = np.zeros(data.n, dtype=np.int64)
    flag[who[ill & told]] = 1
    return Complaints(rows, flag[rows], False)


def told_in(texts: pa.Array | pa.ChunkedArray, readings: Readings, cause: Cause) -> NDArray[np.bool_]:
    """Return where comments name a cause: by their words, or by what is spoken ill of in them."""
    words = _causes()[cause]
    if words.words:
        found = pc.match_substring_regex(pc.fill_null(texts, ""), words.words)
        plain = found.combine_chunks() if isinstance(found, pa.ChunkedArray) else found
        return np.asarray(plain.to_numpy(zero_copy_only=False), dtype=np.bool_)
    told = np.zeros(len(readings), dtype=np.bool_)
    comment, aspect, label = readings.aspect_labels()
    own = np.isin(aspect, [ASPECTS.index(name) for name in CAUSE_ASPECTS[cause]])
    told[comment[np.isin(label, _ILL) & own]] = True
    return told


def error_of(data: ClaimData, cause: Cause) -> CodingError:
    """Return how often the reading of a cause errs: by the user's labelled comments, else as shipped."""
    words = _causes()[cause]
    shipped = say("error_shipped", zh=words.source.zh, en=words.source.en)
    checked = data.checked
    if checked is None:
        return CodingError(words.error, "corrected_shipped", (shipped, say("error_better")))
    texts = list(checked.labelled.texts)
    readings = engine_of("service").read(texts)
    # The share is taken among comments that the engine calls ill; those that are none say nothing of causes.
    rows = np.isin(readings.label, _ILL) & np.isin(checked.labelled.labels, _ILL)
    own = checked.table(cause, told_in(pa.array(texts), readings, cause), rows)
    if own is None:
        few = say(f"error_not_own_{cause}", file=checked.labelled.source, fewest=FEWEST_OF_A_KIND)
        return CodingError(words.error, "corrected_shipped", (shipped, few))
    note = say("error_own", file=checked.labelled.source, n=int(rows.sum()))
    return CodingError(own, "corrected_own", (note,))


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
    coding = error_of(data, cause)
    error = coding.table
    if without:
        error = (error[1][::-1], error[0][::-1])
    corrected = corrected_share(raw, error, level=level)
    if corrected is None:
        raise MethodError("the coding of comments hardly tells this cause from others")
    first = judged(claim.rule(), "main", "share", corrected, tolerance=tolerance, what=say(coding.what))
    beside = Estimate("main", "share", *raw, what=say("as_read"))
    notes = (*coding.notes, say("ill_only"))
    return Evidence((first, beside), n, companies, say("form_comments"), notes=notes)


@lru_cache(maxsize=1)
def _causes() -> dict[str, CauseWords]:
    data = read_toml(DATA, SpecificationError, "file of words")
    found = {name: CauseWords.model_validate(table) for name, table in data.items()}
    for cause in found.values():
        re.compile(cause.words)
    return found
