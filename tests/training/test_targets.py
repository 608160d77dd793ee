"""Children learn several labels and numbers, and classes with weights."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression
from sklearn.metrics import r2_score, roc_auc_score
from tiny_networks import LinearArchitecture, TinyArchitecture

from nasctl.config import TrainingConfig
from nasctl.datasets import Dataset, Examples
from nasctl.engine.evaluation.child_evaluator import measures_of_training
from nasctl.errors import NasctlError
from nasctl.target_kind import TargetKind
from nasctl.tasks import SupervisedTask, supervised_task
from nasctl.training import evaluate_with_outputs, train_child

CONFIG = TrainingConfig(epochs=8, batch=16, learning_rate=0.05)
RANDOM = np.random.default_rng(0)
MIXING = RANDOM.normal(size=(16, 2))


def task_of(target: TargetKind) -> SupervisedTask:
    """Numbers that are linear in the pixels, or whether each is positive."""

    def examples(count: int) -> Examples:
        images = RANDOM.normal(size=(count, 4, 4, 1)).astype(np.float32)
        numbers = images.reshape(count, 16) @ MIXING * [1, 1000] + [0, 5000]
        positive = numbers > [0, 5000]
        if target is TargetKind.NUMBERS:
            return Examples(images, numbers.astype(np.float32))
        return Examples(images, positive.astype(np.uint8))

    return supervised_task(Dataset("mixed", "image", examples(240), examples(60), ("x", "y"), target=target))


@pytest.mark.parametrize("target", [TargetKind.LABELS, TargetKind.NUMBERS])
def test_a_child_learns_and_is_measured_as_scikit_learn_measures_its_outputs(target: TargetKind) -> None:
    task = task_of(target)
    child = train_child(TinyArchitecture(), task, CONFIG, seed=0)
    name = task.metrics[0].name
    assert child.metrics[f"validation_{name}"] > 0.85
    assert child.reward == pytest.approx(task.reward([dict(_plain(epoch)) for epoch in child.history]))
    measured = child.measure_split(child.weights, "test")
    outputs = evaluate_with_outputs(TinyArchitecture(), child.weights, task, CONFIG, split="test")[1]
    labels = task.splits["test"].labels
    if target is TargetKind.LABELS:
        assert measured["auroc"] == pytest.approx(roc_auc_score(labels, outputs))
    else:
        assert measured["r2"] == pytest.approx(
            r2_score(labels, outputs * task.target.deviation + task.target.mean)
        )
    reported = {name for name in measures_of_training(task) if name.startswith("validation_")}
    assert reported == {name for name in child.metrics if name.startswith("validation_")}


def _plain(epoch: dict) -> dict:
    return {
        name.removeprefix("validation_"): value
        for name, value in epoch.items()
        if name.startswith("validation_")
    }


def test_a_linear_network_approaches_least_squares() -> None:
    task = task_of(TargetKind.NUMBERS)
    config = replace(CONFIG, epochs=40, weight_decay=0.0)
    child = train_child(LinearArchitecture(), task, config, seed=0)
    train, test = (task.splits[name] for name in ("train", "test"))
    fitted = LinearRegression().fit(train.inputs.reshape(len(train), -1), train.labels)
    best = r2_score(test.labels, fitted.predict(test.inputs.reshape(len(test), -1)))
    assert child.measure_split(child.weights, "test")["r2"] == pytest.approx(best, abs=0.01)


def test_balanced_weights_find_a_rare_class() -> None:
    def examples(count: int) -> Examples:
        labels = (np.arange(count) % 25 == 0).astype(np.int32)
        images = RANDOM.normal(size=(count, 2, 2, 1)) + 0.7 * labels[:, None, None, None]
        return Examples(images.astype(np.float32), labels)

    dataset = Dataset("rare", "image", examples(800), examples(400), ("common", "rare"))
    task = supervised_task(dataset)
    plain, balanced = (
        train_child(
            TinyArchitecture(), task, replace(CONFIG, epochs=4, class_weights=weights), seed=0
        ).metrics
        for weights in ("none", "balanced")
    )
    assert plain["validation_accuracy"] > balanced["validation_accuracy"]
    assert balanced["validation_balanced_accuracy"] > plain["validation_balanced_accuracy"] + 0.1


def test_numbers_have_no_weights() -> None:
    with pytest.raises(NasctlError, match="needs classes"):
        train_child(
            LinearArchitecture(),
            task_of(TargetKind.NUMBERS),
            replace(CONFIG, class_weights="balanced"),
            seed=0,
        )
