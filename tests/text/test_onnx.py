"""The transformer engine with a tiny model that the test makes: labels, batches, wrong folders."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from satsurvey.errors import MethodError, ModelError
from satsurvey.text.engines import engine_of
from satsurvey.text.onnx import OnnxEngine
from satsurvey.text.readings import NEGATIVE, NEUTRAL, NONE, POSITIVE

pytest.importorskip("onnxruntime", reason="onnxruntime is an optional extra")
tokenizers = pytest.importorskip("tokenizers", reason="tokenizers is an optional extra")

VOCABULARY = ["[PAD]", "[UNK]", "好", "差", "慢", "一", "般"]
# One row of scores per token: negative, neutral, positive.
SCORES = np.array(
    [[0, 0, 0], [0, 0.1, 0], [-1, 0, 2], [2, 0, -1], [1.5, 0, -1], [0, 1, 0], [0, 1, 0]], np.float32
)


# A protobuf writer for as much of ONNX as the model needs (onnx.proto; field numbers beside each) ----------


def varint(number: int) -> bytes:
    out = b""
    while True:
        number, low = number >> 7, number & 0x7F
        out += bytes([low | (0x80 if number else 0)])
        if not number:
            return out


def field(number: int, value: int | bytes | str) -> bytes:
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    raw = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(raw)) + raw


def tensor(name: str, array: np.ndarray) -> bytes:
    kind = {"float32": 1, "int64": 7}[array.dtype.name]
    dims = b"".join(field(1, size) for size in array.shape)  # dims 1, data_type 2, name 8, raw_data 9
    return dims + field(2, kind) + field(8, name) + field(9, array.tobytes())


def node(kind: str, inputs: list[str], output: str, **attributes: int) -> bytes:
    made = b"".join(field(1, name) for name in inputs) + field(2, output) + field(4, kind)
    for name, value in attributes.items():  # AttributeProto: name 1, i 3, type 20 (INT is 2)
        made += field(5, field(1, name) + field(3, value) + field(20, 2))
    return made


def value_info(name: str, kind: int, dims: list[str | int]) -> bytes:
    shape = b"".join(field(1, field(2, d) if isinstance(d, str) else field(1, d)) for d in dims)
    return field(1, name) + field(2, field(1, field(1, kind) + field(2, shape)))


def onnx_model(scores: np.ndarray, *, inputs: tuple[str, ...] = ("input_ids", "attention_mask")) -> bytes:
    """Sum the scores of the tokens of a text, those of padding left out."""
    graph = b"".join(
        field(1, part)
        for part in (
            node("Gather", ["table", inputs[0]], "rows", axis=0),
            node("Cast", [inputs[1]], "mask", to=1),
            node("Unsqueeze", ["mask", "last"], "column"),
            node("Mul", ["rows", "column"], "masked"),
            node("ReduceSum", ["masked", "middle"], "logits", keepdims=0),
        )
    )
    graph += field(2, "tiny")
    for name, array in (("table", scores), ("last", np.array([2])), ("middle", np.array([1]))):
        graph += field(5, tensor(name, array))
    for name in inputs:
        graph += field(11, value_info(name, 7, ["n", "length"]))
    graph += field(12, value_info("logits", 1, ["n", scores.shape[1]]))
    # ModelProto: ir_version 1, graph 7, opset_import 8 (version 2)
    return field(1, 8) + field(7, graph) + field(8, field(2, 13))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "model.onnx").write_bytes(onnx_model(SCORES))
    model = tokenizers.models.WordLevel({word: k for k, word in enumerate(VOCABULARY)}, unk_token="[UNK]")
    tokenizer = tokenizers.Tokenizer(model)
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.Split("", "isolated")
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    configure(tmp_path, {"0": "Negative", "1": "neutral", "2": "积极"})
    return tmp_path


def configure(folder: Path, labels: object, **more: object) -> None:
    (folder / "config.json").write_text(json.dumps({"id2label": labels, **more}), encoding="utf-8")


TEXTS = ["好", "太差太慢", "一般一般", "", None, "hello", "好" * 700, "又好又慢", "😀好"]


def test_labels_and_polarity_come_from_the_outputs(folder: Path) -> None:
    found = OnnxEngine(folder).read(TEXTS)
    assert found.label.tolist() == [
        *(POSITIVE, NEGATIVE, NEUTRAL, NONE, NONE, NONE, POSITIVE, POSITIVE, POSITIVE)
    ]
    expected = 1 / (1 + np.exp(-3))  # 2 against -1
    assert found.polarity[0] == pytest.approx(expected, rel=1e-6)
    assert found.polarity[1] == pytest.approx(1 / (1 + np.exp(5.5)), rel=1e-5)
    assert np.isnan(found.polarity[3:6]).all()
    assert len(found.mentions) == 0


def test_neighbours_and_batches_change_no_bit(folder: Path) -> None:
    engine = OnnxEngine(folder)
    texts = [text for text in TEXTS if text] * 5
    whole = engine.read(texts)
    alone = [engine.read([text]) for text in texts]
    assert whole.polarity.tobytes() == np.concatenate([one.polarity for one in alone]).tobytes()
    backwards = engine.read(texts[::-1])
    assert whole.polarity.tobytes() == np.ascontiguousarray(backwards.polarity[::-1]).tobytes()


def test_two_outputs_and_stars_are_understood(folder: Path) -> None:
    (folder / "model.onnx").write_bytes(onnx_model(np.ascontiguousarray(SCORES[:, [2, 0]])))
    configure(folder, {"0": "POS", "1": "NEG"})
    assert OnnxEngine(folder).read(["好", "差"]).label.tolist() == [POSITIVE, NEGATIVE]
    stars = np.repeat(SCORES, [2, 1, 2], axis=1)
    (folder / "model.onnx").write_bytes(onnx_model(np.ascontiguousarray(stars)))
    configure(folder, {str(k): f"{k + 1} star{'s' * (k > 0)}" for k in range(5)})
    assert OnnxEngine(folder).read(["好", "差", "一般"]).label.tolist() == [POSITIVE, NEGATIVE, NEUTRAL]


def test_the_engine_is_found_by_the_path_of_its_folder(folder: Path) -> None:
    engine = engine_of(str(folder))
    assert engine.name == f"onnx {folder.name}"
    assert engine.read(["差"]).label.tolist() == [NEGATIVE]


def test_the_length_of_the_model_is_kept(folder: Path) -> None:
    configure(folder, {"0": "negative", "1": "neutral", "2": "positive"}, max_position_embeddings=10)
    text = "好" * 10 + "差" * 50
    assert OnnxEngine(folder).read([text]).label.tolist() == [POSITIVE]


@pytest.mark.parametrize("most", [4, 7])
def test_a_model_of_very_few_tokens_is_given_no_more(most: int, folder: Path) -> None:
    configure(folder, {"0": "negative", "1": "neutral", "2": "positive"}, max_position_embeddings=most)
    text = "好" * most + "差" * 50
    found = OnnxEngine(folder).read([text])
    assert found.label.tolist() == [POSITIVE]
    # As many tokens as the model takes, each worth 3: 2 against -1.
    assert found.polarity[0] == pytest.approx(1 / (1 + np.exp(-3 * most)), rel=1e-6)


@pytest.mark.parametrize("most", [-1, None, 512, 100_000])
def test_a_model_without_a_limit_is_given_512_tokens(most: int | None, folder: Path) -> None:
    configure(folder, {"0": "negative", "1": "neutral", "2": "positive"}, max_position_embeddings=most)
    engine = OnnxEngine(folder)
    assert engine.read(["好" * 300 + "差" * 212 + "好" * 900]).label.tolist() == [POSITIVE]
    assert engine.read(["差" * 300 + "好" * 212 + "好" * 900]).label.tolist() == [NEGATIVE]


@pytest.mark.parametrize("most", [0, 3, -2, True, "512", 64.0, [], 1e300])
def test_a_number_of_tokens_that_cannot_be_used_is_refused(most: object, folder: Path) -> None:
    configure(folder, {"0": "negative", "1": "neutral", "2": "positive"}, max_position_embeddings=most)
    with pytest.raises(ModelError, match="no number of tokens that can be used") as caught:
        OnnxEngine(folder)
    assert str(caught.value.file).endswith("config.json")


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_outputs_that_are_no_numbers_are_refused_and_no_reading(bad: float, folder: Path) -> None:
    scores = SCORES.copy()
    scores[[VOCABULARY.index("慢"), VOCABULARY.index("[PAD]")], 2] = bad
    (folder / "model.onnx").write_bytes(onnx_model(scores))
    engine = OnnxEngine(folder)
    # The rows that fill a run up are no comments, and do not count.
    assert engine.read(["好" * 16]).label.tolist() == [POSITIVE]
    with pytest.raises(ModelError, match="outputs that are no numbers") as caught:
        engine.read(["好", "太慢"])
    assert caught.value.next_step is not None


def test_a_tokenizer_that_fails_on_a_text_is_refused_in_words(folder: Path) -> None:
    model = tokenizers.models.WordLevel({"好": 2, "[PAD]": 0}, unk_token="[NONE]")
    tokenizer = tokenizers.Tokenizer(model)
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.Split("", "isolated")
    tokenizer.save(str(folder / "tokenizer.json"))
    engine = OnnxEngine(folder)
    assert engine.read(["好"]).label.tolist() == [POSITIVE]
    with pytest.raises(ModelError, match="the transformer cannot be used") as caught:
        engine.read(["差"])
    assert str(caught.value.file).endswith("tokenizer.json")


def test_processes_share_the_work_of_a_transformer_long_before_that_of_a_fast_engine(folder: Path) -> None:
    texts = [f"{text}{k}" for k in range(20) for text in ("好", "太差", "一般", "又好又慢")]
    shared = engine_of(str(folder), processes=2)
    few = shared.read(texts[:3])
    assert shared._pool is None  # type: ignore[attr-defined]
    assert few.label.tolist() == [POSITIVE, NEGATIVE, NEUTRAL]
    found = shared.read(texts)
    assert shared._pool is not None  # type: ignore[attr-defined]
    shared._pool.shutdown()  # type: ignore[attr-defined]
    alone = OnnxEngine(folder).read(texts)
    assert found.label.tobytes() == alone.label.tobytes()
    assert found.polarity.tobytes() == alone.polarity.tobytes()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda f: (f / "model.onnx").unlink(), "the folder of the transformer has no model.onnx"),
        (lambda f: (f / "config.json").unlink(), "the folder of the transformer has no config.json"),
        (lambda f: (f / "model.onnx").write_bytes(b"no model"), "the transformer cannot be used"),
        (lambda f: (f / "tokenizer.json").write_text("{}"), "the transformer cannot be used"),
        (lambda f: (f / "config.json").write_text("[1]"), "the transformer cannot be used"),
        (lambda f: (f / "config.json").write_text("{"), "the transformer cannot be used"),
        (lambda f: configure(f, None), "does not say which output is which"),
        (lambda f: configure(f, {"0": "a"}), "does not say which output is which"),
        (
            lambda f: configure(f, {"0": "LABEL_0", "1": "LABEL_1"}),
            "labels of the transformer cannot be told",
        ),
        (
            lambda f: configure(f, {"0": "neutral", "1": "positive"}),
            "labels of the transformer cannot be told",
        ),
        (
            lambda f: (f / "model.onnx").write_bytes(onnx_model(SCORES, inputs=("pixels", "attention_mask"))),
            "takes other inputs",
        ),
    ],
)
def test_a_folder_that_is_not_right_is_refused_in_words(
    change: Callable[[Path], object], said: str, folder: Path
) -> None:
    change(folder)
    with pytest.raises(ModelError, match=said) as caught:
        OnnxEngine(folder)
    assert caught.value.file is not None


def test_another_number_of_outputs_than_labels_is_refused(folder: Path) -> None:
    configure(folder, {"0": "negative", "1": "positive"})
    with pytest.raises(ModelError, match="another number of outputs"):
        OnnxEngine(folder).read(["好"])


def test_without_the_extra_the_next_step_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(MethodError, match="a library that is not installed: onnxruntime") as caught:
        OnnxEngine(folder)
    assert caught.value.next_step == "pip install 'satsurvey[onnx]'"
