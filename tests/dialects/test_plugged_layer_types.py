"""Layer types of other packages: their properties are those that the op declares."""

import pytest

from nasctl.dialects import parse_space
from nasctl.dsl import SpaceError
from nasctl.graph import Cost, Op, Property


def an_op(name: str, **properties: Property) -> Op:
    return Op(
        name,
        shape=lambda attributes, inputs: inputs[0],
        cost=lambda attributes, inputs, output: Cost(),
        label=lambda attributes: name,
        family="activate",
        lowering="nowhere:Nothing",
        properties=properties,
    )


@pytest.fixture(autouse=True)
def plugged(monkeypatch: pytest.MonkeyPatch) -> None:
    known = {
        "gelu": an_op("gelu"),
        "leaky": an_op(
            "leaky",
            slope=Property(low=0, high=1, whole=False, default=None),
            window=Property(high=9, pair=True, default=3),
        ),
    }
    monkeypatch.setattr("nasctl.dialects.cnn.types._plugged", lambda: known)


def read(layer: str):
    return parse_space(f"space cnn\nlayers 1\nlayer {{ {layer} }}\n", name="plugged")


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        ("gelu { foo 3 }", "gelu has no property `foo`"),
        ("gelu { foo in {1, 2} }", "gelu has no property `foo`"),
        ("leaky { slop 0.5 }", "leaky has no property `slop`"),
        ("leaky { slope 2 }", "`slope` must be from 0 to 1, not 2"),
        ("leaky { slope in {0.5, 1.5} }", "`slope` must be from 0 to 1, not 1.5"),
        ("leaky { slope often }", "neither a number nor defined"),
        ('leaky { slope "often" }', "`slope` must be a number, not often"),
        ("leaky { slope 0.5 slope 0.6 }", "`slope` is given twice"),
        ("leaky { slope 0.5 window 0.5 }", "`window` must be a whole number"),
        ("leaky { slope (height 0.5, width 0.5) }", "`slope` is one value"),
        ("leaky", "leaky needs `slope`"),
        ("one of { leaky { window 3 } gelu }", "leaky needs `slope`"),
    ],
)
def test_what_the_op_does_not_declare_is_an_error(layer: str, message: str) -> None:
    with pytest.raises(SpaceError, match=message):
        read(layer)


def test_declared_properties_become_attributes_with_their_defaults() -> None:
    space = read("leaky { slope in {0.1, 0.2} }  gelu")
    (node,) = [node for node in space.decode((1,)).graph.nodes if node.op == "leaky"]
    assert dict(node.attributes) == {"slope": 0.2, "window": (3, 3)}
