"""Graphs for the tests of drawings: typical networks and arbitrary graphs."""

from collections.abc import Sequence

from hypothesis import strategies as st

from nasctl.graph import Graph, GraphWriter, Layer, Signature, bind, classify, connect_skips

IMAGES = Signature(input_shape=(8, 8, 1), outputs=10)


def cnn(sources: Sequence[tuple[int, ...] | None], *, bound: bool = True) -> Graph:
    """A network of convolutions with batch normalisation and relu; `sources[n]` feed layer n + 1."""
    writer = GraphWriter()
    image = writer.add("input", name="image")

    def body(name: str, filters: int):
        def write(source: int) -> int:
            conv = writer.add(
                "conv2d", [source], name=f"{name}.conv", kernel=(3, 5), stride=(1, 1), filters=filters
            )
            norm = writer.add("batch_norm", [conv], name=f"{name}.batch_norm")
            return writer.add("relu", [norm], name=f"{name}.relu")

        return write

    layers = [
        Layer(number, f"layer{number}", body(f"layer{number}", 10 * number + 20), sources=fed)
        for number, fed in enumerate(sources, start=1)
    ]
    ends = connect_skips(writer, image, layers)
    graph = writer.finish([classify(writer, ends)])
    return bind(graph, IMAGES) if bound else graph


@st.composite
def skip_networks(draw: st.DrawFn, most_layers: int = 12) -> Graph:
    """Networks of any depth with any skip connections."""
    count = draw(st.integers(1, most_layers))
    sources = [
        tuple(source for source in range(1, number) if draw(st.booleans())) for number in range(1, count + 1)
    ]
    return cnn(sources, bound=draw(st.booleans()))


@st.composite
def any_graphs(draw: st.DrawFn, most_nodes: int = 14) -> Graph:
    """Arbitrary directed acyclic graphs with one or more outputs. Their shapes need not match."""
    writer = GraphWriter()
    writer.add("input", name="first")
    for index in range(1, draw(st.integers(2, most_nodes))):
        owner = draw(st.sampled_from(["", "a.", "b.", "c.d."]))
        read = draw(st.lists(st.integers(0, index - 1), min_size=1, max_size=4, unique=True))
        if len(read) > 1:
            op = draw(st.sampled_from(["add", "concat", "elem_mult"]))
        else:
            op = draw(
                st.sampled_from(["relu", "linear", "batch_norm", "identity", "global_average_pool", "input"])
            )
        writer.add(op, read if op != "input" else [], name=f"{owner}n{index}")
    count = index + 1
    return writer.finish(draw(st.lists(st.integers(0, count - 1), min_size=1, max_size=3, unique=True)))


def cell_graph() -> Graph:
    """A recurrent cell: h' = tanh(W x + U h) · c, c' = the sum before tanh."""
    writer = GraphWriter()
    x, h, c = (writer.add("input", name=slot, slot=slot) for slot in "xhc")
    wx = writer.add("linear", [x], name="node0.x")
    uh = writer.add("linear", [h], name="node0.h", bias=True)
    combined = writer.add("add", [wx, uh], name="node0.combine")
    activated = writer.add("tanh", [combined], name="node0.activation")
    product = writer.add("elem_mult", [activated, c], name="inject.combine")
    injected = writer.add("relu", [product], name="inject.activation")
    return writer.finish([injected, combined])


def language_model(stack: int = 2) -> Graph:
    """A stack of recurrent layers of one cell."""
    writer = GraphWriter()
    value = writer.add("input", name="text")
    value = writer.add("embedding", [value], name="embedding", units=6)
    for number in range(1, stack + 1):
        value = writer.add("recurrent", [value], name=f"layer{number}", cell=cell_graph(), units=6)
    return bind(writer.finish([writer.add("dense", [value], name="output")]), Signature((7,), 50))


def stacked_cells(repeat: int) -> Graph:
    """The same cell of four branches several times in a row."""
    writer = GraphWriter()
    value = writer.add("input", name="image")
    value = writer.add("conv2d", [value], name="stem", kernel=(3, 3), stride=(1, 1), filters=16)
    for number in range(1, repeat + 1):
        cell = f"cell{number}"
        pool = writer.add("average_pool", [value], name=f"{cell}.pool", kernel=(3, 3), stride=(1, 1))
        skip = writer.add("identity", [value], name=f"{cell}.skip")
        conv = writer.add("conv2d", [pool], name=f"{cell}.conv", kernel=(3, 3), stride=(1, 1), filters=16)
        value = writer.add("add", [conv, skip], name=f"{cell}.sum")
    pooled = writer.add("global_average_pool", [value], name="pool")
    return bind(writer.finish([writer.add("dense", [pooled], name="output")]), IMAGES)
