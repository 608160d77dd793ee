"""Dialects of the language: each turns the syntax tree of its files into a `Space` that can build its networks.

To write one (the folder `cnn` here is an example of all of it):

1. a grammar, `NAME.lark`, whose first rule is `start: header top_item*` and which imports what it wants of
   `common.lark`. Name the rules that blocks repeat `…_item`: reading goes on there after a mistake;
2. a class derived from `nasctl.dsl.SyntaxBuilder` with one method for each rule, which makes frozen dataclasses
   derived from `nasctl.dsl.syntax.Node`;
3. a function that builds `Parts` (decisions, by `DecisionList`; a graph builder; anchors) from the statements. It
   reports what is wrong with `problems.error(span, message, hint=…)` and goes on;
4. a graph builder: a frozen dataclass with `graph(values)` and `to_json()`, and the inverse of the latter;
5. a `Dialect` that holds these, named in the entry point group `nasctl.dialects`.
"""

from nasctl.dialects.dialect import DecisionList, Dialect, Parts
from nasctl.dialects.lossless import space_from_json
from nasctl.dialects.reading import load_space, parse_space
from nasctl.dialects.registry import dialect_named, dialect_names

__all__ = [
    "DecisionList",
    "Dialect",
    "Parts",
    "dialect_named",
    "dialect_names",
    "load_space",
    "parse_space",
    "space_from_json",
]
