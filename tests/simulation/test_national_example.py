"""The shipped national survey: it is what its design makes, and it gives the published figures."""

import csv
import io
from collections import defaultdict
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest

from satsurvey.simulation import load_design, simulate, write_export

FOLDER = Path(__file__).resolve().parents[2] / "examples" / "national-2019"
EXPORT = FOLDER / "national-2019.csv"
FIRST_ITEMS = {"A": 3, "B": 5, "C": 4, "D": 4, "E": 3, "F": 3}


def printed(score: float) -> str:
    return str(Decimal(repr(score)).quantize(Decimal("0.01"), ROUND_HALF_UP))


def mean(values: list[float]) -> float:
    return sum(values) / len(values)


@pytest.fixture(scope="module")
def rows() -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(EXPORT.read_bytes().decode("gb18030"), newline="")))


@pytest.fixture(scope="module")
def companies(rows) -> dict[tuple[str, str], dict[str, float]]:
    """Dimension scores of every company by the rules of the instrument, restated without the package."""
    heading = {name.split("、")[0]: name for name in rows[0]}
    by_company = defaultdict(list)
    for row in rows:
        by_company[row["行业"], row["企业名称"]].append(row)
    scores = {}
    for company, own in by_company.items():
        scores[company] = {}
        for dimension, count in FIRST_ITEMS.items():
            items = []
            for number in range(1, count + 1):
                cells = [row[heading[f"{dimension}{number}"]] for row in own]
                answers = [int(cell) for cell in cells if cell.isdigit() and 1 <= int(cell) <= 10]
                items.append(mean(answers) * 10)
            scores[company][dimension] = mean(items)
    return scores


def test_the_shipped_export_is_what_the_design_makes_byte_for_byte(tmp_path: Path):
    made = write_export(simulate(load_design(FOLDER / "design.toml")), tmp_path / "again.csv")
    assert made.read_bytes() == EXPORT.read_bytes()


def test_it_has_the_size_of_the_national_survey(rows, companies):
    assert len(rows) == 7385
    assert len(companies) == 360
    assert len({industry for industry, _ in companies}) == 15
    counts = defaultdict(int)
    for row in rows:
        counts[row["企业名称"]] += 1
    assert min(counts.values()) >= 20
    assert EXPORT.stat().st_size < 3_000_000


def test_it_gives_the_published_overall_score_and_dimensions(companies):
    by_dimension = {d: printed(mean([scores[d] for scores in companies.values()])) for d in FIRST_ITEMS}
    assert by_dimension == {
        "A": "77.40",
        "B": "85.13",
        "C": "80.91",
        "D": "83.53",
        "E": "81.97",
        "F": "93.37",
    }
    assert printed(mean([mean(list(scores.values())) for scores in companies.values()])) == "83.71"


def test_it_gives_the_published_industries_which_lead_clearly(companies):
    totals = defaultdict(list)
    for (industry, _), scores in companies.items():
        totals[industry].append(mean(list(scores.values())))
    industries = {industry: mean(values) for industry, values in totals.items()}
    order = sorted(industries, key=industries.__getitem__, reverse=True)
    assert [(name, printed(industries[name])) for name in order[:3]] == [
        ("银行", "89.47"), ("证券", "87.89"), ("互联网旅游", "87.14"),
    ]  # fmt: skip
    assert industries[order[3]] < 86.5


def test_every_company_has_answers_to_enough_items_of_every_dimension(companies):
    assert all(set(scores) == set(FIRST_ITEMS) for scores in companies.values())


def test_every_row_says_that_it_is_simulated(rows):
    assert {row["期次"] for row in rows} == {"2019模拟"}
    assert "模拟数据" in (FOLDER / "README.md").read_text(encoding="utf-8")
    assert "simulated data" in (FOLDER / "README.md").read_text(encoding="utf-8")
