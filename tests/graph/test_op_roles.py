"""What an op can be used as."""

import pytest

from nasctl.dialects.cnn.types import LAYER_TYPES, layer_type_names
from nasctl.graph import Op, Role, op_named, ops


def named(role: Role) -> set[str]:
    return {name for name, op in ops().items() if role in op.roles}


@pytest.mark.parametrize(
    ("role", "members"),
    [
        ("activation", {"identity", "relu", "sigmoid", "sin", "tanh"}),
        ("combination", {"add", "elem_mult", "max"}),
        ("join", {"add", "concat"}),
        ("embedding", {"embedding", "table"}),
        ("recurrent", {"recurrent"}),
    ],
)
def test_the_ops_of_a_role(role: Role, members: set[str]) -> None:
    assert members <= named(role)


def test_ends_and_the_inside_of_cells_are_no_layers() -> None:
    ends = {"input", "dense", "global_average_pool", "embedding", "table", "lookup", "unembed"}
    inside = {"linear", "elem_mult", "max", "complement", "sin"}
    assert not named("layer") & (ends | inside | named("join") | named("recurrent"))


def test_a_cnn_can_name_every_layer() -> None:
    assert {kind.op for kind in LAYER_TYPES.values()} <= named("layer")
    assert named("layer") <= {kind.op for kind in LAYER_TYPES.values()} | set(layer_type_names())


def test_an_op_is_a_layer_unless_it_says_otherwise() -> None:
    relu = op_named("relu")
    assert Op("theirs", relu.shape, relu.cost, relu.label, "compute", "theirs:Module").roles == ("layer",)
    activation = Op("theirs", relu.shape, relu.cost, relu.label, "activate", "theirs:Module")
    assert activation.roles == ("layer", "activation")
    assert op_named("zero").roles == ("layer",)
