import threading
from dataclasses import replace

import jax
import numpy as np
import pytest
from tiny_networks import LinearArchitecture, TinyArchitecture

from nasctl.config import TrainingConfig
from nasctl.errors import NotFinite
from nasctl.tasks import SupervisedTask
from nasctl.training import evaluate, prepare, train_child
from nasctl.training.plan import plan_drawer

CONFIG = TrainingConfig(epochs=6, batch=16, learning_rate=0.1)


def leaves(weights) -> list[np.ndarray]:
    return [
        np.asarray(jax.random.key_data(leaf) if leaf.dtype == jax.random.key(0).dtype else leaf)
        for leaf in jax.tree.leaves(weights)
    ]


def test_a_child_learns(blobs: SupervisedTask) -> None:
    child = train_child(TinyArchitecture(), blobs, CONFIG, seed=0)
    assert child.history[0]["train_loss"] > child.history[-1]["train_loss"]
    assert child.measure_split(child.weights, "test")["accuracy"] > 0.8
    assert child.reward == max(epoch["validation_accuracy"] for epoch in child.history[-5:]) ** 3


def test_the_history_has_a_record_an_epoch_and_on_epoch_sees_each(blobs: SupervisedTask) -> None:
    seen: list[float] = []
    child = train_child(
        TinyArchitecture(), blobs, CONFIG, seed=0, on_epoch=lambda epoch: seen.append(epoch["epoch"])
    )
    assert seen == [epoch["epoch"] for epoch in child.history] == [1, 2, 3, 4, 5, 6]
    assert set(child.history[0]) == {
        "epoch",
        "train_loss",
        *(f"validation_{name}" for name in {*blobs.measures, *(metric.name for metric in blobs.metrics)}),
        "reward",
        "seconds",
    }
    assert child.history[-1]["reward"] == child.reward


def test_a_child_that_misses_a_rung_is_done(blobs: SupervisedTask) -> None:
    prepared = prepare(TinyArchitecture(), blobs, CONFIG, seed=0)
    whole = train_child(TinyArchitecture(), blobs, CONFIG, seed=0)
    stopped = prepared.run(rungs={1: 0.0, 3: 2.0})
    assert [epoch["train_loss"] for epoch in stopped.history] == [r["train_loss"] for r in whole.history[:3]]
    assert stopped.reward == whole.history[2]["reward"]


def test_the_seed_decides_everything(blobs: SupervisedTask) -> None:
    first, again, other = (train_child(TinyArchitecture(), blobs, CONFIG, seed=seed) for seed in (1, 1, 2))
    assert [epoch["train_loss"] for epoch in first.history] == [
        epoch["train_loss"] for epoch in again.history
    ]
    for one, two in zip(leaves(first.weights), leaves(again.weights), strict=True):
        np.testing.assert_array_equal(one, two)
    assert first.history[0]["train_loss"] != other.history[0]["train_loss"]


def test_the_best_weights_are_kept(blobs: SupervisedTask) -> None:
    child = train_child(TinyArchitecture(), blobs, replace(CONFIG, epochs=12, learning_rate=1.0), seed=0)
    best = max(child.history, key=lambda epoch: (epoch["validation_accuracy"], -epoch["validation_loss"]))
    assert child.best_epoch == best["epoch"]
    measured = child.measure_split(child.weights, "validation")
    assert measured["accuracy"] == child.metrics["validation_accuracy"] == best["validation_accuracy"]
    assert measured["loss"] == best["validation_loss"]


def test_an_evaluation_apart_from_training_gives_the_same_digits(blobs: SupervisedTask) -> None:
    child = train_child(TinyArchitecture(), blobs, CONFIG, seed=0)
    for split in ("train", "validation", "test"):
        assert evaluate(TinyArchitecture(), child.weights, blobs, CONFIG, split=split) == child.measure_split(
            child.weights, split
        )


def test_padding_of_the_last_batch_counts_for_nothing(blobs: SupervisedTask) -> None:
    child = train_child(TinyArchitecture(), blobs, CONFIG, seed=0)
    for batch in (1, 16, 64):
        measured = evaluate(
            TinyArchitecture(), child.weights, blobs, replace(CONFIG, batch=batch), split="test"
        )
        assert measured["accuracy"] == child.measure_split(child.weights, "test")["accuracy"]
        assert measured["loss"] == pytest.approx(child.measure_split(child.weights, "test")["loss"], rel=1e-5)
    accuracy = child.measure_split(child.weights, "test")["accuracy"]
    assert accuracy == round(accuracy * 37) / 37


def test_an_epoch_is_what_numpy_computes_step_by_step(blobs: SupervisedTask) -> None:
    config = replace(CONFIG, epochs=1, batch=25, schedule="constant", augment=False, weight_decay=0.01)
    prepared = prepare(LinearArchitecture(), blobs, config, seed=7)
    plan = prepared.draw(jax.random.fold_in(jax.random.key(7), 1))
    child = prepared.run()

    train = blobs.splits["train"]
    inputs = (
        ((train.inputs - blobs.input.mean) / blobs.input.deviation).reshape(len(train), -1).astype(np.float64)
    )
    kernel, velocity, losses = np.zeros((16, 3)), 0.0, []
    assert not np.asarray(plan.counts).all()  # the last batch is not full
    for positions, counts in zip(np.asarray(plan.positions), np.asarray(plan.counts), strict=True):
        rows, labels = inputs[positions[counts]], train.labels[positions[counts]]
        scores = np.exp(rows @ kernel)
        probabilities = scores / scores.sum(1, keepdims=True)
        losses.append(-np.log(probabilities[np.arange(len(rows)), labels]).mean())
        gradient = rows.T @ (probabilities - np.eye(3)[labels]) / len(rows) + 0.01 * kernel
        velocity = 0.9 * velocity + gradient
        kernel = kernel - 0.1 * (gradient + 0.9 * velocity)
    assert child.history[0]["train_loss"] == pytest.approx(np.mean(losses), rel=1e-4)
    np.testing.assert_allclose(child.weights.parameters["kernel"], kernel, rtol=1e-3, atol=1e-4)


def test_a_loss_that_is_no_number_ends_the_training(blobs: SupervisedTask) -> None:
    with pytest.raises(NotFinite, match="epoch") as caught:
        train_child(LinearArchitecture(), blobs, replace(CONFIG, learning_rate=1e38), seed=0)
    assert caught.value.exit_code == 1


def test_what_on_epoch_raises_ends_the_training(blobs: SupervisedTask) -> None:
    def stop(epoch: object) -> None:
        raise TimeoutError

    with pytest.raises(TimeoutError):
        train_child(TinyArchitecture(), blobs, CONFIG, seed=0, on_epoch=stop)


def test_the_next_child_is_prepared_in_a_thread_while_one_trains(blobs: SupervisedTask) -> None:
    alone = [train_child(TinyArchitecture(width), blobs, CONFIG, seed=width) for width in (8, 10)]
    first = prepare(TinyArchitecture(8), blobs, CONFIG, seed=8)
    prepared = []
    thread = threading.Thread(
        target=lambda: prepared.append(prepare(TinyArchitecture(10), blobs, CONFIG, seed=10))
    )
    thread.start()
    trained = [first.run()]
    thread.join()
    trained.append(prepared[0].run())
    for one, two in zip(alone, trained, strict=True):
        assert [epoch["train_loss"] for epoch in one.history] == [
            epoch["train_loss"] for epoch in two.history
        ]


def test_one_program_serves_every_number_of_epochs_and_every_rate(blobs: SupervisedTask) -> None:
    programs = [
        prepare(
            TinyArchitecture(), blobs, replace(CONFIG, epochs=epochs, learning_rate=rate), seed=0
        ).program.as_text()
        for epochs, rate in ((2, 0.1), (9, 0.3))
    ]
    assert programs[0] == programs[1]


def test_augmentation_can_be_switched_off(blobs: SupervisedTask) -> None:
    with_it, without = (
        train_child(TinyArchitecture(), blobs, replace(CONFIG, epochs=1, augment=augment), seed=0).history[0][
            "train_loss"
        ]
        for augment in (True, False)
    )
    assert with_it != without


def test_drawing_is_shared_by_children(blobs: SupervisedTask) -> None:
    assert prepare(TinyArchitecture(), blobs, CONFIG, seed=0).draw is plan_drawer(blobs, 16)
