"""Personal data in texts that people typed: found by its form, and masked before anything is written."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from types import MappingProxyType

import pyarrow as pa
import pyarrow.compute as pc

KINDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "email": ("邮箱", "e-mail addresses"),
        "id_card": ("身份证号", "id-card numbers"),
        "bank_card": ("银行卡号", "bank-card numbers"),
        "mobile": ("手机号", "mobile numbers"),
        "landline": ("固定电话", "landline numbers"),
        "plate": ("车牌号", "licence plates"),
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
# a column of floating-point numbers ends in ".0" and is none.
_MEASUREMENT = re.compile(r"\s*[-+]?[0-9]+\.[0-9]*[1-9][0-9]*(?:[eE][-+]?[0-9]+)?\s*")
_CANDIDATE = r"(?:[0-9０-９][^0-9０-９]{0,3}){10}|[@＠]|[" + _PLATE_PROVINCES + r"][A-Za-zＡ-Ｚａ-ｚ]"
"""What every text with personal data matches: ten digits close together, an at sign, the start of a plate."""


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
            re.IGNORECASE,
        ),
        _is_plate,
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
    19 digits that pass Luhn's check, ISO/IEC 7812-1), e-mail addresses and licence plates. Names and postal
    addresses have no form to go by and are not found.

    Examples
    --------
    >>> mask_personal_data("请回电 138 0013 8000，谢谢")
    ('请回电 [手机号]，谢谢', {'mobile': 1})
    >>> mask_personal_data("20191105")
    ('20191105', {})
    """
    if _MEASUREMENT.fullmatch(text):
        return text, {}
    plain = text.translate(_PLAIN)
    spans: list[tuple[int, int, str]] = []
    for kind, form, holds in _FORMS:

        def taken_out(match: re.Match[str], kind: str = kind, holds: Holds = holds) -> str:
            # What is found is taken out, so that no part of it is found again as something else.
            if not holds(match[0]):
                return match[0]
            spans.append((match.start(), match.end(), kind))
            return "\0" * len(match[0])

        plain = form.sub(taken_out, plain)
    if not spans:
        return text, {}
    parts, place = [], 0
    for first, after, kind in sorted(spans):
        parts += [text[place:first], f"[{KINDS[kind][0]}]"]
        place = after
    counts = Counter(kind for _, _, kind in spans)
    return "".join(parts) + text[place:], {kind: counts[kind] for kind in KINDS if counts[kind]}


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
    Texts without ten digits close together, an at sign or the beginning of a plate are passed over by one
    compiled search, about 0.1 µs each.
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
