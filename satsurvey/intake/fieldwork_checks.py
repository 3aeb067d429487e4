"""Rules about the fieldwork: ids, lengths, dates, interviewers and weights."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from satsurvey.errors import shorten
from satsurvey.intake.evidence import Evidence, Outcome, count, percent
from satsurvey.intake.findings import Finding
from satsurvey.intake.interviewers import FEWEST_INTERVIEWERS, intra_interviewer_correlation
from satsurvey.intake.personal_data import mask_personal_data
from satsurvey.intake.responses import Factor

DONT_KNOW_TIMES = 2.0
DONT_KNOW_SIGMAS = 3.5
DONT_KNOW_MIN_INTERVIEWS = 10
"""An interviewer stands out with twice the average don't-know share in ten interviews or more, where chance
explains it once in 4,000."""
OVERLAP_S = 60
"""Overlaps up to this many seconds are put down to times rounded to minutes."""
WEIGHT_TIMES = 5.0
"""A weight is extreme beyond five times, or below a fifth of, the median weight."""

_DAY_S = 86_400


def duplicate_id(evidence: Evidence) -> Outcome:
    """Find interview ids that stand in more than one row (of one wave)."""
    responses = evidence.responses
    if "interview_id" not in responses.texts:
        return _no_column("interview_id")
    codes, names = evidence.text_codes("interview_id")
    wave = responses.factors.get("wave")
    # The same respondent asked again in another wave is a panel, not a duplicate.
    waves = len(wave.names) + 1 if wave is not None else 1
    keys = codes if wave is None else codes * waves + (wave.codes + 1)
    known = np.flatnonzero(codes >= 0)
    counts = np.bincount(codes[known], minlength=len(names))
    several = known[counts[codes[known]] > 1]
    _, inverse, n = np.unique(keys[several], return_inverse=True, return_counts=True)
    several = several[n[inverse.reshape(-1)] > 1]

    def describe(inside: NDArray[np.intp]) -> tuple[str, str]:
        name = names[codes[inside[0]]].as_py()
        return (
            name,
            f"the interview id {shorten(name)} stands in {count(inside.size, 'rows')}: "
            f"{evidence.places(inside)}",
        )

    return evidence.groups(
        several,
        keys[several],
        "duplicate_id",
        "warning",
        describe,
        "see whether one interview was exported twice, and if so take the second row out of the export",
        column="interview_id",
        kind="ids",
    )


def short_interview(evidence: Evidence) -> Outcome:
    """Find interviews shorter than the instrument's minimum."""
    duration = evidence.responses.numbers.get("duration_s")
    minimum = evidence.responses.instrument.quality.min_duration_s
    if duration is None:
        return _no_column("duration_s")
    if minimum is None:
        return "the instrument sets no minimum length (quality.min_duration_s)"
    # Negative lengths compare as short but are another defect; see impossible_duration.
    short = (duration >= 0) & (duration < minimum)
    return evidence.found(
        short,
        "short_interview",
        "warning",
        lambda inside: (
            f"a length under {minimum:g} s in {count(inside.size, 'interviews')}"
            + _by_interviewer(evidence, short)
        ),
        "listen to some; in a telephone survey the interviewer sets the pace, so look at interviewers first",
        column="duration_s",
        values=_numbers(duration),
    )


def short_against_median(evidence: Evidence) -> Outcome:
    """Find interviews shorter than a third of the median length."""
    duration = evidence.responses.numbers.get("duration_s")
    if duration is None:
        return _no_column("duration_s")
    known = duration[duration >= 0]
    if not known.size:
        return "no interview has a length"
    limit = float(np.median(known)) / 3
    short = (duration >= 0) & (duration < limit)
    return evidence.found(
        short,
        "short_against_median",
        "note",
        lambda inside: (
            f"a length under {limit:.0f} s, a third of the median, in {count(inside.size, 'interviews')}"
            + _by_interviewer(evidence, short)
        ),
        "compare them with interviews of the same routing, since filters make some interviews short",
        column="duration_s",
        values=_numbers(duration),
    )


def impossible_duration(evidence: Evidence) -> Outcome:
    """Find interviews of negative length."""
    duration = evidence.responses.numbers.get("duration_s")
    if duration is None:
        return _no_column("duration_s")
    return evidence.found(
        duration < 0,
        "impossible_duration",
        "warning",
        lambda inside: f"a negative length in {count(inside.size, 'interviews')}",
        "mend the clock of the survey system; these lengths are left out of means and medians",
        column="duration_s",
        values=_numbers(duration),
    )


def impossible_date(evidence: Evidence) -> Outcome:
    """Find dates that cannot be read, lie in the future, or run backwards."""
    moments = {"completed_at": evidence.completed_at, "contact_at": evidence.contact_at}
    if evidence.completed_at is None and evidence.contact_at is None:
        return "the export has no column for completed_at or contact_at"
    findings: list[Finding] = []
    for role, found in moments.items():
        if found is not None:
            findings += _unreadable(evidence, role, found[1])
            findings += _in_the_future(evidence, role, found[0])
    if evidence.completed_at is not None and evidence.contact_at is not None:
        completed, contact = evidence.completed_at[0], evidence.contact_at[0]
        completed_day, contact_day = completed.astype("datetime64[D]"), contact.astype("datetime64[D]")
        # A moment at midnight is as good as always a date without time of day; then only days are compared.
        dated = (completed == completed_day) | (contact == contact_day)
        findings += evidence.found(
            np.where(dated, completed_day < contact_day, completed < contact),
            "impossible_date",
            "warning",
            lambda inside: (
                f"an end before the contact that was asked about in {count(inside.size, 'interviews')}"
            ),
            "see which of the two dates is wrong; response times of these interviews cannot be trusted",
            column="completed_at",
            values=lambda inside: completed[inside].astype(str).tolist(),
        )
    return tuple(findings)


def overlapping_interviews(evidence: Evidence) -> Outcome:
    """Find interviews that began before the same interviewer's previous one had ended."""
    responses = evidence.responses
    interviewer, duration = responses.factors.get("interviewer"), responses.numbers.get("duration_s")
    if interviewer is None or duration is None or evidence.completed_at is None:
        lacking = {
            "interviewer": interviewer is None,
            "duration_s": duration is None,
            "completed_at": evidence.completed_at is None,
        }
        return _no_column(" and ".join(role for role, absent in lacking.items() if absent))
    ended = evidence.completed_at[0]
    timed = ~np.isnat(ended) & (ended != ended.astype("datetime64[D]"))
    # A length of a day or more is no length; it would overlap with everything.
    positions = np.flatnonzero(timed & (interviewer.codes >= 0) & (duration >= 0) & (duration < _DAY_S))
    end = ended[positions].astype(np.int64)
    begin = end - duration[positions].astype(np.int64)
    if not positions.size:
        return ()
    # Interviewers are put further apart than any two moments, so that one key sorts by both.
    apart = interviewer.codes[positions].astype(np.int64) * (int(end.max() - begin.min()) + 1)
    order = np.argsort(apart + begin, kind="stable")
    positions, end, begin, apart = positions[order], end[order], begin[order], apart[order]
    # The latest end so far of the same interviewer, by one running maximum for all.
    latest = np.maximum.accumulate(end + apart) - apart
    late = np.zeros(positions.size, dtype=np.bool_)
    late[1:] = (apart[1:] == apart[:-1]) & (latest[:-1] - begin[1:] > OVERLAP_S)
    return evidence.found(
        positions[late],
        "overlapping_interviews",
        "warning",
        lambda inside: (
            f"a beginning over {OVERLAP_S} s before the end of the same interviewer's previous interview "
            f"in {count(inside.size, 'interviews')}"
        ),
        "ask how one person held two interviews at once: shared log-ins, wrong clocks or invented interviews",
        column="completed_at",
        values=lambda inside: ended[inside].astype(str).tolist(),
    )


def interviewer_effect(evidence: Evidence) -> Outcome:
    """Judge the intra-interviewer correlation of the respondents' mean answers."""
    responses, limit = evidence.responses, evidence.responses.instrument.quality.interviewer_effect_max
    interviewer = responses.factors.get("interviewer")
    if interviewer is None:
        return _no_column("interviewer")
    effect = intra_interviewer_correlation(evidence.answers.mean, interviewer)
    if effect.k < FEWEST_INTERVIEWERS:
        return f"there are {count(effect.k, 'interviewers')}, and the estimate needs {FEWEST_INTERVIEWERS}"
    if effect.rho is None or effect.design_effect is None:
        return effect.note
    if effect.rho <= limit:
        return ()
    # Interviewers who each work for a few companies differ because their companies do.
    inside = intra_interviewer_correlation(
        _around_means(evidence.answers.mean, responses.company), interviewer
    )
    apart = (
        "" if inside.rho is None else f"; {inside.rho:.3f} once differences between companies are taken out"
    )
    return evidence.about(
        [
            (
                f"{effect.rho:.3f}",
                f"answers of one interviewer are alike: intra-interviewer correlation {effect.rho:.3f} over "
                f"{effect.k} interviewers with {effect.m:.1f} interviews on average (over {limit:g} is too "
                "much), "
                f"which multiplies the variance of a mean by {effect.design_effect:.2f}{apart}",
            )
        ],
        "interviewer_effect",
        "warning",
        "spread every company over several interviewers, and train those whose means lie far from the rest",
        column="interviewer",
        kind="interviewers",
    )


def dont_know_share(evidence: Evidence) -> Outcome:
    """Find interviewers who bring home far more don't-knows than the others."""
    interviewer = evidence.responses.factors.get("interviewer")
    if interviewer is None:
        return _no_column("interviewer")
    replies = evidence.answers.n_replies
    kept = (interviewer.codes >= 0) & (replies > 0)
    # Don't-knows come in bunches within an interview, so interviews are compared, not single replies.
    share = evidence.answers.n_dont_know[kept] / replies[kept]
    codes, size = interviewer.codes[kept], len(interviewer.names)
    n = np.bincount(codes, minlength=size)
    if np.count_nonzero(n) < 2:
        return "there are fewer than two interviewers to compare"
    own = np.bincount(codes, share, size) / np.maximum(n, 1)
    overall, spread = float(share.mean()), float(share.std())
    out = (n >= DONT_KNOW_MIN_INTERVIEWS) & (own > DONT_KNOW_TIMES * overall)
    out &= (own - overall) * np.sqrt(n) > DONT_KNOW_SIGMAS * spread
    return evidence.about(
        [
            (
                interviewer.names[code],
                f"interviewer {interviewer.names[code]} has {percent(float(own[code]))} don't-know replies "
                "in "
                f"{count(int(n[code]), 'interviews')}, against {percent(overall)} over all",
            )
            for code in np.flatnonzero(out).tolist()
        ],
        "dont_know_share",
        "warning",
        "listen to some of the interviews: don't-know can stand for questions that were not read out",
        column="interviewer",
        kind="interviewers",
    )


def extreme_weight(evidence: Evidence) -> Outcome:
    """Find weights far from the median, and say what unequal weights cost."""
    weight = evidence.responses.weight
    if weight is None:
        return _no_column("weight")
    median = float(np.median(weight))
    relative = weight / weight.max()  # the squares of very large weights would overflow
    cost = float(weight.size * np.sum(relative**2) / np.sum(relative) ** 2)
    return evidence.found(
        (weight > WEIGHT_TIMES * median) | (weight < median / WEIGHT_TIMES),
        "extreme_weight",
        "note",
        lambda inside: (
            f"weights over {WEIGHT_TIMES:g} times, or under 1/{WEIGHT_TIMES:g} of, the median "
            f"weight {median:.4g} in {count(inside.size, 'interviews')}; over all interviews, unequal "
            f"weights multiply the variance of a mean by {cost:.2f}"
        ),
        "see how the weights were made; trimming them trades a little bias for less variance",
        column="weight",
        values=_numbers(weight),
    )


def _in_the_future(evidence: Evidence, role: str, moments: NDArray[np.datetime64]) -> tuple[Finding, ...]:
    today = evidence.today
    if today is None or today == date.max:
        return ()
    return evidence.found(
        moments >= np.datetime64(today + timedelta(days=1), "s"),  # NaT compares as false
        "impossible_date",
        "warning",
        lambda inside: f"{role} lies after today ({today}) in {count(inside.size, 'rows')}",
        "correct the date, or the clock of the machine that wrote it",
        column=role,
        values=lambda inside: moments[inside].astype(str).tolist(),
    )


def _unreadable(evidence: Evidence, role: str, bad: NDArray[np.bool_]) -> tuple[Finding, ...]:
    positions = np.flatnonzero(bad)
    if not positions.size:
        return ()
    codes, names = evidence.text_codes(role)
    return evidence.groups(
        positions,
        codes[positions],
        "impossible_date",
        "warning",
        lambda inside: (
            mask_personal_data(names[codes[inside[0]]].as_py())[0],
            f"this is no date that can be read with certainty ({count(inside.size, 'rows')})",
        ),
        "write dates as 2019-03-05, with or without a time of day; day and month first is not accepted",
        column=role,
        kind="texts",
    )


def _around_means(values: NDArray[np.float64], factor: Factor) -> NDArray[np.float64]:
    kept = (factor.codes >= 0) & np.isfinite(values)
    size = len(factor.names)
    n = np.bincount(factor.codes[kept], minlength=size)
    means = np.bincount(factor.codes[kept], values[kept], size) / np.maximum(n, 1)
    around = np.full(values.shape, np.nan)
    apart = values[kept] - means[factor.codes[kept]]
    around[kept] = np.where(np.abs(apart) > 1e-9, apart, 0.0)  # what is left of equal values is rounding
    return around


def _by_interviewer(evidence: Evidence, rows: NDArray[np.bool_]) -> str:
    """Name the interviewers with most of some rows, over all files."""
    interviewer = evidence.responses.factors.get("interviewer")
    if interviewer is None:
        return ""
    size = len(interviewer.names)
    n = np.bincount(interviewer.codes[rows & (interviewer.codes >= 0)], minlength=size)
    of = np.bincount(interviewer.codes[interviewer.codes >= 0], minlength=size)
    most = [code for code in np.argsort(-n, kind="stable")[:3].tolist() if n[code]]
    if not most:
        return ""
    listed = ", ".join(f"{interviewer.names[code]} ({n[code]} of {of[code]})" for code in most)
    return (
        f"; most by interviewers {listed}" if len(most) > 1 else f"; all those known by interviewer {listed}"
    )


def _numbers(column: NDArray[np.float64]) -> Callable[[NDArray[np.intp]], list[str]]:
    return lambda inside: [f"{value:g}" for value in column[inside].tolist()]


def _no_column(role: str) -> str:
    return f"the export has no column for {role}"
