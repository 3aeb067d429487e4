"""The response-time study as one JSON document and as a folder of files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from satsurvey.instrument.model import Language
from satsurvey.report.response_figures import channel_figure, curve_figure
from satsurvey.report.response_words import answer, cautions, excluded_text
from satsurvey.report.score_json import json_text, plain_data, rows_of
from satsurvey.report.text import frame_to_csv
from satsurvey.report.writing import Writer, checksums, refuse_inputs, void, write_folder
from satsurvey.response_time.fit import ResponseTimeFit
from satsurvey.response_time.study import ResponseStudy

SCHEMA = "satsurvey.response/1"
MANIFEST_SCHEMA = "satsurvey.response-manifest/1"
FRAMES = (
    *("models", "forms", "effects", "curve", "bins", "channels", "quantiles"),
    *("adjustments", "within_between"),
)
"""The frames of `ResponseTimeFit`, by the names of their files."""
_REASON = ("reason", "reason_in_words")


def response_json(study: ResponseStudy) -> dict[str, object]:
    """Return a study as plain data that `json.dumps` takes.

    Returns
    -------
    dict
        `schema` ("satsurvey.response/1"), `answer` and `cautions` (sentences by language), `association`,
        `chosen_form`, `reason`, every frame of `FRAMES` as rows, `diagnostics`, `power`, `at_reference`,
        `instrument`, `icc`, `n`, `n_companies`, `read`, `excluded`, `models_left_out`, `definition`, `link`,
        `findings`, `ledger`, `method`, `provenance`, `notes`. Numbers at full precision, absent ones null.
    """
    fit = study.fit
    whole: dict[str, object] = {
        "schema": SCHEMA,
        "answer": {"zh": list(answer(fit, "zh")), "en": list(answer(fit, "en"))},
        "cautions": {"zh": list(cautions(fit, "zh")), "en": list(cautions(fit, "en"))},
        "association": fit.association,
        "outcome": fit.outcome_name,
        "time": fit.time_name,
        "chosen_form": fit.chosen_form,
        "reason": fit.reason,
        "n": fit.n,
        "n_companies": fit.n_companies,
        "cluster": fit.cluster,
        "level": fit.level,
        "reference_s": fit.reference_s,
        "power": _power(fit.power),
        "at_reference": _power(fit.at_reference),
        "icc": {"icc": fit.icc, "low": fit.icc_low, "high": fit.icc_high},
        **{name: rows_of(getattr(fit, name)) for name in FRAMES},
        "diagnostics": [
            {
                "code": one.code,
                "value": one.value,
                "threshold": one.threshold,
                "concern": one.concern,
                "words": one.words,
                "where": one.where,
            }
            for one in fit.diagnostics
        ],
        "instrument": _instrument(fit),
        "models_left_out": dict(fit.models_left_out),
        "definition": fit.definition.to_dict(),
        "read": fit.read,
        "excluded": dict(fit.excluded),
        "findings": [
            {
                "rule": finding.rule,
                "severity": finding.severity,
                "what": finding.what,
                "do": finding.do,
                "file": finding.file,
                "column": finding.column,
                "n": finding.n,
                "rows": finding.rows.tolist(),
            }
            for finding in fit.rows.findings
        ],
        "link": _link(study),
        "ledger": study.responses.ledger.to_dict(),
        "records_ledger": None if study.records is None else study.records.ledger.to_dict(),
        "method": dict(fit.method),
        "provenance": study.provenance,
        "notes": list(fit.notes),
    }
    plain = plain_data(whole)
    return plain if isinstance(plain, dict) else {}


def _power(power: object) -> dict[str, object]:
    names = ("detectable", "excluded_beyond", "null", "power", "level")
    return {name: getattr(power, name) for name in names}


def _instrument(fit: ResponseTimeFit) -> dict[str, object] | None:
    found = fit.instrument
    if found is None:
        return None
    names = (
        *("effect", "std_error", "ci_low", "ci_high", "df", "p_value", "plain_effect", "plain_std_error"),
        *("robust_low", "robust_high", "robust_region", "form", "agents"),
    )
    return {
        **{name: getattr(found, name) for name in names},
        "effective_f": found.stages.effective_f,
        "critical_f": found.stages.critical_f,
        "weak": found.stages.weak,
        "n": found.stages.rows,
        "notes": list(found.notes),
    }


def _link(study: ResponseStudy) -> dict[str, object] | None:
    if study.link is None:
        return None
    return {
        "method": dict(study.link.method),
        "coverage": rows_of(study.link.coverage),
        "conflicts": len(study.link.conflicts),
        "notes": list(study.link.notes),
    }


def write_response(
    study: ResponseStudy, folder: Path, *, language: Language = "zh", force: bool = False
) -> tuple[Path, ...]:
    """Write a study as a folder of files.

    A CSV for every frame that is not empty, `excluded.csv` (every interview that is not in the models, with
    the reason), `set_aside.csv` where times cannot be true (their rows), `curve.svg`, `channels.svg` where
    there are two channels, `response.json`, and `manifest.json` with the SHA-256 of every file.

    Raises
    ------
    OutputError
        As `write_folder` does, and where a file would stand in place of an export.
    """
    fit = study.fit
    frames = {name: getattr(fit, name) for name in FRAMES if len(getattr(fit, name))}
    frames["excluded"] = excluded_frame(study, language)
    aside = set_aside_frame(fit)
    if len(aside):
        frames["set_aside"] = aside
    writers: dict[str, Writer] = {f"{name}.csv": _csv(frame) for name, frame in frames.items()}
    figures = {"curve.svg": curve_figure(fit, language), "channels.svg": channel_figure(fit, language)}
    writers |= {name: _text(text) for name, text in figures.items() if text is not None}
    writers["response.json"] = _text(json_text(response_json(study)))
    writers["manifest.json"] = lambda path: void(
        path.write_text(json_text(_manifest(study, path.parent)), encoding="utf-8", newline="\n")
    )
    for name in writers:
        refuse_inputs(folder / name, [source.path for source in study.responses.files])
    return write_folder(folder, writers, force=force)


def excluded_frame(study: ResponseStudy, language: Language) -> pd.DataFrame:
    """Return every interview that is not in the models: file, row, reason, reason_in_words."""
    unused = study.fit.rows.unused
    if unused is None or not len(unused):
        return pd.DataFrame({name: pd.Series(dtype="str") for name in ("file", "row", *_REASON)})
    names = np.array([source.name for source in study.responses.files])
    return pd.DataFrame(
        {
            "file": names[unused.file],
            "row": unused.row.astype(np.int64),
            "reason": unused.reason,
            "reason_in_words": [excluded_text(str(reason), language) for reason in unused.reason],
        }
    )


def set_aside_frame(fit: ResponseTimeFit) -> pd.DataFrame:
    """Return the rows of the export whose times are negative: file, row, column, rule, seconds."""
    rows = [
        (finding.file, int(row), finding.column, finding.rule, float(value))
        for finding in fit.rows.findings
        if finding.rule == "negative_time" and finding.values
        for row, value in zip(finding.rows.tolist(), finding.values, strict=True)
    ]
    return pd.DataFrame(rows, columns=["file", "row", "column", "rule", "seconds"])


def _manifest(study: ResponseStudy, folder: Path) -> dict[str, object]:
    content: Mapping[str, object] = {
        "schema": MANIFEST_SCHEMA,
        **study.provenance,
        "ledger": study.responses.ledger.to_dict(),
        "read": study.fit.read,
        "excluded": dict(study.fit.excluded),
        "method": dict(study.fit.method),
        "notes": list(study.fit.notes),
        "files": checksums(folder),
    }
    plain = plain_data(content)
    return plain if isinstance(plain, dict) else {}


def _csv(frame: pd.DataFrame) -> Writer:
    return lambda path: void(frame_to_csv(frame, path))


def _text(text: str) -> Writer:
    return lambda path: void(path.write_text(text, encoding="utf-8", newline="\n"))


def csv_frame(fit: ResponseTimeFit, name: str) -> pd.DataFrame:
    """Return the frame that a table is made from."""
    if name == "diagnostics":
        names = ("code", "value", "threshold", "concern", "words", "where")
        return pd.DataFrame([{key: getattr(one, key) for key in names} for one in fit.diagnostics])
    frame: pd.DataFrame = getattr(fit, name)
    return frame
