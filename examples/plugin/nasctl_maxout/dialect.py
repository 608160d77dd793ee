"""The dialect `maxout`: its syntax, its decisions, and its graph builder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from nasctl.dialects import DecisionList, Dialect, Parts
from nasctl.dsl import Problems, Scope, Span, SyntaxBuilder, evaluate, expand
from nasctl.dsl.syntax import Domain, Expression, Node, Statement, Word
from nasctl.graph import Graph, GraphWriter
from nasctl.space import Value

# Syntax: a class of nodes for each kind of statement, and a method of the same name as each rule of the grammar.


@dataclass(frozen=True)
class Layers(Node):
    """`layers 2`."""

    count: Expression


@dataclass(frozen=True)
class Choice(Node):
    """`units in {16, 32}`."""

    name: Word
    domain: Domain


class MaxoutSyntax(SyntaxBuilder):
    """The rules of `maxout.lark`."""

    def layers(self, span: Span, count: Expression) -> Layers:
        """`layers COUNT`."""
        return Layers(count, span=span)

    def choice(self, span: Span, name: Word, domain: Domain) -> Choice:
        """`NAME in DOMAIN`."""
        return Choice(name, domain, span=span)

    def choice_name(self, span: Span, name: Word) -> Word:
        """`units` or `pieces`."""
        return name


# The graph builder: from what was decided to a graph.


@dataclass(frozen=True)
class MaxoutNetwork:
    """Layers of maxout units, then a dense layer of one unit a class."""

    layers: int

    def graph(self, values: Mapping[str, Value]) -> Graph:
        """The network that the values stand for."""
        writer = GraphWriter()
        value = writer.add("input", name="image")
        for number in range(1, self.layers + 1):
            name = f"layer{number}"
            value = writer.add(
                "maxout",
                [value],
                name=name,
                units=values[f"{name}.units"],
                pieces=values[f"{name}.pieces"],
            )
        return writer.finish([writer.add("dense", [value], name="classifier")])

    def to_json(self) -> dict[str, object]:
        """The fields as JSON values; `graph_builder_from_json` is the inverse."""
        return asdict(self)


def graph_builder_from_json(document: Mapping[str, Any]) -> MaxoutNetwork:
    """The inverse of `MaxoutNetwork.to_json`."""
    return MaxoutNetwork(int(document["layers"]))


# Decisions: checks what was written, goes on after an error, and reports each where it stands.


def build(statements: Sequence[Statement], scope: Scope, problems: Problems) -> Parts:
    """The decisions and the graph builder of a file."""
    layers = 1
    choices = {}
    for statement in statements:
        if isinstance(statement, Layers):
            count = evaluate(statement.count, scope, problems)
            if isinstance(count, int) and 1 <= count <= 100:
                layers = count
            elif count is not None:
                problems.error(
                    statement.count.span,
                    f"there cannot be {count} layers",
                    hint="give a whole number from 1 to 100",
                )
        elif isinstance(statement, Choice):
            values = expand(statement.domain, scope, problems) or ()
            if not all(isinstance(value, int) and value > 0 for value in values):
                problems.error(statement.domain.span, f"`{statement.name.name}` are positive whole numbers")
            choices[statement.name.name] = values
    for name in ("units", "pieces"):
        if name not in choices:
            problems.error(statements[-1].span, f"`{name}` is missing", hint=f"write `{name} in {{2, 4}}`")
    decisions = DecisionList()
    for number in range(1, layers + 1):
        for name in ("units", "pieces"):
            decisions.add(f"layer{number}.{name}", choices.get(name, ()))
    return Parts(decisions.all(), MaxoutNetwork(layers))


dialect = Dialect(
    name="maxout",
    grammar=Path(__file__).with_name("maxout.lark"),
    syntax=MaxoutSyntax,
    build=build,
    graph_builder_from_json=graph_builder_from_json,
    measures=("params", "flops", "activation_bytes", "depth"),
    summary="networks of maxout units",
)
