"""Valid files that Hypothesis generates: each is parsed, and formatting is idempotent and keeps the meaning."""

import json

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from nasctl.dialects import parse_space, space_from_json
from nasctl.dialects.formatting import format_space
from nasctl.dsl import Source
from nasctl.graph import Signature
from nasctl.space import sample_uniform

IMAGE = Signature((8, 8, 1), 10)

numbers = st.integers(1, 64)
sets = st.one_of(
    st.lists(numbers, min_size=2, max_size=4, unique=True).map(
        lambda values: f"{{{', '.join(map(str, values))}}}"
    ),
    st.tuples(numbers, st.integers(1, 20), st.integers(1, 5)).map(
        lambda r: f"{r[0]}..{r[0] + r[1]} step {r[2]}"
    ),
    st.integers(1, 8).map(lambda low: f"{low}..{low * 16} step *2"),
    st.sampled_from(["sizes", "{sizes, 65}"]),
)
small = st.sampled_from(["in {1, 3}", "3", "in {1, 3, 5}", "odd", "in 1..3"])
widths = st.one_of(sets.map("in {}".format), st.sampled_from(["8", "2 * base", "base + 4"]))
window = st.one_of(
    small.map("size {}".format),
    st.tuples(small, small).map(lambda two: f"height {two[0]}\nwidth {two[1]}"),
    st.tuples(small, small).map(lambda two: f"size (height {two[0]}, width {two[1]})"),
)
stride = st.sampled_from(["", "stride 2", "stride in {1, 2}", "stride (height in {1, 2}, width 1)"])
convolutions = st.tuples(st.sampled_from(["conv", "separable_conv"]), window, stride, widths).map(
    lambda parts: f"{parts[0]} {{ {parts[1]} {parts[2]} filters {parts[3]} }}"
)
pools = st.tuples(st.sampled_from(["max_pool", "average_pool"]), window, stride).map(
    lambda parts: f"{parts[0]} {{ {parts[1]} {parts[2]} }}"
)
plain = st.sampled_from(
    ["batch_norm", "relu", "dropout { rate in {0.1, 0.5} }", "identity", "unit { width in {4, 8} }"]
)
ops = st.one_of(convolutions, pools, plain)
types = st.tuples(convolutions, pools, plain).map(lambda three: f"one of {{\n{' '.join(three)}\n}}")
repeats = st.tuples(st.sampled_from(["repeat 2", "repeat in 1..2", "repeat 3 dense"]), ops).map(
    lambda parts: f"{parts[0]} {{ {parts[1]} }}"
)
bodies = st.tuples(
    st.lists(st.one_of(ops, types, repeats), min_size=1, max_size=3), st.sampled_from(["", "skip anchors"])
).map(lambda parts: "{\n" + "\n".join([*parts[0], parts[1]]) + "\n}")
layers = st.tuples(
    st.sampled_from(["layers 2", "layers in {1, 3}", "layers 2..6 step 2 every 10 samples"]),
    bodies,
    st.lists(st.tuples(st.sampled_from(["", "repeat 2", "repeat in 1..3"]), bodies), max_size=2),
).map(
    lambda parts: "\n".join(
        [
            parts[0],
            f"layer {parts[1]}",
            *(f"layer s{n} {times} {body}" for n, (times, body) in enumerate(parts[2])),
        ]
    )
)
ends = st.lists(
    st.sampled_from(["input image", "output classifier", "require params <= 5M", "search { trials 3 }"]),
    unique=True,
).map("\n".join)
LETS = "let sizes = {66, 67}\nlet odd = 3\nlet base = 8\nblock unit(width) { conv { size 1 filters width } relu }\n"
cnn_files = st.tuples(layers, ends).map(lambda parts: f"space cnn\n{LETS}{parts[0]}\n{parts[1]}\n")

items = st.recursive(
    st.tuples(sets, st.sampled_from([" in", " repeat 2 in"])).map(lambda parts: f"NAME{parts[1]} {parts[0]}"),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda body: f"NAME {{\n{' '.join(body)}\n}}"),
        st.lists(inner, min_size=1, max_size=2).map(
            lambda body: f"NAME repeat in 1..2 {{ {' '.join(body)} }}"
        ),
        st.lists(inner, min_size=1, max_size=2).map(
            lambda body: f"NAME one of {{ x {{ {' '.join(body)} }} y }}"
        ),
        st.lists(inner, min_size=1, max_size=2).map(lambda body: f"if root == 1 {{ {' '.join(body)} }}"),
    ),
    max_leaves=8,
)


def numbered(text: str) -> str:
    """Gives each `NAME` a number of its own."""
    parts = text.split("NAME")
    return parts[0] + "".join(f"n{number}x{part}" for number, part in enumerate(parts[1:]))


choices_files = st.lists(items, max_size=4).map(
    lambda body: numbered("space choices\nlet sizes = {66, 67}\nroot in {1, 2}\n" + "\n".join(body) + "\n")
)


def check(text: str) -> None:
    space = parse_space(text, name="generated")
    once = format_space(Source("<text>", text))
    assert format_space(Source("<text>", once)) == once
    assert parse_space(once, name="generated").hash == space.hash
    document = json.loads(json.dumps(space.to_json()))
    again = space_from_json(document)
    assert again.hash == space.hash
    assert again.to_json() == space.to_json()
    for seed in range(3):
        tokens = sample_uniform(space, np.random.default_rng(seed))
        assert space.tokens(space.decode(tokens).values) == tokens
        if space.dialect == "cnn":
            assert again.decode(tokens).graph == space.decode(tokens).graph
            assert space.decode(tokens).cost(IMAGE).params >= 0


@settings(deadline=None, max_examples=60)
@given(cnn_files)
def test_cnn_files(text):
    check(text)


@settings(deadline=None, max_examples=60)
@given(choices_files)
def test_choices_files(text):
    check(text)
