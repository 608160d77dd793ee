"""The published NASCell as a token string, against TensorFlow Addons (`nascell_fixture.py` wrote the numbers)."""

from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from nasctl.architecture import Architecture
from nasctl.dialects import load_space
from nasctl.lowering.recurrent import Recurrent

LEAVES = [(0, 2), (0, 3), (0, 2), (1, 3), (0, 1), (0, 2), (0, 1), (0, 2)]
INNER = [(1, 1), (0, 1), (1, 1), (0, 2), (1, 0), (0, 1), (1, 1)]
EXAMPLE = Path(__file__).parent.parent.parent / "examples" / "nascell.json"


@pytest.fixture(scope="module")
def nascell() -> Architecture:
    return Architecture.load(EXAMPLE)


@pytest.fixture(scope="module")
def published() -> dict[str, np.ndarray]:
    with np.load(Path(__file__).with_name("nascell.npz")) as file:
        return dict(file)


@pytest.fixture(scope="module")
def ours(published: dict[str, np.ndarray], nascell: Architecture) -> dict[str, jax.Array]:
    node = next(node for node in nascell.graph.nodes if node.op == "recurrent")
    given = {name: jnp.asarray(value, jnp.float32) for name, value in published.items()}
    layer = Recurrent(node.attributes, [given["x"].shape[1:]], given["output"].shape[1:], rngs=nnx.Rngs(0))
    layer.cell.products["x"].kernel[...] = given["kernel"]
    layer.cell.products["h"].kernel[...] = given["recurrent_kernel"]
    layer.cell.products["h"].bias[...] = given["bias"]
    definition, weights = nnx.split(layer)

    def run(weights, x, h, c):
        output, (last_h, last_c) = nnx.merge(definition, weights).run(x, (h, c))
        loss = (
            jnp.sum(output * given["weights"])
            + jnp.sum(last_h * given["weights_h"])
            + jnp.sum(last_c * given["weights_c"])
        )
        return loss, {"output": output, "last_h": last_h, "last_c": last_c}

    (of_weights, *of_inputs), results = jax.jit(jax.grad(run, argnums=range(4), has_aux=True))(
        weights, given["x"], given["h"], given["c"]
    )
    of_products = of_weights["cell"]["products"]
    return results | {
        "gradient_kernel": of_products["x"]["kernel"][...],
        "gradient_recurrent_kernel": of_products["h"]["kernel"][...],
        "gradient_bias": of_products["h"]["bias"][...],
        **dict(zip(("gradient_x", "gradient_h", "gradient_c"), of_inputs, strict=True)),
    }


def test_the_example_is_the_published_tree(nascell: Architecture):
    assert nascell.tokens == (*np.ravel(LEAVES + INNER).tolist(), 0, 1, 12, 8)
    assert nascell.space.hash == load_space("spaces/rnn.nas").hash


@pytest.mark.parametrize(
    "name",
    [
        "output",
        "last_h",
        "last_c",
        "gradient_x",
        "gradient_h",
        "gradient_c",
        "gradient_kernel",
        "gradient_recurrent_kernel",
        "gradient_bias",
    ],
)
def test_equals_tensorflow_addons(name: str, published: dict[str, np.ndarray], ours: dict[str, jax.Array]):
    error = np.linalg.norm(ours[name] - published[name]) / np.linalg.norm(published[name])
    assert error < 1e-5
