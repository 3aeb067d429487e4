"""The small language of filters: who is asked an item, as a condition on the facts (`S4 == 1 and S8 == 1`).

Only names, numbers, quoted codes, `==`, `!=`, `<`, `<=`, `>`, `>=`, `in`, `and`, `or`, `not` and brackets.
Evaluation has three values: a condition over a fact nobody recorded is neither true nor false.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Truth = tuple[NDArray[np.bool_], NDArray[np.bool_]]
    """Two masks over the rows: known to be true, known to be false."""

    Compare = Callable[[str, str, list[str]], Truth]

_OPERATORS: dict[type[ast.cmpop], str] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.In: "in",
    ast.NotIn: "not in",
}
_LONGEST = 500


class FilterSyntaxError(ValueError):
    """A filter is not written in the small language."""


def parse(expression: str) -> ast.expr:
    """Read a filter; raises `FilterSyntaxError` with the reason when it is not one."""
    if len(expression) > _LONGEST:
        raise FilterSyntaxError(f"a filter has at most {_LONGEST} characters")
    if "\\" in expression:
        raise FilterSyntaxError("a filter holds no backslash")  # Python would warn of some, aloud
    try:
        tree = ast.parse(expression.strip(), mode="eval").body
        _validate(tree)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as exc:
        if isinstance(exc, FilterSyntaxError):
            raise
        raise FilterSyntaxError(f"not a condition: {expression!r}") from exc
    return tree


def facts_used(expression: str) -> tuple[str, ...]:
    """Name the facts that a filter speaks of, in order of appearance."""
    names = [node.id for node in ast.walk(parse(expression)) if isinstance(node, ast.Name)]
    return tuple(dict.fromkeys(names))


def codes_compared(expression: str) -> tuple[tuple[str, str], ...]:
    """List the (fact, code) pairs that a filter tests for being equal or different, in order."""
    pairs = []
    for node in ast.walk(parse(expression)):
        match node:
            case ast.Compare(left=ast.Name(id=fact), ops=[operator], comparators=[right]):
                several = isinstance(operator, ast.In | ast.NotIn)
                if several or isinstance(operator, ast.Eq | ast.NotEq):
                    pairs += [(fact, code) for code in _constants(right, several=several)]
    return tuple(dict.fromkeys(pairs))


def evaluate(expression: str, compare: Compare) -> Truth:
    """Evaluate a filter over rows.

    Parameters
    ----------
    expression
        The filter.
    compare
        Called with a fact's code, an operator and the codes it is compared with; returns the two masks.

    Returns
    -------
    tuple of two boolean arrays
        Rows where the filter is known to hold, and rows where it is known not to hold.
    """
    return _evaluate(parse(expression), compare)


def _validate(node: ast.expr) -> None:
    match node:
        case ast.BoolOp(values=values):
            for value in values:
                _validate(value)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            _validate(operand)
        case ast.Compare(left=ast.Name(), ops=[operator], comparators=[right]):
            if type(operator) not in _OPERATORS:
                raise FilterSyntaxError("allowed comparisons are == != < <= > >= in")
            _constants(right, several=isinstance(operator, ast.In | ast.NotIn))
        case _:
            raise FilterSyntaxError(
                "a filter compares a fact with a code (S4 == 1) and joins such comparisons with and, or, not"
            )


def _constants(node: ast.expr, *, several: bool) -> list[str]:
    if several:
        if not isinstance(node, ast.List | ast.Tuple | ast.Set):
            raise FilterSyntaxError("`in` takes a list of codes, as in S2 in ['im', 'online']")
        return [code for element in node.elts for code in _constants(element, several=False)]
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float | str):
        value = node.value
        if isinstance(value, float) and value.is_integer():
            value = int(value)  # 1.0 and 1 are one code
        if not isinstance(value, bool):
            return [str(value)]
    raise FilterSyntaxError("a fact is compared with a number or a quoted code")


def _evaluate(node: ast.expr, compare: Compare) -> Truth:
    match node:
        case ast.BoolOp(op=operator, values=values):
            true, false = _evaluate(values[0], compare)
            for value in values[1:]:
                also_true, also_false = _evaluate(value, compare)
                if isinstance(operator, ast.And):
                    true, false = true & also_true, false | also_false
                else:
                    true, false = true | also_true, false & also_false
            return true, false
        case ast.UnaryOp(operand=operand):
            true, false = _evaluate(operand, compare)
            return false, true
        case ast.Compare(left=ast.Name(id=fact), ops=[operator], comparators=[right]):
            several = isinstance(operator, ast.In | ast.NotIn)
            return compare(fact, _OPERATORS[type(operator)], _constants(right, several=several))
    raise FilterSyntaxError("not a condition")  # unreachable after parse()
