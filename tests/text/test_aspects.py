import pytest

from satsurvey.text.aspects import Aspects
from satsurvey.text.lexicon import LexiconError
from satsurvey.text.readings import ASPECTS, LABELS
from satsurvey.text.service import ServiceEngine

ENGINE = ServiceEngine.builtin()
OWN = 'schema = "satsurvey.aspects/1"\nversion = "mine"\n'


def spoken(text, engine=ENGINE):
    comment, aspect, label = engine.read([text]).aspect_labels()
    assert (comment == 0).all()
    return {ASPECTS[a]: LABELS[b] for a, b in zip(aspect, label, strict=True)}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("电话打不进去", {"access": "negative"}),
        ("一拨就通", {"access": "positive"}),
        ("态度特别好", {"communication": "positive"}),
        ("说话没有耐心", {"communication": "negative"}),
        ("问题没解决", {"solution": "negative"}),
        ("当场就给办好了", {"solution": "positive"}),
        ("答应回电话一直没回", {"follow_up": "negative"}),
        ("说到做到", {"follow_up": "positive"}),
        ("没礼貌", {"etiquette": "negative"}),
        ("业务很熟练", {"professionalism": "positive"}),
        ("收费太高", {"price": "negative"}),
        ("软件老是闪退", {"product": "negative"}),
        ("手续太复杂", {"process": "negative"}),
        ("没有推来推去", {"process": "positive"}),
        ("天天打骚扰电话", {"other": "negative"}),
        ("态度好，就是等太久", {"communication": "positive", "access": "negative"}),
        ("挺满意的", {}),
        ("没有", {}),
    ],
)
def test_a_comment_speaks_of_its_aspects(text, expected):
    assert spoken(text) == expected


def test_an_own_file_decides_about_aspects_and_not_about_the_label(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(OWN + '[aspects.product]\nwords = "咖啡"\nbad = "奶泡塌了"\n', encoding="utf-8")
    engine = ServiceEngine.builtin(aspects=path)
    assert spoken("咖啡很好", engine) == {"product": "positive"}
    assert spoken("奶泡塌了", engine) == {"product": "negative"}
    assert spoken("电话打不进去", engine) == {}
    assert LABELS[engine.read(["电话打不进去"]).label[0]] == "negative"
    assert "mine" in engine.name


def test_an_exclusion_keeps_a_word_from_naming(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(OWN + '[aspects.product]\nwords = "卡"\nexclude = "打卡"\n', encoding="utf-8")
    engine = ServiceEngine.builtin(aspects=path)
    assert spoken("这个卡非常好", engine) == {"product": "positive"}
    assert spoken("去打卡非常好", engine) == {}


def test_an_opinion_goes_with_the_clause_before_when_that_only_names(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(OWN + '[aspects.price]\nwords = "停车这块"\n', encoding="utf-8")
    assert spoken("停车这块，非常满意", ServiceEngine.builtin(aspects=path)) == {"price": "positive"}


def test_every_defect_of_an_aspects_file_is_told_at_once(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(
        OWN
        + '[aspects.speed]\nwords = "快"\n[aspects.access]\nwords = "电话 电话"\nbad = ["等…"]\nill = "慢"\n',
        encoding="utf-8",
    )
    with pytest.raises(LexiconError) as caught:
        Aspects.read(path)
    told = "\n".join(map(str, caught.value.defects))
    for what in ("aspects.speed", "aspects.access.ill", "'电话' stands in", "'等…' cannot be looked for"):
        assert what in told
