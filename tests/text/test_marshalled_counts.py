"""Counts read over the bytes of a marshalled model, beside what Python's own marshal makes of them."""

from __future__ import annotations

import gzip
import marshal
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from satsurvey.text.marshalled_counts import Counts, read_model

WIDTHS = {"uni": 1, "bi": 2, "tri": 3}
BEGINNING = ("", "BOS")


def counts_of(found: Counts) -> dict[Any, int]:
    """The dictionary that the arrays came from."""
    keys = [
        tuple(BEGINNING if t == ord("B") else (chr(c), chr(t)) for c, t in zip(chars, tags, strict=True))
        for chars, tags in zip(found.characters.tolist(), found.tags.tolist(), strict=True)
    ]
    return dict(zip(keys, found.counts.tolist(), strict=True))


def model_of(sentences: list[list[tuple[str, str]]]) -> dict[str, Any]:
    """Count as SnowNLP's training does, with the objects shared that it shares."""
    model: dict[str, Any] = {name: {"none": 0, "total": 0.0, "d": {}} for name in WIDTHS} | {
        "l1": 0.25,
        "status": ("b", "m", "e", "s"),
    }
    for sentence in sentences:
        states = [BEGINNING, BEGINNING, *sentence]
        for i, state in enumerate(states):
            for name, key in (
                ("uni", state),
                ("bi", tuple(states[i - 1 : i + 1])),
                ("tri", tuple(states[i - 2 : i + 1])),
            ):
                if name == "uni" or len(key) == WIDTHS[name]:
                    model[name]["d"][key] = model[name]["d"].get(key, 0) + 1
    return model


states = st.tuples(st.sampled_from("一龥好不, aé😀\udc80\0"), st.sampled_from("bmes"))


@settings(max_examples=150, deadline=None)
@given(st.lists(st.lists(states, min_size=1, max_size=30), min_size=1, max_size=20))
def test_counts_are_those_that_marshal_reads(sentences: list[list[tuple[str, str]]]) -> None:
    model = model_of(sentences)
    read = read_model(marshal.dumps(model), WIDTHS)
    for name in WIDTHS:
        found = counts_of(read[name].pop("d"))
        wanted = {(key if name != "uni" else (key,)): n for key, n in model[name].pop("d").items()}
        assert found == wanted
    assert read == model


def test_the_model_of_the_installed_package_is_read_whole() -> None:
    spec = find_spec("snownlp")
    assert spec is not None
    assert spec.submodule_search_locations
    content = gzip.decompress(
        (Path(spec.submodule_search_locations[0]) / "seg" / "seg.marshal.3").read_bytes()
    )
    read, model = read_model(content, WIDTHS), marshal.loads(content)
    for name in ("uni", "bi"):
        found = counts_of(read[name]["d"])
        assert found == {(key if name != "uni" else (key,)): n for key, n in model[name]["d"].items()}
    found = read["tri"]["d"]
    assert found.counts.tolist() == list(model["tri"]["d"].values())
    assert found.characters[:, 2].tolist() == [ord(key[2][0]) for key in model["tri"]["d"]]
    assert {name: read[name] for name in ("l1", "l2", "l3")} == {
        name: model[name] for name in ("l1", "l2", "l3")
    }


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no marshalled file at all",
        marshal.dumps({"uni": 1}),
        marshal.dumps([1, 2]),
        marshal.dumps(model_of([[("好", "s")]]))[:-40],
        marshal.dumps(model_of([[("好的", "s")]])),
        marshal.dumps({"uni": {"d": {("好", "s"): "2"}}, "bi": {"d": {}}, "tri": {"d": {}}}),
        bytes(np.random.default_rng(3).integers(0, 256, 20_000, dtype=np.uint8)),
    ],
    ids=[
        "empty",
        "words",
        "no dictionary",
        "a list",
        "cut off",
        "two characters",
        "a text for a count",
        "noise",
    ],
)
def test_content_of_another_form_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_model(content, WIDTHS)
