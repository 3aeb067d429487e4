"""Comments read and brought together: what each says, shares by company and industry, conflicts, words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from satsurvey.errors import MethodError
from satsurvey.intake.personal_data import KINDS
from satsurvey.intake.responses import Responses
from satsurvey.scoring.intervals import check_level
from satsurvey.text.comment_columns import Comments, comments_of_texts
from satsurvey.text.conflicts import conflicts, thirds, typical
from satsurvey.text.confusion import ConfusionTable
from satsurvey.text.engines import engine_of, measured_error
from satsurvey.text.grouping import Grouping
from satsurvey.text.keywords import MOST_COMMENTS, keywords, sampled
from satsurvey.text.masked import masked_readings, words_of
from satsurvey.text.readings import ASPECTS, LABELS, NEGATIVE, NONE, POSITIVE, Engine, Mentions, Readings
from satsurvey.text.shares import LEAST_CLUSTERS, LEAST_COMMENTS
from satsurvey.text.survey_comments import comments_of_responses

Floats = NDArray[np.float64]
Progress = Callable[[str, int, int], None]

SIDES = ("label", "score")
BATCH = 20_000
"""Comments that are held as Python texts at one time."""
_TEXT = pd.StringDtype("pyarrow", na_value=np.nan)
_SIGNS = {"negative": ("-",), "neutral": ("",), "positive": ("+",), "mixed": ("+", "-")}


@dataclass(frozen=True)
class CommentScores:
    """What an engine read in comments, and what it adds up to.

    Attributes
    ----------
    comments
        Where the comments stand; `comments.texts` are masked.
    readings
        Label, polarity and mentions of each; places are those of the masked texts.
    missing
        Which cells are blank. They carry the label `none`, and are counted apart from comments that say
        nothing.
    error
        The measured error of the engine by which shares are corrected, or None.
    masked
        How much personal data was masked, by kind.
    method
        Every choice, plain data for JSON.
    notes
        What a reader of the figures must know.
    """

    comments: Comments
    readings: Readings
    missing: NDArray[np.bool_]
    error: ConfusionTable | None
    masked: Mapping[str, int]
    method: Mapping[str, object]
    notes: tuple[str, ...] = field(default=())

    def __len__(self) -> int:
        return len(self.comments)

    @cached_property
    def _grouping(self) -> Grouping:
        level = float(str(self.method["level"]))
        return Grouping(self.comments, self.readings, self.missing, self.error, level)

    @cached_property
    def overall(self) -> pd.DataFrame:
        """Counts and shares of labels of everything, one row; see `satsurvey.text.shares.label_columns`."""
        return self._grouping.overall()

    @cached_property
    def questions(self) -> pd.DataFrame:
        """Counts and shares of labels of every column of comments."""
        return self._grouping.questions()

    @cached_property
    def industries(self) -> pd.DataFrame:
        """Counts and shares of labels of every industry; no rows where the comments name none."""
        return self._grouping.industries()

    @cached_property
    def companies(self) -> pd.DataFrame:
        """Counts and shares of labels of every company; no rows where the comments name none."""
        return self._grouping.companies()

    @cached_property
    def aspects(self) -> pd.DataFrame:
        """One row per aspect and `level` (overall, industry, company); see `shares.aspect_frame`."""
        return self._grouping.aspects()

    @cached_property
    def conflicts(self) -> pd.DataFrame:
        """Comments that contradict their respondent's score: kind, strength, and the columns of `frame`."""
        score = self.comments.score if self.comments.score is not None else np.full(len(self), np.nan)
        found = conflicts(self.readings, score, self.comments.question, respondent=self.comments.respondent)
        return self._beside(found, ("missing",))

    @cached_property
    def typical(self) -> pd.DataFrame:
        """Comments that are typical of an aspect and a direction; see `conflicts.typical`."""
        leave = ("missing", "label", "polarity", "aspects", "score")
        return self._beside(typical(self.comments.texts, self.readings), leave)

    @cached_property
    def keywords(self) -> pd.DataFrame:
        """Words and phrases that tell satisfied from dissatisfied; see `satsurvey.text.keywords.keywords`.

        They need jieba or rjieba, which are loaded when this is first asked for.
        """
        seed = int(str(self.method["seed"]))
        rng = np.random.default_rng(seed)
        # Drawn by place: only comments of the sample ever are Python texts.
        good, bad = (
            self._texts_at(np.flatnonzero(side)[sampled(int(side.sum()), rng)])
            for side in _sides(self.comments, self.readings, str(self.method["sides"]))
        )
        return keywords(good, bad, seed=seed)

    def _texts_at(self, places: NDArray[np.int64]) -> list[str]:
        texts: list[str] = pc.fill_null(self.comments.texts.take(pa.array(places)), "").to_pylist()
        return texts

    def _beside(self, found: pd.DataFrame, leave: tuple[str, ...]) -> pd.DataFrame:
        """Put the comments that a frame is about beside it."""
        rows = self.rows(found["comment"].to_numpy(dtype=np.int64)).drop(columns=list(leave), errors="ignore")
        rest = rows.drop(columns=[name for name in rows.columns if name in found.columns])
        return pd.concat([found.drop(columns="comment"), rest], axis=1)

    @cached_property
    def frame(self) -> pd.DataFrame:
        """One row per comment: file, row, column, names, score, missing, label, polarity, aspects, text."""
        return self.rows(np.arange(len(self)))

    def rows(self, places: NDArray[np.int64]) -> pd.DataFrame:
        """Return some rows of `frame`, by position."""
        comments = self.comments
        label = np.array(LABELS)[self.readings.label[places]]
        columns: dict[str, object] = {
            "file": _named([source.name for source in comments.files] or [""], comments.file[places]),
            "row": comments.row[places],
            "column": _named([question.name for question in comments.questions], comments.question[places]),
        }
        for name, factor in (("industry", comments.industry), ("company", comments.company)):
            if factor is not None:
                columns[name] = _named([*factor.names, ""], factor.codes[places])
        if comments.score is not None:
            columns["score"] = comments.score[places]
        columns |= {
            "missing": self.missing[places],
            "label": pd.array(pa.array(label.tolist(), pa.string()).to_pylist(), dtype=_TEXT),
            "polarity": self.readings.polarity[places],
            "aspects": pd.array(self._aspect_texts[places].tolist(), dtype=_TEXT),
            "text": pd.array(
                pc.fill_null(comments.texts.take(pa.array(places)), "").to_pylist(), dtype=_TEXT
            ),
        }
        return pd.DataFrame(columns)

    @cached_property
    def _aspect_texts(self) -> NDArray[np.object_]:
        """The aspects of every comment in one text, as labelled files have them: access-;price+."""
        found = np.full(len(self), "", dtype=object)
        comment, aspect, label = self.readings.aspect_labels()
        tokens = np.array(
            [[";".join(name + sign for sign in _SIGNS[word]) for word in LABELS[:NONE]] for name in ASPECTS],
            dtype=object,
        )[aspect, label]
        starts = np.flatnonzero(np.diff(comment, prepend=-1))
        ends = np.append(starts, comment.size)[1:]
        for first, after in zip(starts.tolist(), ends.tolist(), strict=True):
            found[comment[first]] = ";".join(tokens[first:after])
        return found

    def frames(self, size: int = BATCH) -> Iterator[pd.DataFrame]:
        """Yield `frame` in stretches of `size` comments, with the words that decided in one more column."""
        mentions = self.readings.mentions
        for first, texts in self.comments.batches(size):
            after = first + len(texts)
            frame = self.rows(np.arange(first, after))
            begin, end = np.searchsorted(mentions.comment, [first, after]).tolist()
            part = _slice(self.readings, first, after, begin, end).mentions
            words: list[dict[str, None]] = [{} for _ in range(len(texts))]
            for comment, word in zip(part.comment.tolist(), words_of(texts.to_pylist(), part), strict=True):
                if word:
                    words[comment][word] = None
            frame["words"] = pd.array(["、".join(found) for found in words], dtype=_TEXT)
            yield frame[[*(name for name in frame.columns if name not in {"words", "text"}), "words", "text"]]

    def records(self, size: int = BATCH) -> Iterator[list[dict[str, object]]]:
        """Yield the comments as plain data, `size` at a time: what the JSON document lists."""
        mentions = self.readings.mentions
        names = [source.name for source in self.comments.files]
        columns = [question.name for question in self.comments.questions]
        for first, texts in self.comments.batches(size):
            after = first + len(texts)
            begin, end = np.searchsorted(mentions.comment, [first, after]).tolist()
            part = _slice(self.readings, first, after, begin, end)
            listed = texts.to_pylist()
            aspects, words = _said(part, listed)
            rows = []
            for k, text in enumerate(listed):
                place = first + k
                row: dict[str, object] = {
                    "file": names[self.comments.file[place]] if names else None,
                    "row": int(self.comments.row[place]),
                    "column": columns[self.comments.question[place]] or None,
                }
                for name, factor in (
                    ("industry", self.comments.industry),
                    ("company", self.comments.company),
                ):
                    if factor is not None:
                        code = int(factor.codes[place])
                        row[name] = factor.names[code] if code >= 0 else None
                if self.comments.score is not None:
                    row["score"] = _number(self.comments.score[place])
                row |= {
                    "missing": bool(self.missing[place]),
                    "label": LABELS[part.label[k]],
                    "polarity": _number(part.polarity[k]),
                    "aspects": aspects.get(k, []),
                    "words": words.get(k, []),
                    "text": text,
                }
                rows.append(row)
            yield rows


def read_comments(
    source: Responses | Comments | Sequence[str | None],
    *,
    engine: Engine | str = "service",
    column: str | Sequence[str] = (),
    error: ConfusionTable | None = None,
    sides: Literal["label", "score"] = "label",
    level: float = 0.95,
    seed: int = 20191,
    processes: int = 1,
    progress: Progress | None = None,
) -> CommentScores:
    """Read comments and bring together what they say.

    Parameters
    ----------
    source
        A survey, comments collected from files, or plain texts.
    engine
        What reads: an engine, "service", "snownlp", or the path of a trained model or of a folder with a
        transformer.
    column
        Headings or codes of the columns of comments of a survey; by default those its instrument declares.
    error
        The measured error of the engine, by which shares are corrected. None: the one that belongs to the
        engine, if it has one (see `satsurvey.text.engines.measured_error`).
    sides
        Who counts as satisfied for the word lists: who made a positive comment ("label"), or the upper third
        of respondents by their own score ("score"); where scores do not tell thirds apart it is the label,
        and the notes say so.
    level
        Confidence level, between 0 and 1.
    seed
        Of samples for the word lists.
    processes
        How many processes read; results do not depend on it.
    progress
        Told what is being done, how much is done and how much there is.

    Returns
    -------
    CommentScores

    Raises
    ------
    ColumnsError
        The survey has no column of comments, or none of that name.
    MethodError
        An engine or a choice that there is not, or a level that is none.

    Notes
    -----
    Personal data is masked as soon as a comment has been read: nothing of it is in the result.

    Examples
    --------
    >>> found = read_comments(["态度很好", "等太久了", "没有", ""])
    >>> found.frame["label"].tolist(), found.overall["n_missing"].tolist()
    (['positive', 'negative', 'none', 'none'], [1])
    """
    tell = progress or (lambda what, done, total: None)
    if sides not in SIDES:
        raise MethodError("sides are told by label or by score", value=sides, expected=", ".join(SIDES))
    check_level(level)
    if isinstance(source, Responses):
        names = [column] if isinstance(column, str) else list(column)
        source = comments_of_responses(source, columns=names)
    elif not isinstance(source, Comments):
        source = comments_of_texts(source)
    reader = engine_of(engine, processes=processes)
    missing = source.missing
    texts, readings, masked = _read(source, reader, tell)
    source = replace(source, texts=texts)
    table = error if error is not None else measured_error(reader)
    notes = list(source.notes)
    if masked:
        notes.append(_masked_note(masked))
    if table is None:
        notes.append(f"shares are not corrected: no measured error of the engine {reader.name} is known")
    elif table.why_not:
        notes.append(f"shares are not corrected: {table.why_not}")
        table = None
    if source.score is None:
        notes.append("no conflicts are listed: the comments come without scores of their respondents")
    elif np.isfinite(source.score).any() and _thirds(source) is None:
        notes.append(
            "no conflicts are listed: the upper and the lower third of respondents end at the same score"
        )
    if sides == "score" and _thirds(source) is None:
        sides = "label"
        notes.append(
            "scores do not tell satisfied from dissatisfied respondents, so the word lists go by the label"
        )
    if max(int(side.sum()) for side in _sides(source, readings, sides)) > MOST_COMMENTS:
        notes.append(
            f"telling words are those of a sample of {MOST_COMMENTS:,} comments on a side, seed {seed}"
        )
    return CommentScores(
        comments=source,
        readings=readings,
        missing=missing,
        error=table,
        masked=masked,
        method=_method(reader, table, sides, level, seed, source.companies),
        notes=tuple(dict.fromkeys(notes)),
    )


def _read(
    source: Comments, engine: Engine, tell: Progress
) -> tuple[pa.ChunkedArray, Readings, Mapping[str, int]]:
    """Read and mask batch by batch."""
    parts: list[Readings] = []
    chunks: list[pa.Array] = []
    counts: Counter[str] = Counter()
    for first, batch in source.batches(BATCH):
        tell("reading comments", first, len(source))
        readings = engine.read(batch.to_pylist())
        masked, readings, found = masked_readings(batch, readings)
        counts.update(found)
        chunks.append(masked)
        parts.append(readings)
    return (
        pa.chunked_array(chunks, pa.string()),
        Readings.joined(parts),
        {kind: counts[kind] for kind in KINDS if counts[kind]},
    )


def _sides(source: Comments, readings: Readings, sides: str) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which comments are those of satisfied and of dissatisfied customers."""
    says = readings.label != NONE
    ends = _thirds(source) if sides == "score" else None
    if ends is not None and source.score is not None:
        return says & (source.score >= ends[1]), says & (source.score <= ends[0])
    return readings.label == POSITIVE, readings.label == NEGATIVE


def _thirds(source: Comments) -> tuple[float, float] | None:
    return None if source.score is None else thirds(source.score, source.respondent)


def _method(
    engine: Engine, table: ConfusionTable | None, sides: str, level: float, seed: int, companies: str
) -> dict[str, object]:
    return {
        "engine": engine.name,
        "level": level,
        "interval": "Wilson; between companies or respondents with the effective number and Student's t",
        "companies": companies,
        "correction": "none" if table is None else "Rogan and Gladen; interval of Lang and Reiczigel",
        "least_corrected": {"comments": LEAST_COMMENTS, "clusters": LEAST_CLUSTERS},
        "error": None if table is None else table.to_dict(),
        "conflict_strength": "|z(score) - z(logit polarity within the question)|",
        "keywords": "log-odds with informative Dirichlet prior (Monroe, Colaresi and Quinn 2008)",
        "sides": sides,
        "seed": seed,
    }


def _masked_note(masked: Mapping[str, int]) -> str:
    parts = ", ".join(f"{KINDS[kind][1]} {n:,}" for kind, n in masked.items())
    return f"personal data masked in the comments: {parts}"


def _named(names: Sequence[str], codes: NDArray[np.signedinteger]) -> pd.api.extensions.ExtensionArray:
    """Return a column of names that repeat, without an object for every row."""
    table = pa.array(list(names), pa.string())
    # A code of -1 is the last name, which stands for none.
    places = pa.array(np.where(codes < 0, len(names) - 1, codes).astype(np.int64))
    return _TEXT.__from_arrow__(pa.chunked_array([table.take(places)]))  # type: ignore[attr-defined, no-any-return]


def _slice(readings: Readings, first: int, after: int, begin: int, end: int) -> Readings:
    """Return the readings of a stretch of comments, counted from its start."""
    m = readings.mentions
    inside = slice(begin, end)
    return Readings(
        readings.label[first:after],
        readings.polarity[first:after],
        Mentions(
            m.comment[inside] - first, m.start[inside], m.end[inside], m.aspect[inside], m.label[inside]
        ),
    )


def _number(value: np.float64) -> float | None:
    """Return a number for JSON, which has no NaN."""
    return float(value) if value == value else None


def _said(
    readings: Readings, texts: Sequence[str | None]
) -> tuple[dict[int, list[dict[str, object]]], dict[int, list[str]]]:
    """Return aspects with their label and words, and the words that speak of no aspect, by comment."""
    mentions = readings.mentions
    cut = words_of(texts, mentions)
    by_pair: dict[tuple[int, int], list[str]] = {}
    words: dict[int, list[str]] = {}
    for comment, aspect, word in zip(mentions.comment.tolist(), mentions.aspect.tolist(), cut, strict=True):
        if not word:
            continue  # an aspect that only a trained model sees has no words
        if aspect < 0:
            words.setdefault(comment, []).append(word)
        else:
            by_pair.setdefault((comment, aspect), []).append(word)
    aspects: dict[int, list[dict[str, object]]] = {}
    for comment, aspect, label in zip(*(part.tolist() for part in readings.aspect_labels()), strict=True):
        aspects.setdefault(comment, []).append(
            {
                "aspect": ASPECTS[aspect],
                "label": LABELS[label],
                "words": list(dict.fromkeys(by_pair.get((comment, aspect), ()))),
            }
        )
    return aspects, {comment: list(dict.fromkeys(found)) for comment, found in words.items()}
