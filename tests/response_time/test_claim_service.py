"""Cost by resolution in a table of periods: spelled in many ways, stated where unclear, with gaps."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from response_time.claim_truths import costs, one, table, value

from satsurvey.response_time.claim_data import ClaimData
from satsurvey.response_time.extra_columns import ExtraTable


def test_cost_of_one_company_goes_with_time_and_not_with_the_spelling_of_months() -> None:
    month = np.arange(1, 13)
    fcr = 60 + 2 * np.sin(month)
    cost = 1000 * np.exp(-0.03 * month - 0.02 * (fcr - 60))
    for spelling in ("{}月", "2024-{}", "{}/2024"):
        periods = [spelling.format(k) for k in month]
        own = table(period=periods, cost=cost.tolist(), issues=[10.0] * 12, fcr=fcr.tolist())
        # The trend is taken off as it was planted: ten points more are exp(-0.2) - 1.
        found = value(one(ClaimData.of(tables=[own]), "C03"))[0]
        assert found == pytest.approx(100 * np.expm1(-0.2), rel=1e-6), spelling


def test_periods_whose_order_is_not_known_are_asked_for_and_can_be_stated() -> None:
    names = ["11月", "12月", "1月", "2月", "3月", "4月", "5月", "6月"]
    fcr = 60 + np.array([3.0, 1, 4, 1, 5, 9, 2, 6])
    cost = 1000 * np.exp(-0.03 * np.arange(8) - 0.02 * (fcr - 60))
    own = table(period=names, cost=cost.tolist(), issues=[10.0] * 8, fcr=fcr.tolist())
    asked = one(ClaimData.of(tables=[own]), "C03")
    assert asked.verdict == "not_testable"
    assert "period_order" in asked.reason
    assert asked.said is not None
    assert "说明次序" in asked.said.text("zh")
    stated = one(ClaimData.of(tables=[own], given={"period_order": ",".join(names)}), "C03")
    assert value(stated)[0] == pytest.approx(100 * np.expm1(-0.2), rel=1e-6)


def test_rows_without_a_company_or_a_period_are_counted_and_not_companies_of_their_own() -> None:
    whole = costs(-0.1, n=3)
    company = whole.cells["company"].to_pylist()
    period = whole.cells["period"].to_pylist()
    company[:6] = [""] * 6
    period[-1] = ""
    part = ExtraTable(
        "table.csv", {**whole.cells, "company": pa.array(company), "period": pa.array(period)}, whole.headings
    )
    result = one(ClaimData.of(tables=[part]), "C03")
    assert result.tested is not None
    assert (result.tested.n, result.tested.n_companies) == (29, 3)
    said = {note.code: note.values.get("n") for note in result.tested.notes}
    assert said["no_company_in_table"] == 6
    assert said["no_period_in_table"] == 1
