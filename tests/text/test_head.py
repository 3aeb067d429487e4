from dataclasses import replace

import numpy as np
import pytest

from satsurvey.errors import ModelError
from satsurvey.text.characters import Characters
from satsurvey.text.evidence import EVIDENCE
from satsurvey.text.head import HINTS, Head, builtin_head
from satsurvey.text.readings import ASPECTS, LABELS, NEGATIVE, POSITIVE


def plain_head():
    draw = np.random.default_rng(3)
    return Head(
        "t",
        draw.normal(size=(len(EVIDENCE), len(LABELS))),
        draw.normal(size=len(LABELS) + len(ASPECTS)),
        draw.normal(size=(len(HINTS), len(ASPECTS))),
        np.array([5], dtype=np.int64),
        np.zeros((1, len(LABELS) + len(ASPECTS)), dtype=np.int16),
        draw.normal(size=len(EVIDENCE) + 1),
        0.7,
    )


def test_logits_are_the_products_of_weights_and_evidence():
    head, draw = plain_head(), np.random.default_rng(4)
    seen, hints = draw.normal(size=(len(EVIDENCE), 2)), draw.normal(size=(len(HINTS), len(ASPECTS), 2))
    labels, aspects = head.logits(Characters.of(["好", "慢"]), seen, hints)
    k = len(LABELS)
    np.testing.assert_allclose(labels, head.weights.T @ seen + head.intercepts[:k, None], atol=1e-12)
    expected = (hints * head.hints[:, :, None]).sum(axis=0) + head.intercepts[k:, None]
    np.testing.assert_allclose(aspects, expected, atol=1e-12)
    logit = head.two[:-1] @ seen + head.two[-1] + 0.5 * (labels[POSITIVE] - labels[NEGATIVE])
    np.testing.assert_allclose(head.polarity(seen, labels), 1 / (1 + np.exp(-0.7 * logit)), atol=1e-12)


def test_a_head_is_kept_in_a_file_to_the_last_bit(tmp_path):
    head = plain_head()
    head.save(tmp_path / "one.npz")
    head.save(tmp_path / "two.npz")
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes()
    back = Head.load(tmp_path / "one.npz")
    for name in ("weights", "intercepts", "hints", "buckets", "pairs", "two"):
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
