"""Surveys written to files: dimensions of one item each on 0-100, so that totals are what is planted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from satsurvey.intake.reading import read_responses
from satsurvey.intake.responses import Responses

FACTS = """
[[facts]]
code = "S2"
type = "one_of"
plays = "channel"
text = { zh = "渠道", en = "channel" }
[facts.values]
phone = { zh = "电话", en = "phone" }
im = { zh = "即时通讯", en = "im" }
email = { zh = "邮件", en = "email" }
app_ticket = { zh = "工单", en = "ticket" }

[[facts]]
code = "S6"
type = "seconds"
plays = "wait"
text = { zh = "等待", en = "wait" }

[[facts]]
code = "S7"
type = "seconds"
plays = "expected"
text = { zh = "可接受", en = "accepted" }

[[facts]]
code = "S10"
type = "yes_no"
metric = "fcr"
text = { zh = "一次解决", en = "solved at once" }

[[facts]]
code = "S14"
type = "count"
plays = "transfers"
text = { zh = "转接", en = "transfers" }

[[outcomes]]
code = "O1"
type = "scale"
text = { zh = "总体", en = "overall" }

[[outcomes]]
code = "V2"
type = "comment"
text = { zh = "不满", en = "displeased" }
"""
ROLES = ("company", "industry", "first_response_s", "completed_at", "customer_tier", "case_id")


def instrument(folder: Path, dimensions: Sequence[str] = ("A",)) -> Path:
    """Write an instrument with one item per dimension on 0-100."""
    lines = [
        'schema = "satsurvey.instrument/1"',
        'id = "planted"',
        'version = "1.0"',
        'default_scale = "hundred"',
        'title = { zh = "测试", en = "test" }',
        "[scales.hundred]\nmin = 0\nmax = 100\nsatisfied_from = 80\n",
        FACTS,
    ]
    for code in dimensions:
        lines.append(
            f'[[dimensions]]\ncode = "{code}"\ntext = {{ zh = "维度{code}", en = "dimension {code}" }}'
        )
        lines.append(
            f'[[items]]\ncode = "{code}1"\ndimension = "{code}"\ntext = {{ zh = "题{code}", en = "{code}" }}'
        )
    for role in ROLES:
        required = "true" if role == "company" else "false"
        lines.append(f'[[record_fields]]\nrole = "{role}"\nrequired = {required}\ntext = {{ zh = "{role}" }}')
    path = folder / "instrument.toml"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def survey(
    folder: Path,
    columns: Mapping[str, object],
    *,
    dimensions: Sequence[str] = ("A",),
    name: str = "survey.csv",
) -> Responses:
    """Write an export of some columns and read it; scores are rounded to whole numbers and cut to 0-100."""
    frame = pd.DataFrame(dict(columns))
    for code in dimensions:
        frame[f"{code}1"] = np.clip(np.rint(frame[f"{code}1"]), 0, 100).astype(int)
    path = folder / name
    frame.to_csv(path, index=False, encoding="utf-8")
    return read_responses([path], instrument=instrument(folder, dimensions))


def companies(
    rng: np.random.Generator, n: int, per_company: int, *, spread: float = 3.0
) -> tuple[list[str], np.ndarray]:
    """Return company names of every row, and what each company adds to the score."""
    code = np.repeat(np.arange(n), per_company)
    return [f"公司{k:03d}" for k in code], rng.normal(0, spread, n)[code]
