"""What a user assumes of costs and values, from a file of their own; nothing in it is estimated here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from satsurvey.errors import SpecificationError
from satsurvey.instrument.library import read_toml
from satsurvey.instrument.model import validation_defects

Amount = Annotated[float, Field(ge=0, allow_inf_nan=False)]
ALL = "all"

TEMPLATE = """\
# What you assume of costs and values. Every figure is yours; lines left out are not used.
# 成本与价值的假设，全部由使用者填写；未写的行不参与计算。
schema = "satsurvey.assumptions/1"
currency = "CNY"

# For all channels; a table such as [channels.phone] goes before it. 适用于所有渠道，各渠道可另写。
[channels.all]
# attainment = 0.90                  # share of contacts that are to be within the target 目标达成率
# contacts_per_month = 10000         # 每月联系量
# cost_per_agent_hour = 60           # 每坐席小时成本
# extra_agent_hours_per_month = 200  # by your own planning 达到目标每月需增加的坐席小时
# extra_minutes_per_contact = 2      # per contact that is to be in time 每个需提前的联系增加的坐席分钟
# value_per_point_per_month = 5000   # of the mean score 平均分每提高1点每月的价值
# value_per_point_per_contact = 0.5  # where none a month is given 平均分每提高1点每次联系的价值
# repurchase_percent_per_point = 0.1 # percent points 每1点带来的复购率变化（百分点）
"""


class AssumptionsError(SpecificationError):
    """A file of assumptions cannot be read or used."""


class Channel(BaseModel):
    """Assumptions of a channel; None where nothing is assumed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    attainment: Annotated[float, Field(gt=0, lt=1)] | None = None
    contacts_per_month: Amount | None = None
    cost_per_agent_hour: Amount | None = None
    extra_agent_hours_per_month: Amount | None = None
    extra_minutes_per_contact: Amount | None = None
    value_per_point_per_month: float | None = None
    value_per_point_per_contact: float | None = None
    repurchase_percent_per_point: float | None = None

    def cost(self, moved_share: float) -> float:
        """Return the cost a month of answering a share of contacts earlier; NaN where it is not assumed."""
        hours = self.extra_agent_hours_per_month
        if (
            hours is None
            and self.extra_minutes_per_contact is not None
            and self.contacts_per_month is not None
        ):
            hours = self.contacts_per_month * moved_share * self.extra_minutes_per_contact / 60
        if hours is None or self.cost_per_agent_hour is None:
            return float("nan")
        return hours * self.cost_per_agent_hour

    def value_of_point(self) -> float:
        """Return what one point of the mean score is worth in a month; NaN where it is not assumed."""
        if self.value_per_point_per_month is not None:
            return self.value_per_point_per_month
        if self.value_per_point_per_contact is not None and self.contacts_per_month is not None:
            return self.value_per_point_per_contact * self.contacts_per_month
        return float("nan")


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_: Literal["satsurvey.assumptions/1"] = Field(alias="schema")
    currency: str = "CNY"
    channels: dict[str, Channel] = {}


@dataclass(frozen=True)
class Assumptions:
    """Assumptions by channel, those of `all` filling the gaps."""

    currency: str = "CNY"
    channels: Mapping[str, Channel] | None = None

    def of(self, channel: str) -> Channel:
        """Return the assumptions of a channel."""
        known = self.channels or {}
        general, own = known.get(ALL, Channel()), known.get(channel, Channel())
        return general.model_copy(update=own.model_dump(exclude_none=True))


def load_assumptions(path: str | Path) -> Assumptions:
    """Load a file of assumptions.

    Raises
    ------
    AssumptionsError
        When it cannot be read or has defects; all of them are listed.
    """
    data = read_toml(Path(path), AssumptionsError, "file of assumptions")
    try:
        file = _File.model_validate(data)
    except ValidationError as exc:
        defects = [*validation_defects(exc)]
        raise AssumptionsError(
            f"the file of assumptions has {len(defects)} defect{'s' if len(defects) > 1 else ''}",
            file=path,
            defects=defects,
            next_step="satsurvey targets template writes one to fill in",
        ) from exc
    return Assumptions(file.currency, dict(file.channels))
