"""The dialect `cell`: a small graph with an operation on each edge, stacked into a network.

It is written as a plug-in would be. Its grammar is in its own folder, it imports only the public names of
`nasctl.dialects`, `nasctl.dsl`, `nasctl.graph` and `nasctl.space`, and nasctl finds it by an entry point.
"""

from pathlib import Path

from nasctl.dialects import Dialect
from nasctl.dialects.cell.build import build
from nasctl.dialects.cell.graph_builder import graph_builder_from_json
from nasctl.dialects.cell.syntax import CellSyntax
from nasctl.graph import Signature

dialect = Dialect(
    name="cell",
    grammar=Path(__file__).with_name("cell.lark"),
    syntax=CellSyntax,
    build=build,
    graph_builder_from_json=graph_builder_from_json,
    measures=("params", "flops", "activation_bytes", "depth"),
    signature=Signature((32, 32, 3), 10),
    summary="cells with an operation on each edge, stacked (NAS-Bench-201)",
)
