"""What is said of a reconciled total: the 2019 figures in words, ties, and totals that nothing gives."""

from __future__ import annotations

import json

from satsurvey.report.reconcile import reconciliation_json, reconciliation_sentences, reconciliation_text
from satsurvey.scoring.reconcile import reconcile

PUBLISHED = {"A": "77.40", "B": "85.13", "C": "80.91", "D": "83.53", "E": "81.97", "F": "93.37"}
ITEMS = {"A": 3, "B": 5, "C": 4, "D": 4, "E": 3, "F": 3}


def test_the_words_for_2019_give_the_mean_and_both_ways_in_both_languages() -> None:
    result = reconcile("83.71", PUBLISHED)
    english, chinese = (reconciliation_sentences(result, language) for language in ("en", "zh"))
    assert (
        english[0] == "Equal weights: mean 83.71833 of the 6 dimensions: rounds to 83.72, truncates to 83.71."
    )
    assert chinese[0] == "各维度等权：6 个维度的均值 83.71833，四舍五入为 83.72，截尾为 83.71。"
    assert english[1] == "The published total 83.71 follows from equal weights with truncation."
    assert chinese[1] == "公布的总分 83.71 可由以下方法得到：各维度等权并截尾。"
    assert "rounding half up, the unrounded total lies between 83.71333 and 83.72333" in english[2]
    assert "a printed 83.71 is possible" in english[2]


def test_a_tie_between_half_up_and_half_even_is_told() -> None:
    result = reconcile("80.12", {"x": "80.12", "y": "80.13"})
    english, chinese = (reconciliation_sentences(result, language)[0] for language in ("en", "zh"))
    assert "rounds to 80.13, rounds half to even to 80.12, truncates to 80.12" in english
    assert "四舍五入为 80.13，四舍六入五成双为 80.12，截尾为 80.12" in chinese


def test_a_total_that_nothing_gives_is_called_so() -> None:
    result = reconcile("90.00", PUBLISHED, items_per_dimension=ITEMS)
    english, chinese = (reconciliation_sentences(result, language) for language in ("en", "zh"))
    assert english[2] == "No weighting and rounding rule that was tried gives the published total 90.00."
    assert "都不能" in chinese[2]
    assert "impossible" in english[3]


def test_the_sentences_stand_below_the_table_and_in_the_json() -> None:
    result = reconcile("83.71", PUBLISHED)
    for language in ("zh", "en"):
        said = reconciliation_sentences(result, language)
        assert reconciliation_text(result, language).endswith("\n\n" + "\n".join(said) + "\n")
        assert json.loads(reconciliation_json(result))["explanation"][language] == list(said)
