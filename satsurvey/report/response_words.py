"""The words of the response-time study: its answer in sentences, its cautions, and the names of its parts."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType

from satsurvey.instrument.model import Language
from satsurvey.regression.forms import LOG
from satsurvey.report.catalogue import translated
from satsurvey.report.durations import duration_text
from satsurvey.report.rounding import round_text
from satsurvey.response_time.fit import ResponseTimeFit
from satsurvey.response_time.rows import EXCLUDED
from satsurvey.service.records import CHANNELS

FORMS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "linear": ("直线（分钟）", "straight in minutes"),
        "log": ("对数 log(1+秒)", "log(1 + seconds)"),
        "spline": ("自然样条", "natural spline"),
        "knot": ("一个拐点的对数折线", "log line with one knot"),
    }
)
MODELS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "ols": ("普通最小二乘（聚类标准误）", "least squares, clustered errors"),
        "mixed": ("随机截距混合模型（组内）", "random intercept, within"),
        "ordered_logit": ("有序 logit", "ordered logit"),
        "median": ("中位数回归", "median regression"),
        "within_between": ("组内与组间斜率", "slopes within and between"),
        "mixed_weights": ("混合模型", "mixed model"),
    }
)
TIMES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "first_response": ("首次响应时长", "time to the first response"),
        "average_reply": ("平均响应时长", "average time to a reply"),
        "wait": ("等待时长", "waiting time"),
        "resolution": ("解决时长", "time to the resolution"),
    }
)
HELD: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "nothing": ("不控制", "nothing"),
        "controls": ("控制变量", "the controls"),
        "controls+complexity": ("控制变量、事情的复杂程度", "the controls and complexity"),
        "controls+resolved": ("控制变量、是否一次解决", "the controls and resolution"),
        "controls+both": ("控制变量、复杂程度、是否解决", "the controls, complexity and resolution"),
    }
)
PARTS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {"within": ("组内", "within"), "between": ("组间", "between")}
)
CONTROLS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "channel": ("渠道", "channel"),
        "purpose": ("事由", "purpose"),
        "industry": ("行业", "industry"),
        "wave": ("期次", "wave"),
        "tier": ("客户等级", "tier"),
        "agent": ("坐席", "agent"),
        "region": ("地区", "region"),
        "complexity": ("复杂程度", "complexity"),
        "resolved": ("是否解决", "resolution"),
    }
)
REGIONS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "interval": ("{low} 至 {high}", "{low} to {high}"),
        "outside": ("{low} 以下或 {high} 以上", "below {low} or above {high}"),
        "everything": ("任何值都不能排除", "nothing is excluded"),
        "nothing": ("没有值相容", "no value is compatible"),
    }
)


def word(table: Mapping[str, tuple[str, str]], key: str, language: Language) -> str:
    """Return the words of a key, or the key itself."""
    return table[key][0 if language == "zh" else 1] if key in table else key


def channel_text(name: str, language: Language) -> str:
    """Return the name of a channel: ours in words, the user's as it is."""
    return word(CHANNELS, name, language)


def outcome_text(fit: ResponseTimeFit, language: Language) -> str:
    """Return what was explained, in words."""
    zh = language == "zh"
    kind, _, code = fit.outcome_name.partition(":")
    kinds = {
        "total": ("总分", "the total"),
        "dimension": (f"维度{code}", f"dimension {code}"),
        "item": (f"题项{code}", f"item {code}"),
        "outcome": (f"结果题{code}", f"outcome {code}"),
    }
    return kinds[kind][0 if zh else 1]


def cluster_text(fit: ResponseTimeFit, language: Language) -> str:
    """Return what the rows belong to, in words."""
    names = {
        "company": ("企业", "companies"),
        "agent": ("坐席", "agents"),
        "industry": ("行业", "industries"),
    }
    zh, en = names.get(fit.cluster, (fit.cluster, f"levels of {fit.cluster}"))
    return zh if language == "zh" else en


def answer(fit: ResponseTimeFit, language: Language) -> tuple[str, ...]:
    """Return the answer in two or three sentences."""
    found = _found(fit, language) if fit.association == "found" else _none(fit, language)
    return (*found, *_within_between(fit, language))


def _found(fit: ResponseTimeFit, language: Language) -> tuple[str, ...]:
    at = duration_text(fit.reference_s, language)
    slope = fit.comparison.fits["log"].fit.estimates[LOG] if "log" in fit.comparison.fits else 0.0
    effect = _at_reference(fit)
    others = _other_models(fit, language)
    basis = _basis(fit, effect, language)
    shown, form = effect_text(*effect), word(FORMS, fit.chosen_form, language)
    level = f"{100 * fit.level:g}"
    if language == "zh":
        way = "响应越快，满意度越高" if slope < 0 else "响应越快，满意度反而越低"
        return (
            f"有关联：{word(TIMES, fit.time_name, language)}与{outcome_text(fit, language)}有关，{way}"
            f"（{fit.n:,} 份访问，{fit.n_companies:,} 家{cluster_text(fit, language)}）。",
            f"在 {at}处，每缩短 1 分钟对应 {shown} 点（{level}% 区间；{form}）{others}。",
            *basis,
            "这是关联，不是因果；见下面的提醒。",
        )
    way = "faster goes with happier" if slope < 0 else "faster goes with less happy"
    return (
        f"An association was found between {word(TIMES, fit.time_name, language)} and "
        f"{outcome_text(fit, language)}: {way} ({fit.n:,} interviews, {fit.n_companies:,} "
        f"{cluster_text(fit, language)}).",
        f"At {at}, one minute less goes with {shown} points ({level} % interval; {form}){others}.",
        *basis,
        "This is association and not cause; see the cautions below.",
    )


def _basis(fit: ResponseTimeFit, effect: tuple[float, float, float], language: Language) -> tuple[str, ...]:
    """Say on what an association rests where the interval beside it holds 0."""
    _, low, high = effect
    if low > 0 or high < 0 or "log" not in fit.comparison.fits:
        return ()
    estimates = fit.comparison.fits["log"].fit.estimates
    frame = estimates.frame(fit.level)
    row = frame[frame["term"] == LOG].iloc[0]
    slope = effect_text(*(float(row[name]) for name in ("estimate", "ci_low", "ci_high")))
    if language == "zh":
        return (
            f"有无关联由事先固定的对数形式判断：时长每变为约 2.7 倍，相差 {slope} 点；"
            "所选形式在这一时长处的区间含 0，不能单看此处。",
        )
    return (
        f"The association is judged by the log form, fixed beforehand: {slope} points for a time about 2.7 "
        "times as long; by the chosen form the interval at this time holds 0, which says little alone.",
    )


def _none(fit: ResponseTimeFit, language: Language) -> tuple[str, ...]:
    at = duration_text(fit.reference_s, language)
    found = fit.at_reference
    digits = digits_of(min(found.excluded_beyond, found.detectable))
    beyond, seen = (round_text(x, digits) for x in (found.excluded_beyond, found.detectable))
    level = f"{100 * fit.level:g}"
    if language == "zh":
        return (
            f"没有发现关联：{word(TIMES, fit.time_name, language)}与{outcome_text(fit, language)}"
            f"（{fit.n:,} 份访问，{fit.n_companies:,} 家{cluster_text(fit, language)}）。",
            f"在 {at}处，每缩短 1 分钟超过 ±{beyond} 点的效应已被排除（{level}% 水平）；"
            f"若真实效应超过 {seen} 点，本研究有 80% 的机会看到。",
        )
    return (
        f"No association found between {word(TIMES, fit.time_name, language)} and "
        f"{outcome_text(fit, language)} ({fit.n:,} interviews, {fit.n_companies:,} "
        f"{cluster_text(fit, language)}).",
        f"At {at}, effects of one minute less beyond ±{beyond} points are excluded ({level} % level); a true "
        f"effect over {seen} would have been seen with 80 %.",
    )


def _within_between(fit: ResponseTimeFit, language: Language) -> tuple[str, ...]:
    """Say so where slopes inside and between companies differ in sign, both clear of 0."""
    frame = fit.within_between.set_index("part") if len(fit.within_between) else fit.within_between
    if len(frame) != 2:
        return ()
    clear = (frame["ci_low"] > 0) | (frame["ci_high"] < 0)
    inside, across = (float(frame["effect"].to_dict()[part]) for part in ("within", "between"))
    if not clear.all() or inside * across > 0:
        return ()
    one, other = round_text(inside, 2), round_text(across, 2)
    if language == "zh":
        return (
            f"组内与组间方向相反：每缩短 1 分钟，同一组之内平均 {one} 点，组与组之间平均 {other} 点；"
            "不要用组间的差别推断一家之内提速的效果。",
        )
    return (
        f"Within and between {cluster_text(fit, language)} the signs are opposite: one minute less is "
        f"{one} points on average within, {other} between; do not read the effect of speeding up from "
        "differences between them.",
    )


def _at_reference(fit: ResponseTimeFit, model: str = "ols") -> tuple[float, float, float]:
    """Return the effect at the reference time with its interval; the average where it was not stated."""
    frame = fit.effects[(fit.effects["model"] == model) & (fit.effects["channel"] == "")]
    here = frame[frame["at_s"] == fit.reference_s]
    row = (here if len(here) else frame[frame["average"]]).iloc[0]
    return float(row["effect"]), float(row["ci_low"]), float(row["ci_high"])


def digits_of(size: float) -> int:
    """Return the decimals that show an effect of about this size: two, or more where it is small.

    Examples
    --------
    >>> digits_of(1.2), digits_of(0.05), digits_of(0.004), digits_of(float("nan"))
    (2, 3, 4, 2)
    """
    return 2 if not 0 < size < 0.1 else min(1 - math.floor(math.log10(size)), 6)


def effect_text(value: float, low: float, high: float) -> str:
    """Write an effect with its sign and interval."""
    sign = "+" if value > 0 else ""
    digits = digits_of(max(abs(value), abs(low), abs(high)))
    return f"{sign}{round_text(value, digits)} [{round_text(low, digits)}, {round_text(high, digits)}]"


def _other_models(fit: ResponseTimeFit, language: Language) -> str:
    models = [m for m in ("mixed", "ordered_logit") if (fit.effects["model"] == m).any()]
    parts = [f"{word(MODELS, m, language)} {effect_text(*_at_reference(fit, m))}" for m in models]
    if not parts:
        return ""
    return "；" + "，".join(parts) if language == "zh" else "; " + ", ".join(parts)


def cautions(fit: ResponseTimeFit, language: Language) -> tuple[str, ...]:
    """Return what forbids to read the effect as that of a change."""
    zh = language == "zh"
    made = [
        "复杂的事情既花时间又难让人满意，会使等待显得比实际更有害；控制或分层后再看（见“控制不同变量”一表）。"
        if zh
        else "Hard matters take longer and please less, which makes waiting look worse than it is: see the "
        "table of what is held fixed."
    ]
    if fit.rows.complex is None and "complexity" not in fit.rows.controls:
        made.append(
            "数据中没有事情复杂程度的字段，这一混杂没有控制。"
            if zh
            else "The data have no field for complexity: this confounder is not controlled."
        )
    made.append(
        "是否解决可能在等待与满意之间：控制它会拿走经由它的那部分效应，不控制则可能混入它的影响。"
        if zh
        else "Resolution may stand between waiting and satisfaction: held fixed, what works through it is "
        "taken away; not held fixed, it may confound."
    )
    if fit.rows.resolved is None and "resolved" not in fit.rows.controls:
        made.append("数据中没有是否解决的字段。" if zh else "The data have no field for resolution.")
    if fit.instrument is None:
        made.append(
            "若来电按排队近似随机分给坐席，可用 --instrument agent 以坐席的其他联系作工具变量。"
            if zh
            else "Where contacts reach agents as if by lot, --instrument agent uses the agents' other "
            "contacts."
        )
    never = fit.excluded.get("never_answered", 0)
    if never:
        share = round_text(100 * never / fit.read, 1)
        made.append(
            f"{never:,} 份访问（{share}%）的联系从未得到答复，不在模型中：结论只对得到答复的客户成立。"
            if zh
            else f"{never:,} interviews ({share} %) are about contacts that were never answered and are not "
            "in the models: what is said holds for customers who were answered."
        )
    return tuple(made)


def excluded_text(reason: str, language: Language) -> str:
    """Return why interviews are not in the study."""
    return word(EXCLUDED, reason, language)


def left_out(fit: ResponseTimeFit, language: Language) -> tuple[str, ...]:
    """Return the models that were not fitted, each with its reason."""
    return tuple(
        (f"{word(MODELS, model, language)}：" if language == "zh" else f"{word(MODELS, model, language)}: ")
        + translated(reason, language)
        for model, reason in fit.models_left_out.items()
    )
