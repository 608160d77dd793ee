"""The dialect `rnn`: networks for text and time series around a tree cell (Zoph & Le 2017, sections 3.4 and 4.2)."""

from nasctl.dialects.dialect import Dialect
from nasctl.dialects.rnn.build import build
from nasctl.dialects.rnn.graph_builder import graph_builder_from_json
from nasctl.dialects.rnn.syntax import RnnSyntax
from nasctl.graph import Signature
from nasctl.input_kind import InputKind
from nasctl.resources import grammar_folder

dialect = Dialect(
    name="rnn",
    grammar=grammar_folder() / "rnn.lark",
    syntax=RnnSyntax,
    build=build,
    graph_builder_from_json=graph_builder_from_json,
    measures=("params", "flops", "activation_bytes", "depth"),
    input=InputKind.TEXT,
    signature=Signature((35,), 1_000),
    summary="recurrent cells as trees, in networks for text and time series",
)
