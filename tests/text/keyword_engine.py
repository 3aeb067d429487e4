"""A tiny engine for tests of everything that stands on engines: it knows a dozen words."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from satsurvey.text.readings import (
    ASPECTS,
    MIXED,
    NEGATIVE,
    NEUTRAL,
    NONE,
    POSITIVE,
    Mentions,
    Readings,
)

GOOD = {"好": -1, "快": ASPECTS.index("solution"), "耐心": ASPECTS.index("communication")}
BAD = {
    "差": -1,
    "慢": ASPECTS.index("solution"),
    "等太久": ASPECTS.index("access"),
    "贵": ASPECTS.index("price"),
}
NOTHING = {"没有", "无", "", "不知道"}


class KeywordEngine:
    """Counts words; polarity is (good + 1) / (good + bad + 2)."""

    name = "keywords 1"

    def read(self, texts: Sequence[str | None]) -> Readings:
        label = np.full(len(texts), NONE, np.int8)
        polarity = np.full(len(texts), np.nan)
        rows = []
        for place, text in enumerate(texts):
            text = text or ""
            if text.strip() in NOTHING or not re.search("[\u4e00-\u9fff]", text):
                continue
            found = sorted(
                (match.start(), match.end(), aspect, mood)
                for words, mood in ((GOOD, POSITIVE), (BAD, NEGATIVE))
                for word, aspect in words.items()
                for match in re.finditer(word, text)
            )
            good = sum(one[3] == POSITIVE for one in found)
            bad = len(found) - good
            polarity[place] = (good + 1) / (good + bad + 2)
            label[place] = MIXED if good and bad else POSITIVE if good else NEGATIVE if bad else NEUTRAL
            rows += [(place, *one) for one in found]
        table = np.array(rows, dtype=np.int64).reshape(-1, 5)
        mentions = Mentions(
            table[:, 0], table[:, 1], table[:, 2], table[:, 3].astype(np.int8), table[:, 4].astype(np.int8)
        )
        return Readings(label, polarity, mentions)
