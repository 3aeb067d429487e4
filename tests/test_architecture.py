"""The house: which room may import which, and what no module may do."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "satsurvey"
MODULES = sorted(PACKAGE.rglob("*.py"))

# Arrows go from left to right only: a room may import itself and what stands before it.
ROOMS = [
    "errors",
    "instrument",
    "intake",
    "simulation",
    "scoring",
    "text",
    "service",
    "regression",
    "benchmarks",
    "response_time",
    "analysis",
    "report",
    "cli",
]
MAY_IMPORT = {
    "errors": set(),
    "instrument": {"errors"},
    "intake": {"errors", "instrument"},
    "simulation": {"errors", "instrument", "intake"},
    "scoring": {"errors", "instrument", "intake"},
    "text": {"errors", "instrument", "intake", "scoring"},
    "service": {"errors", "instrument", "intake", "scoring"},
    "regression": {"errors"},
    "benchmarks": {"errors", "instrument", "intake", "scoring", "text", "service"},
    "response_time": {
        *("errors", "instrument", "intake", "scoring", "text", "service", "regression", "benchmarks", ""),
    },
    "analysis": {"errors", "instrument", "intake", "scoring", "text", ""},
    "report": {
        *("errors", "instrument", "intake", "scoring", "text", "service", "regression", "benchmarks"),
        *("response_time", "analysis"),
    },
    "cli": {
        "errors",
        "instrument",
        "intake",
        "simulation",
        "scoring",
        "text",
        "service",
        "regression",
        "benchmarks",
        "response_time",
        "analysis",
        "report",
        "",
    },
}
AT_HOME = {
    "pyreadstat": {"intake/formats/statistical.py", "simulation/statistical.py"},
    "python_calamine": {"intake/formats/workbook.py"},
    "xlsxwriter": {
        *(
            "report/workbook.py",
            "report/workbook_charts.py",
            "report/labelling_sheet.py",
            "report/scorecard_sheet.py",
            "simulation/export.py",
        ),
    },
    "pandas": {
        "scoring",
        "text",
        "service",
        "regression",
        "benchmarks",
        "response_time",
        "report",
        "analysis.py",
        "cli",
        "simulation/statistical.py",
    },
    "snownlp": {"text/exact_snownlp.py"},
    "jieba": {"text/keywords.py"},
    "rjieba": {"text/keywords.py"},
    "onnxruntime": {"text/onnx.py"},
    "chinese_calendar": {"service/calendars.py"},
    "holidays": {"service/calendars.py"},
    "tokenizers": {"text/onnx.py"},
}
NOWHERE_AT_TOP = {
    "statsmodels",
    "pingouin",
    "jieba",
    "rjieba",
    "snownlp",
    "onnxruntime",
    "tokenizers",
    "matplotlib",
    "pyreadstat",
    "python_calamine",
    "xlsxwriter",
    "chinese_calendar",
    "holidays",
}


def room_of(module: Path) -> str:
    parts = module.relative_to(PACKAGE).parts
    return parts[0].removesuffix(".py") if parts[0] != "__init__.py" else ""


def imports(tree: ast.AST, *, top_only: bool) -> list[str]:
    """Names imported at run time; blocks under TYPE_CHECKING are left out."""
    found = []
    todo = list(ast.iter_child_nodes(tree))
    while todo:
        node = todo.pop()
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            continue
        if top_only and isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            found += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        todo += ast.iter_child_nodes(node)
    return found


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_import_turns_back(module: Path) -> None:
    room = room_of(module)
    if room in {"", "__main__"}:
        return
    for name in imports(ast.parse(module.read_text(encoding="utf-8")), top_only=False):
        parts = name.split(".")
        if parts[0] != "satsurvey":
            continue
        target = parts[1] if len(parts) > 1 and parts[1] in ROOMS else ""
        assert target == room or target in MAY_IMPORT[room] or (target == "" and len(parts) > 1), (
            f"{module.name} ({room}) imports {name} ({target or 'the package'})"
        )


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_heavy_libraries_stay_at_home_and_are_loaded_late(module: Path) -> None:
    tree = ast.parse(module.read_text(encoding="utf-8"))
    top = {name.split(".")[0] for name in imports(tree, top_only=True)}
    assert not top & NOWHERE_AT_TOP
    place = module.relative_to(PACKAGE).as_posix()
    for name in imports(tree, top_only=False):
        assert not name.startswith("scipy.stats"), "scipy.stats takes seconds to load; scipy.special does not"
        for library, homes in AT_HOME.items():
            if name.split(".")[0] == library:
                assert any(place == home or place.startswith(f"{home}/") for home in homes), (place, name)


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_modules_are_one_concept_long_and_say_what_they_hold(module: Path) -> None:
    text = module.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 600
    if text.strip():
        assert ast.get_docstring(ast.parse(text)), "a module begins with a sentence on what it holds"
    assert module.stem not in {"utils", "helpers", "common", "base"}


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_nothing_prints_outside_the_command_line(module: Path) -> None:
    if room_of(module) == "cli":
        return
    calls = [n for n in ast.walk(ast.parse(module.read_text(encoding="utf-8"))) if isinstance(n, ast.Call)]
    assert not [c for c in calls if isinstance(c.func, ast.Name) and c.func.id == "print"]


def test_every_room_is_known() -> None:
    rooms = {room_of(module) for module in MODULES} - {"", "__main__"}
    assert rooms == set(ROOMS)
