"""Children that are trained at once, against the same children trained alone."""

from dataclasses import replace

import jax
import numpy as np
import pytest
from test_streams import CONFIG, letters  # noqa: F401 a fixture

from nasctl.dialects import load_space, parse_space
from nasctl.errors import NotFinite
from nasctl.space import sample_uniform
from nasctl.tasks import LanguageModel
from nasctl.training import evaluate, train_child
from nasctl.training.group_trainer import GroupTrainer, can_train_together

SPACE = parse_space(
    """
    space rnn
    input text
    cell tree {
      base 2
      combine in {add, elem_mult, max}
      activation in {identity, tanh, sigmoid, relu, sin}
      inject { combine in {add, elem_mult} activation in {tanh, sigmoid} }
      indices { cell_output, cell_inject }
    }
    stack 2
    hidden 6
    dropout 0.1
    share embedding
    output language_model
    """,
    name="small",
)
ADAM = replace(CONFIG, optimiser="adam", momentum=0.9, learning_rate=0.01, clip=1.0, epochs=3)


def sampled(count: int):
    rng = np.random.default_rng(1)
    return [SPACE.decode(sample_uniform(SPACE, rng)) for _ in range(count)]


@pytest.mark.slow
def test_a_child_is_what_it_is_alone(letters: LanguageModel) -> None:  # noqa: F811
    children = sampled(3)
    seen: list[tuple[int, float]] = []
    together = GroupTrainer(SPACE, letters, ADAM, width=4).train(
        children, seeds=(5, 6, 7), on_epoch=lambda index, epoch: seen.append((index, epoch["epoch"]))
    )
    assert seen == [(index, epoch) for epoch in (1, 2, 3) for index in range(3)]
    for architecture, seed, child in zip(children, (5, 6, 7), together, strict=True):
        alone = train_child(architecture, letters, ADAM, seed=seed)
        assert child.metrics["validation_perplexity"] == pytest.approx(
            alone.metrics["validation_perplexity"], rel=1e-3
        )
        assert child.best_epoch == alone.best_epoch
        assert child.reward == pytest.approx(alone.reward, rel=2e-3)
        assert jax.tree.structure(child.weights) == jax.tree.structure(alone.weights)
        measured = evaluate(architecture, child.weights, letters, ADAM, split="validation")
        assert measured["loss"] == pytest.approx(child.metrics["validation_loss"], rel=1e-5)


@pytest.mark.slow
def test_a_child_that_fails_leaves_the_others_alone(letters: LanguageModel) -> None:  # noqa: F811
    config = replace(CONFIG, learning_rate=1e30, epochs=2)
    (child,) = GroupTrainer(SPACE, letters, config, width=1).train(sampled(1), seeds=(0,))
    assert isinstance(child, NotFinite)


def test_which_spaces_can() -> None:
    assert can_train_together(SPACE)
    assert can_train_together(load_space("spaces/rnn.nas"))
    assert not can_train_together(load_space("spaces/cnn.nas"))
    assert not can_train_together(load_space("spaces/nasbench201.nas"))
    assert not can_train_together(parse_space("space choices\np in {0, 1}\n", name="plain"))
