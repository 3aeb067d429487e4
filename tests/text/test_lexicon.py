import pytest

from satsurvey.text.aspects import Aspects
from satsurvey.text.lexicon import Lexicon, LexiconError

GOOD_HEAD = 'schema = "satsurvey.lexicon/1"\nversion = "1"\n'


def written(tmp_path, text):
    path = tmp_path / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_lexicon_that_comes_with_satsurvey_is_sound_and_large():
    assert len(Lexicon.builtin().entries) > 1500
    assert Lexicon.builtin().silent["没有"] == "none"
    assert Lexicon.builtin().entries["没有"].kind == "negator"


def test_every_defect_is_told_at_once_with_its_place(tmp_path):
    path = written(
        tmp_path,
        GOOD_HEAD
        + """
[[groups]]
kind = "positive"
terms = "好 好"
[[groups]]
kind = "splendid"
terms = ["慢", "等…", "a b"]
[[groups]]
kind = "negative"
strength = -1
colour = "red"
terms = "慢"
""",
    )
    with pytest.raises(LexiconError) as caught:
        Lexicon.read(path)
    told = "\n".join(map(str, caught.value.defects))
    assert caught.value.file == str(path)
    for place, what in [
        ("groups[1].terms", "'好' stands in groups[1].terms too"),
        ("groups[2].kind", "splendid"),
        ("groups[2].terms", "'等…' cannot be looked for"),
        ("groups[2].terms", "space"),
        ("groups[3].strength", "greater than 0"),
        ("groups[3].colour", "not known here"),
        ("groups[3].terms", "'慢' stands in groups[2].terms too"),
    ]:
        assert any(line.startswith(place) and what in line for line in told.splitlines()), (place, what, told)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "groups = 3",
        'schema = "satsurvey.lexicon/2"\nversion = "1"\ngroups = []',
        GOOD_HEAD + "groups = [1, 2]",
        GOOD_HEAD + '[[groups]]\nkind = "positive"\nterms = 5',
        GOOD_HEAD + '[[groups]]\nkind = "positive"\nterms = [5, "好"]',
        GOOD_HEAD + '[[groups]]\nkind = "positive"\nterms = []',
        GOOD_HEAD + '[[groups]]\nkind = "positive"\nterms = ["\\u0000"]',
        GOOD_HEAD + '[[groups]]\nkind = "positive"\nterms = ["((((", "))", "|||"]',
        GOOD_HEAD + '[[groups]]\nkind = "positive"\nstrength = inf\nterms = ["好"]',
        "not toml",
        "a = " + "[" * 3000,
    ],
)
def test_hostile_files_are_refused_and_never_crash(tmp_path, text):
    with pytest.raises(LexiconError):
        Lexicon.read(written(tmp_path, text))
    with pytest.raises(LexiconError):
        Aspects.read(written(tmp_path, text))


def test_a_file_that_is_no_text_is_refused(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_bytes(b"\xff\xfe\x00\x80")
    with pytest.raises(LexiconError, match="not UTF-8"):
        Lexicon.read(path)
    with pytest.raises(LexiconError, match="cannot be read"):
        Aspects.read(tmp_path / "absent.toml")
