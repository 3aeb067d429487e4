"""The words of published figures in two languages: channels, tiers, kinds, routes, industries, occasions."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from difflib import get_close_matches
from types import MappingProxyType

from satsurvey.service.records import CHANNELS as RECORDED

Pair = tuple[str, str]
"""A word in Chinese and English."""

CHANNELS: Mapping[str, Pair] = MappingProxyType(
    {
        **RECORDED,
        "web": ("网页", "web chat"),
        "app": ("App内", "in-app chat"),
        "wechat": ("微信", "WeChat"),
        "all": ("全渠道", "all channels"),
        "none": ("不分渠道", "no channel"),
    }
)
"""Channels of published figures; measured figures may come from others."""

COVERS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "online": frozenset({"im", "web", "app", "wechat"}),
        "im": frozenset({"wechat"}),
        "text": frozenset({"online", "im", "web", "app", "wechat"}),
    }
)
"""The channels inside a wider one. "all" covers every channel in which people answer, so not the bot."""

CHANNEL_ALIASES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "phone": ("call", "voice", "热线", "语音", "呼叫"),
        "online": ("在线", "chat", "web chat", "在线聊天", "网页客服"),
        "im": ("微信/即时通讯", "即时通信", "messaging"),
        "email": ("e-mail", "邮箱", "电子邮件"),
        "app_ticket": ("工单", "ticket", "app 工单"),
        "bot": ("智能客服", "chatbot"),
        "all": ("全部渠道", "全部", "合计", "全渠道合计", ""),
    }
)
"""Further words for channels; a cell that is empty means all of them together."""

TIERS: Mapping[str, Pair] = MappingProxyType(
    {
        "own_target": ("自定目标", "own target"),
        "basic": ("必达线", "basic"),
        "excellent": ("优秀线", "excellent"),
        "standard": ("推荐标准", "standard"),
        "top10": ("前十均值", "top-ten mean"),
        "leading": ("领先实践", "leading practice"),
        "mean": ("调查均值", "survey mean"),
        "industry_mean": ("行业均值", "industry mean"),
        "laggard": ("落后实践", "laggards"),
        "overall": ("全部行业", "all industries"),
        "top3": ("前三行业", "first three industries"),
        "vendor": ("服务商自述", "said by a vendor"),
        "case": ("个案", "one firm"),
        "design": ("调查设计", "survey design"),
        "context": ("背景", "background"),
        "unverified_promise": ("未核实的承诺", "unverified promise"),
        "none": ("无", "none"),
    }
)
"""What a figure is a mark of."""
LINES = ("own_target", "basic", "excellent", "standard", "top10")
"""Tiers that grade."""
MARKS = ("leading", "mean", "industry_mean", "laggard", "overall", "top3")
"""Tiers of observed figures that stand beside a grade."""

KINDS: Mapping[str, Pair] = MappingProxyType(
    {
        "threshold": ("门槛", "line to compare with"),
        "observed": ("实测", "measured figure"),
        "effect": ("效应", "stated effect"),
        "case": ("个案", "result of one firm"),
        "vendor_claim": ("服务商自述", "said by a vendor of itself"),
        "context": ("背景", "background"),
    }
)
"""What sort of statement a figure is."""

OPERATORS: Mapping[str, Pair] = MappingProxyType(
    {
        "<=": ("不超过", "at most"),
        ">=": ("不低于", "at least"),
        "<": ("低于", "below"),
        ">": ("高于", "above"),
        "=": ("等于", "equal to"),
        "range": ("介于", "between"),
        "+": ("上升", "rise by"),
        "-": ("下降", "fall by"),
        "from_to": ("由前者变为后者", "from the first to the second"),
    }
)
"""How a figure is to be read."""

ROUTES: Mapping[str, Pair] = MappingProxyType(
    {
        "survey": ("第三方调查", "survey from outside"),
        "self_report": ("企业自报", "the centre's own figures"),
        "expert": ("专家测评", "expert visit"),
    }
)
"""How a figure came about; figures of different routes are not comparable."""
ROUTE_ALIASES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "survey": ("cati", "电话调查", "调查", "第三方", "third_party"),
        "self_report": ("records", "自报", "服务记录", "own", "self-report", "self-reported", "企业报送"),
        "expert": ("专家", "神秘客", "mystery"),
    }
)

EVIDENCE: Mapping[str, Pair] = MappingProxyType(
    {"high": ("高", "high"), "medium": ("中", "medium"), "low": ("低", "low")}
)
"""How far a source can be trusted."""

WHEN: Mapping[str, Pair] = MappingProxyType(
    {"promotion_day": ("大促日", "promotion days"), "peak_hours": ("高峰时段", "peak hours")}
)
"""Occasions that a figure is limited to."""
WHEN_ALIASES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"promotion_day": ("大促", "promotion"), "peak_hours": ("高峰", "peak", "高峰期")}
)

INDUSTRIES: Mapping[str, Pair] = MappingProxyType(
    {
        "telecom": ("通信", "Telecommunications"),
        "bank": ("银行", "Banks"),
        "public_service": ("公共服务", "Public services"),
        "internet": ("互联网", "Internet"),
        "internet_finance": ("互联网金融", "Internet finance"),
        "retail": ("零售", "Retail"),
        "internet_travel": ("互联网旅游", "Internet travel"),
        "fund": ("基金", "Fund management"),
        "automotive": ("汽车", "Automotive"),
        "insurance": ("保险", "Insurance"),
        "manufacturing": ("制造业", "Manufacturing"),
        "express_logistics": ("物流快递", "Express and logistics"),
        "real_estate": ("地产", "Real estate"),
        "securities": ("证券", "Securities"),
        "finance": ("金融", "Finance"),
        "ecommerce": ("电商", "E-commerce"),
        "online_education": ("在线教育", "Online education"),
        "saas": ("SaaS", "SaaS"),
        "b2b_complex": ("复杂B2B", "Complex B2B"),
    }
)
"""Industries that figures are published for."""
INDUSTRY_ALIASES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "ecommerce": ("电子商务", "e-commerce", "e commerce"),
        "bank": ("银行业", "banking", "bank"),
        "securities": ("证券业", "券商"),
        "insurance": ("保险业",),
        "telecom": ("电信", "通信业"),
        "finance": ("金融业",),
        "express_logistics": ("快递", "物流"),
        "saas": ("软件即服务",),
    }
)
PARTS_OF: Mapping[str, frozenset[str]] = MappingProxyType(
    {"finance": frozenset({"bank", "internet_finance", "fund", "insurance", "securities"})}
)
"""Industries inside a wider one that figures are published for."""


def folded(text: str) -> str:
    """Fold what never distinguishes two words: width, case, white space, underscores and hyphens."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return "".join(character for character in plain if character not in " \t\n_-")


def code_of(word: str, table: Mapping[str, Pair], aliases: Mapping[str, tuple[str, ...]]) -> str | None:
    """Return the code that a word of the user's stands for, or None where it is none.

    Examples
    --------
    >>> code_of("E-Commerce", INDUSTRIES, INDUSTRY_ALIASES), code_of("电话", CHANNELS, CHANNEL_ALIASES)
    ('ecommerce', 'phone')
    """
    wanted = folded(word)
    for code, pair in table.items():
        if wanted in {folded(code), *map(folded, pair), *map(folded, aliases.get(code, ()))}:
            return code
    return None


def channel_of(word: str) -> str:
    """Return the channel that a word stands for, or the word itself where it is the user's own."""
    return code_of(word, CHANNELS, CHANNEL_ALIASES) or word.strip()


def industry_of(word: str) -> str | None:
    """Return the industry that a word stands for, or None where no figure knows it."""
    return code_of(word, INDUSTRIES, INDUSTRY_ALIASES) if word.strip() else None


def route_of(word: str) -> str | None:
    """Return the route that a word stands for, "" for none given, None where it is not known."""
    return code_of(word, ROUTES, ROUTE_ALIASES) if word.strip() else ""


def occasion_of(word: str) -> str | None:
    """Return the occasion that a word stands for, "" for none given, None where it is not known."""
    return code_of(word, WHEN, WHEN_ALIASES) if word.strip() else ""


def nearest(word: str, known: Mapping[str, str], count: int = 3) -> tuple[str, ...]:
    """Return the names nearest to a word that is not known, the nearest first.

    Parameters
    ----------
    word
        What the user wrote.
    known
        Writing to name; writings are folded, and every name is proposed once.
    count
        At most this many.
    """
    writings = {folded(writing): name for writing, name in known.items()}
    wanted = folded(word)
    close = get_close_matches(wanted, writings, n=4 * count, cutoff=0.5) if wanted else []
    inside = [writing for writing in writings if len(wanted) > 1 and (wanted in writing or writing in wanted)]
    return tuple(dict.fromkeys(writings[writing] for writing in (*inside, *close) if writing))[:count]
