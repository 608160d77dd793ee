import jax.numpy as jnp
import numpy as np
import pytest
from sklearn.metrics import f1_score, log_loss, roc_auc_score
from sklearn.utils.class_weight import compute_class_weight

from nasctl.errors import NasctlError
from nasctl.tasks import Labels
from nasctl.tasks.labels import check_labels

RANDOM = np.random.default_rng(1)
LABELS = (RANDOM.random((80, 3)) < [0.1, 0.5, 0.8]).astype(np.uint8)
LOGITS = (RANDOM.normal(size=(80, 3)) + 2 * LABELS - 1).astype(np.float32)
PROBABILITIES = 1 / (1 + np.exp(-LOGITS.astype(np.float64)))


def test_the_loss_is_the_mean_log_loss_of_each_label() -> None:
    expected = np.mean([log_loss(LABELS[:, number], PROBABILITIES[:, number]) for number in range(3)])
    measures = Labels(3).measure(jnp.asarray(LOGITS), jnp.asarray(LABELS))
    assert tuple(measures) == Labels(3).measures
    assert measures["loss"].shape == (80,)
    assert float(measures["loss"].mean()) == pytest.approx(expected, rel=1e-5)
    assert jnp.array_equal(
        Labels(3).training_loss(jnp.asarray(LOGITS), jnp.asarray(LABELS)), measures["loss"]
    )


@pytest.mark.parametrize("logit", [-1e4, 1e4])
def test_the_loss_of_a_large_logit_is_finite(logit: float) -> None:
    loss = Labels(1).measure(jnp.full((2, 1), logit), jnp.array([[0], [1]], jnp.uint8))["loss"]
    assert sorted(loss.tolist()) == [0, 1e4]


def test_the_summary_is_that_of_scikit_learn() -> None:
    summary = Labels(3).summary({"loss": 0.5}, LOGITS, LABELS)
    assert summary == {
        "loss": 0.5,
        "auroc": pytest.approx(roc_auc_score(LABELS, LOGITS)),
        "macro_f1": pytest.approx(f1_score(LABELS, LOGITS > 0, average="macro", zero_division=0)),
        "log_loss": 0.5,
    }


def test_labels_that_never_vary_have_no_auroc() -> None:
    assert "auroc" not in Labels(3).summary({"loss": 0.5}, LOGITS, np.ones((80, 3), np.uint8))
    check_labels("tags", {"validation": LABELS})
    with pytest.raises(NasctlError, match="tags: each label applies to all or to none of the 80 test"):
        check_labels("tags", {"validation": LABELS, "test": np.ones((80, 3), np.uint8)})


def test_balanced_weights_are_those_of_scikit_learn_for_each_label() -> None:
    target = Labels(3).balanced(LABELS)
    for number in range(3):
        expected = compute_class_weight("balanced", classes=np.array([0, 1]), y=LABELS[:, number])
        assert [weights[number] for weights in target.weights] == pytest.approx(list(expected))
    losses = -np.where(LABELS == 1, np.log(PROBABILITIES), np.log1p(-PROBABILITIES))
    weights = np.where(LABELS == 1, target.weights[1], target.weights[0])
    weighted = target.training_loss(jnp.asarray(LOGITS), jnp.asarray(LABELS))
    np.testing.assert_allclose(weighted, (losses * weights).mean(1), rtol=1e-5)


def test_a_label_that_no_training_example_has_gets_a_finite_weight() -> None:
    assert np.isfinite(Labels(3).balanced(np.zeros((10, 3), np.uint8)).weights).all()


def test_the_reward_is_the_cube_of_the_best_auroc_of_the_last_five_epochs() -> None:
    history = [{"auroc": value} for value in (1.0, 0.1, 0.2, 0.5, 0.3, 0.4)]
    assert Labels(3).reward(history) == 0.125
