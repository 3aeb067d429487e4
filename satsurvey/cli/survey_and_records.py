"""What commands on a survey with service records share: options, what they read, how they answer."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from satsurvey.cli.options import Lang
from satsurvey.errors import MethodError

if TYPE_CHECKING:
    import pandas as pd

    from satsurvey.report.layout import Table
    from satsurvey.response_time.claim_data import ClaimData

Join = Literal["case_id", "customer"]

RecordsOption = Annotated[
    list[Path] | None,
    typer.Option("--records", metavar="FILE", help="Export of service records (repeatable)."),
]
JoinOption = Annotated[
    Join,
    typer.Option("--by", help="What joins interviews to records: the case, or customer and time."),
]
WindowOption = Annotated[
    float | None,
    typer.Option("--window-days", metavar="DAYS", help="Longest time from a contact to its interview."),
]
LevelOption = Annotated[
    float, typer.Option("--level", min=0.5, max=0.999, help="Confidence level of intervals.")
]


@dataclass(frozen=True)
class SurveyAndRecords:
    """What a call names: exports of a survey, service records, and how they are joined.

    Attributes
    ----------
    exports, study, questionnaire
        The survey.
    records, map
        Service records, and the map that they are read by.
    by, window_days
        What joins the two.
    level
        Of intervals.
    encoding
        Of all files.
    """

    exports: Sequence[Path] | None
    study: Path | None
    questionnaire: str | None
    records: Sequence[Path] | None
    map: str
    by: Join
    window_days: float | None
    level: float
    encoding: str | None

    def read(
        self,
        tell: Any,
        *,
        tables: Sequence[Path] = (),
        columns: Sequence[str] = (),
        given: Sequence[str] = (),
        labelled: Path | None = None,
    ) -> ClaimData:
        """Read everything and link interviews to contacts.

        Parameters
        ----------
        tell
            Takes what is being done, as `progress_bar` gives it.
        tables, columns, given, labelled
            Tables beside the survey, `NAME=HEADING` and `NAME=VALUE` arguments, labelled comments.

        Raises
        ------
        MethodError
            When no file is named at all.
        """
        from satsurvey.instrument.library import load_instrument
        from satsurvey.intake.reading import DEFAULT_INSTRUMENT, read_responses
        from satsurvey.response_time.checked_comments import CheckedComments
        from satsurvey.response_time.claim_data import ClaimData, Settings
        from satsurvey.response_time.extra_columns import bound_columns, read_table
        from satsurvey.response_time.stated import stated
        from satsurvey.service.link import link
        from satsurvey.service.reading import read_records

        if not self.exports and self.study is None and not self.records and not tables:
            raise MethodError("no file was given", next_step="name an export, or give --records or --table")
        bound, known = bound_columns(columns), stated(given)

        def progress(name: str) -> None:
            tell(f"reading {name}", 0, 0)

        responses = None
        if self.exports or self.study is not None:
            responses = read_responses(
                self.exports or (),
                instrument=self.questionnaire,
                study=self.study,
                encoding=self.encoding,
                progress=progress,
            )
        log = None
        if self.records:
            log = read_records([*self.records], map=self.map, encoding=self.encoding, progress=progress)
        design = load_instrument(self.questionnaire or DEFAULT_INSTRUMENT)
        if responses is not None:
            design = responses.instrument
        extra = [
            read_table(path, columns=bound, also=design.dimension_codes, encoding=self.encoding)
            for path in tables
        ]
        joined = None
        asked = self.by == "customer" or self.window_days is not None
        if responses is not None and log is not None and asked:
            joined = link(responses, log, by=self.by, window_days=self.window_days)
        return ClaimData.of(
            responses,
            log,
            link=joined,
            tables=extra,
            columns=bound,
            given=known,
            settings=Settings(level=self.level),
            checked=None if labelled is None else CheckedComments.read(labelled, encoding=self.encoding),
        )

    def provenance(
        self, data: ClaimData, beside: Sequence[Path | None] = (), **options: object
    ) -> dict[str, object]:
        """Return what a result was made from: all files read, versions, and the options of the call.

        Parameters
        ----------
        data
            What `read` gave.
        beside
            Further files that were read.
        **options
            Options of the command beside those of this class.
        """
        from satsurvey.cli.provenance import provenance_of_sources
        from satsurvey.intake.raw import Source

        sources = [
            *(data.responses.files if data.responses is not None else ()),
            *(data.records.sources if data.records is not None else ()),
            *(Source(path, path.suffix.lower().removeprefix(".")) for path in beside if path is not None),
        ]
        return provenance_of_sources(
            sources,
            map=self.map if self.records else None,
            by=self.by if self.records else None,
            window_days=self.window_days,
            level=self.level,
            questionnaire=self.questionnaire,
            encoding=self.encoding,
            study=self.study and self.study.name,
            **options,
        )


def answer(
    format: Literal["table", "csv", "json"],
    language: Lang,
    *,
    json: Callable[[], str],
    frame: Callable[[], pd.DataFrame],
    tables: Callable[[Lang], Sequence[Table]],
) -> None:
    """Print a result: as JSON with everything, as CSV at full precision, or as tables."""
    if format == "json":
        sys.stdout.write(json())
    elif format == "csv":
        from satsurvey.report.text import frame_to_csv

        sys.stdout.write(frame_to_csv(frame()))
    else:
        from satsurvey.report.terminal import render

        sys.stdout.write("\n".join(render(one) for one in tables(language)))
