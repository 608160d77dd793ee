"""The normal form: nodes without effect are removed."""

from nasctl.graph import Graph, GraphWriter, infer_shapes, simplify


def ops_of(graph: Graph) -> list[str]:
    return [node.op for node in graph.nodes]


def start() -> tuple[GraphWriter, int]:
    writer = GraphWriter()
    return writer, writer.add("input", name="image", shape=(8, 8, 3))


def conv(writer: GraphWriter, source: int, name: str) -> int:
    return writer.add("conv2d", [source], name=name, kernel=(3, 3), stride=(2, 2), filters=3)


def test_identities_are_read_through() -> None:
    writer, image = start()
    end = writer.add("relu", [writer.add("identity", [image], name="same")], name="relu")
    graph = simplify(writer.finish([end]))
    assert ops_of(graph) == ["input", "relu"]
    assert graph.nodes[1].inputs == (0,)


def test_a_join_of_one_is_what_it_joins() -> None:
    writer, image = start()
    end = writer.add("add", [writer.add("concat", [image], name="concat")], name="add")
    assert ops_of(simplify(writer.finish([end]))) == ["input"]


def test_what_no_output_depends_on_is_dropped() -> None:
    writer, image = start()
    conv(writer, image, "dead")
    graph = simplify(writer.finish([conv(writer, image, "alive")]))
    assert [node.name for node in graph.nodes] == ["image", "alive"]


def test_a_sum_does_without_zeros_and_what_they_came_from() -> None:
    writer, image = start()
    zero = writer.add("zero", [conv(writer, image, "cut")], name="zero")
    end = writer.add("add", [conv(writer, image, "kept"), zero], name="add")
    assert [node.name for node in simplify(writer.finish([end])).nodes] == ["image", "kept"]


def test_zeros_stay_where_their_shape_matters() -> None:
    writer, image = start()
    pooled = writer.add(
        "max_pool", [writer.add("zero", [image], name="zero")], name="pool", kernel=(3, 3), stride=(2, 2)
    )
    graph = simplify(
        writer.finish([writer.add("concat", [pooled, conv(writer, image, "conv")], name="join")])
    )
    assert ops_of(graph) == ["input", "zero", "conv2d", "concat"]
    assert infer_shapes(graph)[1] == (4, 4, 3)


def test_a_sum_of_zeros_is_zero() -> None:
    writer, image = start()
    zeros = [writer.add("zero", [image], name=f"zero{number}") for number in (1, 2)]
    assert ops_of(simplify(writer.finish([writer.add("add", zeros, name="add")]))) == ["input", "zero"]


def test_a_normal_form_is_its_own() -> None:
    writer, image = start()
    zero = writer.add("zero", [conv(writer, image, "cut")], name="zero")
    graph = simplify(writer.finish([writer.add("concat", [image, zero], name="join")]))
    assert simplify(graph) == graph
