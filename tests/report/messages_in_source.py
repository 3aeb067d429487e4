"""The English messages that stand in the source, as templates: what the catalogue of Chinese has to know."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path

CHINESE = re.compile("[\u4e00-\u9fff]")
WORD = re.compile(r"(?<![\w.\[(/-])[A-Za-z][A-Za-z'-]+(?![\w\[(/=]|\.\w)")
HOLE = "{}"
NOT_SPOKEN = {
    "text/build_model.py": "makes the shipped model; for developers",
    "text/head_training.py": "makes the shipped weights; for developers",
    "text/marshalled_counts.py": "causes of an error that is told in other words",
    "cli/help.py": "renders help",
    "cli/main.py": "help texts",
    "errors.py": "the form of errors, which cli/language.py has in Chinese",
    "intake/formats/codebook.py": "headings of code books as vendors write them",
    "report/catalogue.py": "renders messages",
    "report/labels.py": "pairs of Chinese and English",
    "report/score_schema.py": "descriptions in a JSON Schema, for programs",
    "report/comments_schema.py": "descriptions in a JSON Schema, for programs",
    "report/response_schema.py": "descriptions in a JSON Schema, for programs",
    "report/claims_schema.py": "descriptions in a JSON Schema, for programs",
    "report/svg.py": "elements of drawings",
    "report/benchmark_schema.py": "descriptions in a JSON Schema, for programs",
    "report/evaluation_schema.py": "descriptions in a JSON Schema, for programs",
    "report/records_schema.py": "descriptions in a JSON Schema, for programs",
    "report/schema_parts.py": "descriptions in a JSON Schema, for programs",
    "report/survey_schema.py": "descriptions in a JSON Schema, for programs",
    "intake/drafting.py": "comments of study files, each in both languages",
    "intake/guessing.py": "comments of study files, each in both languages",
    "intake/guessing_codes.py": "comments of study files, each in both languages",
}
"""Modules whose literals are no messages, with the reason."""
NOT_SAID = {
    "%Y-%m-%d %H:%M:%S%z": "how moments are written",
    "(:\\d{}(?:[.,]\\d+)?)\\s*(Z|z|UTC|GMT|[+-]\\d{}:?\\d{})\\s*$": "a pattern",
    "(?P<offset>Z|z|UTC|GMT|[+-]\\d{}:?\\d{})\\s*$": "a pattern",
    "what other tables of the export call the contact by": "what a field means, for readers of the source",
    "this figure has two values": "guards against a fault of satsurvey",
    "from satsurvey.intake.formats.apart import serve; serve()": "the program of a process of its own",
    "convert string": "looked for in what a library says",
    "character set": "looked for in what a library says",
    "grand total": "a word for totals in exports",
    "bn CNY": "a unit of published figures",
    "tn USD": "a unit of published figures",
    "stop the clock is not stated": "looked for in what a definition says",
    "a ledger must add up and know its reasons": "guards against a fault of satsurvey",
    "module 'satsurvey' has no attribute {}": "said to programmers",
    "module 'satsurvey.text' has no attribute {}": "said to programmers",
    "the labels of the confusion table are not those known here": "guards against a fault of satsurvey",
    "the confusion table needs a whole number for every pair of labels": "guards against a fault",
    "the confusion table needs a number for every weight": "guards against a fault",
    "weights and numbers of the rows of a confusion table belong together": "guards against a fault",
    "what is said of aspects is {}, each a number": "guards against a fault",
    "trained {} on {}": "the name of an engine",
    " with aspects {} ({})": "the name of an engine",
    "other tags": "causes of an error that is told in other words",
    "other classes": "causes of an error that is told in other words",
    '{\n  "schema": {},\n  "comments": [': "the beginning of a document",
    "range of the unrounded total": "stands in a row of headings, beside the same row in Chinese",
    "simulated data": "the label in a simulated .sav or .dta file",
    "score and variance": "parameters of a function",
    "n, mean, within_ss and group": "parameters of a function",
    "same answers as row {}": "stands in the list of planted defects, which programs read",
}
"""Literals that are no messages to a user, with the reason."""


@dataclass(frozen=True)
class Literal:
    """A text in the source: where it stands, its form with holes, and whether it is a message by itself."""

    place: str
    form: str
    whole: bool


def form_of(template: str) -> str:
    """Return a template with nothing but holes for its placeholders; holes that touch are one."""
    return re.sub(r"(?:\{\})+", HOLE, re.sub(r"\{\w*(?::\w+)?\}", HOLE, template))


def spoken_literals(package: Path) -> Iterator[Literal]:
    """Yield the English texts of a package that are, or are parts of, messages."""
    for path in sorted(package.rglob("*.py")):
        name = path.relative_to(package).as_posix()
        if name not in NOT_SPOKEN:
            yield from _Reader(name).read(ast.parse(path.read_text(encoding="utf-8")))


class _Reader:
    """Walks the tree of one module."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.found: list[Literal] = []

    def read(self, tree: ast.AST) -> list[Literal]:
        self.visit(tree, whole=False)
        return self.found

    def visit(self, node: ast.AST, *, whole: bool) -> None:
        match node:
            case ast.Expr(value=ast.Constant()):
                return  # a docstring
            case ast.FunctionDef() if _speaks_both(node):
                return
            case ast.AnnAssign(
                target=ast.Name(id="ROLES" | "TEXTS" | "MOMENTS" | "LENGTHS" | "COUNTS" | "FLAGS" | "TABLES")
            ):
                return  # what roles mean, for readers of the source
            case ast.Tuple() | ast.IfExp() | ast.Dict() if _chinese_among(node):
                return
            case ast.Call() if _chinese_among_arguments(node) or _called(node) in {
                "Option",
                "Argument",
                "Typer",
                "compile",
            }:
                return
            case ast.Call():
                self._call(node)
                return
            case ast.Constant(value=str()) | ast.JoinedStr() | ast.BinOp(op=ast.Add()):
                if self._text(node, whole=whole):
                    return
        for child in ast.iter_child_nodes(node):
            self.visit(child, whole=False)

    def _call(self, node: ast.Call) -> None:
        name = _called(node)
        for place, argument in enumerate(node.args):
            if name == "Defect" and place == 0:
                continue  # the path of a key
            told = (
                (name.endswith("Error") and place == 0 and name not in {"ValueError", "TypeError"})
                or (name == "Defect" and place == 1)
                or (name == "append" and ast.unparse(node.func).endswith("notes.append"))
            )
            self.visit(argument, whole=told)
        for keyword in node.keywords:
            told = name.endswith("Error") and keyword.arg in {"expected", "next_step"}
            self.visit(keyword.value, whole=told)
        self.visit(node.func, whole=False)

    def _text(self, node: ast.expr, *, whole: bool) -> bool:
        """Take a text; false for a sum that is no text."""
        if isinstance(node, ast.BinOp) and not _is_text(node):
            return False
        for form in dict.fromkeys(map(form_of, _alternatives(node))):
            bare = form.replace(HOLE, " ")
            spoken = len(WORD.findall(bare)) >= 2 and " " in bare.strip() and not CHINESE.search(form)
            if spoken and form not in NOT_SAID:
                self.found.append(Literal(f"{self.name}:{node.lineno}", form, whole))
        # What stands in the holes may be said by satsurvey, too.
        for inner in ast.walk(node):
            if isinstance(inner, ast.FormattedValue) and not isinstance(inner.value, ast.IfExp):
                self.visit(inner.value, whole=False)
        return True


def _alternatives(node: ast.expr) -> list[str]:
    """Return the forms a text can take, a hole for everything that is not a literal."""
    match node:
        case ast.Constant(value=str() as text):
            return [text]
        case ast.JoinedStr(values=values):
            parts = [_alternatives(v.value if isinstance(v, ast.FormattedValue) else v) for v in values]
            return ["".join(part) for part in product(*parts)]
        case ast.BinOp(op=ast.Add(), left=left, right=right):
            return [a + b for a in _alternatives(left) for b in _alternatives(right)]
        case ast.IfExp(body=body, orelse=orelse):
            return _alternatives(body) + _alternatives(orelse)
    return [HOLE]


def _is_text(node: ast.expr) -> bool:
    match node:
        case ast.JoinedStr() | ast.Constant(value=str()):
            return True
        case ast.BinOp(left=left, right=right):
            return _is_text(left) or _is_text(right)
    return False


def _called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def _texts(node: ast.AST) -> Iterator[str]:
    return (n.value for n in ast.walk(node) if isinstance(n, ast.Constant) and isinstance(n.value, str))


def _chinese_among(node: ast.AST) -> bool:
    """Whether a pair, a choice or a table has Chinese in it beside the English."""
    if isinstance(node, ast.Dict):
        return False
    return any(CHINESE.search(text) for text in _texts(node))


def _chinese_among_arguments(node: ast.Call) -> bool:
    return any(
        CHINESE.search(text)
        for argument in node.args
        if isinstance(argument, ast.Constant | ast.JoinedStr)
        for text in _texts(argument)
    )


def _speaks_both(node: ast.FunctionDef) -> bool:
    """Whether a function says the same in Chinese where it says something in English."""
    asks = any(
        (isinstance(n, ast.Call) and _called(n) == "_sentence")
        or (
            isinstance(n, ast.Compare)
            and any(isinstance(c, ast.Constant) and c.value == "zh" for c in n.comparators)
        )
        for n in ast.walk(node)
    ) or "zh" in {argument.arg for argument in node.args.args}
    return asks and any(CHINESE.search(text) for text in _texts(node))


def rules_in_source(package: Path) -> set[str]:
    """Return the codes of findings that reading reports, as they stand in the source."""
    rules: set[str] = set()
    for path in (package / "intake").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and _called(node) == "add" and len(node.args) > 3:
                rules |= _codes(node.args[2:3])
            elif isinstance(node, ast.Call) and _called(node) == "_always":
                rules |= _codes(node.args[:1])
            elif isinstance(node, ast.Return) and isinstance(node.value, ast.Tuple):
                rules |= _codes(node.value.elts[:1])
    return rules


def _codes(nodes: list[ast.expr]) -> set[str]:
    return {
        node.value
        for node in nodes
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and re.fullmatch("[a-z]+(_[a-z]+)+", node.value)
    }
