"""Personal data in texts that people typed: found by its form, and masked before anything is written."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from types import MappingProxyType

import pyarrow as pa
import pyarrow.compute as pc

from satsurvey.intake.personal_names import NAME

KINDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "email": ("邮箱", "e-mail addresses"),
        "id_card": ("身份证号", "id-card numbers"),
        "bank_card": ("银行卡号", "bank-card numbers"),
        "mobile": ("手机号", "mobile numbers"),
        "landline": ("固定电话", "landline numbers"),
        "plate": ("车牌号", "licence plates"),
        "order": ("单号", "order and waybill numbers"),
        "name": ("姓名", "names that people give as theirs"),
    }
)
"""Every kind of personal data that is masked, with its words in Chinese and English."""

Holds = Callable[[str], bool]

_PLATE_PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
# GB/T 2260: the first two digits of an id-card number name a province.
_ID_PROVINCES = frozenset(
    map(str, (*range(11, 16), *range(21, 24), *range(31, 38), *range(41, 47), *range(50, 55), *range(61, 66)))
) | {"71", "81", "82", "83"}
_FIRST_BIRTH_YEAR = 1900

# One character for one character, so that what is found here has the same place in the text as written.
_PLAIN = str.maketrans(
    {full: chr(full - 0xFEE0) for full in range(0xFF01, 0xFF5F)}
    | {ord(blank): " " for blank in "\u3000\u00a0\u2002\u2003\u2009"}
    | {ord(dash): "-" for dash in "‐‑‒–—―−﹣－"}
)
# A number with decimals is a measurement, however its digits may look. A telephone number that went through
# a column of floating-point numbers ends in ".0" and is none. One look ahead for a decimal that is not 0
# keeps the search linear in the length of the text.
_MEASUREMENT = re.compile(r"\s*[-+]?[0-9]+\.(?=[0-9]*[1-9])[0-9]+(?:[eE][-+]?[0-9]+)?\s*")
# Wider than every form below, in characters as they are typed. A number behind its word stands at most 16
# characters away from it, and a waybill has nine digits, each with one character between at most.
_CANDIDATE = (
    r"(?:[0-9０-９][^0-9０-９]{0,3}){10}|[@＠]|["
    + _PLATE_PROVINCES
    + r"][A-Za-zＡ-Ｚａ-ｚ]|[单單号號][^0-9０-９]{0,20}[0-9０-９]"
    + r"|[A-Za-zＡ-Ｚａ-ｚ][^0-9０-９]?(?:[0-9０-９][^0-9０-９]?){9}"
    + r"|姓|[我俺咱本这][^姓]{0,4}[叫是]|名字|联系人"
)
"""What every text with personal data matches: ten digits close together, an at sign, the start of a plate,
a digit behind the word number, nine digits behind a letter, words with which people tell their name."""


def _is_id_card(found: str) -> bool:
    """Whether 18 characters have the province and the day of birth of an id-card number (GB 11643).

    The check character is not asked for: one digit typed wrongly leaves a number that still names somebody.
    """
    digits = found.replace(" ", "").replace("-", "")
    if digits[:2] not in _ID_PROVINCES:
        return False
    try:
        born = date(int(digits[6:10]), int(digits[10:12]), int(digits[12:14]))
    except ValueError:
        return False
    return born.year >= _FIRST_BIRTH_YEAR


def _is_bank_card(found: str) -> bool:
    """Whether the digits of a card number agree with its check digit (Luhn, ISO/IEC 7812-1)."""
    digits = [int(character) for character in reversed(found) if character.isdigit()]
    doubled = (sum(divmod(2 * digit, 10)) for digit in digits[1::2])
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0


def _is_plate(found: str) -> bool:
    """Whether there are digits enough: a plate has at most three letters behind the first."""
    return sum(character.isdigit() for character in found) >= 2


def _is_order(found: str) -> bool:
    """Whether there are digits enough for a number that names one order, and not for an amount."""
    return sum(character.isdigit() for character in found) >= 5


def _always(found: str) -> bool:
    return True


# In the order in which they are looked for: an address may begin with a telephone number, and a card number
# may hold one. First digits 1 and 20 are no card's, which keeps moments such as 20191105134512000 out.
_FORMS: Sequence[tuple[str, re.Pattern[str], Holds]] = (
    (
        "email",
        re.compile(r"(?<![\w.%+-])[\w.%+-]+@(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z]{2,24}", re.ASCII),
        _always,
    ),
    (
        "id_card",
        re.compile(r"(?<![0-9])[1-8][0-9]{5}[ -]?[0-9]{4}[ -]?[0-9]{4}[ -]?[0-9]{3}[0-9Xx](?![0-9])"),
        _is_id_card,
    ),
    (
        "bank_card",
        re.compile(
            r"(?<![0-9])(?<!0\.)(?=[3-69]|2[2-7])"
            r"(?:[0-9]{4}(?:[ -]?[0-9]{4}){3}(?:[ -]?[0-9]{1,3})?|[0-9]{6}[ -][0-9]{10,13})(?![0-9])"
        ),
        _is_bank_card,
    ),
    (
        "mobile",
        re.compile(
            r"(?<![0-9])(?<!0\.)(?:\(?(?:\+|00)?86\)?[ -]{0,2})?"
            r"1[3-9](?:[0-9][ -]?[0-9]{4}[ -]?[0-9]{4}|[0-9]{2}[ -][0-9]{4}[ -][0-9]{3}"
            r"|[0-9]{2}[ -][0-9]{3}[ -][0-9]{4}|[0-9][ -][0-9]{3}[ -][0-9]{5}|[0-9]{3}[ -][0-9]{6})(?![0-9])"
        ),
        _always,
    ),
    (
        # Area codes of China: 010, 02x and 0[3-9]xx; no subscriber's number begins with 0.
        "landline",
        re.compile(
            r"(?<![0-9])(?<!0\.)"
            r"(?:\(?(?:0|(?:\+|00)86[ )-]{0,2}0?)(?:10|2[0-57-9]|[3-9][0-9]{2})[ )-]{1,3}[1-9][0-9]{6,7}"
            r"|0(?:10|2[0-57-9])[1-9][0-9]{7}|0[3-9][0-9]{2}[1-9][0-9]{6,7})"
            r"(?:(?:-|转 ?)[0-9]{1,6})?(?![0-9])"
        ),
        _always,
    ),
    (
        "plate",
        re.compile(
            "[" + _PLATE_PROVINCES + r"][A-HJ-Z][·•. -]?"
            r"(?:[A-HJ-NP-Z][A-HJ-NP-Z0-9][0-9]{4}|[0-9]{5}[A-HJ-NP-Z]"
            r"|[A-HJ-NP-Z0-9]{4}(?:[A-HJ-NP-Z0-9]|[挂学警港澳]))(?![A-Z0-9])",
            # Without ASCII the long s and the Kelvin sign would be letters of a plate.
            re.IGNORECASE | re.ASCII,
        ),
        _is_plate,
    ),
    (
        # Behind the word for it any number of five digits or more; alone, letters with nine digits or more,
        # as couriers number parcels (YT5540 0213 8876).
        "order",
        re.compile(
            r"(?:(?<=单号)|(?<=订单)|(?<=運單)|(?<=訂單)|(?<=單號)|(?<=运单)|(?<=工单)|(?<=保单)|(?<=单号码)"
            r"|(?<=流水号)|(?<=单编号)|(?<=合同号)|(?<=会员号)|(?<=账号)|(?<=户号))"
            r"(?:号码?|尾号|编号)?(?P<lead>[是为:：#﹟ ]{0,3}(?:[Nn][Oo]\.?)?)"
            r"(?P<number>[A-Za-z]{0,6}[ -]?[0-9](?:[ -]?[0-9A-Za-z]){4,29})"
            r"(?![0-9A-Za-z]|\.[0-9]| ?[元块万%年])"
            r"|(?<![A-Za-z0-9])(?P<waybill>[A-Za-z]{1,5}[ -]?[0-9](?:[ -]?[0-9]){8,19})(?![0-9])",
        ),
        _is_order,
    ),
    (
        "name",
        NAME,
        _always,
    ),
)


def mask_personal_data(text: str) -> tuple[str, Mapping[str, int]]:
    """Replace personal data in a text by the Chinese name of its kind in square brackets.

    Parameters
    ----------
    text
        What somebody typed. Full-width digits and letters are understood as the usual ones.

    Returns
    -------
    masked
        The text; everything else in it stays as it was.
    counts
        How many were masked, by kind (`KINDS`); kinds that do not occur are left out.

    Notes
    -----
    Mobile numbers (11 digits from 13 to 19, with or without 86), landline numbers with their area code,
    id-card numbers (18 characters whose province and day of birth exist; GB 11643), bank-card numbers (16 to
    19 digits that pass Luhn's check, ISO/IEC 7812-1), e-mail addresses and licence plates; numbers behind
    订单, 单号, 运单 and the like, and letters with nine digits or more as couriers number parcels; names that
    somebody gives as theirs (behind 我叫, 姓, 姓名, 联系人, and 我是 where only a name can stand), when they
    begin with a surname. Other names and postal addresses have no form to go by and are not found.

    Examples
    --------
    >>> mask_personal_data("请回电 138 0013 8000，谢谢")
    ('请回电 [手机号]，谢谢', {'mobile': 1})
    >>> mask_personal_data("20191105")
    ('20191105', {})
    """
    spans = personal_data_in(text)
    if not spans:
        return text, {}
    parts, place = [], 0
    for first, after, kind in spans:
        parts += [text[place:first], f"[{KINDS[kind][0]}]"]
        place = after
    counts = Counter(kind for _, _, kind in spans)
    return "".join(parts) + text[place:], {kind: counts[kind] for kind in KINDS if counts[kind]}


def personal_data_in(text: str) -> list[tuple[int, int, str]]:
    """Return where personal data stands in a text: first character, character behind the last, kind.

    Sorted by place; the stretches do not overlap.
    """
    if _MEASUREMENT.fullmatch(text):
        return []
    plain = text.translate(_PLAIN)
    spans: list[tuple[int, int, str]] = []
    for kind, form, holds in _FORMS:

        def taken_out(match: re.Match[str], kind: str = kind, holds: Holds = holds) -> str:
            # What is found is taken out, so that no part of it is found again as something else. Where a form
            # names a part of itself, the words around that part stay.
            part = match.lastgroup or 0
            if not holds(match[part]):
                return match[0]
            first, after = match.span(part)
            spans.append((first, after, kind))
            before, behind = match[0][: first - match.start()], match[0][after - match.start() :]
            return before + "\0" * (after - first) + behind

        plain = form.sub(taken_out, plain)
    return sorted(spans)


def mask_texts(
    texts: Sequence[str | None] | pa.Array | pa.ChunkedArray,
) -> tuple[pa.Array, Mapping[str, int]]:
    """Mask personal data in many texts; see `mask_personal_data`.

    Parameters
    ----------
    texts
        Texts, or an Arrow array of them; what is absent stays absent.

    Returns
    -------
    masked
        Arrow `string` array of the same length.
    counts
        How many were masked in all of them, by kind.

    Notes
    -----
    Texts that cannot hold any of it are passed over by one compiled search, about 0.1 µs each.
    """
    array = texts if isinstance(texts, pa.Array | pa.ChunkedArray) else pa.array(texts, pa.string())
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    array = array.cast(pa.string())
    suspects = pc.fill_null(pc.match_substring_regex(array, _CANDIDATE), False)
    counts: Counter[str] = Counter()
    masked: list[str] = []
    for text in array.filter(suspects).to_pylist():
        replaced, found = mask_personal_data(text)
        masked.append(replaced)
        counts.update(found)
    if counts:
        array = pc.replace_with_mask(array, suspects, pa.array(masked, pa.string()))
    return array, {kind: counts[kind] for kind in KINDS if counts[kind]}
