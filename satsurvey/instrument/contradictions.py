"""What no single field of an instrument file shows: names that point nowhere, codes that collide.

Works on the plain data of the file, so that it speaks even where the fields themselves are faulty.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Hashable, Iterator, Mapping
from typing import Any

from satsurvey.errors import Defect, shorten
from satsurvey.instrument.filters import FilterSyntaxError, codes_compared, facts_used

MOST_LEVELS = 201
"""A scale has at most this many answer levels: answers are held one byte each, beside the missing reasons."""

RESULT_COLUMNS = frozenset(
    {
        "level",
        "industry",
        "company",
        "company_id",
        "dimension",
        "item",
        "score",
        "std_error",
        "ci_low",
        "ci_high",
    }
    | {
        "df",
        "n",
        "n_effective",
        "n_companies",
        "n_industries",
        "design_effect",
        "suppressed",
        "note",
        "publish",
    }
    | {"rank", "rank_low", "rank_high", "rank_overall", "expected_rank", "tier", "reliability", "rankability"}
)
"""Columns of printed tables; dimensions become columns beside them and cannot share their names."""

_TABLES = ("facts", "dimensions", "items", "outcomes")


def plain_number(value: float) -> str:
    """Write a number as an export would: 7 and not 7.0, 0.5 and not 0.50."""
    return str(int(value)) if float(value).is_integer() else repr(float(value))


def fold_name(text: str) -> str:
    """Fold what never distinguishes two headings or answers: character width, case, surplus space."""
    return " ".join(unicodedata.normalize("NFKC", text).split()).casefold()


def contradictions(data: Mapping[str, Any]) -> Iterator[Defect]:
    """Yield the defects of an instrument's data that lie between its fields; never raises on any data."""
    scales, filters = _mapping(data, "scales"), _mapping(data, "filters")
    default = data.get("default_scale")
    if isinstance(default, str) and default not in scales:
        yield Defect("default_scale", f"no scale is called {_quote(default)}{_there_are(scales)}")
    for name, row in scales.items():
        if isinstance(row, Mapping):
            yield from _scale(f"scales.{name}", row)
    yield from _codes(data)
    yield from _pointers(data, scales, filters)
    yield from _conditions(data, filters)
    yield from _facts(data)
    yield from _wordings(data)
    yield from _headings(data)
    yield from _missing_words(data)
    yield from _scoring(data)


def _entries(data: Mapping[str, Any], table: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    rows = data.get(table, ())
    if isinstance(rows, list | tuple):
        for number, row in enumerate(rows, start=1):
            if isinstance(row, Mapping):
                yield number, row


def _mapping(data: Mapping[str, Any], table: str) -> Mapping[str, Any]:
    found = data.get(table)
    return found if isinstance(found, Mapping) else {}


def _list(row: Mapping[str, Any], key: str) -> list[Any] | tuple[Any, ...]:
    found = row.get(key)
    return found if isinstance(found, list | tuple) else ()


def _code(row: Mapping[str, Any], key: str = "code") -> str | None:
    """Return a code when it is a text; anything else is reported by the field's own check."""
    found = row.get(key)
    return found if isinstance(found, str) else None


def _quote(value: object) -> str:
    return f"'{shorten(value)}'"


def _there_are(names: Mapping[str, Any] | set[str]) -> str:
    return f"; there are {', '.join(shorten(name) for name in sorted(names))}" if 0 < len(names) <= 12 else ""


def _scale(where: str, row: Mapping[str, Any]) -> Iterator[Defect]:
    try:
        low, high, step = float(row["min"]), float(row["max"]), float(row.get("step", 1))
    except (KeyError, TypeError, ValueError, OverflowError):
        return
    if not all(math.isfinite(value) for value in (low, high, step)):
        return
    if not low < high:
        yield Defect(where, f"min {low:g} must be below max {high:g}")
        return
    if step <= 0:
        return
    levels = (high - low) / step + 1
    if levels > MOST_LEVELS or abs(levels - round(levels)) > 1e-9:
        yield Defect(
            f"{where}.step",
            f"from {low:g} to {high:g} by {step:g} gives {levels:g} levels; "
            f"a scale has a whole number of levels, at most {MOST_LEVELS}",
        )
        return
    codes = {plain_number(low + k * step) for k in range(round(levels))}
    for code in _mapping(row, "missing"):
        if code in codes:
            yield Defect(f"{where}.missing.{code}", "this code is also an answer on the scale")
    for table in ("labels", "anchors"):
        for code in _mapping(row, table):
            if code not in codes:
                yield Defect(f"{where}.{table}.{code}", "this is not an answer on the scale")
    anchors = _mapping(row, "anchors")
    if anchors and codes - set(anchors) and not set(anchors) - codes:
        lacking = sorted(codes - set(anchors), key=float)
        yield Defect(f"{where}.anchors", f"no value is declared for {', '.join(lacking)}")
    line = row.get("satisfied_from")
    if isinstance(line, int | float) and not low <= line <= high:
        yield Defect(f"{where}.satisfied_from", f"this is outside the scale from {low:g} to {high:g}")
    yield from _same_labels(f"{where}.labels", _mapping(row, "labels"))


def _same_labels(where: str, labels: Mapping[str, Any]) -> Iterator[Defect]:
    """Yield labels that stand for two codes, since an export that holds labels could not be decoded."""
    owner: dict[str, str] = {}
    for code, text in labels.items():
        words = text.values() if isinstance(text, Mapping) else ()
        for word in {fold_name(word) for word in words if isinstance(word, str) and word.strip()}:
            if word in owner:
                yield Defect(f"{where}.{code}", f"{_quote(word)} is also the label of {owner[word]}")
            owner.setdefault(word, code)


def _codes(data: Mapping[str, Any]) -> Iterator[Defect]:
    seen: dict[str, str] = {}
    for table in _TABLES:
        for number, row in _entries(data, table):
            code = _code(row)
            if code is None:
                continue
            where = f"{table}[{number}]"
            # A dimension may share its code with nothing else: both can be headings of printed tables.
            if code in seen:
                yield Defect(f"{where}.code", f"{_quote(code)} is already the code of {seen[code]}")
            seen.setdefault(code, where)
            if table == "dimensions" and code.casefold() in RESULT_COLUMNS:
                yield Defect(
                    f"{where}.code", f"{_quote(code)} is a column of the result tables; choose another"
                )


def _pointers(
    data: Mapping[str, Any], scales: Mapping[str, Any], filters: Mapping[str, Any]
) -> Iterator[Defect]:
    dimensions = {code for _, row in _entries(data, "dimensions") if (code := _code(row)) is not None}
    members: dict[str, int] = {}
    for number, row in _entries(data, "items"):
        dimension, filtered = _code(row, "dimension"), _code(row, "filter")
        if dimension is not None:
            members[dimension] = members.get(dimension, 0) + 1
            if dimension not in dimensions:
                yield Defect(
                    f"items[{number}].dimension",
                    f"no dimension has the code {_quote(dimension)}{_there_are(dimensions)}",
                )
        if filtered is not None and filtered not in filters:
            yield Defect(
                f"items[{number}].filter", f"no filter is called {_quote(filtered)}{_there_are(filters)}"
            )
    for number, row in _entries(data, "dimensions"):
        code, least = _code(row), row.get("min_items")
        if code is None:
            continue
        if code not in members:
            yield Defect(f"dimensions[{number}]", f"no item belongs to the dimension {_quote(code)}")
        elif isinstance(least, int) and least > members[code]:
            yield Defect(
                f"dimensions[{number}].min_items",
                f"the dimension has only {members[code]} items, so that it could never be scored",
            )
    for table in ("items", "outcomes"):
        for number, row in _entries(data, table):
            scale = _code(row, "scale")
            if scale is not None and scale not in scales:
                yield Defect(
                    f"{table}[{number}].scale", f"no scale is called {_quote(scale)}{_there_are(scales)}"
                )


def _conditions(data: Mapping[str, Any], filters: Mapping[str, Any]) -> Iterator[Defect]:
    facts = {code: row for _, row in _entries(data, "facts") if (code := _code(row)) is not None}
    found = [
        (f"filters.{name}.expression", row.get("expression"))
        for name, row in filters.items()
        if isinstance(row, Mapping)
    ]
    found += [(f"facts[{number}].ask_if", row.get("ask_if")) for number, row in _entries(data, "facts")]
    for where, expression in found:
        if not isinstance(expression, str):
            continue
        try:
            unknown = [name for name in facts_used(expression) if name not in facts]
            compared = codes_compared(expression)
        except FilterSyntaxError as exc:
            yield Defect(where, str(exc))
            continue
        for name in unknown:
            yield Defect(where, f"no fact has the code {_quote(name)}")
        for name, code in compared:
            legal = _fact_codes(facts.get(name, {}))
            if legal and code not in legal:
                yield Defect(
                    where,
                    f"{_quote(code)} is no answer to {name}; its answers are {', '.join(sorted(legal))}",
                )


def _fact_codes(fact: Mapping[str, Any]) -> set[str]:
    """Return the codes that a coded fact can have; empty for numbers, which can have any."""
    if fact.get("type") == "yes_no":
        return {"0", "1"}
    return set(map(str, _mapping(fact, "values"))) if fact.get("type") == "one_of" else set()


def _facts(data: Mapping[str, Any]) -> Iterator[Defect]:
    for number, row in _entries(data, "facts"):
        where = f"facts[{number}]"
        values = _mapping(row, "values")
        if row.get("type") == "one_of" and not values:
            yield Defect(f"{where}.values", "a fact of type one_of needs its answers")
        if row.get("type") == "yes_no":
            for code in values:
                if code not in {"0", "1"}:
                    yield Defect(f"{where}.values.{code}", "a yes_no fact has the answers 0 and 1 only")
        for code in _mapping(row, "missing"):
            if code in _fact_codes(row):
                yield Defect(f"{where}.missing.{code}", "this code is also an answer to the fact")
        yield from _same_labels(f"{where}.values", values)


def _wordings(data: Mapping[str, Any]) -> Iterator[Defect]:
    for table in _TABLES:
        for number, row in _entries(data, table):
            text = row.get("text")
            if isinstance(text, Mapping) and not any(isinstance(w, str) and w.strip() for w in text.values()):
                yield Defect(f"{table}[{number}].text", "the wording is needed, in zh or en or both")


def _headings(data: Mapping[str, Any]) -> Iterator[Defect]:
    owner: dict[str, str] = {}
    tables = (("facts", "code"), ("items", "code"), ("outcomes", "code"), ("record_fields", "role"))
    for table, key in tables:
        for number, row in _entries(data, table):
            where = f"{table}[{number}]"
            names = [name for name in (row.get(key), *_list(row, "aliases")) if isinstance(name, str)]
            for name in dict.fromkeys(fold_name(name) for name in names if name.strip()):
                if name in owner:
                    yield Defect(f"{where}.aliases", f"{_quote(name)} is also a heading of {owner[name]}")
                owner.setdefault(name, where)


def _missing_words(data: Mapping[str, Any]) -> Iterator[Defect]:
    owner: dict[str, str] = {}
    table = _mapping(data, "missing_words")
    for reason in table:
        for word in {fold_name(word) for word in _list(table, reason) if isinstance(word, str)}:
            if word in owner:
                yield Defect(f"missing_words.{reason}", f"{_quote(word)} also stands for {owner[word]}")
            owner.setdefault(word, str(reason))
    for name, row in _mapping(data, "scales").items():
        if not isinstance(row, Mapping):
            continue
        for code, text in _mapping(row, "labels").items():
            words = text.values() if isinstance(text, Mapping) else ()
            for word in words:
                if isinstance(word, str) and fold_name(word) in owner:
                    yield Defect(
                        f"scales.{name}.labels.{code}",
                        f"{_quote(word)} also stands for the missing reason {owner[fold_name(word)]}",
                    )


def _scoring(data: Mapping[str, Any]) -> Iterator[Defect]:
    scoring = _mapping(data, "scoring")
    for method, table in (("dimension_weights", "dimensions"), ("item_weights", "items")):
        if scoring.get(method) != "declared":
            continue
        weights = [row.get("weight") for _, row in _entries(data, table)]
        for (number, _), weight in zip(_entries(data, table), weights, strict=True):
            if weight is None:
                yield Defect(
                    f"{table}[{number}].weight", f"scoring.{method} is declared, so a weight is needed"
                )
        if weights and all(isinstance(weight, int | float) and weight == 0 for weight in weights):
            yield Defect(f"{table}.weight", "the weights are all 0; at least one must be positive")
    if scoring.get("conversion") == "anchored":
        scales = _mapping(data, "scales")
        used = {_code(row, "scale") or _code(data, "default_scale") for _, row in _entries(data, "items")}
        for name, row in scales.items():
            if isinstance(row, Mapping) and name in used and not row.get("anchors"):
                yield Defect(
                    f"scales.{name}.anchors", "scoring.conversion is anchored, so anchors are needed"
                )
    yield from _pairwise(data, scoring)


def _pairwise(data: Mapping[str, Any], scoring: Mapping[str, Any]) -> Iterator[Defect]:
    """Yield what is wrong with the shape of matrices of pairwise comparisons (AHP)."""
    dimensions = [code for _, row in _entries(data, "dimensions") if (code := _code(row)) is not None]
    if scoring.get("dimension_weights") == "ahp" and not scoring.get("ahp_dimensions"):
        yield Defect("scoring.ahp_dimensions", "scoring.dimension_weights is ahp, so comparisons are needed")
    yield from _square("scoring.ahp_dimensions", scoring.get("ahp_dimensions"), len(dimensions), "dimensions")
    matrices = _mapping(scoring, "ahp_items")
    members: dict[Hashable, int] = dict.fromkeys(dimensions, 0)
    for _, row in _entries(data, "items"):
        code = _code(row, "dimension")
        if code in members:
            members[code] += 1
    for code, matrix in matrices.items():
        where = f"scoring.ahp_items.{code}"
        if code not in members:
            yield Defect(where, f"no dimension has the code {_quote(code)}")
        else:
            yield from _square(where, matrix, members[code], f"items of {code}")
    if scoring.get("item_weights") == "ahp":
        for code in dimensions:
            if code not in matrices and members[code] > 1:
                yield Defect(
                    f"scoring.ahp_items.{code}", "scoring.item_weights is ahp, so comparisons are needed"
                )


def _square(where: str, matrix: object, size: int, what: str) -> Iterator[Defect]:
    if not isinstance(matrix, list | tuple) or not matrix:
        return
    lengths = [len(row) for row in matrix if isinstance(row, list | tuple)]
    if len(matrix) != size or lengths != [size] * size:
        yield Defect(where, f"this must have {size} rows of {size} numbers, one for each of the {what}")
