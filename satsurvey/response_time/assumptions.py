"""What a user assumes of costs and values, from a file of their own; nothing in it is estimated here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from satsurvey.benchmarks.vocabulary import channel_of
from satsurvey.errors import Defect, SpecificationError
from satsurvey.instrument.library import read_toml
from satsurvey.instrument.model import validation_defects

Amount = Annotated[float, Field(ge=0, allow_inf_nan=False)]
ALL = "all"

TEMPLATE = """\
# What you assume of costs and values. Every figure is yours; lines left out are not used.
# 成本与价值的假设，全部由使用者填写；未写的行不参与计算。
schema = "satsurvey.assumptions/1"
currency = "CNY"

# All channels together; a table such as [channels.phone] goes before it. What is marked (total) is divided
# among the channels by their contacts, less what channels state of their own.
# 所有渠道合计，各渠道可另写 [channels.phone]；标有“合计”的数按各渠道联系量分摊，先减去各渠道自己写明的部分。
[channels.all]
# attainment = 0.90                  # share of contacts that are to be within the target 目标达成率
# contacts_per_month = 10000         # (total) 每月联系量（合计）
# cost_per_agent_hour = 60           # 每坐席小时成本
# extra_agent_hours_per_month = 200  # (total) by your own planning 达到目标每月需增加的坐席小时（合计）
# extra_minutes_per_contact = 2      # per contact that is to be in time 每个需提前的联系增加的坐席分钟
# value_per_point_per_month = 5000   # (total) of the mean score 总平均分每提高1点每月的价值（合计）
# value_per_point_per_contact = 0.5  # where none a month is given 平均分每提高1点每次联系的价值
# repurchase_percent_per_point = 0.1 # percent points 每1点带来的复购率变化（百分点）
"""


class AssumptionsError(SpecificationError):
    """A file of assumptions cannot be read or used."""

    def __init__(
        self,
        what: str,
        *,
        file: str | Path | None = None,
        defects: Iterable[Defect] = (),
        next_step: str | None = None,
    ) -> None:
        step = next_step or "satsurvey targets template writes one to fill in"
        super().__init__(what, file=file, defects=defects, next_step=step)


class Channel(BaseModel):
    """Assumptions of a channel, or of all together; None where nothing is assumed."""

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


TOTALS = ("contacts_per_month", "extra_agent_hours_per_month", "value_per_point_per_month")
"""What is stated of all channels together: a total, and none that every channel has."""


@dataclass(frozen=True)
class Assumptions:
    """Assumptions by channel, those of `all` filling the gaps.

    Attributes
    ----------
    currency
        Of all amounts.
    channels
        By the channels of published figures, and `all`.
    file
        Where they stand.
    """

    currency: str = "CNY"
    channels: Mapping[str, Channel] = field(default_factory=dict)
    file: str | None = None

    def attainment(self, channel: str) -> float | None:
        """Return the share of contacts that is to be within the target; None where it is not stated."""
        own = self.channels.get(channel, Channel()).attainment
        return own if own is not None else self.channels.get(ALL, Channel()).attainment

    def divided(self, contacts: Mapping[str, int], targeted: Iterable[str]) -> dict[str, Channel]:
        """Return what is assumed of every channel, the totals of `all` divided among them.

        Parameters
        ----------
        contacts
            How many contacts each channel has.
        targeted
            Channels that have a target: extra hours are divided among these only.

        Raises
        ------
        AssumptionsError
            When channels state more of something than all together have.

        Notes
        -----
        Of a total, what channels state of their own is taken off; the rest goes to the others by their
        contacts. A point of the mean over all contacts is worth the total, so that a point of one channel is
        worth its share.
        """
        general = self.channels.get(ALL, Channel())
        made = {
            channel: general.model_copy(
                update=self.channels.get(channel, Channel()).model_dump(exclude_none=True)
            )
            for channel in contacts
        }
        aimed = set(targeted)
        for name in TOTALS:
            whole = getattr(general, name)
            if whole is None:
                continue
            stated = {
                channel: getattr(own, name)
                for channel, own in self.channels.items()
                if channel != ALL and getattr(own, name) is not None
            }
            rest = whole - sum(stated.values())
            if rest < -1e-9 * abs(whole):
                raise AssumptionsError(
                    f"the channels together have more {name} than all have",
                    file=self.file,
                    next_step="state the total of all channels under [channels.all], or leave it out there",
                )
            among = {channel: n for channel, n in contacts.items() if channel not in stated}
            if name == "extra_agent_hours_per_month":
                among = {channel: n for channel, n in among.items() if channel in aimed}
            total = sum(among.values())
            for channel in contacts.keys() - stated.keys():
                share = among.get(channel, 0) / total if total else 0.0
                made[channel] = made[channel].model_copy(update={name: rest * share})
        return made


def load_assumptions(path: str | Path) -> Assumptions:
    """Load a file of assumptions.

    Raises
    ------
    AssumptionsError
        When it cannot be read or has defects; all of them are listed.
    """
    data = read_toml(Path(path), AssumptionsError, "assumptions")
    try:
        file = _File.model_validate(data)
    except ValidationError as exc:
        defects = [*validation_defects(exc)]
        raise AssumptionsError(
            f"the file of assumptions has {len(defects)} defect{'s' if len(defects) > 1 else ''}",
            file=path,
            defects=defects,
        ) from exc
    return Assumptions(
        file.currency, {channel_of(name): own for name, own in file.channels.items()}, str(path)
    )
