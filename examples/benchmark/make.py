"""Write the example files of this folder; all companies, vendors and times are made up.

python examples/benchmark/make.py
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).parent
OWN = [
    ("行业", "企业", "渠道", "指标", "数值", "样本量", "标准误", "测量方式", "时段"),
    ("电商", "云杉商城", "电话", "首次响应时长", "26秒", "1840", "0.8", "服务记录", ""),
    ("电商", "云杉商城", "在线客服", "首次响应时长", "75", "5210", "2.5", "服务记录", ""),
    ("电商", "云杉商城", "APP工单", "首次响应时长", "12分钟", "620", "", "服务记录", ""),
    ("电商", "云杉商城", "全渠道", "首问解决率", "78.5%", "7670", "", "服务记录", ""),
    ("电商", "云杉商城", "全渠道", "客户满意度(满意率)", "93.1%", "2950", "", "企业自报", ""),
    ("银行", "南湖银行", "电话", "首次响应时长", "31", "900", "0.9", "服务记录", ""),
    ("银行", "南湖银行", "电话", "接通率", "98.6%", "2400", "", "服务记录", "高峰"),
    ("银行", "南湖银行", "电话", "满意度综合得分", "88.2", "", "0.6", "电话调查", ""),
    ("银行", "南湖银行", "邮件", "首次响应时长", "", "", "", "服务记录", ""),
    ("银行", "南湖银行", "机器人", "智能客服处理占比", "71%", "3300", "", "服务记录", ""),
]
VENDORS = {
    "vendor": ("北辰外包", "青禾客服", "海纳服务"),
    "avg_human_response_time": ("48", "35", "72"),
    "avg_human_response_time_promotion": ("29", "41", ""),
    "answer_rate_peak": ("98.4%", "97.1%", "98.2%"),
    "service_hours": ("168", "168", "112"),
    "seat_scaling_time": ("24", "12", "48"),
    "csat_rate": ("91%", "93%", "88%"),
    "bad_review_rate": ("0.9%", "0.6%", "1.4%"),
    "complaint_fcr": ("86%", "83%", "85%"),
    "qa_pass_rate": ("96%", "97%", ""),
    "expertise": ("70", "85", "60"),
    "business_gain": ("55", "75", "50"),
    "transparency": ("80", "70", "65"),
    "cost_reduction_vs_inhouse": ("38%", "31%", "52%"),
    "monthly_attrition": ("11%", "14%", "19%"),
    "iso_27001": ("是", "是", "是"),
    "non_disclosure": ("是", "是", "是"),
    "encrypted_storage": ("是", "是", "否"),
    "dispute_liability": ("是", "是", "是"),
    "omnichannel": ("60", "80", "70"),
    "emergency": ("75", "65", "50"),
    "price_only": ("否", "否", "是"),
    "unproved_figures": ("是", "", "否"),
    "no_industry_fit": ("有", "有", "无"),
}


def write(name: str, rows: list[tuple[object, ...]]) -> None:
    with (FOLDER / name).open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)


def main() -> None:
    write("own-figures.csv", OWN)
    write("vendors.csv", [(code, *values) for code, values in {"代码": VENDORS["vendor"], **_rest()}.items()])
    times = np.random.default_rng(30).gamma(2.0, 7.0, 400).round(1)
    rows: list[tuple[object, ...]] = [("联系编号", "首次响应时长")]
    rows += [(f"C{k:04d}", "" if k % 80 == 7 else time) for k, time in enumerate(times.tolist(), start=1)]
    write("response-times.csv", rows)


def _rest() -> dict[str, tuple[str, ...]]:
    return {code: values for code, values in VENDORS.items() if code != "vendor"}


if __name__ == "__main__":
    main()
