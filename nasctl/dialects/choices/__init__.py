"""The dialect `choices`: plain decisions without networks, scored by a function that the user writes."""

from nasctl.dialects.choices.build import build
from nasctl.dialects.choices.graph_builder import graph_builder_from_json
from nasctl.dialects.choices.syntax import ChoicesSyntax
from nasctl.dialects.dialect import Dialect
from nasctl.input_kind import InputKind
from nasctl.resources import grammar_folder

dialect = Dialect(
    name="choices",
    grammar=grammar_folder() / "choices.lark",
    syntax=ChoicesSyntax,
    build=build,
    graph_builder_from_json=graph_builder_from_json,
    input=InputKind.NONE,
    summary="plain decisions that an outside function scores",
)
