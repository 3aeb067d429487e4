"""Which column is what: headings bound to items, facts, outcomes and roles by declared names only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from satsurvey.errors import ColumnsError, shorten
from satsurvey.instrument.model import Instrument
from satsurvey.intake.formats.headings import normalise_heading
from satsurvey.intake.raw import RawColumn, Source
from satsurvey.intake.study import ROLES, Study

_LONGEST_CODE = 100
_SEPARATORS = "、.．:：_-—  \t"


@dataclass(frozen=True)
class Binding:
    """Columns of one file by what they hold, as positions in the file's list of columns."""

    items: Mapping[str, int]
    facts: Mapping[str, int]
    outcomes: Mapping[str, int]
    roles: Mapping[str, int]
    unused: tuple[RawColumn, ...]


def declared_names(instrument: Instrument) -> dict[str, tuple[str, str]]:
    """Map every declared heading, normalised, to the table and code it stands for.

    A name declared for two things is left out: it can only be bound by a study file.
    """
    names: dict[str, set[tuple[str, str]]] = defaultdict(set)

    def declare(table: str, code: str, headings: Iterable[str]) -> None:
        for heading in (code, *headings):
            if heading:
                names[normalise_heading(heading)].add((table, code))

    for item in instrument.items:
        wording = (item.text.zh, item.text.en, item.text_channel.zh, item.text_channel.en)
        declare("items", item.code, (*item.aliases, *wording))
    for fact in instrument.facts:
        declare("facts", fact.code, (*fact.aliases, fact.text.zh, fact.text.en))
    for outcome in instrument.outcomes:
        declare("outcomes", outcome.code, (*outcome.aliases, outcome.text.zh, outcome.text.en))
    for field in instrument.record_fields:
        declare("roles", field.role, (*field.aliases, field.text.zh, field.text.en))
    for role in ROLES:
        names.setdefault(role, {("roles", role)})
    return {name: next(iter(owners)) for name, owners in names.items() if len(owners) == 1}


def known_headings(instrument: Instrument, study: Study | None) -> frozenset[str]:
    """Return every heading that could be bound, normalised, for telling headings from title rows."""
    known = set(declared_names(instrument))
    if study is not None:
        for table in (study.columns, study.items, study.facts, study.outcomes):
            known.update(normalise_heading(heading) for heading in table.values())
        known.update(normalise_heading(heading) for heading in study.ignore)
    return frozenset(known)


def match_heading(heading: str, names: Mapping[str, tuple[str, str]]) -> tuple[str, str] | None:
    """Return what a heading stands for by declared names: itself, or a code followed by its wording."""
    name = normalise_heading(heading)
    if name in names:
        return names[name]
    # "A1、打通客服热线的顺利程度": the code in front decides, whatever wording follows. Where codes have
    # separators themselves ("A_1", "A_1_2"), the longest that is declared.
    for place in range(min(len(name) - 1, _LONGEST_CODE), 0, -1):
        if name[place] in _SEPARATORS and name[:place] in names:
            return names[name[:place]]
    return None


def bind(
    source: Source, columns: Sequence[RawColumn], instrument: Instrument, study: Study | None
) -> Binding:
    """Bind the columns of a file.

    What the study file declares comes first; the rest is bound by the instrument's own codes and aliases. A
    heading that is a declared name goes before one that only begins with it ("A1" before "A1_seconds").

    Raises
    ------
    ColumnsError
        When a declared column is absent, when two columns claim the same place, when one column is declared
        for two items, when no item is found, or when no column holds the company.
    """
    by_heading: dict[str, list[int]] = defaultdict(list)
    for position, column in enumerate(columns):
        by_heading[normalise_heading(column.heading)].append(position)
    bound: dict[str, dict[str, int]] = {"items": {}, "facts": {}, "outcomes": {}, "roles": {}}
    taken: set[int] = set()
    if study is not None:
        _bind_declared(source, columns, study, by_heading, bound)
        taken.update(position for table in bound.values() for position in table.values())
        taken.update(p for heading in study.ignore for p in by_heading.get(normalise_heading(heading), []))
    declared = {table: set(codes) for table, codes in bound.items()}
    names = declared_names(instrument)
    found = {
        position: match
        for position, column in enumerate(columns)
        if position not in taken and (match := match_heading(column.heading, names)) is not None
    }
    exact = {position for position in found if normalise_heading(columns[position].heading) in names}
    for position in (*sorted(exact), *sorted(found.keys() - exact)):
        table, code = found[position]
        if code in declared[table]:
            continue
        if study is not None and table == "roles" and code in study.constants:
            continue  # what the study says of every row goes before a column known by its heading
        if code in bound[table]:
            if bound[table][code] in exact and position not in exact:
                continue
            raise ColumnsError(
                f"two columns stand for {code}: {_place(columns[bound[table][code]])} "
                f"and {_place(columns[position])}",
                file=source.path,
                sheet=source.sheet,
                row=source.heading_row or None,
                next_step="rename one of them, or bind the right one in a study file "
                "(satsurvey init writes one)",
            )
        bound[table][code] = position
        taken.add(position)
    _require(source, columns, bound, instrument, study)
    unused = tuple(column for position, column in enumerate(columns) if position not in taken)
    return Binding(bound["items"], bound["facts"], bound["outcomes"], bound["roles"], unused)


def _bind_declared(
    source: Source,
    columns: Sequence[RawColumn],
    study: Study,
    by_heading: Mapping[str, Sequence[int]],
    bound: Mapping[str, dict[str, int]],
) -> None:
    """Bind what the study file declares."""
    row = source.heading_row or None
    declared = {
        "items": study.items,
        "facts": study.facts,
        "outcomes": study.outcomes,
        "roles": study.columns,
    }
    for table, headings in declared.items():
        for code, heading in headings.items():
            positions = by_heading.get(normalise_heading(heading), [])
            if len(positions) != 1:
                letters = " and ".join(columns[position].letter for position in positions)
                raise ColumnsError(
                    f"the study file binds {code} to the heading {heading!r}, "
                    + (f"which several columns have: {letters}" if positions else "which no column has"),
                    file=source.path,
                    sheet=source.sheet,
                    row=row,
                    value=None if positions else _listing(columns),
                    next_step="correct the heading in the study file, or rename a column of the export "
                    "(satsurvey inspect lists the headings)",
                )
            bound[table][code] = positions[0]
    owner: dict[int, str] = {}
    for code, position in bound["items"].items():
        if position in owner:
            raise ColumnsError(
                f"the study file binds two items to one column: {owner[position]} and {code} "
                f"to {_place(columns[position])}",
                file=source.path,
                sheet=source.sheet,
                row=row,
                next_step="give each item its own column in the study file",
            )
        owner[position] = code


def _place(column: RawColumn) -> str:
    return f"{column.letter} {shorten(column.heading, 40)!r}"


def _require(
    source: Source,
    columns: Sequence[RawColumn],
    bound: Mapping[str, Mapping[str, int]],
    instrument: Instrument,
    study: Study | None,
) -> None:
    remedy = "write a study file that says which column is which: satsurvey init FILE makes a draft of it"
    if not bound["items"]:
        raise ColumnsError(
            f"no column is an item of the instrument {instrument.id}",
            file=source.path,
            sheet=source.sheet,
            row=source.heading_row or None,
            value=_listing(columns),
            expected=f"headings such as {', '.join(instrument.item_codes[:3])} "
            f"or {instrument.items[0].text.get('zh')}",
            next_step=remedy + "; or name another instrument with --instrument",
        )
    constant = study is not None and ("company" in study.constants or "company_id" in study.constants)
    if not constant and not {"company", "company_id"} & set(bound["roles"]):
        field = instrument.roles.get("company")
        aliases = (field.aliases if field else ())[:4]
        raise ColumnsError(
            "no column holds the company",
            file=source.path,
            sheet=source.sheet,
            row=source.heading_row or None,
            value=_listing(columns),
            expected=f"a heading such as {', '.join(('company', *aliases))}",
            next_step=remedy + '; for an export of one company write company = "NAME" under [constants]',
        )


def _listing(columns: Sequence[RawColumn]) -> str:
    return shorten(", ".join(column.heading for column in columns), 400)
