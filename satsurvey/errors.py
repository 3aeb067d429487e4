"""The exceptions and warnings of satsurvey; what is wrong *inside* data is a report, not an exception."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path


class SatsurveyWarning(UserWarning):
    """A statistic that can be computed but should be doubted; the result carries the same words as a note."""


class SatsurveyError(Exception):
    """Anything satsurvey refuses to do; catch this to catch them all.

    Parameters
    ----------
    what
        What happened, in one sentence.
    file, sheet, row, column, value
        Where, in the words of the user's own file; ``row`` counts the heading rows, as a spreadsheet does.
    expected
        What would have been accepted.
    next_step
        What the user can do now.
    """

    def __init__(
        self,
        what: str,
        *,
        file: str | Path | None = None,
        sheet: str | None = None,
        row: int | None = None,
        column: str | None = None,
        value: object = None,
        expected: str | None = None,
        next_step: str | None = None,
    ) -> None:
        self.what = what
        self.file = None if file is None else str(file)
        self.sheet = sheet
        self.row = row
        self.column = column
        self.value = value
        self.expected = expected
        self.next_step = next_step
        super().__init__(self._text())

    def _text(self) -> str:
        places = [
            f"{name} {value}"
            for name, value in (
                ("file", self.file),
                ("sheet", self.sheet),
                ("row", self.row),
                ("column", self.column),
            )
            if value is not None
        ]
        text = self.what
        if places:
            text += f" ({', '.join(places)})"
        if self.value is not None:
            text += f"\n  found: {shorten(self.value)}"
        if self.expected:
            text += f"\n  expected: {self.expected}"
        if self.next_step:
            text += f"\n  do: {self.next_step}"
        return text


def shorten(value: object, limit: int = 80) -> str:
    """Show a value of the user's in a message: on one line, without controls, at most `limit` long."""
    text = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in str(value))
    return text if len(text) <= limit else text[: limit - 1] + "…"


@dataclass(frozen=True)
class Defect:
    """One thing wrong in a specification file: where (a dotted key path) and what."""

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


class SpecificationError(SatsurveyError):
    """An instrument, study or design file is wrong; `defects` lists every fault found, not only the first."""

    def __init__(
        self,
        what: str,
        *,
        file: str | Path | None = None,
        defects: Iterable[Defect] = (),
        next_step: str | None = None,
    ) -> None:
        self.defects: Sequence[Defect] = tuple(defects)
        super().__init__(what, file=file, next_step=next_step)

    def _text(self) -> str:
        return "\n".join([super()._text(), *(f"  - {defect}" for defect in self.defects)])


class InstrumentError(SpecificationError):
    """An instrument cannot be found, read or used."""


class StudyError(SpecificationError):
    """A study file cannot be found, read or used."""


class ReadError(SatsurveyError):
    """A file of answers cannot be read at all."""


class EncodingError(ReadError):
    """The bytes of a text file are not text in the encoding tried."""


class ColumnsError(ReadError):
    """The columns of an export cannot be bound to what the work needs."""


class ModelError(SatsurveyError):
    """A learned model of comments cannot be read or used."""


class MethodError(SatsurveyError):
    """A call asks for something that the method cannot do (a wrong option, weights that are no weights)."""


class NothingToScoreError(MethodError):
    """No row of the exports is an interview that can be scored; the fault lies in the data."""


class OutputError(SatsurveyError):
    """A result cannot be written."""
