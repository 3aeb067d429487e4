"""Personal data is found by its form in whatever way it is typed, and numbers that are none stay."""

from __future__ import annotations

import time
from datetime import date

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from satsurvey.intake.personal_data import KINDS, mask_personal_data, mask_texts, personal_data_in

FULL_WIDTH = str.maketrans({chr(k): chr(k + 0xFEE0) for k in range(0x21, 0x7F)} | {" ": "\u3000"})
# The worked example of GB 11643: check character X.
ID_CARD = "11010519491231002X"
# Card numbers that the networks give for testing; they pass Luhn's check.
CARDS = ("4111111111111111", "5500005555555559", "6222021234567890128")

WRITTEN = [
    *[("mobile", text) for text in ("13800138000", "138 0013 8000", "138-0013-8000", "+86 13800138000")],
    *[
        ("mobile", text)
        for text in ("8619912345678", "(+86)177-1234-5678", "0086 13800138000", "1380 013 8000")
    ],
    *[("landline", text) for text in ("010-83123456", "0755-8312345", "075583123456", "(021)58123456")],
    *[("landline", text) for text in ("0755 83123456转801", "+86 10 83123456", "01083123456-12")],
    *[("id_card", text) for text in (ID_CARD, ID_CARD.lower(), "110105 19491231 002X", "440301200002291234")],
    *[("bank_card", text) for text in (*CARDS, "6222 0212 3456 7890 128", "622202 1234567890128")],
    *[("email", text) for text in ("zhang.san@163.com", "13800138000@139.com", "A_b+c@mail.example.com.cn")],
    *[("plate", text) for text in ("粤B12345", "粤BD12345", "粤B12345D", "京a·8k7n6", "粤Z1234港")],
]

NO_PERSONAL_DATA = [
    *("000123", "20191105", "0000012345", "13500", "95588", "400-820-8820", "9", "10", ""),
    *("2019-11-05 13:45:12", "20191105134512", "20191105134512123", "1572932712", "1572932712000"),
    *("0.13812345678", "138.12345678", "1.3912345678e-05", "138001380001", "1380013800"),
    *("440301199013011234", "990301199001011234", "4111111111111112", "12345678901234567890"),
    *("139 2019-11-05 8", "最新ABCDEF", "A1、打通客服热线的顺利程度", "微信@张三", "粤B1234"),
]


@pytest.mark.parametrize(("kind", "text"), WRITTEN)
@pytest.mark.parametrize("wide", [False, True], ids=["half", "full"])
def test_every_way_of_writing_is_masked_in_a_sentence(kind: str, text: str, wide: bool) -> None:
    written = text.translate(FULL_WIDTH) if wide else text
    masked, counts = mask_personal_data(f"请联系{written}，谢谢")
    assert masked == f"请联系[{KINDS[kind][0]}]，谢谢"
    assert counts == {kind: 1}
    assert mask_personal_data(written) == (f"[{KINDS[kind][0]}]", {kind: 1})


@pytest.mark.parametrize("text", NO_PERSONAL_DATA)
def test_ids_dates_durations_and_answers_stay(text: str) -> None:
    assert mask_personal_data(text) == (text, {})
    assert mask_personal_data(f"编号{text}。")[1] == {}


def test_a_telephone_number_out_of_a_column_of_floats_is_masked() -> None:
    assert mask_personal_data("13800138000.0") == ("[手机号].0", {"mobile": 1})


def test_several_in_one_text_are_counted_by_kind() -> None:
    text = "13800138000/13900139000，车牌粤B12345，邮箱a@b.cn，卡4111 1111 1111 1111"
    masked, counts = mask_personal_data(text)
    assert masked == "[手机号]/[手机号]，车牌[车牌号]，邮箱[邮箱]，卡[银行卡号]"
    assert counts == {"email": 1, "bank_card": 1, "mobile": 2, "plate": 1}


def check_character(digits: str) -> str:
    """ISO 7064 MOD 11-2, as in GB 11643."""
    return "10X98765432"[sum(int(d) * 2 ** (17 - k) for k, d in enumerate(digits)) % 11]


def luhn_digit(digits: str) -> str:
    doubled = [int(d) * (2 if k % 2 == 0 else 1) for k, d in enumerate(reversed(digits))]
    return str(-sum(n // 10 + n % 10 for n in doubled) % 10)


@given(
    st.dates(min_value=date(1900, 1, 1), max_value=date(2029, 12, 31)),
    st.sampled_from(["110105", "440301", "659001", "810000"]),
    st.integers(0, 999),
)
def test_every_sound_id_card_number_is_masked(day: date, region: str, order: int) -> None:
    digits = f"{region}{day:%Y%m%d}{order:03}"
    assert mask_personal_data(f"身份证{digits}{check_character(digits)}")[0] == "身份证[身份证号]"


@given(st.from_regex(r"62[0-9]{13,16}", fullmatch=True))
def test_every_sound_card_number_is_masked_and_no_other(digits: str) -> None:
    right = luhn_digit(digits)
    # Eighteen digits may be those of an id card as well.
    assert set(mask_personal_data(digits + right)[1]) <= {"bank_card", "id_card"}
    assert mask_personal_data(digits + right)[0] in {"[银行卡号]", "[身份证号]"}
    wrong = str((int(right) + 1) % 10)
    assert "bank_card" not in mask_personal_data(digits + wrong)[1]


@settings(deadline=None)
@given(st.lists(st.one_of(st.none(), st.text(), st.sampled_from([text for _, text in WRITTEN]))))
def test_many_texts_are_masked_like_each_by_itself(texts: list[str | None]) -> None:
    array, counts = mask_texts(texts)
    alone = [None if text is None else mask_personal_data(text) for text in texts]
    assert array.to_pylist() == [None if found is None else found[0] for found in alone]
    total = {kind: sum(found[1].get(kind, 0) for found in alone if found) for kind in KINDS}
    assert counts == {kind: n for kind, n in total.items() if n}


@given(st.sampled_from([text for _, text in WRITTEN]), st.text(max_size=5), st.booleans())
def test_the_search_for_many_texts_passes_over_nothing(text: str, around: str, wide: bool) -> None:
    written = around + (text.translate(FULL_WIDTH) if wide else text) + around
    assert mask_texts([written])[0].to_pylist() == [mask_personal_data(written)[0]]


PIECES = [
    *("单号", "订单", "運單", "單號", "工单编号", "流水号", "号码", "尾号", "编号", "No.", "快递"),
    *("姓名：", "我叫", "我姓", "联系人", "名字叫", "本人是", "这边是", "王", "欧阳", "小明", "张三"),
    *("京A", "粤ſ", "K", "@", "qq.com", "SF", "ＹＴ", "ABCDEF", "+86", "010", "0755", "138", "1"),
    *("12345", "123456789", "１２３", "８８８８８", "X", "ａ", " ", "\t", "\u3000", "-", "－", "：", "为"),
    *("，", "的", "很", "(", ")", "转", "元"),
]


@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
@example("快递YT123456789没到")
@example("工单编号：为NoABCDEF-12345")
@settings(max_examples=500, deadline=None)
def test_one_text_and_many_are_masked_alike_whatever_stands_in_them(text: str) -> None:
    masked, counts = mask_personal_data(text)
    array, found = mask_texts([text])
    assert (array.to_pylist(), found) == ([masked], counts)


@given(st.text(st.sampled_from("0123456789-+() .@aX粤B·转８６")))
def test_what_is_masked_is_not_found_again_and_the_rest_stays(text: str) -> None:
    masked, counts = mask_personal_data(text)
    assert mask_personal_data(masked)[1] == {}
    assert sum(masked.count(f"[{zh}]") for zh, _ in KINDS.values()) == sum(counts.values())
    rest = iter(text)
    for _, (zh, _) in KINDS.items():
        masked = masked.replace(f"[{zh}]", "")
    assert all(character in rest for character in masked)


def test_arrow_columns_of_other_types_are_taken() -> None:
    encoded = pa.chunked_array([pa.array(["13800138000", "好", None]).dictionary_encode()])
    assert mask_texts(encoded)[0].to_pylist() == ["[手机号]", "好", None]
    assert mask_texts(pa.array(["好"], pa.large_string()))[0].to_pylist() == ["好"]
    assert mask_texts([])[0].to_pylist() == []


def test_a_million_comments_without_digits_cost_next_to_nothing() -> None:
    comments = pa.array(["客服态度很好，问题解决得快", "等了很久才接通，不满意"] * 500_000)
    start = time.perf_counter()
    masked, counts = mask_texts(comments)
    assert time.perf_counter() - start < 2
    assert counts == {}
    assert masked.equals(comments)


@pytest.mark.parametrize(
    "text",
    [
        *("1" * 100_000, "a." * 50_000 + "@", "1 " * 50_000, "0755-" * 30_000, "粤B" * 50_000),
        *("0." + "1" * 100_000 + "x", "0." + "0" * 100_000 + "x", "0.1e" + "1" * 100_000 + "x"),
        *("联系人" * 20_000, "我叫 " * 20_000),
    ],
)
def test_long_texts_do_not_take_long(text: str) -> None:
    start = time.perf_counter()
    mask_texts([text])
    assert time.perf_counter() - start < 4


NAMES = [
    *(
        "我叫{}，电话打不通",
        "我叫{}想投诉",
        "我叫{}",
        "本人叫{}",
        "姓名：{}",
        "我的名字叫{} 谢谢",
        "我是{}，上次来过",
    ),
    *("俺叫{}你们查查", "联系人 {} 在家", "刚跟客服说完我叫{}电话没人接"),
    *("我叫 {}", "我叫\u3000{}，在吗", "我叫：{}", "我是 {}，"),
    *("联系人{}", "联系人{}，没人回", "姓名{}", "姓名 ： {}"),
]


@pytest.mark.parametrize("form", NAMES)
@pytest.mark.parametrize("name", ["张伟", "王小明", "李建国", "欧阳娜娜", "陳芳"])
def test_a_name_is_masked_behind_the_words_that_give_it(form: str, name: str) -> None:
    assert mask_personal_data(form.format(name)) == (form.format("[姓名]"), {"name": 1})
    assert mask_texts([form.format(name)])[0].to_pylist() == [form.format("[姓名]")]


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("免贵姓陈", "免贵姓[姓名]"),
        ("有个姓李的客服态度差", "有个姓[姓名]的客服态度差"),
        ("我姓张名三", "我姓[姓名]"),
        ("我姓欧阳，", "我姓[姓名]，"),
        ("这边是李红女士", "这边是[姓名]女士"),
    ],
)
def test_a_surname_alone_is_masked_behind_the_word_for_it(text: str, masked: str) -> None:
    assert mask_personal_data(text) == (masked, {"name": 1})


@pytest.mark.parametrize(
    "text",
    [
        *("我叫了你们三次", "我叫他们来", "我叫你们师傅来修", "我叫车等了半天", "我叫安装师傅", "我叫查一下"),
        *(
            "我是常客",
            "我是黄金会员",
            "我是江苏的",
            "我是高级会员",
            "我是于昨天打的",
            "我是马上要用",
            "我是成都人",
        ),
        *("老百姓都知道", "您贵姓", "我是真的服了", "我是凌晨打的", "姓名没写", "联系人没写"),
        *("联系人方式", "联系人和地址都错", "联系人应该改", "联系人信息不对", "我叫 师傅来修", "我是 常客"),
        *("联系人安排错了", "联系人时间对不上", "联系人都换了", "姓名和电话都留了"),
    ],
)
def test_what_only_looks_like_a_name_stays(text: str) -> None:
    assert mask_personal_data(text) == (text, {})


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("单号 YT5540 0213 8876 还没到", "单号 [单号] 还没到"),
        ("YT5540 0213 8876", "[单号]"),
        ("SF1234567890123，", "[单号]，"),
        ("订单号是202011051234没发货", "订单号是[单号]没发货"),
        ("订单：A1234567890", "订单：[单号]"),
        ("我的工单号 GD-20201105-001 没人管", "我的工单号 [单号] 没人管"),
        ("运单 7755 4411 2233 没动", "运单 [单号] 没动"),
        ("單號 12345678", "單號 [单号]"),
        ("快递YT123456789没到", "快递[单号]没到"),
        ("快递ＹＴ１２３４５６７８９没到", "快递[单号]没到"),
        ("单号编号：为NoABCDEF-12345", "单号编号：为No[单号]"),
    ],
)
def test_order_and_waybill_numbers_are_masked(text: str, masked: str) -> None:
    assert mask_personal_data(text) == (masked, {"order": 1})
    assert mask_texts([text])[0].to_pylist() == [masked]


@pytest.mark.parametrize(
    "text",
    [
        "订单3000元",
        "订单10000元",
        "订单2个月没发",
        "订单2019年11月5日的",
        "快递单号没有更新",
        "iPhone12 128G",
        "单号5",
    ],
)
def test_amounts_dates_and_models_near_the_word_for_orders_stay(text: str) -> None:
    assert mask_personal_data(text) == (text, {})


def test_the_places_are_those_of_the_text_as_written() -> None:
    text = "我叫王五，单号：ＳＦ1234567890123，１３８００１３８０００"
    places = personal_data_in(text)
    assert [(text[first:after], kind) for first, after, kind in places] == [
        ("王五", "name"),
        ("ＳＦ1234567890123", "order"),
        ("１３８００１３８０００", "mobile"),
    ]


def test_who_made_an_export_is_masked_in_its_title() -> None:
    masked, found = mask_personal_data("2024年10月工单 / 导出人：王小明 13812345678")
    assert "王小明" not in masked
    assert "13812345678" not in masked
    assert found["name"] == 1
