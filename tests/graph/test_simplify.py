"""The normal form: what does nothing is left out."""

from nasctl.graph import Graph, GraphBuilder, infer_shapes, simplify


def ops_of(graph: Graph) -> list[str]:
    return [node.op for node in graph.nodes]


def start() -> tuple[GraphBuilder, int]:
    builder = GraphBuilder()
    return builder, builder.add("input", name="image", shape=(8, 8, 3))


def conv(builder: GraphBuilder, source: int, name: str) -> int:
    return builder.add("conv2d", [source], name=name, kernel=(3, 3), stride=(2, 2), filters=3)


def test_identities_are_read_through() -> None:
    builder, image = start()
    end = builder.add("relu", [builder.add("identity", [image], name="same")], name="relu")
    graph = simplify(builder.build([end]))
    assert ops_of(graph) == ["input", "relu"]
    assert graph.nodes[1].inputs == (0,)


def test_a_join_of_one_is_what_it_joins() -> None:
    builder, image = start()
    end = builder.add("add", [builder.add("concat", [image], name="concat")], name="add")
    assert ops_of(simplify(builder.build([end]))) == ["input"]


def test_what_no_output_depends_on_is_dropped() -> None:
    builder, image = start()
    conv(builder, image, "dead")
    graph = simplify(builder.build([conv(builder, image, "alive")]))
    assert [node.name for node in graph.nodes] == ["image", "alive"]


def test_a_sum_does_without_zeros_and_what_they_came_from() -> None:
    builder, image = start()
    zero = builder.add("zero", [conv(builder, image, "cut")], name="zero")
    end = builder.add("add", [conv(builder, image, "kept"), zero], name="add")
    assert [node.name for node in simplify(builder.build([end])).nodes] == ["image", "kept"]


def test_zeros_stay_where_their_shape_matters() -> None:
    builder, image = start()
    pooled = builder.add(
        "max_pool", [builder.add("zero", [image], name="zero")], name="pool", kernel=(3, 3), stride=(2, 2)
    )
    graph = simplify(
        builder.build([builder.add("concat", [pooled, conv(builder, image, "conv")], name="join")])
    )
    assert ops_of(graph) == ["input", "zero", "conv2d", "concat"]
    assert infer_shapes(graph)[1] == (4, 4, 3)


def test_a_sum_of_zeros_is_zero() -> None:
    builder, image = start()
    zeros = [builder.add("zero", [image], name=f"zero{number}") for number in (1, 2)]
    assert ops_of(simplify(builder.build([builder.add("add", zeros, name="add")]))) == ["input", "zero"]


def test_a_normal_form_is_its_own() -> None:
    builder, image = start()
    zero = builder.add("zero", [conv(builder, image, "cut")], name="zero")
    graph = simplify(builder.build([builder.add("concat", [image, zero], name="join")]))
    assert simplify(graph) == graph
