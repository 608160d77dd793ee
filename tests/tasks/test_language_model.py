import math

import jax.numpy as jnp
import numpy as np
import pytest

from nasctl.datasets.texts.text import text_dataset
from nasctl.tasks import LanguageModel, language_model
from nasctl.training.loop import rank_of


@pytest.fixture
def task() -> LanguageModel:
    lines = {"train": ["a b c"], "validation": ["a b"], "test": ["c a"]}
    return language_model(text_dataset("letters", lines, "words"))


def test_the_loss_is_the_cross_entropy_in_nats(task: LanguageModel) -> None:
    logits = np.random.default_rng(0).normal(size=(2, 3, 5))
    labels = np.array([[0, 1, 2], [4, 3, 2]])
    probabilities = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    expected = -np.log(np.take_along_axis(probabilities, labels[..., None], -1)[..., 0])
    np.testing.assert_allclose(
        task.measure(jnp.asarray(logits), jnp.asarray(labels))["loss"], expected, rtol=1e-5
    )


def test_a_uniform_guess_has_the_perplexity_of_the_vocabulary(task: LanguageModel) -> None:
    assert task.summary({"loss": math.log(task.signature.outputs)})["perplexity"] == pytest.approx(5)
    assert task.summary({"loss": 1e6})["perplexity"] == math.inf


def test_lower_is_better_and_the_best_epoch_is_rewarded(task: LanguageModel) -> None:
    history = [{"loss": 0.0, "perplexity": perplexity} for perplexity in (400.0, 100.0, 200.0)]
    assert max(history, key=lambda summary: rank_of(summary, task))["perplexity"] == 100
    assert task.reward(history) == pytest.approx(80 / 100**2)
