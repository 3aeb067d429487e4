"""What figures of service are called and measured in, and the formulas they are made by, in words."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from satsurvey.service.service_levels import SERVICE_LEVELS

KPI_METRICS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "first_response_time": ("首次响应时长", "first response time"),
        "avg_response_time": ("平均响应时长", "average response time"),
        "wait_time": ("客户等待时长", "time the customer waits"),
        "speed_of_answer": ("平均接通速度", "speed of answer"),
        "resolution_time": ("解决时长", "resolution time"),
        "handling_time": ("处理时长", "handling time"),
        "service_level": ("服务水平", "service level"),
        "answer_rate": ("接通率", "answer rate"),
        "abandon_rate": ("放弃率", "abandonment rate"),
        "queue_rate": ("排队率", "queue rate"),
        "sla_attainment": ("SLA达成率", "SLA attainment"),
        "fcr": ("首问解决率", "first-contact resolution"),
        "repeat_free_rate": ("无重复咨询率", "rate of contacts without a repeat"),
        "repeat_contact_rate": ("重复咨询率", "rate of repeat contacts"),
        "transfers": ("转接次数", "number of transfers"),
        "transfer_rate": ("转接率", "transfer rate"),
        "second_transfer_rate": ("二次转接率", "rate of second transfers"),
        "bot_containment": ("机器人独立解决占比", "bot containment"),
        "bot_deflection": ("机器人分流率", "bot deflection"),
        "concurrent_chats": ("同时服务客户数", "customers served at once"),
    }
)
"""Every metric, with its words in Chinese and English."""

STATISTICS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "mean": ("均值", "mean"),
        "median": ("中位数", "median"),
        "p90": ("第90百分位", "90th percentile"),
        "share_within_target": ("达标占比", "share within target"),
        "rate": ("比率", "rate"),
        "count": ("次数", "count"),
        "sum": ("合计", "sum"),
        "longest": ("最长", "longest"),
    }
)
"""The statistics, with their words in Chinese and English."""

UNITS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {"s": ("秒", "s"), "share": ("%", "%"), "count": ("个", "count")}
)
"""The units; shares are 0-1 in frames and per cent in tables for people."""

INTERVALS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "t": ("t 区间", "Student's t"),
        "t_agent": ("t 区间，按坐席聚类", "Student's t between agents"),
        "t_customer": ("t 区间，按客户聚类", "Student's t between customers"),
        "wilson": ("Wilson 区间", "Wilson"),
        "wilson_customer": ("Wilson 区间，按客户聚类", "Wilson between customers"),
        "order_statistics": ("次序统计量区间", "order statistics"),
        "log_log": ("log-log 区间（Greenwood）", "log-log (Greenwood)"),
        "none": ("无", "none"),
    }
)
"""How an interval was made, with its words in Chinese and English."""

FORMULAS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "answered_only": (
            "只计已应答者，未应答者不计",
            "contacts that were answered; the others are left out",
        ),
        "resolved_only": ("只计已解决者，未结者不计", "contacts that were resolved; open ones are left out"),
        "kaplan_meier": (
            "未应答、未结者按已等待时长计入（Kaplan-Meier）",
            "all contacts; one without an end counts as long as it was seen (Kaplan-Meier)",
        ),
        "of_due": (
            "时限内 / 到期；放弃的、等待已超过时限的计为未达成，未到期的不计",
            "in time / due; who gave up or waits beyond it missed it, who is not due yet is left out",
        ),
        "contacts_equal": (
            "每次联系计一次；跨渠道即按量加权",
            "every contact counts once, which weighs channels by their volume",
        ),
        "weighted_by_replies": ("每次回复计一次", "every reply counts once"),
        "queue_and_hold": ("每次联系的排队与保持之和", "queue and hold of each contact, added"),
        "queue_only": (
            "每次联系的排队时长，记录中没有保持时长",
            "queue of each contact; the records have no hold",
        ),
        "single_waits": ("单段等待（排队、保持各计一段）", "single waits, queue and hold each one"),
        "waits_of_answered": (
            "已接起者的等待之和 / 已接起数；放弃者不计，故放弃越多越低",
            "waits of answered contacts / answered contacts; who gave up is left out, which lowers it",
        ),
        "talk": ("通话", "talk; the records have neither hold nor after-call work"),
        "talk_hold": ("通话 + 保持，记录中没有话后处理", "talk + hold; the records have no after-call work"),
        "talk_after": ("通话 + 话后处理，记录中没有保持", "talk + after-call work; the records have no hold"),
        "talk_hold_after": ("通话 + 保持 + 话后处理", "talk + hold + after-call work"),
        **SERVICE_LEVELS,
        "of_asked": (
            "接起 / 要求人工的联系；机器人独立处理者不计，尚未接起者计为未接起",
            "answered / contacts that asked for an agent: not those a bot kept, but those not answered yet",
        ),
        "gave_up_of_offered": ("放弃 / (接起 + 放弃)", "gave up / (answered + gave up)"),
        "short_left_out": (
            "(放弃 - {short} 秒内放弃) / (接起 + 放弃 - {short} 秒内放弃)",
            "(gave up - gave up within {short} s) / (answered + gave up - gave up within {short} s)",
        ),
        "waited_at_all": (
            "等待大于 0 / 等待已知",
            "contacts that waited at all / contacts whose wait is known",
        ),
        "first_response_in_target": (
            "目标内首次响应 / 到期；逾期未响应计为未达成，未到期者不计",
            "answered inside the target / due; unanswered past the target is missed, not yet due is left out",
        ),
        "resolution_in_target": (
            "目标内解决 / 到期；逾期未结计为未达成，未到期者不计",
            "resolved inside the target / due; open past the target is missed, not yet due is left out",
        ),
        "sla_as_recorded": (
            "系统记录为达成 / 有记录；逾期未结计为未达成，未到期者不计",
            "kept as the system records it / recorded; open past the target is missed, not yet due left out",
        ),
        "stated": (
            "系统或客户称首次联系即解决 / 有回答",
            "stated to be resolved at the first contact / stated",
        ),
        "no_repeat_of_issue": (
            "首次联系后 {window} 天内无重复、未重开、已结 / 问题数（同一客户{purpose_zh}，接起者）",
            "first contacts not repeated within {window} days, not reopened, not open / issues (one "
            "customer{purpose_en}; answered contacts)",
        ),
        "no_repeat_of_contact": (
            "其后 {window} 天内无重复的联系 / 联系（同一客户{purpose_zh}）",
            "contacts without another within {window} days after / contacts (one customer{purpose_en})",
        ),
        "repeats_of_contacts": (
            "其前 {window} 天内已有联系的联系 / 联系（同一客户{purpose_zh}）",
            "contacts with another within {window} days before / contacts (one customer{purpose_en})",
        ),
        "transfers_per_contact": ("转接次数 / 联系", "transfers / contacts"),
        "transferred_once": ("转接 1 次及以上 / 联系", "contacts transferred once or more / contacts"),
        "transferred_twice": ("转接 2 次及以上 / 联系", "contacts transferred twice or more / contacts"),
        "bot_alone_of_bot": (
            "机器人独立处理 / 机器人接待",
            "contacts handled by the bot alone / contacts that a bot took",
        ),
        "bot_of_text": ("机器人接待 / 文字渠道联系", "contacts that a bot took / contacts in text channels"),
        "over_busy_time": (
            "坐席有客户在服务的时间内，同时服务客户数的时间平均",
            "mean over the time in which the agent serves anybody",
        ),
        "at_start_of_contact": (
            "联系开始时坐席的客户数，含本次",
            "customers of the agent when a contact begins",
        ),
        "as_recorded": ("按系统记录", "as the system recorded it"),
    }
)
"""Every formula, with its words in Chinese and English."""


def formula_text(formula: str, language: str, parameters: Mapping[str, object]) -> str:
    """Return a formula in words, in "zh" or "en", with the window and limits it was made with."""
    purpose = bool(parameters.get("by_purpose"))
    return FORMULAS[formula][0 if language == "zh" else 1].format(
        window=f"{parameters.get('fcr_window_days', 7):g}",
        short=f"{parameters.get('short_abandon_s') or 0:g}",
        purpose_zh="、同一事由" if purpose else "",
        purpose_en=" and purpose" if purpose else "",
    )
