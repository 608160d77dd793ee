"""Builds a cell space: checks the statements and makes a decision on the operation of each edge."""

from __future__ import annotations

from collections.abc import Sequence

from nasctl.dialects import DecisionList, Parts
from nasctl.dialects.cell.graph_builder import OPERATIONS, CellGraphBuilder, edge_names
from nasctl.dialects.cell.syntax import Cell, Edges, Input, Output, Size
from nasctl.dsl import Note, Problems, Scope, Span, evaluate, expand, suggestion
from nasctl.dsl.syntax import ChoiceSet, Node, Statement, Word
from nasctl.input_kind import InputKind
from nasctl.space import Choice

LARGEST = {"nodes": 20, "filters": 4096, "stages": 8, "repeat": 100}
DEFAULTS = {"nodes": 4, "filters": 16, "stages": 3, "repeat": 5}


def build(statements: Sequence[Statement], scope: Scope, problems: Problems) -> Parts:
    """Builds the parts of a cell space."""
    items: list[Node] = []
    for statement in statements:
        items.extend((statement, *statement.items) if isinstance(statement, Cell) else (statement,))
    _report_repeated(items, problems)
    sizes = dict(DEFAULTS)
    operations: Sequence[Choice] = ()
    edges_given = False
    for item in items:
        if isinstance(item, Input):
            _expect(item.kind, InputKind.IMAGE, problems)
        elif isinstance(item, Output):
            _expect(item.kind, "classifier", problems)
        elif isinstance(item, Size):
            sizes[item.name.name] = _read_size(item, scope, problems)
        elif isinstance(item, Edges):
            edges_given = True
            operations = _read_operations(item, scope, problems)
    if not edges_given and statements and not problems.errors:
        cells = [item for item in items if isinstance(item, Cell)]
        problems.error(
            (cells or statements)[-1].span,
            "the cell does not say what its edges can be",
            hint="write `cell { edges in {none, skip_connect, conv_3x3} }`",
        )
    decisions = DecisionList()
    for name, _, _ in edge_names(sizes["nodes"]):
        decisions.add(name, operations, kind="edge")
    return Parts(decisions.all(), CellGraphBuilder(**sizes))


def _report_repeated(items: Sequence[Node], problems: Problems) -> None:
    first: dict[str, Node] = {}
    for item in items:
        what = item.name.name if isinstance(item, Size) else type(item).__name__.lower()
        if what in first:
            notes = [Note("the first one is here", first[what].span)]
            problems.error(item.span, f"`{what}` is given twice", notes=notes)
        first.setdefault(what, item)


def _expect(word: Word, wanted: str, problems: Problems) -> None:
    if word.name != wanted:
        problems.error(word.span, f"unexpected `{word.name}`", hint=f"write `{wanted}`")


def _read_size(size: Size, scope: Scope, problems: Problems) -> int:
    name = size.name.name
    value = evaluate(size.value, scope, problems)
    lowest = 2 if name == "nodes" else 1
    if isinstance(value, int) and lowest <= value <= LARGEST[name]:
        return value
    if value is not None:
        problems.error(
            size.value.span,
            f"`{name}` cannot be {value}",
            hint=f"it is a whole number from {lowest} to {LARGEST[name]:,}",
        )
    return DEFAULTS[name]


def _read_operations(edges: Edges, scope: Scope, problems: Problems) -> Sequence[Choice]:
    operations = expand(edges.domain, scope, problems)
    for operation in operations or ():
        if operation not in OPERATIONS:
            problems.error(
                _span_of(edges, operation),
                f"`{operation}` is not an operation for an edge",
                hint=suggestion(str(operation), OPERATIONS),
            )
    return operations or ()


def _span_of(edges: Edges, operation: Choice) -> Span:
    """The location of an operation in the file."""
    if isinstance(edges.domain, ChoiceSet):
        for element in edges.domain.elements:
            if element.span.text == operation:
                return element.span
    return edges.domain.span
