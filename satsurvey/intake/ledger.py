"""The ledger: what became of every row read: used, set aside with its reason, or unreadable."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

REASONS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "blank_row": ("空行", "blank row"),
        "total_row": ("合计行", "row of totals"),
        "repeated_heading": ("重复的表头", "heading repeated among the rows"),
        "not_completed": ("未完成的访问", "interview not completed"),
        "screened_out": ("甄别不合格", "screened out"),
        "no_company": ("没有企业", "no company"),
        "no_answers": ("没有任何题项的合法回答", "no legal answer to any item"),
        "bad_weight": ("权数无效", "weight missing or not positive"),
        "unknown_metric": ("未知的指标", "metric that is not known"),
        "nothing_published": ("没有公布的数字可对标", "metric that nothing is published for"),
        "no_value": ("数值无法理解", "value that cannot be understood"),
        "repeated_contact": ("重复的联系记录", "contact repeated"),
        "no_contact": ("没有联系编号", "no id of the contact"),
        "no_moment": ("没有可用的时间", "no usable moment"),
        "no_writer": ("不知道是谁发送的", "nobody known wrote it"),
        "unmatched": ("没有对应的联系记录", "belongs to no contact that was read"),
        "not_measured": ("不属于要计算的时长", "about nothing that is measured"),
        "unreadable": ("无法读取", "unreadable"),
    }
)
"""Every reason a row can have for not being used, with its words in Chinese and English."""


@dataclass(frozen=True)
class UnusedRow:
    """One row that was not used: where it stands (`row` counts the headings, as a spreadsheet does) and why.

    `detail` says more of the reason: the disposition of an interview that was not completed. `case_id` is the
    contact that the row belongs to, where the export has such a column.
    """

    file: str
    sheet: str | None
    row: int
    reason: str
    detail: str = ""
    case_id: str = ""


@dataclass(frozen=True)
class FileCount:
    """The rows of one file: read = used + set aside + unreadable."""

    file: str
    sheet: str | None
    rows_read: int
    rows_used: int
    set_aside: Mapping[str, int]
    unreadable: int


@dataclass(frozen=True)
class Ledger:
    """The account of all rows over all files.

    Attributes
    ----------
    files
        One `FileCount` per file and sheet, in the order given.
    unused
        Every row that was not used, in the order of the files.
    """

    files: tuple[FileCount, ...] = ()
    unused: tuple[UnusedRow, ...] = ()

    @classmethod
    def of_file(cls, file: str, sheet: str | None, rows_read: int, unused: Iterable[UnusedRow]) -> Ledger:
        """Make the ledger of one file from the number of rows read and the rows not used."""
        rows = tuple(unused)
        counts = Counter(row.reason for row in rows)
        unreadable = counts.pop("unreadable", 0)
        used = rows_read - len(rows)
        if used < 0 or not set(counts) <= set(REASONS):
            raise ValueError("a ledger must add up and know its reasons")
        return cls((FileCount(file, sheet, rows_read, used, dict(sorted(counts.items())), unreadable),), rows)

    def __add__(self, other: Ledger) -> Ledger:
        return Ledger(self.files + other.files, self.unused + other.unused)

    @property
    def rows_read(self) -> int:
        """Rows below the heading, over all files."""
        return sum(file.rows_read for file in self.files)

    @property
    def rows_used(self) -> int:
        """Rows that entered the scores."""
        return sum(file.rows_used for file in self.files)

    @property
    def unreadable(self) -> int:
        """Rows that could not be told apart into cells."""
        return sum(file.unreadable for file in self.files)

    @property
    def set_aside(self) -> dict[str, int]:
        """Rows read but not used, by reason."""
        total: Counter[str] = Counter()
        for file in self.files:
            total.update(file.set_aside)
        return dict(sorted(total.items()))

    @property
    def adds_up(self) -> bool:
        """Whether every row read is accounted for; false would be a fault of satsurvey."""
        return self.rows_read == self.rows_used + sum(self.set_aside.values()) + self.unreadable

    def to_dict(self) -> dict[str, object]:
        """Return the ledger as plain data for JSON; the rows themselves are left to the set-aside file."""
        return {
            "rows_read": self.rows_read,
            "rows_used": self.rows_used,
            "set_aside": self.set_aside,
            "unreadable": self.unreadable,
            "adds_up": self.adds_up,
            "files": [
                {
                    "file": file.file,
                    "sheet": file.sheet,
                    "rows_read": file.rows_read,
                    "rows_used": file.rows_used,
                    "set_aside": dict(file.set_aside),
                    "unreadable": file.unreadable,
                }
                for file in self.files
            ],
        }
