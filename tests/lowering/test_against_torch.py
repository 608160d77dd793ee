"""Networks and the convolution against PyTorch with the same weights; needs the extra `oracle`.

nasctl computes in float32, as in training, and PyTorch in float64. The largest relative errors of the 52 networks are
4e-7 for outputs, 5e-6 for gradients and 2e-7 for losses, until float32 rounds the input of a ReLU to the other side of
zero. After that step the losses differ by up to 3e-3. PyTorch in float32 differs as much there.
"""

import jax
import numpy as np
import optax
import pytest
from flax import nnx
from jax import lax

from nasctl.architecture import Architecture
from nasctl.dialects import parse_space
from nasctl.graph import Signature
from nasctl.lowering import Network
from nasctl.lowering.convolution import convolve
from nasctl.space import sample_uniform

torch = pytest.importorskip("torch")
from torch_reference import ReferenceNetwork, read_layers  # noqa: E402

torch.set_num_threads(1)
pytestmark = pytest.mark.oracle
STEPS = 20
MOMENTUM, DECAY = 0.9, 1e-4
RATE = 0.005
UNDECIDED = 1e-6  # the sign of a ReLU's input that is closer to zero depends on rounding in float32


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in (1, 2, 3))])
def test_small_networks_train_as_in_torch(seed: int) -> None:
    compare(layers=3 + seed, seed=seed, size=8, channels=1, batch=8)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(36))
def test_networks_of_8_by_8_images_train_as_in_torch(seed: int) -> None:
    compare(layers=3 + seed % 13, seed=100 + seed, size=8, channels=1, batch=16)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(12))
def test_networks_of_32_by_32_images_train_as_in_torch(seed: int) -> None:
    compare(layers=3 + seed, seed=200 + seed, size=32, channels=3, batch=2)


@pytest.mark.parametrize("seed", range(24))
def test_convolution_and_both_gradients(seed: int) -> None:
    random = np.random.default_rng(seed)
    kernel = tuple(int(size) for size in random.choice([1, 2, 3, 4, 5, 7], 2))
    stride = tuple(int(step) for step in random.choice([1, 2, 3], 2))
    height, width = (int(size) for size in random.integers(1, 12, 2))
    maps = random.standard_normal((height, width, 3, 2), np.float32)
    weights = random.standard_normal((*kernel, 3, 4), np.float32)

    shape = (-(-height // stride[0]), -(-width // stride[1]), 4, 2)
    output_gradient = random.standard_normal(shape, np.float32)

    @jax.jit
    def ours(maps: jax.Array, weights: jax.Array, output_gradient: jax.Array) -> tuple[jax.Array, ...]:
        output, gradients_of = jax.vjp(lambda maps, weights: convolve(maps, weights, stride), maps, weights)
        return output, *gradients_of(output_gradient)

    output, maps_gradient, weights_gradient = ours(maps, weights, output_gradient)

    their_maps = torch.tensor(maps.transpose(3, 2, 0, 1), requires_grad=True)
    their_weights = torch.tensor(weights.transpose(3, 2, 0, 1), requires_grad=True)
    (top, bottom), (left, right) = (((size - 1) // 2, size // 2) for size in kernel)
    padded = torch.nn.functional.pad(their_maps, (left, right, top, bottom))
    theirs = torch.nn.functional.conv2d(padded, their_weights, stride=stride)
    theirs.backward(torch.tensor(output_gradient.transpose(3, 2, 0, 1)))

    assert output.shape == shape
    assert relative_error(output, theirs.detach().numpy().transpose(2, 3, 1, 0)) < 1e-6
    assert relative_error(maps_gradient, their_maps.grad.numpy().transpose(2, 3, 1, 0)) < 1e-6
    assert relative_error(weights_gradient, their_weights.grad.numpy().transpose(2, 3, 1, 0)) < 1e-6


def compare(*, layers: int, seed: int, size: int, channels: int, batch: int) -> dict[str, float]:
    """Trains a random network with nasctl and PyTorch, asserts that the errors are within bounds, and returns them."""
    architecture = sampled(layers, seed)
    ours = architecture.build(Signature((size, size, channels), 10), seed=seed)
    theirs = ReferenceNetwork(read_layers(architecture.values), channels, classes=10)
    theirs.take_weights(ordered(ours))
    random = np.random.default_rng(seed)
    images = random.standard_normal((STEPS, batch, size, size, channels), np.float32)
    labels = random.integers(0, 10, (STEPS, batch))

    losses, logits, gradients = train_with_nasctl(ours, images, labels)
    their_losses, their_logits, their_gradients, nearest = train_with_torch(theirs, images, labels)
    whole = np.sqrt(sum(np.sum(gradient**2) for gradient in their_gradients))
    difference = np.abs(losses - their_losses) / their_losses
    decided = next((step for step in range(STEPS) if nearest[step] < UNDECIDED), STEPS)
    errors = {
        "outputs": relative_error(logits, their_logits),
        "gradients": max(
            float(np.linalg.norm(here - there) / (np.linalg.norm(there) + 1e-3 * whole))
            for here, there in zip(gradients, their_gradients, strict=True)
        ),
        "losses": float(np.max(difference[: decided + 1])),
        "losses after an undecided step": float(np.max(difference[decided + 1 :], initial=0)),
        "decided steps": float(decided),
    }
    assert errors["outputs"] < 1e-5, errors
    assert errors["gradients"] < (1e-4 if decided else 5e-2), errors
    assert errors["losses"] < 1e-5, errors
    assert errors["losses after an undecided step"] < 2e-2, errors
    return errors


def sampled(layers: int, seed: int) -> Architecture:
    """Samples an architecture of the paper's space with strides and skip connections."""
    text = f"""
        space cnn
        input image
        layers {layers}
        layer {{
          conv {{
            height  in {{1, 3, 5, 7}}
            width   in {{1, 3, 5, 7}}
            stride  (height in {{1, 2, 3}}, width in {{1, 2, 3}})
            filters in {{24, 36, 48, 64}}
          }}
          batch_norm
          relu
          skip anchors
        }}
        output classifier
    """
    space = parse_space(text, name="strided")
    return space.decode(sample_uniform(space, np.random.default_rng(seed)))


def train_with_nasctl(
    network: Network, images: np.ndarray, labels: np.ndarray
) -> tuple[np.ndarray, np.ndarray, list[np.ndarray]]:
    """Returns the losses of all steps, and the logits and gradients of the first, from a scan as in training."""
    structure, *states = nnx.split(network, nnx.Param, ...)
    weights, statistics = map(nnx.to_pure_dict, states)
    optimiser = optax.chain(optax.add_decayed_weights(DECAY), optax.sgd(RATE, MOMENTUM, nesterov=True))

    def loss(weights, statistics, images, labels):
        network = nnx.merge(structure, weights, statistics)
        logits = network(images)
        _, _, statistics = nnx.split(network, nnx.Param, ...)
        losses = optax.softmax_cross_entropy_with_integer_labels(logits, labels)
        return losses.mean(), (logits, nnx.to_pure_dict(statistics))

    def step(carry, batch):
        weights, statistics, momentum = carry
        (value, (logits, statistics)), gradients = jax.value_and_grad(loss, has_aux=True)(
            weights, statistics, *batch
        )
        updates, momentum = optimiser.update(gradients, momentum, weights)
        return (optax.apply_updates(weights, updates), statistics, momentum), (value, logits, gradients)

    carry = (weights, statistics, optimiser.init(weights))
    _, (losses, logits, gradients) = jax.jit(lambda *batches: lax.scan(step, carry, batches))(images, labels)
    first = nnx.merge(structure, jax.tree.map(lambda all_steps: all_steps[0], gradients), statistics)
    return np.asarray(losses), np.asarray(logits[0]), ordered(first)


def train_with_torch(
    network: ReferenceNetwork, images: np.ndarray, labels: np.ndarray
) -> tuple[np.ndarray, np.ndarray, list[np.ndarray], list[float]]:
    """Returns the same, and for each step the distance to zero of the ReLU input that is closest to it."""
    optimiser = torch.optim.SGD(network.parameters(), RATE, MOMENTUM, weight_decay=DECAY, nesterov=True)
    losses, nearest, first = [], [], None
    for batch, targets in zip(images, labels, strict=True):
        logits = network(torch.tensor(batch.transpose(0, 3, 1, 2)).double())
        loss = torch.nn.functional.cross_entropy(logits, torch.tensor(targets))
        optimiser.zero_grad()
        loss.backward()
        first = first or (logits.detach().numpy().copy(), network.gradients())
        optimiser.step()
        losses.append(loss.item())
        nearest.append(network.nearest)
    return np.array(losses), *first, nearest


def ordered(network: Network) -> list[np.ndarray]:
    """Returns the weights of a network in the order of `ReferenceNetwork.ordered`."""
    nodes = network.nodes
    weights = [nodes["output"].kernel, nodes["output"].bias]
    for number in range(sum(name.endswith(".conv") for name in nodes), 0, -1):
        norm = nodes[f"layer{number}.batch_norm"]
        weights = [nodes[f"layer{number}.conv"].kernel, norm.scale, norm.bias, *weights]
    return [np.asarray(weight[...]) for weight in weights]


def relative_error(ours: np.ndarray, theirs: np.ndarray) -> float:
    return float(np.linalg.norm(ours - theirs) / np.linalg.norm(theirs))
