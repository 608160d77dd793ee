"""Dialects of the language: each turns the syntax tree of its files into a `Space` that can build its networks.

A dialect consists of five parts, for which the folder `cnn` is an example:

1. a grammar, `NAME.lark`, whose first rule is `start: header top_item*`, and which imports rules of `common.lark`. The
   rules that blocks repeat are named `…_item`: after a syntax error, the parser continues with the next of these;
2. a class derived from `nasctl.dsl.SyntaxBuilder` with one method for each rule, which makes frozen dataclasses
   derived from `nasctl.dsl.syntax.Node`;
3. a function that builds `Parts` (decisions, by `DecisionList`; a graph builder; anchors) from the statements. It
   reports errors by `problems.error(span, message, hint=…)` and continues;
4. a graph builder: a frozen dataclass with `graph(values)` and `to_json()`, and the inverse of the latter. Where the
   spaces of the dialect read or predict different things, it states them (`nasctl.space.StatesEnds`);
5. a `Dialect` with all of these, which an entry point of the group `nasctl.dialects` names.
"""

from nasctl.dialects.dialect import DecisionList, Dialect, Parts
from nasctl.dialects.ends import input_of, targets_of, typical_signature
from nasctl.dialects.fitting import fitting_spaces
from nasctl.dialects.lossless import space_from_json
from nasctl.dialects.reading import load_space, parse_space
from nasctl.dialects.registry import dialect_named, dialect_names

__all__ = [
    "DecisionList",
    "Dialect",
    "Parts",
    "dialect_named",
    "dialect_names",
    "fitting_spaces",
    "input_of",
    "load_space",
    "parse_space",
    "space_from_json",
    "targets_of",
    "typical_signature",
]
