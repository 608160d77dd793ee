"""Training on a text, against loops that read one token at a time."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from nasctl.config import TrainingConfig
from nasctl.datasets.texts.text import text_dataset
from nasctl.dialects import parse_space
from nasctl.graph import Signature
from nasctl.space import sample_uniform
from nasctl.tasks import LanguageModel, language_model
from nasctl.training import evaluate, load_checkpoint, prepare, save_checkpoint, train_child
from nasctl.training.plan import stream_plan, windows_of_epoch
from nasctl.training.streams import make_stream_programs
from nasctl.training.weights import split_network
from nasctl.training.whole_set import put_on_device

SPACE = parse_space(
    """
    space rnn
    input text
    cell tree {
      base 2
      combine in {add, elem_mult}
      activation in {tanh, sigmoid}
      inject { combine in {add} activation in {tanh} }
    }
    stack 2
    hidden 6
    output language_model
    """,
    name="small",
)
CELL = SPACE.decode(sample_uniform(SPACE, np.random.default_rng(3)))
CONFIG = TrainingConfig(
    epochs=2, batch=4, learning_rate=0.5, weight_decay=0.0, momentum=0.0, schedule="constant"
)


@pytest.fixture(scope="module")
def letters() -> LanguageModel:
    """103 training, 21 validation and 33 test tokens, read in windows of 7: neither streams nor windows are full."""
    random = np.random.default_rng(0)

    def lines(words: int) -> list[str]:
        return [" ".join(random.choice(list("abcde"), words))]

    text = text_dataset("letters", {"train": lines(102), "validation": lines(20), "test": lines(32)}, "words")
    return replace(language_model(text), signature=Signature((7,), text.classes))


def loss_token_by_token(network, inputs: np.ndarray, labels: np.ndarray, batch: int) -> float:
    """The sum of the losses of a text in streams, each read from its first token to its last."""
    length = -(-len(labels) // batch)
    total = 0.0
    for stream in range(batch):
        carry = network.initial_carry(1)
        for token in range(stream * length, min((stream + 1) * length, len(labels))):
            logits, carry = network.run(jnp.asarray(inputs[token]).reshape(1, 1), carry=carry)
            scores = np.asarray(logits[0, 0], np.float64)
            total += np.log(np.exp(scores).sum()) - scores[labels[token]]
    return total


@pytest.mark.parametrize("split", ["validation", pytest.param("test", marks=pytest.mark.slow)])
def test_an_evaluation_predicts_every_token_once_with_the_state_carried_over(
    letters: LanguageModel, split: str
) -> None:
    child = prepare(CELL, letters, CONFIG, seed=0)
    examples = letters.splits[split]
    expected = loss_token_by_token(
        CELL.build(letters.signature, seed=0), examples.inputs, examples.labels, CONFIG.batch
    ) / len(examples)
    measured = child.evaluation.measure_split(child.weights, split)
    assert measured["loss"] == pytest.approx(expected, rel=1e-5)
    assert measured["perplexity"] == pytest.approx(np.exp(expected), rel=1e-5)


def test_a_plan_holds_every_token_once_and_each_stream_in_order() -> None:
    for tokens, batch, steps in [(103, 4, 7), (10, 7, 3), (35, 1, 35), (36, 1, 35), (5, 8, 2)]:
        plan = stream_plan(tokens, batch, steps)
        windows, size = windows_of_epoch(tokens, batch, steps)
        assert plan.positions.shape == (windows, batch, size)
        assert size <= steps
        assert plan.counts.any((1, 2)).all()
        counted = np.asarray(plan.positions)[np.asarray(plan.counts)]
        np.testing.assert_array_equal(np.sort(counted), np.arange(tokens))
        streams = np.swapaxes(plan.positions, 0, 1).reshape(batch, -1)
        assert (np.diff(streams, axis=1)[np.swapaxes(plan.counts, 0, 1).reshape(batch, -1)[:, 1:]] == 1).all()


def test_an_epoch_is_truncated_back_propagation_window_by_window(letters: LanguageModel) -> None:
    """The reference: a Python loop over windows, SGD by hand, and states that are passed on without gradients."""
    network = CELL.build(letters.signature, seed=1)
    programs, weights = make_stream_programs(network, letters, CONFIG)
    data = put_on_device(letters)
    plan = stream_plan(len(letters.splits["train"]), CONFIG.batch, 7)
    rates = np.full(len(plan.positions), 0.5, np.float32)
    child = prepare(CELL, letters, CONFIG, seed=1)
    (ours, _), loss = jax.jit(programs.train)(weights, child.optimiser_state, data, plan, rates)

    graph, parameters = nnx.split(CELL.build(letters.signature, seed=1))
    text = letters.splits["train"]
    length = -(-len(text) // CONFIG.batch)
    _, size = windows_of_epoch(len(text), CONFIG.batch, 7)

    def mean_loss(parameters, carry, inputs, labels, mask):
        logits, carry = nnx.merge(graph, parameters).run(inputs, carry=carry)
        picked = -jnp.take_along_axis(jax.nn.log_softmax(logits), labels[..., None], -1)[..., 0]
        return (picked * mask).sum() / mask.sum(), carry

    value_and_gradient = jax.jit(jax.value_and_grad(mean_loss, has_aux=True))
    carry = nnx.merge(graph, parameters).initial_carry(CONFIG.batch)
    total = 0.0
    for start in range(0, length, size):
        where = [
            [(b * length + t) for t in range(start, min(start + size, length)) if b * length + t < len(text)]
            for b in range(CONFIG.batch)
        ]
        width = max(map(len, where))
        padded = np.array([row + [len(text) - 1] * (width - len(row)) for row in where])
        mask = np.array([[1.0] * len(row) + [0.0] * (width - len(row)) for row in where])

        batch = carry, text.inputs[padded], text.labels[padded], mask
        (value, carry), gradient = value_and_gradient(parameters, *batch)
        parameters = jax.tree.map(lambda p, g: p - 0.5 * g, parameters, gradient)
        total += float(value) * mask.sum()

    assert float(loss) == pytest.approx(total / len(text), rel=1e-5)
    expected = split_network(nnx.merge(graph, parameters))[1]
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6), ours, expected)


def test_a_language_model_learns(letters: LanguageModel) -> None:
    config = replace(CONFIG, epochs=30, optimiser="adam", momentum=0.9, learning_rate=0.02, clip=1.0)
    child = train_child(CELL, letters, config, seed=0)
    first, last = child.history[0], child.history[-1]
    assert last["train_loss"] < 0.8 * first["train_loss"]
    best = min(epoch["validation_perplexity"] for epoch in child.history)
    assert child.metrics["validation_perplexity"] == best
    assert child.reward == pytest.approx(80 / best**2)


def test_a_checkpoint_gives_the_same_perplexity_to_the_last_digit(letters: LanguageModel, tmp_path) -> None:
    child = train_child(CELL, letters, CONFIG, seed=0)
    save_checkpoint(tmp_path / "best", child.weights, document={}, task=letters, config=CONFIG)
    loaded = load_checkpoint(tmp_path / "best")
    again = evaluate(CELL, loaded.weights_for(CELL, letters), letters, loaded.config, split="validation")
    assert again["perplexity"] == child.metrics["validation_perplexity"]
