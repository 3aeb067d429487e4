"""Drawings as SVG: shapes and real text, safe to open anywhere; no scripts, nothing fetched."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from xml.sax.saxutils import escape, quoteattr

from satsurvey.report.cells import display_width
from satsurvey.report.text import plain_text

FONTS = (
    "'Noto Sans SC','Noto Sans CJK SC','Microsoft YaHei','PingFang SC','WenQuanYi Micro Hei',"
    "'Source Han Sans SC',sans-serif"
)
"""Faces that have Chinese, the reader's own first."""
INK, FAINT, GRID = "#222222", "#555555", "#dddddd"
LINES = (
    ("#0072B2", ""),
    ("#D55E00", "7 4"),
    ("#009E73", "2 3"),
    ("#CC79A7", "9 3 2 3"),
    ("#8a6d00", "4 4"),
    ("#000000", "1 3"),
)
"""Colours that the colour-blind tell apart (Okabe and Ito, 2008), each with its own dashes."""
CELL = 0.53
"""Width of a cell of text as a share of the font's size."""


@dataclass
class Svg:
    """A drawing in pixels, from the top left.

    Attributes
    ----------
    width, height
        Its size.
    title, description
        What it shows, for those who do not see it.
    language
        Of its text.
    """

    width: int
    height: int
    title: str
    description: str
    language: str = "zh"
    _parts: list[str] = field(default_factory=list)

    def text(
        self,
        x: float,
        y: float,
        content: str,
        *,
        size: float = 12,
        anchor: str = "start",
        colour: str = INK,
        bold: bool = False,
        turn: float | None = None,
    ) -> None:
        """Write one line of text; `turn` in degrees about its place."""
        weight = ' font-weight="600"' if bold else ""
        turned = "" if turn is None else f' transform="rotate({turn:g} {x:.1f} {y:.1f})"'
        self._parts.append(
            f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size:g}" text-anchor="{anchor}" fill="{colour}"'
            f"{weight}{turned}>{escape(plain_text(content))}</text>"
        )

    def line(
        self,
        x1: float,
        y1: float,
        x2: float,
        y2: float,
        *,
        colour: str = GRID,
        width: float = 1,
        dash: str = "",
    ) -> None:
        """Draw a straight line."""
        dashed = f' stroke-dasharray="{dash}"' if dash else ""
        self._parts.append(
            f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" '
            f'stroke-width="{width:g}"{dashed}/>'
        )

    def path(
        self,
        points: Sequence[tuple[float, float]],
        *,
        colour: str = INK,
        width: float = 2,
        dash: str = "",
        fill: str = "none",
        opacity: float = 1,
        closed: bool = False,
    ) -> None:
        """Draw a line through points, or the area that they enclose."""
        steps = " L".join(f"{x:.1f} {y:.1f}" for x, y in points)
        dashed = f' stroke-dasharray="{dash}"' if dash else ""
        stroke = "none" if closed else colour
        self._parts.append(
            f'<path d="M{steps}{"Z" if closed else ""}" fill="{fill}" fill-opacity="{opacity:g}" '
            f'stroke="{stroke}" stroke-width="{width:g}" stroke-linejoin="round"{dashed}/>'
        )

    def dot(self, x: float, y: float, radius: float, *, colour: str, hint: str = "") -> None:
        """Draw a dot; `hint` is shown where the reader points at it."""
        inner = f"<title>{escape(plain_text(hint))}</title>" if hint else ""
        self._parts.append(
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}" fill="#ffffff" stroke="{colour}" '
            f'stroke-width="1.6">{inner}</circle>'
        )

    def document(self) -> str:
        """Return the drawing as an XML document."""
        size = f'width="{self.width}" height="{self.height}" viewBox="0 0 {self.width} {self.height}"'
        return (
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-labelledby="title desc" '
            f'xml:lang={quoteattr(self.language)} font-family="{FONTS}">\n'
            f'<title id="title">{escape(plain_text(self.title))}</title>\n'
            f'<desc id="desc">{escape(plain_text(self.description))}</desc>\n'
            f'<rect width="{self.width}" height="{self.height}" fill="#ffffff"/>\n'
            + "\n".join(self._parts)
            + "\n</svg>\n"
        )


def text_width(content: str, size: float) -> float:
    """Return about how wide a text is drawn, in pixels; Chinese characters count twice."""
    return display_width(content) * size * CELL
