"""The sentences below a table: how its numbers were made, and what became of the rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np

from satsurvey.instrument.model import Language, Rounding
from satsurvey.intake.ledger import REASONS, Ledger, UnusedRow
from satsurvey.report.catalogue import rule_name, translated
from satsurvey.report.cells import figure_text, is_absent
from satsurvey.report.labels import choice_name, choice_words, label

if TYPE_CHECKING:
    from satsurvey.analysis import Analysis

Subject = Literal["industries", "companies"]


def table_notes(
    analysis: Analysis,
    language: Language,
    subject: Subject,
    family: str | None = None,
    *,
    beyond: bool = False,
) -> tuple[str, ...]:
    """Return the notes that belong below a ranking: method, precision, publication, ledger, findings.

    Parameters
    ----------
    analysis
        The study's estimates; a choice that `method` does not name is not spoken of.
    language
        "zh" or "en".
    subject
        What the table ranks.
    family
        The industry whose companies it ranks; None: all of them.
    beyond
        Whether an interval in the table passes 0 or 100.
    """
    notes = [
        *_conversion(analysis, language),
        *_aggregation(analysis, language),
        *_interval(analysis, language, subject),
        *((beyond_note(language),) if beyond else ()),
        *_rank_sets(analysis, language),
        *_rankability(analysis, language, subject, family),
        *_detectable_difference(analysis, language, subject, family),
        *_suppression(analysis, language, subject),
        *_rounding(analysis, language),
        *(() if family else _winners_curse(analysis, language, subject)),
        *_findings(analysis, language),
        ledger_line(analysis.ledger, language),
        *(translated(note, language) for note in analysis.notes),
    ]
    return tuple(dict.fromkeys(note for note in notes if note))


def beyond_note(language: Language) -> str:
    """Say why an interval may pass the ends of the scale."""
    return _sentence(
        "t 区间不在 0 和 100 处截断，端点可能小于 0 或大于 100",
        "t intervals are not cut at 0 and 100, so an end may lie below 0 or above 100",
        language,
    )


def ledger_line(ledger: Ledger, language: Language) -> str:
    """Account for every row in one line: read = used + set aside (by reason) + unreadable."""
    zh = language == "zh"
    reasons = ("，" if zh else ", ").join(
        f"{reason_words(reason, language)} {count:,}" for reason, count in ledger.set_aside.items()
    )
    aside = f"{sum(ledger.set_aside.values()):,}"
    if reasons:
        aside += f"（{reasons}）" if zh else f" ({reasons})"
    if zh:
        line = (
            f"数据账：读取 {ledger.rows_read:,} 行 = 使用 {ledger.rows_used:,} + 搁置 {aside} "
            f"+ 无法读取 {ledger.unreadable:,}"
        )
        return line if ledger.adds_up else line + "（账目不平）"
    line = (
        f"Ledger: {ledger.rows_read:,} rows read = {ledger.rows_used:,} used + {aside} set aside "
        f"+ {ledger.unreadable:,} unreadable"
    )
    return line if ledger.adds_up else line + " (does not add up)"


def reason_words(reason: str, language: Language) -> str:
    """Return why a row was not used, in words."""
    pair = REASONS.get(reason, (reason, reason))
    return pair[0] if language == "zh" else pair[1]


def detail_words(row: UnusedRow, language: Language) -> str:
    """Return what more is to be said of a row not used: why it is unreadable, or words of the export."""
    return translated(row.detail, language) if row.reason == "unreadable" else row.detail


def plain_words(value: object, language: Language, *, key: str = "") -> str:
    """Write any value of `method` or `provenance` in words."""
    if is_absent(value):
        return "—"
    if isinstance(value, bool | np.bool_):
        return label("yes" if value else "no", language)
    if isinstance(value, str):
        return translated(choice_words(key, value, language), language)
    if isinstance(value, Mapping):
        parts = (_part_words(str(name), part, language, key) for name, part in value.items())
        return ("；" if language == "zh" else "; ").join(parts)
    if isinstance(value, Sequence | np.ndarray):
        return ("、" if language == "zh" else ", ").join(plain_words(part, language) for part in value)
    number = getattr(value, "item", lambda: value)()
    if isinstance(number, float) and number.is_integer() and abs(number) < 2**53:
        return str(int(number))
    # Six digits are enough to read; the full number stands in score.json and manifest.json.
    return f"{number:.6g}" if isinstance(number, float) else str(number)


def _part_words(name: str, part: object, language: Language, key: str) -> str:
    # A part of `publish` is named for what it is about; a part of a family's facts says itself what it is.
    if name in {"industries", "companies"}:
        name, heading = key, label(f"subject_{name}", language)
    else:
        heading = choice_name(name, language)
    inner = plain_words(part, language, key=name)
    if isinstance(part, Mapping):
        return f"{heading}（{inner}）" if language == "zh" else f"{heading} ({inner})"
    return f"{heading}={inner}"


def _sentence(zh: str, en: str, language: Language) -> str:
    return zh if language == "zh" else en


def _chosen(method: Mapping[str, object], key: str, language: Language) -> str:
    value = method.get(key)
    return "" if value is None else plain_words(value, language, key=key)


def display_style(method: Mapping[str, object]) -> tuple[int, Rounding]:
    """Return the decimals and the rounding rule that a method asks for."""
    decimals, rule = method.get("decimals", 2), method.get("rounding", "half_up")
    known: Mapping[object, Rounding] = {
        "half_up": "half_up",
        "half_even": "half_even",
        "truncate": "truncate",
    }
    return (decimals if isinstance(decimals, int) else 2), known.get(rule, "half_up")


def _conversion(analysis: Analysis, language: Language) -> Iterator[str]:
    words = _chosen(analysis.method, "conversion", language)
    formula = _chosen(analysis.method, "conversion_formula", language)
    if words:
        tail = f"，{formula}" if language == "zh" else f", {formula}"
        yield _sentence("百分制换算：", "Conversion to 0-100: ", language) + words + (tail if formula else "")


def _aggregation(analysis: Analysis, language: Language) -> Iterator[str]:
    method = analysis.method
    parts = []
    for key in ("order", "dimension_weighting", "item_weighting", "industry_level", "overall_level"):
        if key == "industry_level" and analysis.industries.empty:
            continue
        if words := _chosen(method, key, language):
            text = f"{choice_name(key, language)}{'：' if language == 'zh' else ': '}{words}"
            if key == "dimension_weighting" and (weights := _weights(method, language)):
                text += f"（{weights}）" if language == "zh" else f" ({weights})"
            parts.append(text)
    if parts:
        yield ("；" if language == "zh" else "; ").join(parts)


def _weights(method: Mapping[str, object], language: Language) -> str:
    weights = method.get("dimension_weights")
    if not isinstance(weights, Mapping) or not weights:
        return ""
    texts = [(str(code), figure_text(float(weight), 4, "half_up")) for code, weight in weights.items()]
    if len({text for _, text in texts}) == 1:
        return _sentence(f"各 {texts[0][1]}", f"{texts[0][1]} each", language)
    return ("，" if language == "zh" else ", ").join(f"{code} {text}" for code, text in texts)


def _level(method: Mapping[str, object]) -> str:
    level = method.get("level", 0.95)
    return f"{float(level) * 100:.10g}%" if isinstance(level, int | float) else str(level)


def _interval(analysis: Analysis, language: Language, subject: Subject) -> Iterator[str]:
    companies = _chosen(analysis.method, "companies", language)
    zh = f"方括号为 {_level(analysis.method)} 置信区间：泰勒线性化标准误，t 分布"
    en = f"Brackets after scores: {_level(analysis.method)} intervals, linearised standard errors, t"
    if companies and subject == "industries":
        zh, en = f"{zh}；企业视为{companies}", f"{en}; companies are a {companies}"
    small = _chosen(analysis.method, "small_sample", language)
    # Where companies are a sample, errors of industries come from between them, whatever theirs are.
    if small and (subject == "companies" or analysis.method.get("companies") == "census"):
        zh, en = f"{zh}；小样本校正{small}", f"{en}; small-sample correction {small}"
    yield _sentence(zh, en, language)


def _rank_sets(analysis: Analysis, language: Language) -> Iterator[str]:
    method = analysis.method
    sets = _chosen(method, "rank_sets", language)
    if not sets:
        return
    draws, seed = method.get("draws"), method.get("seed")
    zh = f"排名后的方括号为 {_level(method)} 排名置信集（{sets}）：两两比较的学生化自助法，逐步剔除"
    en = (
        f"Brackets after ranks: {_level(method)} rank confidence sets ({sets}), studentised bootstrap "
        "of pairwise comparisons, step-down"
    )
    if isinstance(draws, int):
        zh, en = f"{zh}，抽样 {draws:,} 次", f"{en}, {draws:,} draws"
    if seed is not None:
        zh, en = f"{zh}，种子 {seed}", f"{en}, seed {seed}"
    yield _sentence(zh, en, language)
    if control := _chosen(method, "tier_control", language):
        yield _sentence(
            f"档次与平均相比：高于平均、无法区分、低于平均（{control}）",
            f"Tiers are against the mean: above, not distinguishable, below ({control})",
            language,
        )


def ranked_facts(analysis: Analysis, subject: Subject) -> Mapping[str, object]:
    """Return what a ranking found: `families` by industry ("" where there is one), `first_place`."""
    ranking = analysis.method.get("ranking")
    value = ranking.get(subject) if isinstance(ranking, Mapping) else None
    return value if isinstance(value, Mapping) else {}


def family_facts(analysis: Analysis, subject: Subject, family: str = "") -> Mapping[str, object]:
    """Return the facts of one family of a ranking: publish, rankability, detectable_difference …"""
    families = ranked_facts(analysis, subject).get("families")
    facts = families.get(family) if isinstance(families, Mapping) else None
    return facts if isinstance(facts, Mapping) else {}


def _figures(analysis: Analysis, key: str, subject: Subject, family: str | None) -> list[float]:
    """Collect a figure of the families that a table ranks; companies have one family per industry."""
    families = ranked_facts(analysis, subject).get("families")
    if not isinstance(families, Mapping):
        return []
    found = [facts.get(key) for name, facts in families.items() if family in {None, name}]
    known = [value for value in found if isinstance(value, int | float | np.floating)]
    return [float(value) for value in known if np.isfinite(float(value))]


def _span(values: Sequence[float], decimals: int, rule: Rounding) -> str:
    low, high = figure_text(min(values), decimals, rule), figure_text(max(values), decimals, rule)
    return low if low == high else f"{low}–{high}"


def _rankability(
    analysis: Analysis, language: Language, subject: Subject, family: str | None
) -> Iterator[str]:
    values = _figures(analysis, "rankability", subject, family)
    if values:
        span = _span(values, 2, display_style(analysis.method)[1])
        yield _sentence(
            f"可排名度 {span}：低于 0.5 只发布档次，0.5 至 0.7 先列档次，0.7 以上发布排名",
            f"Rankability {span}: under 0.5 tiers only, 0.5 to 0.7 tiers first, over 0.7 ranks",
            language,
        )
    if analysis.method.get("force_ranks"):
        yield _sentence(
            "名次按要求强制发布，未经可排名度把关",
            "Ranks are published by force, past the rankability gate",
            language,
        )


def _detectable_difference(
    analysis: Analysis, language: Language, subject: Subject, family: str | None
) -> Iterator[str]:
    values = _figures(analysis, "detectable_difference", subject, family)
    if values:
        span = _span(values, *display_style(analysis.method))
        yield _sentence(
            f"最小可检出差异：两者真实相差 {span} 分时，这样的样本量有 80% 的机会检出（用于规划，不是检验）",
            f"Minimum detectable difference: a true one of {span} points is found 80 % of the time at this "
            "size (for planning, not a test)",
            language,
        )


def _suppression(analysis: Analysis, language: Language, subject: Subject) -> Iterator[str]:
    frame = analysis.industries if subject == "industries" else analysis.companies
    hidden = int(frame["suppressed"].sum()) if "suppressed" in frame else 0
    least = analysis.method.get("company_min_n" if subject == "companies" else "industry_min_companies")
    if hidden and least is not None:
        noun = _sentence(
            "样本量" if subject == "companies" else "企业数",
            "interviews" if subject == "companies" else "companies",
            language,
        )
        yield _sentence(
            f"{noun}少于 {least} 的 {hidden} 行不发布得分",
            f"{hidden} rows with fewer than {least} {noun} have no published score",
            language,
        )


def _rounding(analysis: Analysis, language: Language) -> Iterator[str]:
    decimals, rule = display_style(analysis.method)
    words = choice_words("rounding", rule, language)
    yield _sentence(
        f"显示 {decimals} 位小数，{words}；计算用全精度",
        f"Shown to {decimals} decimals, {words}; computed at full precision",
        language,
    )


def _winners_curse(analysis: Analysis, language: Language, subject: Subject) -> Iterator[str]:
    place = ranked_facts(analysis, subject).get("first_place")
    # A correction for a place that is not published would publish it after all.
    if not isinstance(place, Mapping) or not _first_is_shown(analysis, subject):
        return
    style = display_style(analysis.method)
    score, corrected, low, high = (
        "—" if is_absent(place.get(key)) else figure_text(float(place[key]), *style)
        for key in ("score", "corrected", "corrected_low", "corrected_high")
    )
    name = " ".join(str(place[key]) for key in ("industry", "company") if place.get(key))
    yield _sentence(
        f"众多之中的最高分偏高：{name} 的 {score} 校正后为 {corrected} [{low}, {high}]",
        f"The best of many is biased upward: {name}, {score}, is {corrected} [{low}, {high}] when corrected",
        language,
    )


def _first_is_shown(analysis: Analysis, subject: Subject) -> bool:
    facts = family_facts(analysis, subject) or ranked_facts(analysis, subject).get("overall")
    gate = facts.get("publish") if isinstance(facts, Mapping) else None
    return bool(analysis.method.get("force_ranks")) or gate != "tiers_only"


def _findings(analysis: Analysis, language: Language) -> Iterator[str]:
    worst = [row for row in analysis.findings_summary if row.get("severity") in {"error", "warning"}]
    if worst:
        listed = ("，" if language == "zh" else ", ").join(
            f"{label(str(row['severity']), language)} {rule_name(str(row['rule']), language)} "
            f"{plain_words(row['n'], language)}"
            for row in worst
        )
        yield _sentence(f"数据检查：{listed}", f"Checks: {listed}", language)
    without = analysis.method.get("without_flagged")
    if isinstance(without, Mapping):
        style = display_style(analysis.method)
        score, whole = (figure_text(float(without[key]), *style) for key in ("score", "score_with"))
        n = plain_words(without["n"], language)
        yield _sentence(
            f"去掉检查标记的 {n} 份访问后，总分为 {score}（保留时为 {whole}）；标记不等于剔除",
            f"Without the {n} interviews that the checks flag, the overall score is {score} "
            f"({whole} with them); flagged is not dropped",
            language,
        )
