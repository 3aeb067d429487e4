"""Scores and variances written out from their definitions, interview by interview, in exact fractions.

Slow and plain on purpose: it shares no code, no array and no order of work with the package.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from small_surveys import DIMENSIONS, ITEMS, Interview

Number = Fraction | None
COLUMNS = ("total", *DIMENSIONS, *ITEMS)


@dataclass(frozen=True)
class Rules:
    """The choices; the names are those of the method."""

    order: str = "item_first"
    item_weights: Mapping[str, float] = field(default_factory=lambda: dict.fromkeys(ITEMS, 1.0))
    dimension_weights: Mapping[str, float] = field(default_factory=lambda: dict.fromkeys(DIMENSIONS, 1.0))
    item_min_answers: int = 1
    dimension_min_items: int = 1
    industry_level: str = "company_mean"
    overall_level: str = "company_mean"
    companies: str = "sample"
    small_companies_in_industry: bool = True
    company_min_n: int = 1
    finite_population: bool = False

    def choices(self) -> dict[str, Any]:
        """The same for the package."""
        return vars(self) | {
            "item_weights": "declared",
            "declared_item_weights": dict(self.item_weights),
            "dimension_weights": "declared",
            "declared_dimension_weights": dict(self.dimension_weights),
        }


@dataclass
class Row:
    """One row of a table: value, variance, degrees of freedom and n of every column."""

    value: dict[str, Number] = field(default_factory=dict)
    variance: dict[str, Number] = field(default_factory=dict)
    df: dict[str, Fraction] = field(default_factory=dict)
    n: dict[str, int] = field(default_factory=dict)
    n_companies: int = 1
    n_effective: Number = None
    spread: Number = None


@dataclass
class Company(Row):
    """A company with its interviews."""

    industry: str = ""
    interviews: list[Interview] = field(default_factory=list)
    mass: dict[str, Fraction] = field(default_factory=dict)


def score_of(answer: int | str) -> Number:
    return None if isinstance(answer, str) else Fraction(answer * 10)


def weighted_mean(pairs: Sequence[tuple[Fraction, Number]]) -> Number:
    there = [(weight, value) for weight, value in pairs if value is not None]
    total = sum((weight for weight, _ in there), Fraction(0))
    return sum((weight * value for weight, value in there), Fraction(0)) / total if total else None


def items_of(dimension: str) -> list[str]:
    return [item for item, place in ITEMS.items() if place == dimension]


def answer_of(one: Interview, item: str) -> Number:
    return score_of(one.answers[list(ITEMS).index(item)])


def dimension_of(
    scores: Mapping[str, Number], dimension: str, rules: Rules
) -> tuple[Number, dict[str, Fraction]]:
    """A dimension from the items that are there, and the share of each item in it."""
    items = items_of(dimension)
    there = {i: Fraction(rules.item_weights[i]) for i in items if scores[i] is not None}
    if len(there) < min(rules.dimension_min_items, len(items)) or not sum(there.values()):
        return None, {}
    shares = {item: weight / sum(there.values()) for item, weight in there.items()}
    return sum((share * scores[item] for item, share in shares.items()), Fraction(0)), shares


def total_of(dimensions: Mapping[str, Number], rules: Rules) -> tuple[Number, dict[str, Fraction]]:
    there = {d: Fraction(rules.dimension_weights[d]) for d in DIMENSIONS if dimensions[d] is not None}
    if not sum(there.values(), Fraction(0)):
        return None, {}
    shares = {code: weight / sum(there.values()) for code, weight in there.items()}
    return sum((share * dimensions[code] for code, share in shares.items()), Fraction(0)), shares


def influences(
    people: Sequence[Interview], means: Mapping[str, Number], masses: Mapping[str, Fraction], rules: Rules
) -> tuple[dict[str, Number], list[dict[str, Fraction]]]:
    """Dimensions and total of item means, and what each respondent, weight included, adds to every one."""
    value: dict[str, Number] = dict(means)
    shares = {}
    for dimension in DIMENSIONS:
        value[dimension], shares[dimension] = dimension_of(means, dimension, rules)
    value["total"], outer = total_of(value, rules)
    table = []
    for one in people:
        z = dict.fromkeys(COLUMNS, Fraction(0))
        for item, dimension in ITEMS.items():
            answer = answer_of(one, item)
            if answer is None or means[item] is None:
                continue
            z[item] = Fraction(one.weight) * (answer - means[item]) / masses[item]
            z[dimension] += shares[dimension].get(item, Fraction(0)) * z[item]
        z["total"] = sum((share * z[code] for code, share in outer.items()), Fraction(0))
        table.append(z)
    return value, table


def answered(one: Interview, column: str) -> bool:
    if column == "total":
        return True
    items = items_of(column) if column in DIMENSIONS else [column]
    return any(answer_of(one, item) is not None for item in items)


def own_scores(one: Interview, rules: Rules) -> dict[str, Number]:
    """A respondent's own items, dimensions and total."""
    scores: dict[str, Number] = {item: answer_of(one, item) for item in ITEMS}
    for dimension in DIMENSIONS:
        scores[dimension] = dimension_of(scores, dimension, rules)[0]
    scores["total"] = total_of(scores, rules)[0]
    return scores


def company_of(people: Sequence[Interview], rules: Rules) -> Company:
    """Score one company."""
    found = Company(industry=people[0].industry, interviews=list(people))
    weights = [Fraction(one.weight) for one in people]
    found.n_effective = sum(weights) ** 2 / sum(w * w for w in weights)
    means: dict[str, Number] = {}
    masses: dict[str, Fraction] = {}
    for item in ITEMS:
        pairs = [(Fraction(one.weight), answer_of(one, item)) for one in people]
        masses[item] = sum((w for w, y in pairs if y is not None), Fraction(0))
        enough = sum(y is not None for _, y in pairs) >= rules.item_min_answers
        means[item] = weighted_mean(pairs) if enough else None
    value, table = influences(people, means, masses, rules)
    found.value, found.mass = value, {**masses, "total": sum(weights)}
    squares = {column: sum(z[column] ** 2 for z in table) for column in COLUMNS}
    found.n = {column: sum(answered(one, column) for one in people) for column in COLUMNS}
    # The composite of a respondent is his influence brought back to points of the score.
    found.spread = sum(weights) * sum(z["total"] ** 2 / w for z, w in zip(table, weights, strict=True))
    for dimension in DIMENSIONS:
        found.mass[dimension] = sum(
            (w for one, w in zip(people, weights, strict=True) if answered(one, dimension)), Fraction(0)
        )
    if rules.order == "respondent_first":
        own = [own_scores(one, rules) for one in people]
        for column in ("total", *DIMENSIONS):
            there = [(w, s[column]) for w, s in zip(weights, own, strict=True) if s[column] is not None]
            mean = weighted_mean(there)
            mass = sum((w for w, _ in there), Fraction(0))
            value[column], found.mass[column], found.n[column] = mean, mass, len(there)
            squares[column] = sum((w * (s - mean) / mass) ** 2 for w, s in there) if there else Fraction(0)
            if column == "total":
                found.spread = (
                    sum((w * (s - mean) ** 2 for w, s in there), Fraction(0)) / mass if there else None
                )
    for column in COLUMNS:
        n = found.n[column]
        known = n > 1 and value[column] is not None
        found.variance[column] = Fraction(n, n - 1) * squares[column] if known else None
        if known and rules.finite_population:
            found.variance[column] *= 1 - len(people) / Fraction(people[0].population)
        found.df[column] = Fraction(max(n - 1, 0))
    return found


def satterthwaite(parts: Sequence[tuple[Fraction, Fraction]]) -> Fraction:
    below = sum((v * v / df for v, df in parts if df > 0), Fraction(0))
    return sum((v for v, _ in parts), Fraction(0)) ** 2 / below if below else Fraction(0)


def group_of(
    companies: Sequence[Company], level: str, rules: Rules, strata: Sequence[Sequence[Company]] = ()
) -> Row:
    """Score a group of companies; `strata` are its industries where companies are drawn within each."""
    row = Row()
    counted = [
        one
        for one in companies
        if one.value["total"] is not None
        and (rules.small_companies_in_industry or len(one.interviews) >= rules.company_min_n)
    ]
    pooled_items = level == "respondent_pooled" and rules.order == "item_first"
    if pooled_items:
        people = [(k, one) for k, member in enumerate(counted) for one in member.interviews]
        means, masses = {}, {}
        for item in ITEMS:
            pairs = [
                (Fraction(one.weight), answer_of(one, item))
                for k, one in people
                if counted[k].value[item] is not None
            ]
            means[item] = weighted_mean(pairs)
            masses[item] = sum((w for w, y in pairs if y is not None), Fraction(0))
        hidden = [
            Interview(
                one.company,
                tuple(
                    answer if counted[k].value[item] is not None else "blank"
                    for item, answer in zip(ITEMS, one.answers, strict=True)
                ),
                one.industry,
                one.weight,
            )
            for k, one in people
        ]
        row.value, table = influences(hidden, means, masses, rules)
    for column in COLUMNS:
        row.n[column] = sum(one.n[column] for one in counted)
        if pooled_items:
            by_company: list[list[Fraction]] = [[] for _ in counted]
            for (k, one), z in zip(people, table, strict=True):
                if rules.companies != "census" or answered(one, column):
                    by_company[k].append(z[column])
            z_of = [sum(part, Fraction(0)) for part in by_company]
            there = [k for k, one in enumerate(counted) if one.value[column] is not None or z_of[k] != 0]
        else:
            mass = [
                one.mass[column]
                if level == "respondent_pooled"
                else Fraction(one.interviews[0].market_share)
                if level == "market_weighted"
                else Fraction(1)
                for one in counted
            ]
            there = [k for k, one in enumerate(counted) if one.value[column] is not None]
            row.value[column] = weighted_mean([(mass[k], counted[k].value[column]) for k in there])
            total = sum((mass[k] for k in there), Fraction(0))
            z_of = [
                mass[k] * (one.value[column] - row.value[column]) / total if k in there else Fraction(0)
                for k, one in enumerate(counted)
            ]
        if column == "total":
            row.n_companies = len(there)
        if not there:
            row.value[column] = row.variance[column] = None
            row.df[column] = Fraction(0)
            continue
        if len(counted) == 1:
            row.variance[column], row.df[column] = counted[0].variance[column], counted[0].df[column]
        elif rules.companies == "census":
            if level == "respondent_pooled":
                parts = []
                for k, one in enumerate(counted):
                    zs = (
                        by_company[k]
                        if pooled_items
                        else pooled_own(one, column, row.value[column], total, rules)
                    )
                    n = len(zs)
                    centre = sum(zs, Fraction(0)) / n if n else Fraction(0)
                    within = Fraction(n, n - 1) * sum((z - centre) ** 2 for z in zs) if n > 1 else Fraction(0)
                    if rules.finite_population:
                        within *= 1 - len(one.interviews) / Fraction(one.interviews[0].population)
                    parts.append((within, one.df[column]))
            else:
                parts = [
                    (
                        (mass[k] / total) ** 2 * (counted[k].variance[column] or Fraction(0)),
                        counted[k].df[column],
                    )
                    for k in there
                ]
            row.variance[column] = sum((v for v, _ in parts), Fraction(0))
            row.df[column] = satterthwaite(parts)
        else:
            stretches = strata or [companies]
            variance, strata_there = Fraction(0), 0
            for stretch in stretches:
                members = [z_of[k] for k in there if any(counted[k] is one for one in stretch)]
                j = len(members)
                strata_there += j > 0
                centre = sum(members, Fraction(0)) / j if j > 1 else Fraction(0)
                variance += (Fraction(j, j - 1) if j > 1 else 1) * sum((z - centre) ** 2 for z in members)
            row.variance[column] = variance if len(there) > 1 else None
            df = len(there) - strata_there
            row.df[column] = Fraction(df if df > 0 else max(len(there) - 1, 0))
    if counted:
        weights = [
            one.mass["total"]
            if level == "respondent_pooled"
            else Fraction(one.interviews[0].market_share)
            if level == "market_weighted"
            else Fraction(1)
            for one in counted
        ]
        shares = [w / sum(weights) for w in weights]
        row.n_effective = 1 / sum(s * s / one.n_effective for s, one in zip(shares, counted, strict=True))
        row.spread = sum(
            s * (one.spread + (one.value["total"] - row.value["total"]) ** 2)
            for s, one in zip(shares, counted, strict=True)
        )
    return row


def pooled_own(one: Company, column: str, mean: Fraction, mass: Fraction, rules: Rules) -> list[Fraction]:
    own = [(Fraction(person.weight), own_scores(person, rules)[column]) for person in one.interviews]
    return [w * (s - mean) / mass for w, s in own if s is not None]


@dataclass
class Restated:
    """All rows."""

    companies: dict[tuple[str, str], Company]
    industries: dict[str, Row]
    overall: Row


def restate(interviews: Sequence[Interview], rules: Rules) -> Restated:
    """Score a survey from the definitions."""
    people: dict[tuple[str, str], list[Interview]] = {}
    for one in interviews:
        people.setdefault((one.industry, one.company), []).append(one)
    companies = {key: company_of(part, rules) for key, part in sorted(people.items())}
    strata = {
        name: [one for one in companies.values() if one.industry == name]
        for name in sorted({k[0] for k in companies})
    }
    industries = {name: group_of(part, rules.industry_level, rules) for name, part in strata.items()}
    if rules.overall_level != "industry_mean":
        overall = group_of(list(companies.values()), rules.overall_level, rules, list(strata.values()))
        return Restated(companies, industries, overall)
    overall = Row()
    for column in COLUMNS:
        there = [row for row in industries.values() if row.value[column] is not None]
        share = Fraction(1, len(there)) if there else Fraction(0)
        overall.value[column] = weighted_mean([(Fraction(1), row.value[column]) for row in there])
        errors = [row.variance[column] for row in there]
        known = bool(there) and None not in errors
        overall.variance[column] = share**2 * sum(errors, Fraction(0)) if known else None
        parts = [(share**2 * (row.variance[column] or 0), row.df[column]) for row in there]
        overall.df[column] = satterthwaite(parts) if known else Fraction(0)
        overall.n[column] = sum(row.n[column] for row in industries.values())
    there = [row for row in industries.values() if row.value["total"] is not None]
    overall.n_companies = sum(row.n_companies for row in industries.values())
    if there:
        overall.n_effective = len(there) ** 2 / sum(1 / row.n_effective for row in there)
    return Restated(companies, industries, overall)
