import io
import json
import pickle
import time
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from satsurvey.errors import ModelError, OutputError
from satsurvey.text.characters import Characters
from satsurvey.text.model import NgramModel, builtin_sentiment, damped
from satsurvey.text.ngrams import BUCKETS, ngrams_of

HOSTILE = [
    "",
    " ",
    "😀",
    "\ud800",
    "\0",
    "<b>=1+1</b>",
    "很好" * 50_000,
    "服務態度很好",
    "\u202e慢",
    "没让我失望",
]


def some_model(outputs: int = 1, seed: int = 3) -> NgramModel:
    rng = np.random.default_rng(seed)
    m = 50_000
    return NgramModel(
        outputs=tuple(f"output {k}" for k in range(outputs)),
        buckets=np.sort(rng.choice(BUCKETS, m, replace=False)),
        values=rng.normal(size=(m, outputs)).astype(np.float16),
        intercepts=rng.normal(size=outputs),
        calibration=rng.normal(size=(outputs, 2)),
        thresholds=rng.normal(size=outputs),
        about={"来源": "试验", "n": 3},
    )


def members_of(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as file:
        return {name: file.read(name) for name in file.namelist()}


def write(path: Path, members: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as file:
        for name, content in members.items():
            file.writestr(name, content)
    return path


def as_npy(array: object) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=True)
    return stream.getvalue()


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    path = tmp_path / "model.npz"
    some_model().save(path)
    return path


def test_a_logit_is_the_damped_sum_of_the_weights_of_the_ngrams() -> None:
    model = some_model(outputs=2)
    texts = ["态度好，就是太慢", "没让我失望", ""]
    ngrams = ngrams_of(Characters.of(texts))
    weight = dict(zip(model.buckets.tolist(), model.values.astype(float), strict=True))
    logits = model.all_logits(Characters.of(texts))
    for row in range(3):
        found = [weight[b] for b in ngrams.bucket[ngrams.text == row].tolist() if b in weight]
        total = np.sum(found, axis=0) if found else np.zeros(2)
        expected = model.intercepts + total / max(int(ngrams.count[row]), 1) ** 0.75
        np.testing.assert_allclose(logits[row], expected, rtol=1e-9)
    np.testing.assert_array_equal(model.logits(Characters.of(texts)), logits[:, 0])


def test_a_calibrated_probability_is_the_logistic_function_of_the_logit() -> None:
    model = some_model(outputs=2)
    logits = np.array([[-800.0, 0.3], [2.0, 800.0]])
    slope, intercept = model.calibration.T
    with np.errstate(over="ignore"):
        expected = 1 / (1 + np.exp(-(slope * logits + intercept)))
    np.testing.assert_allclose(model.probabilities(logits), expected, atol=1e-12)
    np.testing.assert_allclose(model.probabilities(logits[:, 0]), expected[:, 0], atol=1e-12)


def test_damping_is_the_power_of_three_quarters() -> None:
    np.testing.assert_allclose(damped(np.array([0, 1, 16, 10_000])), [1, 1, 8, 1000], rtol=1e-15)


@pytest.mark.parametrize("outputs", [1, 5])
def test_a_comment_has_the_same_logits_in_any_batch(outputs: int) -> None:
    model = some_model(outputs)
    texts = HOSTILE + [
        f"{word}第{n}次" for n in range(400) for word in ("客服态度好", "等太久了，不满意", "嗯")
    ]
    whole = model.all_logits(Characters.of(texts))
    assert np.isfinite(whole).all()
    alone = np.vstack([model.all_logits(Characters.of([text])) for text in texts])
    np.testing.assert_array_equal(whole, alone)
    np.testing.assert_array_equal(
        model.probabilities(whole), np.vstack([model.probabilities(row[None]) for row in alone])
    )
    order = np.random.default_rng(0).permutation(len(texts))
    np.testing.assert_array_equal(model.all_logits(Characters.of([texts[i] for i in order])), whole[order])


@given(st.lists(st.text(max_size=30), max_size=8))
def test_any_text_has_a_finite_logit_that_its_neighbours_do_not_change(texts: list[str]) -> None:
    model = builtin_sentiment()
    whole = model.logits(Characters.of(texts))
    assert np.isfinite(whole).all()
    np.testing.assert_array_equal(whole, [model.logits(Characters.of([text]))[0] for text in texts])


@pytest.mark.parametrize("outputs", [1, 5])
def test_a_model_is_read_as_it_was_written(tmp_path: Path, outputs: int) -> None:
    model = some_model(outputs)
    model.save(tmp_path / "one.npz")
    model.save(tmp_path / "two.npz")
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes()
    read = NgramModel.load(tmp_path / "one.npz")
    assert read.outputs == model.outputs
    assert read.about == model.about
    assert read.sha256 == model.sha256
    for name in ("buckets", "values", "intercepts", "calibration", "thresholds"):
        np.testing.assert_array_equal(getattr(read, name), getattr(model, name))
    texts = Characters.of(HOSTILE)
    np.testing.assert_array_equal(read.all_logits(texts), model.all_logits(texts))


def test_the_builtin_model_is_small_and_loads_quickly() -> None:
    path = Path(__file__).parents[2] / "satsurvey" / "text" / "data" / "sentiment.npz"
    assert path.stat().st_size < 3_000_000
    took = []
    for _ in range(5):
        start = time.perf_counter()
        NgramModel.load(path)
        took.append(time.perf_counter() - start)
    assert min(took) < 0.1


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("态度很好", True),
        ("没让我失望", True),
        ("等太久了", False),
        ("不满意", False),
        ("非常满意", True),
        ("一直占线", False),
    ],
)
def test_the_builtin_model_tells_good_from_ill(text: str, good: bool) -> None:
    model = builtin_sentiment()
    assert model.outputs == ("positive",)
    assert (model.logits(Characters.of([text]))[0] >= model.thresholds[0]) == good


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"There is no such model\. \(file .*nowhere\.npz\)"):
        NgramModel.load(tmp_path / "nowhere.npz")


def test_a_place_that_cannot_be_written_to_is_named(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="cannot be written"):
        some_model().save(tmp_path / "no folder" / "model.npz")


@pytest.mark.parametrize("length", [0, 1, 100, 5_000, -1, -200])
def test_a_truncated_file_is_refused(saved: Path, length: int) -> None:
    saved.write_bytes(saved.read_bytes()[:length])
    with pytest.raises(ModelError, match="cannot be read as a model of comments"):
        NgramModel.load(saved)


def test_a_folder_and_a_text_file_are_refused(tmp_path: Path) -> None:
    (tmp_path / "text.npz").write_text("客服", encoding="utf-8")
    for path in (tmp_path, tmp_path / "text.npz"):
        with pytest.raises(ModelError, match="cannot be read as a model of comments"):
            NgramModel.load(path)


@pytest.mark.parametrize("at", range(0, 100_000, 9_973))
def test_a_changed_byte_never_goes_unseen(saved: Path, at: int) -> None:
    content = bytearray(saved.read_bytes())
    content[at] ^= 0x55
    saved.write_bytes(content)
    try:
        read = NgramModel.load(saved)
    except ModelError:
        return
    assert read.sha256 == some_model().sha256


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("values.npy", as_npy(np.full((50_000, 1), np.nan, dtype=np.float16))),
        ("values.npy", as_npy(np.zeros((7, 1), dtype=np.float16))),
        ("values.npy", as_npy(np.zeros((50_000, 1), dtype=np.float64))),
        ("values.npy", as_npy(np.zeros((50_000, 1), dtype=np.float16))),
        ("values.npy", as_npy(np.array([{"a": 1}], dtype=object))),
        ("numbers.npy", as_npy(np.full((1, 4), np.inf))),
        ("numbers.npy", as_npy(np.zeros((2, 4)))),
        ("numbers.npy", as_npy(np.zeros(4))),
        ("numbers.npy", as_npy(np.zeros((1, 2)))),
        ("held.npy", as_npy(np.zeros(10, dtype=np.uint8))),
        ("held.npy", as_npy(np.zeros(BUCKETS // 8, dtype=np.uint8))),
        ("held.npy", b""),
        ("held.npy", b"\x93NUMPY\x01\x00\x10\x00" + b"(" * 16),
        ("held.npy", b"\x93NUMPY\x03\x00\x10\x00\x00\x00" + b" " * 16),
        ("about.npy", as_npy(np.frombuffer(b"[" * 100_000, dtype=np.uint8))),
        ("about.npy", as_npy(np.frombuffer(b"\xff\xfe", dtype=np.uint8))),
        ("about.npy", as_npy(np.frombuffer(b"[]", dtype=np.uint8))),
        ("about.npy", as_npy(np.frombuffer(b"{}", dtype=np.uint8))),
    ],
)
def test_hostile_members_are_refused(saved: Path, name: str, content: bytes) -> None:
    write(saved, members_of(saved) | {name: content})
    with pytest.raises(ModelError, match="cannot be read as a model of comments"):
        NgramModel.load(saved)


def test_a_member_that_claims_more_than_it_has_is_refused_before_memory_is_taken(saved: Path) -> None:
    header = b"{'descr': '<f2', 'fortran_order': False, 'shape': (99999999999999, 1), }".ljust(117) + b"\n"
    write(saved, members_of(saved) | {"values.npy": b"\x93NUMPY\x01\x00\x76\x00" + header})
    with pytest.raises(ModelError, match="99999999999999,"):
        NgramModel.load(saved)


def test_a_small_file_that_unpacks_to_a_large_one_is_refused(saved: Path) -> None:
    members = members_of(saved) | {"held.npy": bytes(50_000_000)}
    write(saved, members, zipfile.ZIP_DEFLATED)
    with pytest.raises(ModelError, match="held has 50000000 bytes"):
        NgramModel.load(saved)


@pytest.mark.parametrize("name", ["about.npy", "held.npy", "values.npy", "numbers.npy"])
def test_a_missing_member_is_named(saved: Path, name: str) -> None:
    members = members_of(saved)
    del members[name]
    write(saved, members)
    with pytest.raises(ModelError, match=name):
        NgramModel.load(saved)


@pytest.mark.parametrize(("key", "value"), [("schema", "satsurvey.ngrams/2"), ("features", 99)])
def test_a_model_of_another_version_is_named(saved: Path, key: str, value: object) -> None:
    members = members_of(saved)
    about = json.loads(np.load(io.BytesIO(members["about.npy"])).tobytes()) | {key: value}
    members["about.npy"] = as_npy(np.frombuffer(json.dumps(about).encode(), dtype=np.uint8))
    write(saved, members)
    with pytest.raises(ModelError, match="made for another version") as raised:
        NgramModel.load(saved)
    assert str(value) in str(raised.value)
    assert "train it again" in str(raised.value)


def test_nothing_in_a_file_is_executed(saved: Path, tmp_path: Path) -> None:
    class Bomb:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return (Path.mkdir, (tmp_path / "executed",))  # type: ignore[return-value]

    array = np.empty(1, dtype=object)
    array[0] = Bomb()
    content = as_npy(array)
    assert b"mkdir" in content
    write(saved, members_of(saved) | {"values.npy": content})
    with pytest.raises(ModelError):
        NgramModel.load(saved)
    assert not (tmp_path / "executed").exists()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"outputs": ()}, "0 named outputs"),
        ({"outputs": ("a", "b")}, "do not fit together for 2 outputs"),
        ({"buckets": np.zeros(50_000, dtype=np.int64)}, "not sorted, distinct"),
        ({"intercepts": np.array([np.nan])}, "intercepts are not all finite"),
        ({"thresholds": np.zeros(2)}, "do not fit together"),
    ],
)
def test_numbers_that_do_not_fit_are_no_model(changes: dict[str, object], words: str) -> None:
    with pytest.raises(ModelError, match=words):
        replace(some_model(), **changes)


def test_a_model_can_be_sent_to_another_process() -> None:
    model = some_model()
    again = pickle.loads(pickle.dumps(model))
    texts = Characters.of(HOSTILE)
    np.testing.assert_array_equal(again.logits(texts), model.logits(texts))
