"""The shipped instruments say what they should, and files are found, read and refused in words."""

from __future__ import annotations

import json

import pytest

from satsurvey.errors import InstrumentError
from satsurvey.instrument.contradictions import fold_name
from satsurvey.instrument.library import (
    check_instrument,
    instrument_folder,
    instrument_names,
    instrument_path,
    instrument_schema,
    load_instrument,
)
from satsurvey.intake.study import ROLES

NAMES = ("acsi-3", "contact-centre-22", "nps-csat-ces", "servperf-22")


@pytest.fixture(scope="module")
def centre():
    return load_instrument("contact-centre-22")


def test_the_shipped_instruments_are_these_four():
    assert instrument_names() == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_instrument_is_sound_and_called_like_its_file(name):
    assert check_instrument(instrument_path(name)) == ()
    assert load_instrument(name).id == name


@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_instrument_speaks_both_languages(name):
    instrument = load_instrument(name)
    texts = [instrument.title, instrument.description, instrument.status, instrument.intro]
    texts += [one.text for one in (*instrument.dimensions, *instrument.items, *instrument.facts)]
    texts += [one.text for one in (*instrument.outcomes, *instrument.record_fields)]
    texts += [one.text for one in instrument.filters.values()]
    texts += [label for scale in instrument.scales.values() for label in scale.labels.values()]
    texts += [label for fact in instrument.facts for label in fact.values.values()]
    texts += [item.text_channel for item in instrument.items if item.text_channel != type(item.text)()]
    for text in texts:
        assert any("\u4e00" <= c <= "\u9fff" for c in text.zh), text
        assert text.en, text
        assert text.en.isascii(), text


@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_instrument_declares_every_role_with_chinese_headings(name):
    instrument = load_instrument(name)
    assert set(instrument.roles) == set(ROLES)
    for field in instrument.record_fields:
        assert any("\u4e00" <= alias[0] <= "\u9fff" for alias in field.aliases), field.role
    assert [field.role for field in instrument.record_fields if field.required] == ["company"]


def test_all_shipped_instruments_know_the_same_headings_and_words_of_missing():
    first, *others = (load_instrument(name) for name in NAMES)
    for other in others:
        assert other.record_fields == first.record_fields
        assert other.missing_words == first.missing_words


@pytest.mark.parametrize(
    ("heading", "role"),
    [
        ("样本编号", "interview_id"),
        ("企业名称", "company"),
        ("企业编号", "company_id"),
        ("所属行业", "industry"),
        ("权数", "weight"),
        ("客户联系量", "population"),
        ("市场份额", "market_share"),
        ("结果代码", "disposition"),
        ("访问完成时间", "completed_at"),
        ("客服联系时间", "contact_at"),
        ("访问时长（秒）", "duration_s"),
        ("访员编号", "interviewer"),
        ("波次", "wave"),
        ("调查方式", "route"),
        ("地区", "region"),
        ("客户等级", "customer_tier"),
        ("层", "stratum"),
        ("工单编号", "case_id"),
        ("首次响应时长(秒)", "first_response_s"),
    ],
)
def test_the_customary_headings_lead_to_their_roles(centre, heading, role):
    assert fold_name(heading) in {fold_name(alias) for alias in centre.roles[role].aliases}


@pytest.mark.parametrize("name", NAMES)
def test_every_wording_is_a_heading_of_its_item(name):
    instrument = load_instrument(name)
    for item in instrument.items:
        wordings = {item.text.zh, item.text.en, item.text_channel.zh, item.text_channel.en} - {""}
        assert wordings <= set(item.aliases), item.code
    for one in (*instrument.facts, *instrument.outcomes):
        assert {one.text.zh, one.text.en} <= set(one.aliases), one.code


@pytest.mark.parametrize("name", NAMES)
def test_no_wording_alias_or_code_stands_for_two_things(name):
    instrument = load_instrument(name)
    owner: dict[str, str] = {}
    named = [(one.code, one) for one in (*instrument.items, *instrument.facts, *instrument.outcomes)]
    named += [(field.role, field) for field in instrument.record_fields]
    for code, one in named:
        wordings = [one.text.zh, one.text.en]
        if one in instrument.items:
            wordings += [one.text_channel.zh, one.text_channel.en]
        for heading in {fold_name(heading) for heading in (code, *one.aliases, *wordings) if heading}:
            assert owner.setdefault(heading, code) == code, heading


def test_the_contact_centre_instrument_is_the_designed_one(centre):
    assert centre.dimension_codes == ("A", "B", "C", "D", "E", "F")
    assert [len(centre.items_of(code)) for code in centre.dimension_codes] == [3, 5, 4, 4, 3, 3]
    assert [one.text.zh for one in centre.dimensions] == [
        "接入便利",
        "沟通愉悦",
        "回应快与解决有效",
        "跟进及时",
        "起止礼仪",
        "话务水平",
    ]
    assert [one.min_items for one in centre.dimensions] == [None, None, None, 1, None, None]
    assert [fact.code for fact in centre.facts] == [f"S{number}" for number in range(1, 16)]
    assert {fact.code: fact.screen for fact in centre.facts if fact.screen} == {"S1": "stop_if_no"}
    assert {item.code: item.filter for item in centre.items if item.filter != "human"} == {
        "A1": None,
        "A2": "menu",
        "A3": "sought",
        "B4": "upset",
        "C4": "complex",
        "D1": "follow",
        "D2": "follow",
        "D3": "follow",
        "D4": "follow_done",
    }
    assert [one.code for one in centre.outcomes] == ["O1", "O2", "O3", "V1", "V2"]
    assert all(item.basis and item.why and item.text_channel.zh for item in centre.items)


def test_the_scales_of_the_contact_centre_instrument(centre):
    ten, five, eleven = (centre.scales[name] for name in ("ten_point", "five_point", "zero_to_ten"))
    assert (ten.min, ten.max, ten.satisfied_from) == (1, 10, 8)
    assert (five.min, five.max, five.satisfied_from) == (1, 5, 4)
    assert five.anchors == {"1": 0, "2": 30, "3": 60, "4": 80, "5": 100}
    assert set(five.labels) == set(five.codes)
    assert (eleven.min, eleven.max) == (0, 10)
    for scale in (ten, five, eleven):
        assert scale.missing == {"97": "not_applicable", "98": "dont_know", "99": "refused"}
    assert centre.default_scale == "ten_point"
    assert centre.scale_of(next(one for one in centre.outcomes if one.code == "O2")) is eleven


def test_the_scoring_defaults_of_the_contact_centre_instrument(centre):
    scoring = centre.scoring
    assert (scoring.conversion, scoring.order) == ("share_of_max", "item_first")
    assert (scoring.dimension_weights, scoring.item_weights) == ("equal", "equal")
    assert (scoring.industry_level, scoring.overall_level) == ("company_mean", "company_mean")
    assert (scoring.dimension_min_items, scoring.company_min_n, scoring.industry_min_companies) == (2, 20, 3)
    assert (scoring.decimals, scoring.rounding) == (2, "half_up")
    assert centre.quality.min_duration_s == 120


def test_the_split_of_items_is_one_of_two_that_agree_with_the_published_total():
    # The claim that stands in the file, counted again from the dimension scores published for 2019.
    from itertools import product

    published = (77.40, 85.13, 80.91, 83.53, 81.97, 93.37)
    splits = [split for split in product((3, 4, 5), repeat=6) if sum(split) == 22]
    means = {s: sum(n * score for n, score in zip(s, published, strict=True)) / 22 for s in splits}
    assert len(splits) == 90
    agreeing = [split for split, mean in means.items() if f"{mean:.2f}" == "83.71"]
    assert len(agreeing) == 2
    assert (3, 5, 4, 4, 3, 3) in agreeing


@pytest.mark.parametrize(
    ("name", "zh", "en"),
    [
        (
            "contact-centre-22",
            ("设计", "不是该报告2019年得分所用的题目", "延续"),
            ("designed here", "not that series"),
        ),
        ("servperf-22", ("自拟",), ("our own", "none is a translation")),
        ("acsi-3", ("自拟", "PLS"), ("our own", "PLS", "must not be called ACSI")),
        ("nps-csat-ces", ("自拟", "不是满意度得分"), ("our own", "not a satisfaction score")),
    ],
)
def test_an_instrument_says_of_itself_what_it_is_not(name, zh, en):
    status = load_instrument(name).status
    assert all(words in status.zh for words in zh)
    assert all(words in status.en for words in en)


@pytest.mark.parametrize(
    ("name", "sources"),
    [
        ("servperf-22", ("Cronin and Taylor 1992", "Parasuraman, Zeithaml and Berry 1988")),
        ("acsi-3", ("Fornell",)),
        ("nps-csat-ces", ("Reichheld 2003", "Dixon, Freeman and Toman 2010")),
    ],
)
def test_the_source_of_each_model_is_named(name, sources):
    named = " ".join(load_instrument(name).source)
    assert all(source in named for source in sources)


def test_the_shapes_of_the_other_instruments():
    servperf, acsi, short = (load_instrument(name) for name in ("servperf-22", "acsi-3", "nps-csat-ces"))
    assert [len(servperf.items_of(code)) for code in servperf.dimension_codes] == [4, 5, 4, 4, 5]
    assert {(servperf.scale_of(item).min, servperf.scale_of(item).max) for item in servperf.items} == {(1, 7)}
    assert [(acsi.scale_of(item).min, acsi.scale_of(item).max) for item in acsi.items] == [(1, 10)] * 3
    assert acsi.scoring.conversion == "min_max"
    assert {item.code: short.scale_of(item).max for item in short.items} == {"CSAT": 5, "CES": 7}
    assert "NPS" in {outcome.code for outcome in short.outcomes}
    assert not any(item.reverse for one in (servperf, acsi, short) for item in one.items)


def test_an_unknown_name_is_answered_with_the_names_there_are():
    with pytest.raises(InstrumentError, match="no instrument called 'contact-center'") as caught:
        load_instrument("contact-center")
    assert all(name in str(caught.value) for name in NAMES)


def test_a_file_of_the_users_own_works_where_a_name_does(tmp_path):
    text = instrument_path("acsi-3").read_text(encoding="utf-8")
    path = tmp_path / "ours.toml"
    path.write_text(text.replace('id = "acsi-3"', 'id = "ours"'), encoding="utf-8-sig")
    assert load_instrument(path).id == "ours"
    assert load_instrument(str(path)).items == load_instrument("acsi-3").items


def test_a_changed_file_is_read_again(tmp_path):
    text = instrument_path("acsi-3").read_text(encoding="utf-8")
    path = tmp_path / "ours.toml"
    for version in ("1.0", "10.0"):
        path.write_text(text.replace('version = "1.0"', f'version = "{version}"'), encoding="utf-8")
        assert load_instrument(path).version == version


def test_a_defective_file_is_refused_with_all_its_defects(tmp_path):
    text = instrument_path("acsi-3").read_text(encoding="utf-8")
    path = tmp_path / "ours.toml"
    path.write_text(text.replace('"CS"', '"Q1"').replace("max = 10", "max = 1", 1), encoding="utf-8")
    with pytest.raises(InstrumentError) as caught:
        load_instrument(path)
    message = str(caught.value)
    assert str(path) in message
    assert "scales.satisfaction: min 1 must be below max 1" in message
    assert "items[1].code: 'Q1' is already the code of dimensions[1]" in message
    assert "satsurvey instruments check ours.toml" in message


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"schema = ", "not valid TOML"),
        (b"x = " + b"9" * 5000, "not valid TOML"),
        (b"x = 2019-13-41", "not valid TOML"),
        (b"x = " + b"[" * 100_000, "not valid TOML"),
        ("标题 = 1".encode("gb18030"), "not UTF-8 text"),
        (b"\xff\xfe" + "a = 1".encode("utf-16-le"), "not UTF-8 text"),
        (b"#" * (4 * 1024 * 1024 + 1), "too large"),
    ],
)
def test_what_is_no_instrument_file_is_refused_in_words(tmp_path, content, what):
    path = tmp_path / "ours.toml"
    path.write_bytes(content)
    with pytest.raises(InstrumentError, match=what) as caught:
        check_instrument(path)
    assert str(path) in str(caught.value)


def test_a_folder_is_no_instrument(tmp_path):
    with pytest.raises(InstrumentError, match="cannot be read"):
        check_instrument(tmp_path)


def test_an_empty_file_lacks_everything_that_is_required(tmp_path):
    path = tmp_path / "ours.toml"
    path.write_text("", encoding="utf-8")
    assert {defect.where for defect in check_instrument(path)} >= {
        "schema",
        "id",
        "scales",
        "dimensions",
        "items",
    }


def test_the_schema_describes_the_file_for_editors():
    schema = instrument_schema()
    assert json.loads(json.dumps(schema)) == schema
    assert {"schema", "items", "scales", "default_scale"} <= set(schema["required"])
    known = set(schema["properties"])
    for path in instrument_folder().glob("*.toml"):
        import tomllib

        assert set(tomllib.loads(path.read_text(encoding="utf-8"))) <= known
