"""The tables: what they hold, in which order, and what they keep to themselves."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest
from stand_in import (
    DIMENSIONS,
    INDUSTRIES,
    analysis,
    companies_only,
    published_as,
    ranking_facts,
    suppressed,
    with_method,
    with_ranking,
)

from satsurvey.errors import MethodError
from satsurvey.report.breakdowns import breakdown_table
from satsurvey.report.cells import Interval
from satsurvey.report.layout import Table
from satsurvey.report.tables import (
    company_table,
    dimension_table,
    industry_table,
    item_table,
    ledger_table,
    main_table,
    method_table,
    unused_table,
)


def keys(table: Table) -> list[str]:
    return [column.key for column in table.columns]


def column(table: Table, key: str) -> list[str]:
    place = keys(table).index(key)
    return [table.text_of(row)[place] for row in table.rows]


def test_the_industry_ranking_shows_what_it_should_in_order() -> None:
    table = industry_table(analysis(), "zh")
    assert keys(table) == ["rank", "industry", "score", "n_companies", "n", *DIMENSIONS, "tier"]
    assert column(table, "industry") == list(INDUSTRIES)
    assert table.text_of(table.rows[0])[:5] == ("1 [1–4]", "银行", "89.47 [88.23, 90.71]", "3", "60")
    assert table.headings()[5:11] == tuple(zh for zh, _ in DIMENSIONS.values())


def test_rows_keep_full_precision_until_they_are_written() -> None:
    value = industry_table(analysis(), "zh").rows[0][2]
    assert isinstance(value, Interval)
    assert value.value == 89.4712345678901


def test_the_order_of_rows_in_the_analysis_does_not_matter() -> None:
    made = analysis()
    turned = replace(
        made,
        industries=made.industries.iloc[::-1].reset_index(drop=True),
        companies=made.companies.sample(frac=1, random_state=3).reset_index(drop=True),
    )
    assert industry_table(turned, "zh").rows == industry_table(made, "zh").rows
    assert company_table(turned, "zh").rows == company_table(made, "zh").rows


def test_equal_scores_stand_in_the_order_of_their_names() -> None:
    made = analysis(("乙", "甲", "丙"))
    made = replace(made, industries=made.industries.assign(score=80.0))
    assert column(industry_table(made, "zh"), "industry") == sorted(["乙", "甲", "丙"])


def test_the_overall_score_stands_below_the_industries() -> None:
    table = industry_table(analysis(), "en")
    assert table.text_of(table.footer)[:5] == ("", "All", "83.71 [83.09, 84.33]", "45", "900")


def test_tiers_first_puts_the_tier_before_the_rank_and_keeps_the_rank() -> None:
    table = industry_table(published_as(analysis(), "tiers_first"), "zh")
    assert keys(table)[:3] == ["tier", "rank", "industry"]
    assert column(table, "rank")[0] == "1 [1–4]"


def test_tiers_only_shows_no_rank_groups_by_tier_and_orders_by_name_inside() -> None:
    table = industry_table(published_as(analysis(), "tiers_only"), "zh")
    assert set(column(table, "rank")) == {"—"}
    assert column(table, "tier") == ["高于平均"] * 5 + ["无法区分"] * 5 + ["低于平均"] * 5
    assert table.groups == (5, 10)
    assert column(table, "industry")[:5] == sorted(INDUSTRIES[:5])
    assert "名次" in table.notes[0]


def test_forced_ranks_are_shown_and_said_to_be_forced() -> None:
    made = with_method(published_as(analysis(), "tiers_only"), force_ranks=True)
    table = industry_table(made, "en")
    assert column(table, "rank")[0] == "1 [1–4]"
    assert any("by force" in note for note in table.notes)


def test_the_gate_of_industries_and_that_of_the_companies_inside_are_two() -> None:
    made = analysis(("银行", "证券"))
    gates = {"银行": "tiers_only", "证券": "ranks"}
    made = with_ranking(
        replace(made, industries=made.industries.assign(publish=list(gates.values()))),
        companies=ranking_facts(gates, rankability=0.4, difference=13.0),
    )
    assert set(column(company_table(made, "zh", "银行"), "rank")) == {"—"}
    assert column(company_table(made, "zh", "证券"), "rank") == ["1 [1–3]", "2 [1–3]", "3 [1–3]"]
    assert column(company_table(made, "zh"), "rank") == ["—"] * 3 + ["1 [1–3]", "2 [1–3]", "3 [1–3]"]
    assert column(industry_table(made, "zh"), "rank") == ["1 [1–2]", "2 [1–2]"]


def test_a_suppressed_company_shows_the_reason_and_no_score_in_any_table() -> None:
    made = suppressed(analysis(("银行",)), 1, n=7)
    table = company_table(made, "zh")
    last = dict(zip(keys(table), table.text_of(table.rows[-1]), strict=True))
    assert last["company"] == "银行企业02"
    assert last["score"] == "— (n < 20)"
    assert last["n"] == "7"
    assert {last[key] for key in ("rank", *DIMENSIONS)} == {"—"}
    assert last["tier"] == ""
    for other in (dimension_table(made, "zh"), item_table(made, "zh")):
        place = keys(other).index("company")
        shown = {
            row[keys(other).index("score")]
            for row in map(other.text_of, other.rows)
            if row[place] == "银行企业02"
        }
        assert shown == {"—"}
    # Its numbers were there: only what leaves the house is held back.
    assert made.companies.loc[1, "score"] == made.companies.loc[1, "score"]


def test_without_industries_the_companies_are_the_main_table() -> None:
    table = main_table(companies_only(), "en")
    assert table.title == "Company ranking of satisfaction"
    assert keys(table)[:3] == ["rank", "company", "score"]
    assert not industry_table(companies_only(), "en").rows


def test_one_industry_can_be_shown_and_an_unknown_one_is_refused_by_name() -> None:
    assert column(company_table(analysis(), "zh", "通信"), "company") == [f"通信企业0{k}" for k in (1, 2, 3)]
    with pytest.raises(MethodError, match=r"no such industry(.|\n)*found: 通讯(.|\n)*通信"):
        company_table(analysis(), "zh", "通讯")


def test_the_full_table_adds_precision_and_what_is_known_of_the_companies_inside() -> None:
    added = set(keys(industry_table(analysis(), "zh", full=True))) - set(
        keys(industry_table(analysis(), "zh"))
    )
    assert {"std_error", "half_bar", "n_effective", "design_effect", "shrunken_score", "rankability"} <= added
    table = industry_table(analysis(), "zh", full=True)
    # 1.39 standard errors of 0.62
    assert [row[keys(table).index("half_bar")] for row in table.rows] == pytest.approx(
        [0.8618] * 15, rel=1e-12
    )


def test_notes_stand_only_where_there_are_notes() -> None:
    made = analysis()
    assert "note" not in keys(industry_table(made, "zh"))
    noted = replace(made, industries=made.industries.assign(note=["D 无人回答"] + [""] * 14))
    assert column(industry_table(noted, "zh"), "note")[0] == "D 无人回答"


def test_dimensions_and_items_carry_names_counts_and_level_in_words() -> None:
    table = dimension_table(analysis(("银行",)), "zh")
    assert table.text_of(table.rows[0])[:5] == ("全体", "", "", "A 接入便利", "83.71 [81.71, 85.71]")
    items = item_table(analysis(("银行",)), "en")
    row = dict(zip(keys(items), items.text_of(items.rows[0]), strict=True))
    assert (row["item"], row["item_text"], row["satisfied_share"]) == ("A1", "One of Ease of access", "73.1%")
    assert (row["n_blank"], row["n_invalid"]) == ("0", "6")


def test_the_ledger_table_adds_up_in_every_row() -> None:
    table = ledger_table(analysis(), "zh")
    for row in (*table.rows, table.footer):
        counts = [int(str(value)) for value in row[2:]]
        assert counts[0] == sum(counts[1:])
    assert "读取 905 行 = 使用 900 + 搁置 4" in table.notes[0]


def test_rows_not_used_are_listed_with_their_reasons() -> None:
    table = unused_table(analysis(), "en")
    assert table.text_of(table.rows[2]) == ("导出.csv", "", "9", "no company", "=1+1")


def test_every_choice_and_every_input_is_in_the_method_table() -> None:
    made = analysis()
    table = method_table(made, "en")
    shown = [table.text_of(row) for row in table.rows]
    # One part of the method is the account of two rankings: 15 families and 1, each with three facts beside.
    assert len(shown) == len(made.method) - 1 + (15 + 3) + (1 + 3) + len(made.provenance)
    assert ("Random seed", "20260101", "") in shown
    assert any("ab" * 32 in value for _, value, _ in shown)
    assert any("Mogstad" in source for _, _, source in shown)
    chinese = ["".join(map(str, row)) for row in method_table(made, "zh").rows]
    assert any("企业排名 · 银行" in row and "发布方式=排名及其置信集" in row for row in chinese)


def test_the_small_sample_correction_is_named_where_errors_of_companies_are_shown() -> None:
    made = with_method(analysis(), small_sample="items")
    words = "small-sample correction by the answers to each item (Bell-McCaffrey)"
    assert any(words in note for note in company_table(made, "en").notes)
    assert any("小样本校正按各题项的回答数" in note for note in company_table(made, "zh").notes)
    # Errors of industries come from between companies, unless these are all there are.
    assert not any("small-sample" in note for note in industry_table(made, "en").notes)
    census = with_method(made, companies="census")
    assert any(words in note for note in industry_table(census, "en").notes)
    plain = with_method(analysis(), small_sample="interviews")
    assert any("correction by interviews" in note for note in company_table(plain, "en").notes)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_notes_name_conversion_weights_level_sets_and_ledger(language: str) -> None:
    notes = "\n".join(industry_table(analysis(), language).notes)
    for part in ("x / max × 100", "0.1667", "95%", "10,000", "20260101", "0.93", "905", "out_of_range"):
        assert part in notes
    assert "late" not in notes  # notes of the checks are no defects


OPEN_ENDS = {
    "zh": "t 区间不在 0 和 100 处截断，端点可能小于 0 或大于 100",
    "en": "t intervals are not cut at 0 and 100, so an end may lie below 0 or above 100",
}


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize(
    ("low", "high", "told"),
    [
        *[(80.0, 100.004, False), (80.0, 100.006, True), (80.0, 100.0, False), (80.0, float("inf"), True)],
        *[(-0.006, 80.0, True), (-0.004, 80.0, False), (0.0, 80.0, False), (float("nan"), 80.0, False)],
    ],
)
def test_intervals_beyond_the_scale_are_explained_where_they_are_printed(
    language: str, low: float, high: float, told: bool
) -> None:
    made = analysis(("银行", "证券"))
    assert OPEN_ENDS[language] not in company_table(made, language).notes
    made = replace(made, companies=made.companies.assign(ci_low=low, ci_high=high))
    notes = company_table(made, language).notes
    assert notes.count(OPEN_ENDS[language]) == told
    # Its place is below the sentence on the brackets.
    if told:
        before = notes[notes.index(OPEN_ENDS[language]) - 1]
        assert before.startswith(("方括号为", "Brackets after scores"))
    # The table of industries prints no such interval.
    assert OPEN_ENDS[language] not in industry_table(made, language).notes
    overall = replace(made, overall=made.overall.assign(ci_low=low, ci_high=high))
    assert (OPEN_ENDS[language] in industry_table(overall, language).notes) == told


def test_intervals_beyond_the_scale_are_explained_below_dimensions_items_and_groups() -> None:
    made = analysis(("银行",))
    groups = pd.DataFrame(
        {"by": ["region"], "value": ["北"], "score": [99.0], "ci_low": [97.0], "ci_high": [101.0], "n": [9]}
    )
    beyond = replace(
        made,
        dimensions=made.dimensions.assign(ci_high=101.0),
        items=made.items.assign(ci_high=101.0),
        breakdowns=groups,
    )
    for build in (dimension_table, item_table, breakdown_table):
        assert OPEN_ENDS["en"] in build(beyond, "en").notes
    within = replace(made, breakdowns=groups.assign(ci_high=100.0))
    within = replace(within, dimensions=made.dimensions.assign(ci_high=100.0, ci_low=0.0))
    for build in (dimension_table, breakdown_table):
        assert OPEN_ENDS["en"] not in build(within, "en").notes


def test_every_table_is_told_its_own_minimum_detectable_difference() -> None:
    assert any("13.62 points" in note for note in company_table(analysis(), "en", "银行").notes)
    assert any("2.50 points" in note for note in industry_table(analysis(), "en").notes)


def test_the_correction_of_the_first_place_is_told_where_the_first_place_is() -> None:
    sentence = "众多之中的最高分偏高：银行 的 89.47 校正后为 88.91 [87.10, 90.50]"
    assert sentence in industry_table(analysis(), "zh").notes
    assert not any(
        "偏高" in note for note in industry_table(published_as(analysis(), "tiers_only"), "zh").notes
    )
