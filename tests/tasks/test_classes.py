import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, balanced_accuracy_score, log_loss, roc_auc_score
from sklearn.utils.class_weight import compute_class_weight

from nasctl.metrics import ACCURACY, TOP_5
from nasctl.tasks import Classes

RANDOM = np.random.default_rng(1)
LOGITS = RANDOM.normal(size=(60, 3)).astype(np.float32)
LABELS = RANDOM.integers(0, 3, 60).astype(np.int32)
PROBABILITIES = np.exp(LOGITS) / np.exp(LOGITS).sum(1, keepdims=True)


def test_loss_and_accuracy_are_those_of_scikit_learn() -> None:
    target = Classes(3)
    measures = target.measure(jnp.asarray(LOGITS), jnp.asarray(LABELS))
    assert tuple(measures) == target.measures
    assert measures["loss"].mean() == pytest.approx(log_loss(LABELS, PROBABILITIES), rel=1e-5)
    assert float(measures["accuracy"].mean()) == pytest.approx(accuracy_score(LABELS, LOGITS.argmax(1)))
    assert jnp.array_equal(target.training_loss(jnp.asarray(LOGITS), jnp.asarray(LABELS)), measures["loss"])


def test_the_summary_is_that_of_scikit_learn() -> None:
    summary = Classes(3).summary({"loss": 1.25, "accuracy": 0.5}, LOGITS, LABELS)
    assert set(summary) == {"loss", "accuracy", "balanced_accuracy", "auroc", "macro_f1", "log_loss"}
    assert (summary["loss"], summary["accuracy"], summary["log_loss"]) == (1.25, 0.5, 1.25)
    assert summary["balanced_accuracy"] == pytest.approx(balanced_accuracy_score(LABELS, LOGITS.argmax(1)))
    assert summary["auroc"] == pytest.approx(
        roc_auc_score(LABELS, PROBABILITIES, multi_class="ovr"), abs=1e-6
    )


def test_more_than_five_classes_have_a_top_5() -> None:
    assert Classes(6).metrics[0] is ACCURACY
    assert TOP_5 in Classes(6).metrics and TOP_5 not in Classes(5).metrics
    summary = Classes(6).summary({"loss": 1.0, "accuracy": 0.5}, np.eye(6, dtype=np.float32), np.arange(6))
    assert summary["top_5"] == 1.0
    assert [metric.name for metric in Classes(6).metrics] == [
        name for name in summary if name not in ("loss",)
    ]


def test_a_split_of_one_class_has_no_auroc() -> None:
    summary = Classes(3).summary({"loss": 1.0, "accuracy": 0.5}, LOGITS, np.zeros(60, np.int32))
    assert "auroc" not in summary
    assert summary["balanced_accuracy"] == pytest.approx((LOGITS.argmax(1) == 0).mean())


def test_outputs_that_are_nan_are_no_error() -> None:
    summary = Classes(3).summary(
        {"loss": np.nan, "accuracy": 0.0}, np.full((60, 3), np.nan, np.float32), LABELS
    )
    assert np.isnan(summary["loss"])


def test_balanced_weights_are_those_of_scikit_learn() -> None:
    labels = np.repeat(np.arange(3), [50, 5, 1])
    expected = compute_class_weight("balanced", classes=np.arange(3), y=labels)
    target = Classes(3).balanced(labels)
    assert target.weights == pytest.approx(tuple(expected))
    plain = Classes(3).training_loss(jnp.asarray(LOGITS), jnp.asarray(LABELS))
    weighted = target.training_loss(jnp.asarray(LOGITS), jnp.asarray(LABELS))
    np.testing.assert_allclose(weighted, plain * expected[LABELS], rtol=1e-6)
    assert jnp.array_equal(target.measure(jnp.asarray(LOGITS), jnp.asarray(LABELS))["loss"], plain)


def test_a_class_without_training_examples_does_not_change_the_other_weights() -> None:
    labels = np.repeat([0, 2], [30, 10])
    expected = compute_class_weight("balanced", classes=np.array([0, 2]), y=labels)
    assert np.array(Classes(4).balanced(labels).weights)[[0, 2]] == pytest.approx(expected)


def test_the_weighted_gradient_is_that_of_the_weighted_loss() -> None:
    target = Classes(3).balanced(np.repeat(np.arange(3), [50, 5, 1]))
    labels = jnp.asarray(LABELS)
    gradient = jax.grad(lambda logits: target.training_loss(logits, labels).sum())(jnp.asarray(LOGITS))
    expected = np.array(target.weights)[LABELS, None] * (PROBABILITIES - np.eye(3)[LABELS])
    np.testing.assert_allclose(gradient, expected, atol=1e-5)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_the_reward_is_the_cube_of_the_best_of_the_last_five_epochs(accuracies: list[float]) -> None:
    history = [{"loss": 0.0, "accuracy": accuracy} for accuracy in accuracies]
    assert Classes(3).reward(history) == sorted(accuracies[max(0, len(accuracies) - 5) :])[-1] ** 3


def test_an_early_peak_earns_nothing() -> None:
    history = [{"accuracy": value} for value in (1.0, 0.1, 0.2, 0.5, 0.3, 0.4)]
    assert Classes(3).reward(history) == 0.125
