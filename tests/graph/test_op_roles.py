"""What each op of nasctl can be used as."""

from nasctl.dialects.cnn.types import LAYER_TYPES, layer_type_names
from nasctl.graph import Op, Role, is_our_op, ops


def named(role: Role) -> set[str]:
    return {name for name, op in ops().items() if role in op.roles and is_our_op(name)}


def test_the_ops_of_each_role() -> None:
    assert named("activation") == {"identity", "relu", "sigmoid", "sin", "tanh"}
    assert named("combination") == {"add", "elem_mult", "max"}
    assert named("join") == {"add", "concat"}
    assert named("embedding") == {"embedding", "table"}
    assert named("recurrent") == {"recurrent"}


def test_the_layers_are_those_that_a_cnn_can_name() -> None:
    assert named("layer") == {kind.op for kind in LAYER_TYPES.values()}
    assert set(LAYER_TYPES) <= set(layer_type_names())


def test_an_op_of_another_package_is_a_layer_unless_it_says_otherwise() -> None:
    relu = ops()["relu"]
    assert Op("theirs", relu.shape, relu.cost, relu.label, "compute", "theirs:Module").roles == ("layer",)
