"""Tests of statements on channels: where response time matters most, and where satisfaction turns."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from satsurvey.benchmarks.figures import load_figures
from satsurvey.benchmarks.lines import sla_target
from satsurvey.benchmarks.vocabulary import channel_of
from satsurvey.intake.responses import Factor
from satsurvey.regression.forms import compare_forms
from satsurvey.response_time.claim_data import ClaimData
from satsurvey.response_time.claim_models import by_company, clusters_of, holm
from satsurvey.response_time.claim_results import Estimate, Evidence, NotTestableError
from satsurvey.response_time.claim_time import AIC_GAP, FEWEST_IN_GROUP, companies_in, controls_without
from satsurvey.response_time.claims import Claim
from satsurvey.response_time.design import held_columns
from satsurvey.response_time.verdicts import Verdict, point_verdict, together
from satsurvey.response_time.words import Seconds, Sentence, channel_words, say

Floats = NDArray[np.float64]

_WANTED = ("im", "phone", "app_ticket", "email")
_ORDER = (
    ("im", "phone"),
    ("im", "app_ticket"),
    ("phone", "email"),
    ("app_ticket", "email"),
    ("im", "email"),
)


def channels_in_order(data: ClaimData, claim: Claim) -> Evidence:
    """Test whether time matters most in messaging, then by phone and app, least by e-mail (C13)."""
    rows = data.rows
    codes, names = channels_of(rows.channel)
    wanted = [name for name in _WANTED if (codes == _at(names, name)).sum() >= FEWEST_IN_GROUP]
    pairs = [pair for pair in _ORDER if pair[0] in wanted and pair[1] in wanted]
    if not pairs:
        raise NotTestableError(
            say(
                "channels_needed",
                wanted=tuple(map(channel_words, _WANTED)),
                fewest=FEWEST_IN_GROUP,
                names=tuple(map(channel_words, names)),
            )
        )
    kept = np.isin(codes, [_at(names, name) for name in wanted])
    chosen = rows.take(kept)
    log = np.log1p(chosen.time_s)
    columns: dict[str, Floats] = {}
    for place, name in enumerate(wanted):
        here = (codes[kept] == _at(names, name)).astype(np.float64)
        if place:
            columns[name] = here
        # Centred inside the channel: else a difference of levels would look like a slope.
        columns[f"time_{name}"] = (log - log[here > 0].mean()) * here
    fitted = by_company(
        columns,
        chosen.outcome,
        chosen.company.codes.astype(np.int64),
        held=controls_without(chosen.controls, "channel"),
        weights=chosen.weight,
    )
    level = data.settings.level
    estimates = [
        Estimate(
            "main",
            "points_per_log_unit",
            *fitted.contrast({f"time_{name}": 1.0}, level),
            what=say("slope_channel", channel=channel_words(name)),
        )
        for name in wanted
    ]
    sides = [{f"time_{first}": 1.0, f"time_{second}": -1.0} for first, second in pairs]
    contrasts = [fitted.contrast(side, level) for side in sides]
    adjusted = holm(np.array([fitted.p_value(side) for side in sides]))
    value = np.array([numbers[0] for numbers in contrasts])
    seen = adjusted < 1 - level
    ends = pairs.index(("im", "email")) if ("im", "email") in pairs else None
    apart = ends is not None and bool(seen[ends]) and value[ends] < 0
    verdict: Verdict = "inconclusive"
    deciding = len(pairs) - 1  # messaging against e-mail where both are there
    against = np.flatnonzero(seen & (value > 0))
    if against.size:
        verdict, deciding = "contradicted", int(against[np.argmin(adjusted[against])])
    elif apart:
        verdict = "supported" if (value < 0).all() and len(pairs) == len(_ORDER) else "compatible"
    for place, ((first, second), numbers, p) in enumerate(
        zip(pairs, contrasts, adjusted.tolist(), strict=True)
    ):
        what = say("slope_less", first=channel_words(first), second=channel_words(second), p=p)
        own = verdict if place == deciding else None
        estimates.append(Estimate("main", "points_per_log_unit", *numbers, own, what))
    notes = [say("rule_c13"), *fitted.notes]
    absent = tuple(channel_words(name) for name in _WANTED if name not in wanted)
    if absent:
        notes.append(say("channels_absent", names=absent))
    return Evidence(
        tuple(estimates),
        fitted.n,
        fitted.n_companies,
        fitted.form,
        rows.definition,
        verdict,
        notes=tuple(notes),
    )


def turning_points(data: ClaimData, claim: Claim) -> Evidence:
    """Test whether satisfaction turns at the published target of each channel (C14)."""
    rows = data.rows
    codes, names = channels_of(rows.channel)
    figures, level, tolerance = load_figures(), data.settings.level, data.settings.tolerance
    estimates: list[Estimate] = []
    verdicts: list[Verdict] = []
    notes: list[Sentence] = [say("rule_c14", gap=AIC_GAP)]
    used = np.zeros(len(rows), dtype=np.bool_)
    for place, name in enumerate(names):
        target = sla_target(figures, channel=name)
        here = codes == place
        if target is None or here.sum() < 2 * FEWEST_IN_GROUP:
            continue
        chosen = rows.take(here)
        clusters, _ = clusters_of(chosen.company.codes.astype(np.int64))
        held = held_columns(
            controls_without(chosen.controls, "channel"), {"time": np.log1p(chosen.time_s)}
        ).columns
        compared = compare_forms(
            chosen.time_s,
            chosen.outcome,
            clusters,
            controls=held,
            forms=("log", "knot"),
            weights=chosen.weight,
            folds=2,
            level=level,
        )
        if compared.knot_s is None:
            notes.append(say("no_knot", channel=channel_words(name)))
            continue
        used |= here
        at, low, high = compared.knot_s
        knot = compared.fits["knot"].knot
        if knot is not None:
            low, high = (0.0 if knot.low_open else low), (np.inf if knot.high_open else high)
        aic = compared.frame.set_index("form")["aic"]
        bent = float(aic["log"] - aic["knot"]) > AIC_GAP
        what = say("knot_against", channel=channel_words(name), target=Seconds(target.line))
        if bent:
            verdict: Verdict = point_verdict(low, high, target.line, tolerance=tolerance)
            estimates.append(Estimate(name, "seconds", at, low, high, verdict, what))
        else:
            # A knot is found in any curve: where none is seen, its place says nothing.
            verdict = "inconclusive"
            nothing = (np.nan, np.nan, np.nan)
            estimates.append(Estimate(name, "seconds", *nothing, verdict, what, say("not_bent")))
        verdicts.append(verdict)
    if not estimates:
        raise NotTestableError(say("no_channel_to_bend", fewest=2 * FEWEST_IN_GROUP))
    chosen_rows = rows.take(used)
    return Evidence(
        tuple(estimates),
        int(used.sum()),
        companies_in(chosen_rows),
        say("form_bent"),
        rows.definition,
        together(verdicts),
        notes=tuple(notes),
    )


def channels_of(channel: Factor | None) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Return channels under the names of published figures."""
    if channel is None:
        raise NotTestableError(say("no_channels"))
    spelled = [channel_of(name) for name in channel.names]
    names = tuple(sorted(set(spelled)))
    table = np.array([*(names.index(name) for name in spelled), -1], dtype=np.int64)
    return table[channel.codes], names


def _at(names: tuple[str, ...], name: str) -> int:
    return names.index(name) if name in names else -2
