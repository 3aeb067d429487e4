"""Drafts of study files: what names declare is in force, what is guessed stands as commented-out lines."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from satsurvey.errors import shorten
from satsurvey.instrument.library import instrument_names
from satsurvey.instrument.model import Instrument, MissingReason
from satsurvey.intake.answers import fold, key_of
from satsurvey.intake.formats.headings import normalise_heading
from satsurvey.intake.guessing import Guess, guess_bindings, look
from satsurvey.intake.guessing_codes import guess_completed, guess_reason, guess_scale
from satsurvey.intake.inspection import InspectedColumn, Inspection, ValueCount
from satsurvey.intake.special_codes import meanings_of
from satsurvey.intake.study import ROLES, SCHEMA
from satsurvey.intake.toml_text import path_from, toml_key, toml_string

GUESS = "  # guess: "
"""What stands between a guessed line and its reason. Deleting the "# " in front puts such a line in force."""

_TABLES = {"roles": "columns", "facts": "facts", "items": "items", "outcomes": "outcomes"}
_TITLES = {
    "roles": "记录字段 · Columns that are no questions",
    "facts": "事实题 · Questions of fact",
    "items": "评分题 · Rated items",
    "outcomes": "结果题 · Outcomes outside the index",
}
_FORBIDDEN = re.compile("[\x00-\x08\x0a-\x1f\x7f\ud800-\udfff]")
_MOST_CODES = 40
_MOST_OUTCOMES = 30


@dataclass(frozen=True)
class Draft:
    """A draft of a study file, and what is in it.

    Attributes
    ----------
    text
        The TOML file.
    bound
        The columns that lines in force bind.
    guesses
        The guesses at columns, as commented-out lines.
    n_other_guesses
        How many further commented-out lines there are: scale, completed outcomes, codes.
    needs
        What has to be put in force before anything can be read: "company", "items", "completed".
    """

    text: str
    bound: tuple[InspectedColumn, ...]
    guesses: tuple[Guess, ...]
    n_other_guesses: int
    needs: tuple[str, ...]


def make_draft(
    inspection: Inspection,
    instrument: Instrument,
    *,
    folder: str | Path = ".",
    instrument_name: str | None = None,
) -> Draft:
    """Draft a study file for an export.

    Parameters
    ----------
    inspection
        The export, as `inspect_file` found it with this instrument.
    instrument
        The instrument that the study names.
    folder
        Where the study file will lie; the paths in it are counted from there.
    instrument_name
        The name or path that the study file gives the instrument; default its id.

    Returns
    -------
    Draft
        `text` can be loaded as it is. Columns that the instrument's names declare are bound in it. Every
        guess is a commented-out line that ends in `# guess:` and the reason; with the "# " in front of all of
        them deleted it is still a sound study file. Items without a column are commented-out lines with an
        empty heading and the wording of the question.
    """
    writer = _Writer(inspection, instrument)
    name = instrument.id if instrument_name is None else instrument_name
    if name not in instrument_names() and Path(name).is_file():
        name = path_from(folder, name)
    parts = [
        writer.head(name),
        writer.scale_and_outcomes(),
        writer.files(path_from(folder, inspection.path)),
        *(writer.table(table) for table in _TABLES),
        writer.constants(),
        writer.codes(),
        writer.fact_codes(),
        writer.rest(),
    ]
    text = "\n".join("\n".join(map(_sound, lines)) + "\n" for lines in map(list, parts) if lines)
    return Draft(text, tuple(writer.bound), writer.guesses, writer.n_other_guesses, writer.needs)


def _sound(line: str) -> str:
    """Return a line without characters that TOML forbids in comments; elsewhere they are escapes already."""
    return _FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", line)


def _said(text: str, limit: int = 60) -> str:
    """Quote a text of the user's in a comment: on one line, without control characters."""
    return shorten(" ".join(text.split()), limit)


class _Writer:
    """Writes the parts of one draft, in order, and keeps account of what it wrote."""

    def __init__(self, inspection: Inspection, instrument: Instrument) -> None:
        self._inspection = inspection
        self._instrument = instrument
        self._doubled = inspection.doubled
        self.guesses = guess_bindings(inspection, instrument)
        self.bound: list[InspectedColumn] = []
        self.n_other_guesses = 0
        self._no_completed = False
        self._guess_of = {(guess.table, guess.code): guess for guess in self.guesses}
        self._holders: dict[tuple[str, str], list[InspectedColumn]] = defaultdict(list)
        for column in inspection.columns:
            if column.code:
                self._holders[column.table, column.code].append(column)
        self._orders: Mapping[str, Sequence[str]] = {
            "roles": tuple(ROLES),
            "facts": [fact.code for fact in instrument.facts],
            "items": instrument.item_codes,
            "outcomes": [outcome.code for outcome in instrument.outcomes],
        }
        items = [column for _, column in self._likely("items")]
        self._scale_guess = guess_scale(items, instrument, inspection.scale)

    @property
    def needs(self) -> tuple[str, ...]:
        """What is not in force, though nothing can be read without it."""
        bound = {(column.table, column.code) for column in self.bound}
        lacking = {
            "company": not bound & {("roles", "company"), ("roles", "company_id")},
            "items": not any(table == "items" for table, _ in bound),
            "completed": self._no_completed and ("roles", "disposition") in bound,
        }
        return tuple(name for name, absent in lacking.items() if absent)

    def _likely(self, table: str) -> Iterator[tuple[str, InspectedColumn]]:
        """Go through the codes of a table that have a column, by name or by guess."""
        for code in self._orders[table]:
            if (table, code) in self._holders:
                yield code, self._holders[table, code][0]
            elif (table, code) in self._guess_of:
                yield code, self._guess_of[table, code].column

    def _guessed(self, key: str, value: str, reason: str) -> str:
        self.n_other_guesses += 1
        return f"# {key} = {value}{GUESS}{reason}"

    def head(self, instrument_name: str) -> Iterator[str]:
        """Write the explanation, the schema and the instrument."""
        yield "# 调查文件：说明导出文件的每一列是什么。 Study file: what each column of the export is."
        yield "# 生效的行由问卷声明的名称确定；以“# guess:”结尾的行只是猜测，核对后删去行首的“# ”即可生效。"
        yield "# Lines in force follow from names that the instrument declares. A line that ends in"
        yield '# "# guess:" is only a guess: check it, then delete the "# " in front of it.'
        yield ""
        yield f"schema = {toml_string(SCHEMA)}"
        yield f"instrument = {toml_string(instrument_name)}"
        if not any(self._likely("items")):
            yield from self._no_items()

    def _no_items(self) -> Iterator[str]:
        yield "#"
        yield f"# !! 没有一列是问卷 {self._instrument.id} 的题目：在 [items] 填入列名，或另写一份问卷文件。"
        yield f"# !! No column is known as an item of {self._instrument.id}: fill in the headings under"
        yield "# !! [items], or, where the questions are others, write an instrument of their own."
        yield "#    satsurvey instruments schema     说明问卷文件的写法 how an instrument file is written"
        yield f"#    satsurvey instruments show {self._instrument.id}     一个例子 an example"
        for name, n in self._inspection.fits:
            yield f"#    问卷 {name} 认得其中 {n} 列 knows {n} of the columns: --instrument {name}"

    def scale_and_outcomes(self) -> Iterator[str]:
        """Write the scale and the completed dispositions, which stand in front of all tables."""
        scale, instrument = self._inspection.scale, self._instrument
        others = ", ".join(name for name in instrument.scales if name != scale)
        yield f"# 量表 Scale: {scale}" + (f"; 还有 there are also: {others}" if others else "")
        if scale != instrument.default_scale:
            yield "#   答案是该量表的用词 the answers are words of it"
        if self._scale_guess is not None:
            yield self._guessed("scale", toml_string(self._scale_guess.scale), self._scale_guess.reason)
        column = dict(self._likely("roles")).get("disposition")
        if column is None:
            return
        role = instrument.roles.get("disposition")
        declared = {key_of(word) for word in (role.values.get("completed", ()) if role else ())}
        yield ""
        yield f"# 访问结果 Dispositions in column {column.letter} ({column.n_distinct}):"
        for value in column.values[:_MOST_OUTCOMES]:
            done = " 完成 completed" if key_of(value.text) in declared else ""
            yield f"#   {_said(value.text)}{_label(value)}  × {value.n}{done}"
        if column.n_distinct > _MOST_OUTCOMES:
            yield "#   …"
        if column.values and not any(key_of(value.text) in declared for value in column.values):
            self._no_completed = True
            texts, reason = guess_completed(column)
            values = ", ".join(map(toml_string, texts))
            yield "# !! 没有一个是问卷声明的完成代码 none of them counts as a completed interview yet:"
            yield self._guessed("completed", f"[{values}]", reason)

    def files(self, path: str) -> Iterator[str]:
        """Write where the export is and how it was read."""
        found = self._inspection
        yield "# 文件 The export, seen from this file"
        if any(unicodedata.category(character) == "Cs" for character in path):
            yield "# 文件名不是合法文字，请改名 the file name is no text and cannot stand here: rename it"
            return
        yield "[[files]]"
        yield f"path = {toml_string(path)}"
        text = found.format in {"csv", "tsv"}
        if found.encoding and (text or ("encoding" in found.declared and found.format != "por")):
            yield f"encoding = {toml_string(found.encoding)}"
        # A tab is found by itself, and as a lone blank it could not be declared.
        if found.delimiter and found.delimiter not in ",\t":
            yield f"delimiter = {toml_string(found.delimiter)}"
        if found.sheet is not None:
            yield f"sheet = {toml_string(found.sheet)}"
        if found.heading_row > 1:
            yield f"heading_row = {found.heading_row}"
        for note in found.notes:
            yield f"#   {_said(note, 300)}"

    def table(self, table: str) -> Iterator[str]:
        """Write the bindings of one table: those in force, and the guesses."""
        entries = {code: lines for code in self._orders[table] if (lines := self._entry(table, code))}
        if not entries and table not in {"roles", "items"}:
            return
        yield f"# {_TITLES[table]}"
        yield f"[{_TABLES[table]}]"
        for code, lines in entries.items():
            yield from lines
            if self._is_bound(table, code):
                self.bound.append(self._holders[table, code][0])
        likely = dict(self._likely(table))
        if table == "roles" and not {"company", "company_id"} & set(likely):
            yield "# !! 必须说明哪一列是企业 say which column holds the company, or fill in [constants]"
        elif table == "roles" and not any(
            self._is_bound("roles", role) for role in ("company", "company_id")
        ):
            yield "# !! 企业列必须生效 the line of the company has to be put in force"
        if table == "items":
            yield from self._absent_items(set(likely))

    def _absent_items(self, likely: set[str]) -> Iterator[str]:
        """Write a line to be filled in for every item that no column was found for."""
        absent = [item for item in self._instrument.items if item.code not in likely]
        if absent:
            yield "#   没有找到列：填入列名，再删去行首的“# ”。 No column was found for these: fill in the"
            yield '#   heading, then delete the "# " in front.'
        for item in absent:
            wording = item.text.zh or item.text.en
            yield f'# {toml_key(item.code)} = ""' + (f"  # {_said(wording, 200)}" if wording else "")

    def _is_bound(self, table: str, code: str) -> bool:
        holders = self._holders.get((table, code), [])
        return len(holders) == 1 and normalise_heading(holders[0].heading) not in self._doubled

    def _entry(self, table: str, code: str) -> list[str]:
        holders = self._holders.get((table, code), [])
        key = toml_key(code)
        if self._is_bound(table, code):
            column = holders[0]
            note = f"  # {column.letter}"
            if column.by == "label":
                note += f": 标签 by its label “{_said(column.raw.question)}”"
            return [f"{key} = {toml_string(column.heading)}{note}"]
        if holders:
            return self._contested(key, holders)
        guess = self._guess_of.get((table, code))
        if guess is None:
            return []
        reason = f"{guess.column.letter}: {_said(guess.reason, 200)}"
        lines = [f"# {key} = {toml_string(guess.column.heading)}{GUESS}{reason}"]
        if guess.others:
            lines.append(f"#   也可能是 it may also be: {_listing(guess.others)}")
        return lines

    def _contested(self, key: str, holders: Sequence[InspectedColumn]) -> list[str]:
        """Write what is to be decided where several columns stand for one code."""
        named = [c for c in holders if normalise_heading(c.heading) not in self._doubled]
        listing = _listing(holders)
        if not named:
            return [
                f"#   {key}: 几列同名，请改名 columns of the same heading, rename one in the file: {listing}"
            ]
        self.n_other_guesses += 1
        reason = f"{named[0].letter}: 几列都像是它 several columns stand for it: {listing}"
        return [f"# {key} = {toml_string(named[0].heading)}{GUESS}{reason}"]

    def constants(self) -> Iterator[str]:
        """Write the table of what holds for every row."""
        yield "# 对所有行都成立的值 What holds for every row"
        yield "[constants]"
        if not {"company", "company_id"} & set(dict(self._likely("roles"))):
            yield '#   一家企业的导出写上 for an export of one company write: company = "…"'

    def codes(self) -> Iterator[str]:
        """Write undeclared codes of items and outcomes, with guesses at what they mean."""
        if not any(self._likely("items")):
            return
        scale = self._scale_guess.scale if self._scale_guess else self._inspection.scale
        counts: dict[str, int] = defaultdict(int)
        labels: dict[str, str] = {}
        where: dict[str, list[str]] = defaultdict(list)
        own: dict[str, dict[str, ValueCount]] = {}
        for table in ("items", "outcomes"):
            likely = dict(self._likely(table))
            undeclared = {
                code: _undeclared(table, code, column, self._instrument, scale)
                for code, column in likely.items()
            }
            legal = {
                value.text
                for code, column in likely.items()
                for value in column.values
                if value.text not in undeclared[code]
            }
            for code, values in undeclared.items():
                for text, value in values.items():
                    # [missing] holds for all items, so a code that is an answer elsewhere has its own table.
                    if table == "outcomes" or text in legal:
                        own.setdefault(code, {})[text] = value
                        continue
                    counts[text] += value.n
                    labels[text] = labels.get(text) or value.label
                    where[text].append(code)
        yield "# 评分题里未声明的代码 Codes in rated items that nothing declares: text = reason"
        yield f"#   原因 reasons: {', '.join(MissingReason)}"
        yield "[missing]"
        ordered = sorted(counts, key=lambda text: (-counts[text], text))
        for text in ordered[:_MOST_CODES]:
            places = ", ".join(where[text][:6]) + (" …" if len(where[text]) > 6 else "")
            yield self._missing(ValueCount(text, counts[text], labels[text]), places)
        if len(ordered) > _MOST_CODES:
            yield f"#   … {len(ordered) - _MOST_CODES} 种未列出 further codes; satsurvey check lists them all"
        for code, values in own.items():
            yield ""
            yield f"[missing_by_column.{toml_key(code)}]"
            for value in list(values.values())[:_MOST_CODES]:
                yield self._missing(value, code)

    def _missing(self, value: ValueCount, places: str) -> str:
        reason, why = guess_reason(value.text, value.label, self._instrument)
        said = f"{value.n} 次 times in {places}{_label(value)}; {why}"
        return self._guessed(toml_string(value.text), toml_string(reason.value), said)

    def fact_codes(self) -> Iterator[str]:
        """List undeclared answers to questions of fact, for which there is nothing to go by."""
        facts = {fact.code: fact for fact in self._instrument.facts}
        for code, column in self._likely("facts"):
            fact = facts[code]
            values = _undeclared("facts", code, column, self._instrument, None)
            if not values or fact.type not in {"yes_no", "one_of"}:
                continue
            allowed = ("0", "1") if fact.type == "yes_no" else tuple(fact.values)
            yield f"[recode.{toml_key(code)}]"
            yield f"#   {_said(fact.text.get('zh'))}: 未声明的答案 undeclared answers"
            yield f"#   可写成 codes: {', '.join(allowed)}"
            for value in list(values.values())[:_MOST_CODES]:
                target = next(
                    (
                        known
                        for known, text in fact.values.items()
                        for word in (text.zh, text.en)
                        if len(word) >= 2
                        and (fold(word) in fold(value.text) or fold(value.text) in fold(word))
                    ),
                    None,
                )
                if target is None:
                    yield f'#   {toml_string(value.text)} = "…"  {value.n} 次 times{_label(value)}'
                else:
                    said = f"{value.n} 次 times; 字面相近 the words are alike"
                    yield self._guessed(toml_string(value.text), toml_string(target), said)

    def rest(self) -> Iterator[str]:
        """List the columns that nothing was found for."""
        used = {column.raw.position for column in self._inspection.columns if column.code}
        used |= {guess.column.raw.position for guess in self.guesses}
        rest = [column for column in self._inspection.columns if column.raw.position not in used]
        if not rest:
            return
        yield f"# 其余 {len(rest)} 列未用 The other columns are not used:"
        for column in rest:
            question = f" ({_said(column.raw.question)})" if column.raw.question else ""
            doubled = (
                " 列名重复 heading used twice;" if normalise_heading(column.heading) in self._doubled else ""
            )
            said = look(column, self._inspection.n_rows)
            yield f"#   {column.letter}  {_said(toml_string(column.heading))}{question}:{doubled} {said}"


def _undeclared(
    table: str, code: str, column: InspectedColumn, instrument: Instrument, scale: str | None
) -> dict[str, ValueCount]:
    """Return the frequent texts of a column that are no answers to a question and not declared either."""
    meanings = meanings_of(table, code, column.raw, instrument, scale)
    # The special codes of a bound column are among its values unless there are very many of those.
    seen = {value.text: value for value in (*column.values, *column.special)}
    if meanings is None or not seen:
        return {}
    found = zip(seen.items(), meanings(list(seen)), strict=True)
    return {text: value for (text, value), meaning in found if meaning == ""}


def _label(value: ValueCount) -> str:
    return f" ({_said(value.label)})" if value.label else ""


def _listing(columns: Sequence[InspectedColumn]) -> str:
    return ", ".join(f"{column.letter} {_said(toml_string(column.heading), 40)}" for column in columns)
