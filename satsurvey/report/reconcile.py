"""What reconciling a published total found, in words, as a table, as CSV and as JSON."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from fractions import Fraction
from types import MappingProxyType

from rich.cells import cell_len

from satsurvey.instrument.model import Language
from satsurvey.instrument.rounding import round_exact
from satsurvey.scoring.reconcile import Reconciliation, Trial

SCHEMA = "satsurvey.reconciliation/1"
_WEIGHTINGS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "equal": ("各维度等权", "equal weights"),
        "items": ("按题项数加权", "weights by number of items"),
        "declared": ("按声明的权数", "declared weights"),
    }
)
_RULES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "half_up": ("四舍五入", "rounding half up"),
        "half_even": ("四舍六入五成双", "rounding half to even"),
        "truncate": ("截尾", "truncation"),
    }
)
_HEADINGS = {
    "zh": ("权数", "取位", "精确值", "印出", "相符", "未取位总分的范围", "可能"),
    "en": ("weights", "rounding", "exact", "printed", "matches", "range of the unrounded total", "possible"),
}
_ANSWERS = {"zh": {True: "是", False: "否"}, "en": {True: "yes", False: "no"}}
_PLACES_SHOWN = 3


def reconciliation_sentences(result: Reconciliation, language: Language) -> tuple[str, ...]:
    """Say what was found: a sentence per weighting, then the verdict, then what rounding hides."""
    zh = language == "zh"
    total = format(result.total, "f")
    said = [_trial_sentence(result, group, zh) for group in _by_weighting(result)]
    if result.reproducing:
        link = "并" if zh else " with "
        ways = ("；" if zh else "; ").join(
            _word(_WEIGHTINGS, trial.weighting, zh) + link + _word(_RULES, trial.rule, zh)
            for trial in result.reproducing
        )
        said.append(
            f"公布的总分 {total} 可由以下方法得到：{ways}。"
            if zh
            else f"The published total {total} follows from {ways}."
        )
    else:
        said.append(
            f"所试的权数与取位规则都不能由公布的维度分得到总分 {total}。"
            if zh
            else f"No weighting and rounding rule that was tried gives the published total {total}."
        )
    said.extend(_range_sentence(result, group, zh) for group in _by_weighting(result))
    return tuple(said)


def reconciliation_text(result: Reconciliation, language: Language) -> str:
    """Draw one line per weighting and rule, and the sentences below them."""
    zh = language == "zh"
    lines = [_HEADINGS[language]]
    for trial in result.trials:
        opening, closing = "[" if trial.low_closed else "(", "]" if trial.high_closed else ")"
        lines.append(
            (
                _word(_WEIGHTINGS, trial.weighting, zh),
                _word(_RULES, trial.rule, zh),
                _shown(result, trial.exact),
                format(trial.printed, "f"),
                _ANSWERS[language][trial.reproduces],
                f"{opening}{_shown(result, trial.low)}, {_shown(result, trial.high)}{closing}",
                _ANSWERS[language][trial.possible],
            )
        )
    widths = [max(cell_len(line[column]) for line in lines) for column in range(len(lines[0]))]
    drawn = [
        "  ".join(text + " " * (width - cell_len(text)) for text, width in zip(line, widths, strict=True))
        for line in lines
    ]
    return "\n".join([*map(str.rstrip, drawn), "", *reconciliation_sentences(result, language)]) + "\n"


def reconciliation_csv(result: Reconciliation) -> str:
    """Write one row per weighting and rule at full precision."""
    stream = io.StringIO()
    rows = csv.writer(stream, lineterminator="\n")
    trials = result.rows()
    rows.writerow(trials[0])
    rows.writerows([str(v).lower() if isinstance(v, bool) else v for v in row.values()] for row in trials)
    return stream.getvalue()


def reconciliation_json(result: Reconciliation) -> str:
    """Write the whole result with its sentences in both languages."""
    said = {language: list(reconciliation_sentences(result, language)) for language in ("zh", "en")}
    content = {"schema": SCHEMA, **result.to_dict(), "explanation": said}
    return json.dumps(content, ensure_ascii=False, indent=2) + "\n"


def _by_weighting(result: Reconciliation) -> list[list[Trial]]:
    found = dict.fromkeys(trial.weighting for trial in result.trials)
    return [[trial for trial in result.trials if trial.weighting == weighting] for weighting in found]


def _trial_sentence(result: Reconciliation, group: Sequence[Trial], zh: bool) -> str:
    printed = {trial.rule: format(trial.printed, "f") for trial in group}
    exact, name = _shown(result, group[0].exact), _word(_WEIGHTINGS, group[0].weighting, zh)
    up, even, cut = printed["half_up"], printed["half_even"], printed["truncate"]
    count = len(result.dimensions)
    if zh:
        tie = "" if up == even else f"，四舍六入五成双为 {even}"
        return f"{name}：{count} 个维度的均值 {exact}，四舍五入为 {up}{tie}，截尾为 {cut}。"
    tie = "" if up == even else f", rounds half to even to {even}"
    opening = name[0].upper() + name[1:]
    return f"{opening}: mean {exact} of the {count} dimensions: rounds to {up}{tie}, truncates to {cut}."


def _range_sentence(result: Reconciliation, group: Sequence[Trial], zh: bool) -> str:
    total, name = format(result.total, "f"), _word(_WEIGHTINGS, group[0].weighting, zh)
    parts = []
    for trial in group:
        if trial.rule == "half_even":
            # Differs from half_up in the ends of the range only.
            continue
        low, high = _shown(result, trial.low), _shown(result, trial.high)
        rule = _word(_RULES, trial.rule, zh)
        if zh:
            verdict = "可能" if trial.possible else "不可能"
            parts.append(f"若各分均按{rule}取位，未取位的总分在 {low} 与 {high} 之间，印成 {total} {verdict}")
        else:
            verdict = "possible" if trial.possible else "impossible"
            parts.append(
                f"if all figures were printed by {rule}, the unrounded total lies between {low} "
                f"and {high}, and a printed {total} is {verdict}"
            )
    return f"{name}：{'；'.join(parts)}。" if zh else f"With {name}: {'; '.join(parts)}."


def _shown(result: Reconciliation, value: Fraction) -> str:
    """Write an unrounded total with three places more than the published figures have."""
    places = max(result.decimals, result.dimension_decimals) + _PLACES_SHOWN
    return format(round_exact(value, places, "half_up"), "f")


def _word(words: Mapping[str, tuple[str, str]], key: str, zh: bool) -> str:
    return words[key][0 if zh else 1]
