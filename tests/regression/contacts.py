"""The contacts and the numbers that R has computed from them (see reference/README.md)."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

REFERENCE = Path(__file__).parent / "reference"


@cache
def contacts() -> pd.DataFrame:
    """Rows with the columns of contacts.csv, minutes and log_seconds."""
    frame = pd.read_csv(REFERENCE / "contacts.csv")
    return frame.assign(minutes=frame["seconds"] / 60, log_seconds=np.log1p(frame["seconds"]))


def few() -> pd.DataFrame:
    """The contacts of the first eight companies."""
    return contacts()[contacts()["company"] < 8]


def columns(frame: pd.DataFrame, *names: str) -> dict[str, np.ndarray]:
    return {name: frame[name].to_numpy(dtype=float) for name in names}


@cache
def reference() -> dict[str, Any]:
    return json.loads((REFERENCE / "models.json").read_text(encoding="utf-8"))


def in_order(values: dict[str, float], terms: tuple[str, ...]) -> np.ndarray:
    """R's numbers in the order of our terms."""
    names = {"intercept": "(Intercept)", "log_seconds within": "within", "log_seconds between": "between"}
    return np.array([values[names.get(term, term)] for term in terms])
