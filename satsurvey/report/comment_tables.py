"""Tables of what comments say: shares by question, industry and company, aspects, conflicts, words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import pandas as pd

from satsurvey.instrument.model import Language
from satsurvey.report.catalogue import translated
from satsurvey.report.cells import Interval, is_absent
from satsurvey.report.labels import label
from satsurvey.report.layout import Body, Table, listed, named_column, texts
from satsurvey.report.notes import ledger_line
from satsurvey.text.comments import CommentScores
from satsurvey.text.shares import LEAST_CLUSTERS, LEAST_COMMENTS, SHOWN

DECIMALS = 1
MOST_SHOWN = 20
"""Conflicts and words of one kind shown in a table for people; the other forms have all of them."""


def question_table(result: CommentScores, language: Language) -> Table:
    """Build the shares of labels in every column of comments, with all of them in the last row."""
    body = Body(result.questions)
    body.add("column", "text", words="question")
    body.add("heading", "text")
    total = Body(result.overall)
    _add_shares(body, total)
    footer: tuple[object, ...] = ()
    if len(result.questions) > 1:
        footer = (label("all", language), "", *total.rows()[0])
    return _table(
        "title_comment_questions", body, language, _share_notes(result, language, body, total), footer
    )


def industry_table(result: CommentScores, language: Language) -> Table:
    """Build the shares of labels in every industry, with all comments in the last row."""
    body = Body(result.industries)
    body.add("industry", "text")
    total = Body(result.overall)
    _add_shares(body, total)
    footer = (label("all", language), *total.rows()[0]) if len(result.industries) else ()
    return _table(
        "title_comment_industries", body, language, _share_notes(result, language, body, total), footer
    )


def company_table(result: CommentScores, language: Language) -> Table:
    """Build the shares of labels of every company."""
    body = Body(result.companies)
    if any(texts(result.companies, "industry")):
        body.add("industry", "text")
    body.add("company", "text")
    _add_shares(body)
    return _table("title_comment_companies", body, language, _share_notes(result, language, body))


def aspect_table(result: CommentScores, language: Language, *, level: str = "overall") -> Table:
    """Build how often every aspect is spoken of, and how; over everything, or by industry or company."""
    frame = result.aspects
    body = Body(frame[frame["level"] == level].reset_index(drop=True) if len(frame) else frame)
    for name in ("industry", "company"):
        if any(texts(body.frame, name)):
            body.add(name, "text")
    body.add("aspect", "word")
    body.add("n_named", "integer")
    if len(body.frame):
        _add_percent(body, "named", "named", "named_percent")
        for name in ("negative", "positive", "mixed"):
            _add_percent(body, name, name, f"{name}_percent")
    return _table("title_aspects", body, language, _aspect_notes(result, language))


def conflict_table(result: CommentScores, language: Language, *, most: int | None = MOST_SHOWN) -> Table:
    """Build the list of comments that contradict their respondent's score, the strongest first."""
    body = Body(result.conflicts.head(most) if most else result.conflicts)
    body.add("strength", "ratio", decimals=2)
    body.add("kind", "word")
    _add_place(body)
    body.add("score", "score", decimals=1)
    body.add("polarity", "probability")
    body.add("text", "text")
    notes = [
        _pair(
            "强度 = |标准化得分 - 标准化极性（对数几率，按题目）|；高分、低分指得分在前、后三分之一",
            "Strength = |standardised score - standardised logit of polarity within its question|; high and "
            "low are the upper and lower third by score",
            language,
        )
    ]
    if len(body.frame) < len(result.conflicts):
        notes.append(
            _pair(
                f"共 {len(result.conflicts):,} 条，只列出前 {len(body.frame)} 条",
                f"The first {len(body.frame)} of {len(result.conflicts):,}",
                language,
            )
        )
    return _table("title_conflicts", body, language, tuple(notes))


def typical_table(result: CommentScores, language: Language) -> Table:
    """Build the comments that are typical of every aspect, well and ill."""
    body = Body(result.typical)
    body.add("aspect", "word")
    body.add("label", "word")
    body.add("polarity", "probability")
    _add_place(body)
    body.add("text", "text")
    return _table("title_typical", body, language)


def keyword_table(result: CommentScores, language: Language, *, most: int | None = 10) -> Table:
    """Build the words and phrases that tell satisfied from dissatisfied customers."""
    frame = result.keywords
    if most and len(frame):
        frame = frame.groupby(["side", "kind"], sort=False).head(most).reset_index(drop=True)
    body = Body(frame)
    body.add("side", "word")
    body.add("kind", "word")
    body.add("term", "text")
    body.add("z", "ratio", decimals=1)
    for name in ("n_satisfied", "n_dissatisfied"):
        body.add(name, "integer")
    sides = list(zip(texts(frame, "side"), texts(frame, "kind"), strict=True))
    groups = tuple(k for k in range(1, len(sides)) if sides[k] != sides[k - 1])
    note = _pair(
        "z：带信息狄利克雷先验的加权对数几率比（Monroe、Colaresi 与 Quinn 2008）",
        "z: weighted log-odds with an informative Dirichlet prior (Monroe, Colaresi and Quinn 2008)",
        language,
    )
    made = _table("title_keywords", body, language, (note,))
    return Table(made.title, made.columns, made.rows, made.notes, (), groups, language, DECIMALS)


def comment_table(result: CommentScores, language: Language) -> Table:
    """Build the list of all comments, with what was read in each."""
    body = Body(result.frame)
    _add_place(body)
    body.add("label", "word")
    body.add("polarity", "probability")
    body.add("aspects", "text")
    body.add("text", "text")
    return _table("title_comments", body, language, general_notes(result, language))


TABLES: Mapping[str, Callable[[CommentScores, Language], Table]] = MappingProxyType(
    {
        "comments": comment_table,
        "questions": question_table,
        "industries": industry_table,
        "companies": company_table,
        "aspects": aspect_table,
        "conflicts": lambda result, language: conflict_table(result, language, most=None),
        "typical": typical_table,
        "keywords": lambda result, language: keyword_table(result, language, most=None),
    }
)
"""Every table by the name it is shown under."""


def main_tables(result: CommentScores, language: Language) -> list[Table]:
    """Return the tables an analyst reads first, empty ones left out."""
    first = industry_table if len(result.industries) else question_table
    made = [first(result, language)]
    for build in (aspect_table, conflict_table, keyword_table):
        table = build(result, language)
        if table.rows:
            made.append(table)
    return made


def summary_line(result: CommentScores) -> str:
    """Say in one line how many comments there are and how many speak ill and well (in English)."""
    row = result.overall.iloc[0]
    asked = ", ".join(question.name for question in result.comments.questions)
    n, mute, blank = int(row["n"]), int(row["n_none"]), int(row["n_missing"])
    if not n:
        return f"comments: {len(result):,} cells of {asked}, {blank:,} blank, {mute:,} say nothing"
    return (
        f"comments: {len(result):,} cells of {asked}, {blank:,} blank, {mute:,} say nothing; of the other "
        f"{n:,}, {_shown(row, 'negative')} % are negative and {_shown(row, 'positive')} % positive"
    )


def general_notes(result: CommentScores, language: Language) -> tuple[str, ...]:
    """Return what a reader of any table of comments must know."""
    engine = str(result.method["engine"])
    ledger = result.comments.ledger
    return (
        _pair(f"引擎：{engine}", f"Engine: {engine}", language),
        # Comments that come from no file have no rows to account for.
        *((ledger_line(ledger, language),) if ledger.files else ()),
        *(translated(note, language) for note in result.notes),
    )


def _aspect_notes(result: CommentScores, language: Language) -> tuple[str, ...]:
    """Say what the intervals are, that nothing is corrected, and how well aspects are known to be read."""
    level = f"{float(str(result.method['level'])) * 100:g}"
    intervals = _pair(
        f"提及占有内容评论的百分比，其余占提及的百分比；方括号为 {level}% 区间"
        "（Wilson；按企业或受访者聚类时用有效样本量与 t），未按引擎误差校正",
        "Named: per cent of comments that say something; the rest: per cent of those named; brackets: "
        f"{level} % intervals (Wilson, with the effective number and Student's t where comments cluster in "
        "companies or respondents), not corrected for errors of the engine",
        language,
    )
    error = result.method.get("error")
    found = error.get("aspects") if isinstance(error, Mapping) else None
    if not isinstance(error, Mapping) or not isinstance(found, Mapping):
        engine = str(result.method["engine"])
        unknown = _pair(
            f"引擎 {engine} 读取方面的准确度没有实测",
            f"How well the engine {engine} reads aspects has not been measured",
            language,
        )
        return intervals, unknown
    value, low, high = (f"{float(found[name]):.2f}" for name in ("micro_f1", "ci_low", "ci_high"))
    n, source = f"{int(found['n']):,}", str(error.get("source", ""))
    known = _pair(
        f"方面连同褒贬的实测 micro-F1：{value} [{low}, {high}]（n = {n}；{source}）",
        f"Measured micro-F1 of aspects with their direction: {value} [{low}, {high}] (n = {n}; {source})",
        language,
    )
    return intervals, known


def _share_notes(result: CommentScores, language: Language, *bodies: Body) -> tuple[str, ...]:
    level = f"{float(str(result.method['level'])) * 100:g}"
    if result.method.get("companies") == "census":
        zh, en = (
            "企业是全部而非样本，误差按企业分层",
            "the companies are all there are, so errors are those inside them",
        )
    else:
        zh, en = (
            "按企业或受访者聚类时用有效样本量与 t",
            "with the effective number and Student's t where comments cluster in companies or respondents",
        )
    notes = [
        _pair(
            f"占有内容评论的百分比；方括号为 {level}% 区间（Wilson；{zh}）",
            f"Per cent of comments that say something; brackets: {level} % intervals (Wilson, {en})",
            language,
        )
    ]
    error = result.method.get("error")
    if isinstance(error, Mapping):
        kinds = {kind for body in bodies for kind in _kinds_of_shares(body.frame)}
        if "corrected" in kinds:
            notes.append(
                _pair(
                    "已按引擎的实测误差校正（Rogan-Gladen；区间按 Lang 与 Reiczigel，截到 0 至 100%；"
                    f"{error.get('source', '')}）",
                    "Corrected for the measured error of the engine (Rogan and Gladen; intervals of Lang and "
                    f"Reiczigel, clipped to 0-100 %; {error.get('source', '')})",
                    language,
                )
            )
        if "as_read" in kinds:
            notes.append(
                _pair(
                    f"评论不足 {LEAST_COMMENTS} 条，或聚类不足 {LEAST_CLUSTERS} 个的占比不校正，"
                    "照引擎所读列出；不要与校正过的比较",
                    f"Shares of fewer than {LEAST_COMMENTS} comments, or of fewer than {LEAST_CLUSTERS} "
                    "companies or respondents where comments cluster in them, are not corrected but as the "
                    "engine reads them; do not compare them with corrected ones",
                    language,
                )
            )
    return (*notes, *general_notes(result, language))


def _kinds_of_shares(frame: pd.DataFrame) -> list[str]:
    """Return what the shares of every row are: "corrected", "as_read", or "" where there are none."""
    if "n" not in frame:
        return []
    corrected = [name for name in (f"{label}_corrected" for label in SHOWN) if name in frame]
    usable = frame[corrected].notna().any(axis=1).tolist()
    return [
        "" if not n else "corrected" if known else "as_read"
        for n, known in zip(frame["n"].tolist(), usable, strict=True)
    ]


def _add_shares(*bodies: Body) -> None:
    """Append the shares of labels, corrected where they can be, to bodies that make one table."""
    told = {kind for body in bodies for kind in _kinds_of_shares(body.frame)} >= {"corrected", "as_read"}
    for body in bodies:
        if "n" not in body.frame:
            continue  # the comments name no industry or company
        body.add("n", "integer", words="n_comments")
        for name in SHOWN:
            _add_percent(body, name, name, f"{name}_percent", instead=f"{name}_corrected")
        if told:
            body.put(named_column("shares_are", "word"), _kinds_of_shares(body.frame))
        body.add("n_none", "integer")
        body.add("n_missing", "integer")


def _add_percent(body: Body, key: str, name: str, words: str, *, instead: str = "") -> None:
    """Append a share in per cent with its interval; `instead` goes before it where it is known."""
    parts = list(zip(*(listed(body.frame, f"{name}{end}") for end in ("", "_low", "_high")), strict=True))
    if instead in body.frame:
        others = zip(*(listed(body.frame, f"{instead}{end}") for end in ("", "_low", "_high")), strict=True)
        parts = [own if is_absent(other[0]) else other for own, other in zip(parts, others, strict=True)]
    cells = [Interval(*(None if part is None else float(str(part)) * 100 for part in row)) for row in parts]
    body.put(named_column(key, "interval", words=words, decimals=DECIMALS), cells)


def _add_place(body: Body) -> None:
    if len(set(texts(body.frame, "file"))) > 1:
        body.add("file", "text")
    body.add("row", "integer")
    if len(set(texts(body.frame, "column"))) > 1:
        body.add("column", "text", words="question")
    for name in ("industry", "company"):
        if any(texts(body.frame, name)):
            body.add(name, "text")


def _shown(row: pd.Series, name: str) -> str:
    corrected = row.get(f"{name}_corrected")
    value = corrected if corrected is not None and corrected == corrected else row[name]
    return f"{float(value) * 100:.1f}"


def _pair(zh: str, en: str, language: Language) -> str:
    return zh if language == "zh" else en


def _table(
    title: str,
    body: Body,
    language: Language,
    notes: tuple[str, ...] = (),
    footer: tuple[object, ...] = (),
) -> Table:
    return Table(
        label(title, language),
        tuple(body.columns),
        body.rows(),
        notes,
        footer=footer,
        language=language,
        decimals=DECIMALS,
    )
