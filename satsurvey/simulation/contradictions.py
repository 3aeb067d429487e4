"""What no single key of a simulation design shows: names that point nowhere, numbers that cannot all hold."""

from __future__ import annotations

from collections.abc import Iterator

from satsurvey.errors import Defect, InstrumentError
from satsurvey.instrument.filters import FilterSyntaxError, facts_used
from satsurvey.instrument.model import Instrument
from satsurvey.intake.study import ROLES
from satsurvey.simulation.comments import aspect_names
from satsurvey.simulation.design import SLOT_S, Design, FactDesign, completed, instrument_of, repeated

MADE_ROLES = frozenset(
    {
        "interview_id", "company", "company_id", "industry", "disposition", "completed_at", "contact_at",
        "duration_s", "interviewer", "case_id", "first_response_s",
    }
)  # fmt: skip
"""Roles that every simulated survey has; further ones come from the design's `labels`."""

_LABEL_ROLES = ("wave", "route", "region", "customer_tier", "stratum")


def contradictions(design: Design) -> Iterator[Defect]:
    """Yield every defect of a design that is valid key by key."""
    yield from _numbers(design)
    yield from _labels(design)
    try:
        instrument = instrument_of(design)
    except InstrumentError as exc:
        yield Defect("instrument", exc.what)
        return
    yield from _parts(design, instrument)
    whole = completed(design, instrument)
    yield from _facts(whole, instrument)
    yield from _times(whole, instrument)
    yield from _outcomes(whole, instrument)
    yield from _targets(design, instrument)


def _numbers(design: Design) -> Iterator[Defect]:
    needed = design.n_companies * design.interviews_least
    if design.interviews < needed:
        yield Defect(
            "interviews",
            f"{design.n_companies} companies with at least {design.interviews_least} interviews each need "
            f"{needed}, not {design.interviews}",
        )
    for key in ("code", "zh"):
        for name in repeated([getattr(industry, key) for industry in design.industries]):
            yield Defect("industries", f"the {key} {name!r} is used more than once")
    for number, industry in enumerate(design.industries, start=1):
        if industry.mean is not None and industry.shift is not None:
            yield Defect(f"industries[{number}]", "give mean or shift, not both")
    for table, shares in (("missing", design.missing), ("dispositions.others", design.dispositions.others)):
        if sum(shares.values()) > 0.9:
            yield Defect(
                table, f"the shares add up to {sum(shares.values()):.3g}; at most 0.9 makes a survey"
            )
    work = design.fieldwork
    if work.opens_hour >= work.closes_hour:
        yield Defect("fieldwork.closes_hour", "the day must close after it opens")
        return
    slots = work.days * ((work.closes_hour - work.opens_hour) * 3600 // SLOT_S)
    cases = design.interviews + sum(design.n_others.values())
    if cases > slots * design.interviewers.count:
        yield Defect(
            "interviewers.count",
            f"{design.interviewers.count} interviewers hold at most {slots * design.interviewers.count} "
            f"interviews in {work.days} days, one in {SLOT_S // 60} minutes; {cases} are wanted",
        )


def _labels(design: Design) -> Iterator[Defect]:
    for role, shares in design.labels.items():
        if role not in _LABEL_ROLES:
            kind = "is made by the simulation" if role in MADE_ROLES else "cannot be simulated as a label"
            known = "" if role in ROLES else " (no such role)"
            yield Defect(f"labels.{role}", f"this role {kind}{known}; labels are {', '.join(_LABEL_ROLES)}")
        if not sum(shares.values()) > 0:
            yield Defect(f"labels.{role}", "at least one text needs a share above 0")
        for text in shares:
            if not text or text[0] in "=+-@":
                yield Defect(
                    f"labels.{role}.{text}", "a text in a cell must not be empty nor begin with = + - @"
                )


def _parts(design: Design, instrument: Instrument) -> Iterator[Defect]:
    codes = instrument.dimension_codes
    for code in design.dimensions:
        if code not in codes:
            yield Defect(
                f"dimensions.{code}", f"{instrument.id} has no such dimension; it has {', '.join(codes)}"
            )
    if design.dimensions and (lacking := [code for code in codes if code not in design.dimensions]):
        yield Defect("dimensions", f"give every dimension a mean or none; {', '.join(lacking)} is missing")


def _facts(design: Design, instrument: Instrument) -> Iterator[Defect]:
    facts = {fact.code: fact for fact in instrument.facts}
    conditions = [rule.expression for rule in instrument.filters.values()]
    conditions += [fact.ask_if for fact in instrument.facts if fact.ask_if]
    used = {name for condition in conditions for name in facts_used(condition)}
    for code, row in design.facts.items():
        if code not in facts:
            yield Defect(f"facts.{code}", f"{instrument.id} has no such fact")
            continue
        kind = facts[code].type
        allowed = set(facts[code].values) | ({"0", "1"} if kind == "yes_no" else set())
        for value in row.shares:
            if kind in {"yes_no", "one_of"} and value not in allowed:
                yield Defect(
                    f"facts.{code}.shares.{value}", f"not an answer; answers are {', '.join(sorted(allowed))}"
                )
        yield from _fact_keys(code, kind, row)
        if row.least_if is not None:
            try:
                unknown = [name for name in facts_used(row.least_if) if name not in facts]
            except FilterSyntaxError as exc:
                yield Defect(f"facts.{code}.least_if", str(exc))
            else:
                for name in unknown:
                    yield Defect(f"facts.{code}.least_if", f"no fact has the code {name!r}")
        if row.slope and code in used:
            yield Defect(f"facts.{code}.slope", "a fact that a filter uses cannot depend on the score")


def _fact_keys(code: str, kind: str, row: FactDesign) -> Iterator[Defect]:
    if kind in {"yes_no", "one_of"}:
        if row.shares and not sum(row.shares.values()) > 0:
            yield Defect(f"facts.{code}.shares", "at least one answer needs a share above 0")
        if row.median is not None or row.mean is not None:
            yield Defect(f"facts.{code}", f"a {kind} fact has shares, no median or mean")
    else:
        if row.shares:
            yield Defect(f"facts.{code}.shares", f"a fact of type {kind} has no shares")
        wrong, right = ("mean", "median") if kind == "seconds" else ("median", "mean")
        if getattr(row, wrong) is not None:
            yield Defect(f"facts.{code}.{wrong}", f"a fact of type {kind} has a {right}")
    if row.slope and kind not in {"yes_no", "count"}:
        yield Defect(f"facts.{code}.slope", "only yes_no and count facts can depend on the score")


def _times(design: Design, instrument: Instrument) -> Iterator[Defect]:
    times = design.response_times
    facts = {fact.code: fact for fact in instrument.facts}
    if times.channel_fact is not None:
        fact = facts.get(times.channel_fact)
        if fact is None or fact.type != "one_of":
            yield Defect(
                "response_times.channel_fact", f"{times.channel_fact!r} is no fact with named answers"
            )
        else:
            shares = design.facts.get(fact.code, FactDesign()).shares or dict.fromkeys(fact.values, 1.0)
            for channel in times.channels:
                if channel not in fact.values:
                    yield Defect(f"response_times.channels.{channel}", f"not an answer of {fact.code}")
            for channel, share in shares.items():
                if share > 0 and times.channels and channel not in times.channels:
                    yield Defect(
                        "response_times.channels", f"the channel {channel!r} has a share but no times"
                    )
    elif times.channels and set(times.channels) != {"any"}:
        yield Defect("response_times.channels", "without channel_fact there is one channel, called any")
    if times.effect and not times.channels:
        yield Defect("response_times.effect", "an effect needs times; give channels")
    if times.only_if is not None:
        try:
            for name in facts_used(times.only_if):
                if name not in facts:
                    yield Defect("response_times.only_if", f"no fact has the code {name!r}")
                elif design.facts.get(name, FactDesign()).slope:
                    yield Defect("response_times.only_if", f"{name} depends on the score")
        except FilterSyntaxError as exc:
            yield Defect("response_times.only_if", str(exc))
    for code in times.dimensions:
        if code not in instrument.dimension_codes:
            yield Defect("response_times.dimensions", f"no dimension has the code {code!r}")
    recalled = times.recalled_as
    if recalled is not None and (recalled not in facts or facts[recalled].type != "seconds"):
        yield Defect("response_times.recalled_as", f"{recalled!r} is no fact in seconds")


def _outcomes(design: Design, instrument: Instrument) -> Iterator[Defect]:
    kinds = {outcome.code: outcome.type for outcome in instrument.outcomes}
    for code in design.outcomes:
        if kinds.get(code) != "scale":
            yield Defect(f"outcomes.{code}", f"{instrument.id} has no rated outcome of that code")
    for key in ("pleased", "displeased"):
        code = getattr(design.comments, key)
        if code is not None and kinds.get(code) != "comment":
            yield Defect(f"comments.{key}", f"{instrument.id} has no comment with the code {code!r}")
    for code, aspect in design.comments.aspects.items():
        if code not in instrument.dimension_codes:
            yield Defect(f"comments.aspects.{code}", "no such dimension")
        if aspect not in aspect_names():
            yield Defect(
                f"comments.aspects.{code}",
                f"no phrases for {aspect!r}; there are {', '.join(aspect_names())}",
            )


def _targets(design: Design, instrument: Instrument) -> Iterator[Defect]:
    targets = design.targets
    if not targets:
        return
    codes = {industry.code for industry in design.industries}
    for code in targets.dimensions:
        if code not in instrument.dimension_codes:
            yield Defect(f"targets.dimensions.{code}", "no such dimension")
    for code in targets.industries:
        if code not in codes:
            yield Defect(f"targets.industries.{code}", "no such industry")
    if (targets.dimensions or targets.overall is not None) and codes <= set(targets.industries):
        yield Defect(
            "targets.industries", "one industry must be without a target, or nothing is left to adjust"
        )
    scoring = instrument.scoring
    settled = {
        "order": ("item_first",),
        "industry_level": ("company_mean",),
        "overall_level": ("company_mean",),
        "dimension_weights": ("equal", "items", "declared"),
        "item_weights": ("equal", "declared"),
    }
    for key, known in settled.items():
        if getattr(scoring, key) not in known:
            yield Defect(
                "targets",
                f"{instrument.id} scores by {key} = {getattr(scoring, key)}; "
                f"targets need {' or '.join(known)}",
            )
    if targets.overall is not None and set(targets.dimensions) == set(instrument.dimension_codes):
        half = 0.5 * 10.0**-targets.decimals
        mean = _weighted_mean(instrument, targets.dimensions)
        if mean is not None and abs(mean - targets.overall) > 2 * half:
            yield Defect(
                "targets.overall",
                f"the dimensions have the mean {mean:.5f}, from which {targets.overall} cannot be had",
            )


def _weighted_mean(instrument: Instrument, scores: dict[str, float]) -> float | None:
    method = instrument.scoring.dimension_weights
    weights = {d.code: 1.0 if method == "equal" else d.weight or 0.0 for d in instrument.dimensions}
    if method == "items":
        weights = {code: float(len(instrument.items_of(code))) for code in instrument.dimension_codes}
    total = sum(weights.values())
    return sum(weights[code] * scores[code] for code in weights) / total if total > 0 else None
