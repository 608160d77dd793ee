"""The dialect `cnn`: convolutional networks with skip connections (Zoph & Le 2017, sections 3.1 to 3.3)."""

from nasctl.dialects.cnn.build import build
from nasctl.dialects.cnn.graph_builder import graph_builder_from_json
from nasctl.dialects.cnn.syntax import CnnSyntax
from nasctl.dialects.dialect import Dialect
from nasctl.graph import Signature
from nasctl.resources import grammar_folder

dialect = Dialect(
    name="cnn",
    grammar=grammar_folder() / "cnn.lark",
    syntax=CnnSyntax,
    build=build,
    graph_builder_from_json=graph_builder_from_json,
    measures=("params", "flops", "activation_bytes", "depth"),
    signature=Signature((8, 8, 1), 10),
    summary="convolutional networks of layers with skip connections",
)
