import json
import zipfile
from dataclasses import replace

import numpy as np
import pytest

from satsurvey.errors import ModelError, OutputError
from satsurvey.text.array_files import write_arrays
from satsurvey.text.characters import Characters
from satsurvey.text.evidence import EVIDENCE
from satsurvey.text.head import HINTS, Head, builtin_head
from satsurvey.text.lexicon import builtin_path
from satsurvey.text.readings import ASPECTS, LABELS, NEGATIVE, POSITIVE

K = len(LABELS) + 2 * len(ASPECTS)


def plain_head():
    draw = np.random.default_rng(3)
    return Head(
        "t",
        draw.normal(size=(len(EVIDENCE), len(LABELS))),
        draw.normal(size=K),
        draw.normal(size=(len(HINTS), 2, len(ASPECTS))),
        draw.normal(size=(len(LABELS), 2, len(ASPECTS))),
        np.array([5], dtype=np.int64),
        np.zeros((1, K), dtype=np.int16),
        draw.normal(size=len(EVIDENCE) + 1),
        0.7,
    )


def test_logits_are_the_products_of_weights_and_evidence():
    head, draw = plain_head(), np.random.default_rng(4)
    seen, hints = draw.normal(size=(len(EVIDENCE), 2)), draw.normal(size=(len(HINTS), len(ASPECTS), 2))
    labels, aspects = head.logits(Characters.of(["好", "慢"]), seen, hints)
    k = len(LABELS)
    np.testing.assert_allclose(labels, head.weights.T @ seen + head.intercepts[:k, None], atol=1e-12)
    shares = labels - np.log(np.exp(labels).sum(axis=0))
    expected = np.einsum("hsa,han->san", head.hints, hints) + head.intercepts[k:].reshape(2, -1, 1)
    expected += np.einsum("lsa,ln->san", head.shares, np.maximum(shares, -5))
    np.testing.assert_allclose(aspects, expected, atol=1e-12)
    logit = head.two[:-1] @ seen + head.two[-1] + 0.5 * (labels[POSITIVE] - labels[NEGATIVE])
    np.testing.assert_allclose(head.polarity(seen, labels), 1 / (1 + np.exp(-0.7 * logit)), atol=1e-12)


def test_a_head_is_kept_in_a_file_to_the_last_bit(tmp_path):
    head = plain_head()
    head.save(tmp_path / "one.npz")
    head.save(tmp_path / "two.npz")
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes()
    back = Head.load(tmp_path / "one.npz")
    for name in ("weights", "intercepts", "hints", "shares", "buckets", "pairs", "two"):
        assert getattr(back, name).tobytes() == getattr(head, name).tobytes()
    assert (back.version, back.slope) == (head.version, head.slope)


def test_a_head_for_other_evidence_is_refused(tmp_path, monkeypatch):
    plain_head().save(tmp_path / "head.npz")
    monkeypatch.setattr("satsurvey.text.head.EVIDENCE", (*EVIDENCE[:-1], "other"))
    with pytest.raises(ModelError, match="evidence"):
        Head.load(tmp_path / "head.npz")


def test_the_head_that_comes_with_satsurvey_has_finite_weights():
    head = builtin_head()
    assert np.isfinite(head.weights).all()
    assert head.slope > 0
    assert replace(head, slope=1.0).version == head.version


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / "head.npz"
    plain_head().save(path)
    return path


def rewritten(path, **changes):
    """Write the file of a head anew with some members changed (None: left out)."""
    with np.load(path) as file:
        members = {name: file[name] for name in file.files}
    about = json.loads(members.pop("about").tobytes()) | changes.pop("about", {})
    members |= changes
    write_arrays(path, about, {name: array for name, array in members.items() if array is not None})
    return path


def test_a_head_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ModelError, match=r"There is no such model\. \(file .*nowhere\.npz\)"):
        Head.load(tmp_path / "nowhere.npz")


def test_a_head_is_not_written_into_a_folder_that_is_missing(tmp_path):
    with pytest.raises(OutputError, match="cannot be written") as caught:
        plain_head().save(tmp_path / "no folder" / "head.npz")
    assert caught.value.file == str(tmp_path / "no folder" / "head.npz")


@pytest.mark.parametrize("length", [0, 1, 100, 1_000, -1, -200])
def test_a_truncated_head_is_refused(saved, length):
    saved.write_bytes(saved.read_bytes()[:length])
    with pytest.raises(ModelError, match="cannot be read as the weights of the service engine") as caught:
        Head.load(saved)
    assert caught.value.file == str(saved)


@pytest.mark.parametrize("content", ["客服".encode(), b"PK\x03\x04" + bytes(500)])
def test_what_is_no_file_of_arrays_is_refused(saved, content):
    saved.write_bytes(content)
    with pytest.raises(ModelError, match="cannot be read as the weights of the service engine"):
        Head.load(saved)
    with pytest.raises(ModelError, match="cannot be read as the weights of the service engine"):
        Head.load(saved.parent)


def test_a_model_of_comments_is_no_head():
    with pytest.raises(ModelError, match=r"cannot be read as the weights of the service engine"):
        Head.load(builtin_path("sentiment.npz"))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"weights": np.full((len(EVIDENCE), len(LABELS)), np.nan)}, "weights are not all finite"),
        ({"two": np.full(len(EVIDENCE) + 1, np.inf)}, "two are not all finite"),
        ({"weights": np.zeros((len(LABELS), len(EVIDENCE)))}, "weights is of shape"),
        ({"weights": np.zeros(3)}, "weights is of shape"),
        ({"intercepts": np.zeros(K - 1)}, "intercepts is of shape"),
        ({"intercepts": np.zeros(K + 1)}, "intercepts is of shape"),
        ({"intercepts": np.zeros(1000)}, "intercepts has 8128 bytes"),
        ({"hints": np.zeros((len(HINTS), 2, len(ASPECTS)), dtype=np.float32)}, "hints is <f4"),
        ({"pairs": np.zeros((2, K), dtype=np.int16)}, "pairs is of shape"),
        ({"buckets": np.array([-1], dtype=np.int32)}, "buckets are not sorted"),
        ({"buckets": np.array([1 << 30], dtype=np.int32)}, "buckets are not sorted"),
        ({"slope": np.array([np.nan])}, "slope is nan"),
        ({"slope": np.array([0.0])}, "slope is 0"),
        ({"slope": np.zeros(0)}, "cannot be read"),
        ({"two": None}, "two.npy"),
        ({"about": {"version": None, "hints": None}}, "none for the evidence"),
        ({"about": {"schema": "satsurvey.service_head/1"}}, "none for the evidence"),
    ],
)
def test_a_head_with_other_numbers_than_it_should_have_is_refused_with_the_reason(saved, changes, words):
    with pytest.raises(ModelError, match=words) as caught:
        Head.load(rewritten(saved, **changes))
    assert caught.value.file == str(saved)
    assert caught.value.next_step == "make them anew: python -m satsurvey.text.head_training"


def test_a_changed_byte_of_a_head_never_goes_unseen(saved):
    content = saved.read_bytes()
    head = plain_head()
    for at in range(0, len(content), 37):
        changed = bytearray(content)
        changed[at] ^= 0x55
        saved.write_bytes(changed)
        try:
            read = Head.load(saved)
        except ModelError:
            continue
        assert read.weights.tobytes() == head.weights.tobytes()
        assert (read.version, read.slope) == (head.version, head.slope)


def test_numbers_that_do_not_fit_are_no_head():
    with pytest.raises(ModelError, match="These numbers are no head: its hints are not all finite"):
        replace(plain_head(), hints=np.full((len(HINTS), 2, len(ASPECTS)), np.nan))


def test_nothing_in_the_file_of_a_head_is_executed(saved, tmp_path):
    array = np.empty(1, dtype=object)
    array[0] = tmp_path
    with zipfile.ZipFile(saved) as file:
        members = {name: file.read(name) for name in file.namelist()}
    with (tmp_path / "object.npy").open("wb") as stream:
        np.save(stream, array, allow_pickle=True)
    members["weights.npy"] = (tmp_path / "object.npy").read_bytes()
    with zipfile.ZipFile(saved, "w") as file:
        for name, content in members.items():
            file.writestr(name, content)
    with pytest.raises(ModelError, match="weights"):
        Head.load(saved)
