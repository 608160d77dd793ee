"""Builds an rnn space: the decisions of the cell in the order of the paper, then those of the network around it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

from nasctl.dialects.dialect import DecisionList, Parts
from nasctl.dialects.rnn.choices import (
    Choices,
    ValueKind,
    fraction,
    one_of,
    power_of_two,
    read_choices,
    whole_number,
)
from nasctl.dialects.rnn.graph_builder import Output, RnnGraphBuilder
from nasctl.dialects.rnn.syntax import Cell, End, Indices, Inject, Property, Share, Size
from nasctl.dsl import Note, Problems, Scope, Span, suggestion
from nasctl.dsl.syntax import Node, Statement
from nasctl.graph import Role, ops
from nasctl.graph.tree_cell import tree_size
from nasctl.input_kind import InputKind
from nasctl.space import Choice

BASE = power_of_two("a base for a tree", highest=64)
TREE = ("base", "combine", "activation")
EXAMPLES = {
    "base": "`base 8`",
    "combine": "`combine in {add, elem_mult}`",
    "activation": "`activation in {identity, tanh, sigmoid, relu}`",
}
READS = (InputKind.TEXT.value, InputKind.SERIES.value)
INDICES = ("cell_output", "cell_inject")  # in the order of their tokens
PARAMS = whole_number("a number of parameters", 1, 10**12)
SIZES: Mapping[str, tuple[ValueKind, Choice]] = {
    "stack": (whole_number("a number of layers", 1, 64), 1),
    "hidden": (whole_number("a number of units", 1, 100_000), 64),
    "dropout": (fraction("a fraction to drop"), 0),
}
"""The range and the default of each size of the network, in the order of their tokens."""

_Block = TypeVar("_Block", Inject, Indices)


def build(statements: Sequence[Statement], scope: Scope, problems: Problems) -> Parts:
    """Builds the parts of an rnn space."""
    by_subject = _by_subject(statements, problems)
    reader = _Reader(scope, problems)
    cell = by_subject.get("cell")
    if isinstance(cell, Cell):
        reader.read_cell(cell)
    elif statements and not problems.errors:
        problems.error(
            statements[-1].span,
            "a file of this dialect needs a cell, but there is none",
            hint="write `cell tree { base 8 combine in {…} activation in {…} }`",
        )
    for name in SIZES:
        size = by_subject.get(name)
        reader.read_size(name, size if isinstance(size, Size) else None)
    hidden = by_subject.get("hidden")
    reads, output = _ends(by_subject, problems)
    graph_builder = RnnGraphBuilder(
        base=reader.base,
        fixed=tuple(reader.fixed),
        fitted=isinstance(hidden, Size) and hidden.how == "fitted",
        shared_embedding="share" in by_subject,
        reads=reads,
        output=output,
    )
    return Parts(reader.decisions.all(), graph_builder)


def _by_subject(statements: Sequence[Statement], problems: Problems) -> dict[str, Node]:
    """The statements by subject. Reports a subject that occurs twice."""
    by_subject: dict[str, Node] = {}
    for statement in statements:
        subject: str = "cell"
        if isinstance(statement, End):
            subject = statement.side
        elif isinstance(statement, Share):
            subject = "share"
            if statement.name.name != "embedding":
                problems.error(
                    statement.name.span, f"unexpected `{statement.name.name}`", hint="write `embedding`"
                )
        elif isinstance(statement, Size):
            subject = statement.name.name
        if subject in by_subject:
            _report_twice(subject, by_subject[subject], statement, problems)
        by_subject[subject] = statement
    return by_subject


def _report_twice(what: str, first: Node, again: Node, problems: Problems) -> None:
    """Reports a second statement on one subject."""
    problems.error(again.span, f"`{what}` is given twice", notes=[Note("the first one is here", first.span)])


def _ends(by_subject: Mapping[str, Node], problems: Problems) -> tuple[InputKind, Output]:
    """What the networks read and predict. Reports words that are not known, and ends that do not fit each other."""
    input_, output = by_subject.get("input"), by_subject.get("output")
    reads = _word_of(input_, READS, InputKind.TEXT.value, problems)
    default = Output.LANGUAGE_MODEL if reads == InputKind.TEXT else Output.CLASSIFIER
    predicts = _word_of(output, [kind.value for kind in Output], default.value, problems)
    if reads == InputKind.SERIES and predicts == Output.LANGUAGE_MODEL:
        assert isinstance(input_, End) and isinstance(output, End)
        problems.error(
            output.kind.span,
            "a language model reads text, not series",
            hint="write `output classifier` or `output regression`, or `input text`",
            notes=[Note("the input is stated here", input_.span)],
        )
        predicts = Output.CLASSIFIER.value
    shared = by_subject.get("share")
    if shared is not None and predicts != Output.LANGUAGE_MODEL:
        problems.error(
            shared.span,
            "only a language model can share its embedding with its output",
            hint="remove `share embedding`; if it is in a file that you include, include spaces/documents.nas",
        )
    return InputKind(reads), Output(predicts)


def _word_of(end: Node | None, known: Sequence[str], default: str, problems: Problems) -> str:
    """The word of an `input` or `output` statement, or the default."""
    if not isinstance(end, End):
        return default
    if end.kind.name in known:
        return end.kind.name
    problems.error(
        end.kind.span,
        f"`{end.kind.name}` is no {end.side} of this dialect",
        hint=suggestion(end.kind.name, known),
    )
    return default


def _ops_as(role: Role, what: str) -> ValueKind:
    """The names of the ops with a role, those of other packages included."""
    return one_of(what, [name for name, op in ops().items() if role in op.roles])


class _Reader:
    """Collects the decisions and the fixed values. A property with an error becomes neither."""

    def __init__(self, scope: Scope, problems: Problems) -> None:
        self.decisions = DecisionList()
        self.fixed: list[tuple[str, Choice]] = []
        self.base = 0  # until the file states it
        self._scope = scope
        self._problems = problems

    def read_cell(self, cell: Cell) -> None:
        """Reads the cell. The order of its decisions does not depend on the order in the file."""
        own = self._by_name(
            [item for item in cell.items if isinstance(item, Property)], "cell", TREE, cell.span
        )
        self._read_base(own.get("base"))
        kinds = {
            "combine": _ops_as("combination", "a combination"),
            "activation": _ops_as("activation", "an activation"),
        }
        choices = {name: self._read(own.get(name), kind) for name, kind in kinds.items()}
        for node in range(tree_size(self.base or 2)):
            for name in kinds:
                self._decide(f"node{node}.{name}", choices[name])
        for inject in self._at_most_one([item for item in cell.items if isinstance(item, Inject)], "inject"):
            entering = self._by_name(inject.properties, "inject", tuple(kinds), inject.span)
            choices = {name: self._read(entering.get(name), kind) for name, kind in kinds.items()}
        for name in kinds:
            self._decide(f"inject.{name}", choices[name], kind=f"inject_{name}")
        self._read_indices(
            self._at_most_one([item for item in cell.items if isinstance(item, Indices)], "indices")
        )

    def read_size(self, name: str, size: Size | None) -> None:
        """Reads one of `SIZES`."""
        kind, default = SIZES[name]
        if size is None:
            self.fixed.append((name, default))
        else:
            self._decide(name, self._read(size, PARAMS if size.how == "fitted" else kind))

    def _read_base(self, written: Property | None) -> None:
        if written is not None and written.decided:
            self._problems.error(written.span, "the base of a tree cannot be decided", hint="write `base 8`")
            return
        choices = self._read(written, BASE)
        if choices is not None:
            self.base = int(choices.values[0])

    def _read_indices(self, blocks: Sequence[Indices]) -> None:
        """Reads which nodes c may be read from and injected into: all nodes of the tree unless the file restricts them.

        The paper allows all nodes: only then does a tree of base 8 have 6e16 cells, as stated in section 4.2.
        """
        properties = {}
        for block in blocks:
            properties = self._by_name(block.properties, "indices", (), block.span, INDICES)
        if not self.base:  # without it the nodes have no numbers
            return
        nodes = tuple(range(tree_size(self.base)))
        scope = Scope(
            {"nodes": nodes, "leaves": nodes[: self.base], "inner": nodes[self.base :]}, outer=self._scope
        )
        kind = whole_number(f"a node of a tree of base {self.base}", 0, nodes[-1])
        for name in INDICES:
            index_property = properties.get(name)
            all_nodes = Choices(nodes, decided=True)
            self._decide(
                name,
                read_choices(index_property, kind, scope, self._problems) if index_property else all_nodes,
            )

    def _read(self, written: Property | Size | None, kind: ValueKind) -> Choices | None:
        return None if written is None else read_choices(written, kind, self._scope, self._problems)

    def _decide(self, name: str, choices: Choices | None, kind: str = "") -> None:
        if choices is None:
            return
        if choices.decided:
            self.decisions.add(name, choices.values, kind=kind)
        else:
            self.fixed.append((name, choices.values[0]))

    def _by_name(
        self,
        properties: Sequence[Property],
        owner: str,
        needed: Sequence[str],
        span: Span,
        optional: Sequence[str] = (),
    ) -> dict[str, Property]:
        """The properties of a block by name. Reports those that are unknown, given twice, or missing."""
        known = (*needed, *optional)
        by_name: dict[str, Property] = {}
        for item in properties:
            name = item.name.name
            if name not in known:
                self._problems.error(
                    item.name.span, f"`{owner}` has no property `{name}`", hint=suggestion(name, known)
                )
            elif name in by_name:
                _report_twice(name, by_name[name], item, self._problems)
            by_name[name] = item
        if by_name.keys() - set(known) or self._problems.has_syntax_error(span):
            return by_name  # the missing property may be the misspelt one
        for name in needed:
            if name not in by_name:
                start = Span(span.source, span.start, span.start + len(owner))
                self._problems.error(start, f"`{owner}` needs `{name}`", hint=f"write {EXAMPLES[name]}")
        return by_name

    def _at_most_one(self, blocks: Sequence[_Block], name: str) -> Sequence[_Block]:
        for block in blocks[1:]:
            _report_twice(name, blocks[0], block, self._problems)
        return blocks[:1]
