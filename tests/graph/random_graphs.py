"""Random networks for property tests: layers with skip connections, of every op that layers may have."""

from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from nasctl.graph import Graph, GraphWriter, Layer, Signature, bind, classify, connect_skips

TASK = Signature((9, 8, 3), 10)


@dataclass(frozen=True)
class RandomLayer:
    """One layer: an op with its attributes, and the numbers of the earlier layers that feed it."""

    op: str
    attributes: tuple[tuple[str, object], ...]
    sources: tuple[int, ...]


small = st.integers(1, 3)
window = st.fixed_dictionaries({"kernel": st.tuples(small, small), "stride": st.tuples(small, small)})
filtered = st.fixed_dictionaries(
    {"kernel": st.tuples(small, small), "stride": st.tuples(small, small), "filters": st.integers(1, 4)}
)
OPS: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    "conv2d": filtered,
    "separable_conv2d": filtered,
    "max_pool": window,
    "average_pool": window,
    "batch_norm": st.just({}),
    "relu": st.just({}),
    "dropout": st.fixed_dictionaries({"rate": st.sampled_from([0.0, 0.5])}),
    "identity": st.just({}),
    "zero": st.just({}),
}


@st.composite
def random_layers(draw: st.DrawFn, ops: tuple[str, ...] = tuple(OPS), most: int = 6) -> list[RandomLayer]:
    """The layers of a network."""
    layers: list[RandomLayer] = []
    for number in range(draw(st.integers(1, most))):
        op = draw(st.sampled_from(ops))
        sources = draw(st.sets(st.integers(0, number - 1))) if number else set()
        layers.append(RandomLayer(op, tuple(sorted(draw(OPS[op]).items())), tuple(sorted(sources))))
    return layers


def network(layers: list[RandomLayer]) -> Graph:
    """The bound graph of some layers."""
    writer = GraphWriter()
    image = writer.add("input", name="image")

    def body(number: int, layer: RandomLayer):
        return lambda source: writer.add(layer.op, [source], name=f"layer{number}", **dict(layer.attributes))

    ends = connect_skips(
        writer,
        image,
        [
            Layer(number, f"layer{number}", body(number, layer), layer.sources)
            for number, layer in enumerate(layers)
        ],
    )
    return bind(writer.finish([classify(writer, ends)]), TASK)
