"""The command `satsurvey simulate`: a survey with known truth, written as vendors deliver theirs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from satsurvey.cli.language import rendered
from satsurvey.cli.options import LangOption, default_language
from satsurvey.errors import MethodError


def simulate_command(
    out: Annotated[
        Path, typer.Option("--out", metavar="FILE", help="File to write: .csv .tsv .xlsx .sav .dta .parquet")
    ],
    design: Annotated[
        Path | None,
        typer.Option("--design", metavar="FILE", help="Simulation design (TOML); says everything."),
    ] = None,
    instrument: Annotated[
        str | None,
        typer.Option("--instrument", metavar="NAME", help="Instrument. Default: contact-centre-22."),
    ] = None,
    companies: Annotated[
        int | None, typer.Option("--companies", min=1, help="Companies in all. Default: 30.")
    ] = None,
    interviews: Annotated[
        int | None, typer.Option("--interviews", min=1, help="Interviews in each company. Default: 20.")
    ] = None,
    industries: Annotated[
        int | None, typer.Option("--industries", min=1, help="Industries. Default: 3.")
    ] = None,
    seed: Annotated[int | None, typer.Option("--seed", min=0, help="Default: the design's, else 1.")] = None,
    headings: Annotated[
        Literal["zh", "en", "code"], typer.Option("--headings", help="Headings of the columns.")
    ] = "zh",
    encoding: Annotated[
        Literal["gb18030", "utf-8", "utf-8-sig", "utf-16"],
        typer.Option("--encoding", help="Of .csv and .tsv."),
    ] = "gb18030",
    defects: Annotated[
        float | None,
        typer.Option(
            "--defects", min=0, max=0.5, metavar="SHARE", help="Share of interviews with a planted defect."
        ),
    ] = None,
    truth: Annotated[
        Path | None, typer.Option("--truth", metavar="FILE.csv", help="Also write the true scores.")
    ] = None,
    contacts: Annotated[
        Path | None,
        typer.Option(
            "--contacts", metavar="FILE.csv", help="Also write service records that the interviews belong to."
        ),
    ] = None,
    response_slope: Annotated[
        float | None,
        typer.Option(
            "--response-slope",
            min=-20,
            max=20,
            metavar="POINTS",
            help="Points of the score per natural log of a second to the first reply. Default: 0.",
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace files that exist.")] = False,
    lang: LangOption = default_language(),
) -> None:
    """Simulate a survey with known truth.

    Example: satsurvey simulate --companies 30 --interviews 20 --industries 3 --seed 7 --out survey.csv

    The data are drawn by chance and describe nobody. The same design and seed give the same file, byte for
    byte. A design file says all there is to say (see examples/national-2019/design.toml); without one, a
    plain survey is made from the numbers given.
    """
    from satsurvey.simulation import (
        load_design,
        plain_design,
        simulate,
        write_contacts,
        write_export,
        write_truth,
    )

    plain = {
        "--instrument": instrument,
        "--companies": companies,
        "--interviews": interviews,
        "--industries": industries,
        "--defects": defects,
        "--response-slope": response_slope,
    }
    if design is not None:
        given = [name for name, value in plain.items() if value is not None]
        if given:
            raise MethodError(
                f"--design says what the survey is like, so {', '.join(given)} cannot be given with it",
                next_step="change the design file, or leave --design out",
            )
        plan = load_design(design)
    else:
        plan = plain_design(
            instrument or "contact-centre-22",
            companies=companies or 30,
            interviews=interviews or 20,
            industries=industries or 3,
            seed=1 if seed is None else seed,
            defects=defects or 0.0,
            response_slope=response_slope or 0.0,
        )
    places = {"--out": out, "--truth": truth, "--contacts": contacts}
    named = [(name, place.absolute()) for name, place in places.items() if place is not None]
    for k, (name, place) in enumerate(named):
        for other, same in named[:k]:
            if same == place:
                raise MethodError(
                    f"{name} and {other} name the same file", next_step="give them different names"
                )
    # What cannot be written should be refused before the work, not after it.
    for written in places.values():
        refuse_existing(written, force=force)
    survey = simulate(plan, seed=seed)
    write_export(survey, out, headings=headings, encoding=encoding, force=force)
    lines = [
        f"{out}: SIMULATED data 模拟数据 — drawn by chance, they describe no company and no caller",
        f"{int(survey.complete.sum())} interviews, {survey.design.n_companies} companies, "
        f"{len(survey.design.industries)} industries; instrument {survey.instrument.id}; seed {survey.seed}",
    ]
    if not survey.complete.all():
        lines.append(
            f"{int((~survey.complete).sum())} further rows are cases that ended without an interview"
        )
    if survey.planted:
        lines.append(f"{len(survey.planted)} defects planted")
    if survey.design.targets:
        lines.append(f"calibrated to the design's targets; {survey.moved} single answers moved by one level")
    said = "\n  ".join(rendered(line, lang) for line in lines)
    if truth is not None:
        write_truth(survey, truth, force=force)
        said += "\n" + rendered(f"{truth}: the true scores of companies and industries", lang)
    if contacts is not None:
        count = write_contacts(survey, contacts, encoding=encoding, force=force)
        said += "\n" + rendered(f"{contacts}: {count} SIMULATED contacts, for the map general", lang)
    print(said, file=sys.stderr)


def refuse_existing(path: Path | None, *, force: bool) -> None:
    """Raise `OutputError` when a file is in the way and may not be replaced."""
    from satsurvey.errors import OutputError

    if path is not None and path.exists() and not force:
        raise OutputError(
            "the file exists already",
            file=path,
            next_step="choose another name, or allow replacing with --force",
        )
