"""Training and evaluation in chunks give what the whole set gives, to the last digit."""

import threading
from contextlib import closing
from dataclasses import replace

import jax
import numpy as np
import pytest
from test_child import leaves
from tiny_networks import TinyArchitecture

from nasctl.config import TrainingConfig
from nasctl.datasets.rows import Rows, read_rows
from nasctl.errors import NotFinite
from nasctl.tasks import SupervisedTask
from nasctl.training import TrainedChild, chunks, evaluate, evaluate_with_outputs, prepare, train_child
from nasctl.training.chunks import ChunkedSet, ChunkLayout, bytes_of_examples, chunk_layout, examples_of
from nasctl.training.plan import plan_drawer
from nasctl.training.whole_set import WholeSet

CONFIG = TrainingConfig(epochs=3, batch=9, learning_rate=0.1)
STEPS, BATCH = 12, 9  # of an epoch of 108 examples
SPLITS = ("train", "validation", "test")


def use_chunks(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    monkeypatch.setattr(chunks, "chunk_layout", lambda *_: ChunkLayout(STEPS, count, BATCH))


def content(child: TrainedChild) -> list[object]:
    """Everything about a child but the times."""
    arrays = leaves(child.weights)
    history = [{**epoch, "seconds": 0} for epoch in child.history]
    measured = [child.measure_split(child.weights, split) for split in SPLITS]
    return [[array.tolist() for array in arrays], history, child.best_epoch, measured]


@pytest.fixture(scope="module")
def whole(blobs: SupervisedTask) -> TrainedChild:
    return train_child(TinyArchitecture(), blobs, CONFIG, seed=0)


def threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("chunks")]


@pytest.mark.parametrize("count", [1, 2, 5, 6])  # of 12, of 6, of 3 or 2, and of 2 steps
def test_training_in_chunks_has_the_same_digits(
    blobs: SupervisedTask, whole: TrainedChild, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    use_chunks(monkeypatch, count)
    child = train_child(TinyArchitecture(), blobs, CONFIG, seed=0)
    assert content(child) == content(whole)
    assert threads() == []


@pytest.mark.parametrize(
    "config",
    [
        replace(CONFIG, augment=False, epochs=2),
        pytest.param(
            replace(CONFIG, optimiser="adam", clip=1.0, epochs=2, learning_rate=0.01), marks=pytest.mark.slow
        ),
        pytest.param(replace(CONFIG, precision="bfloat16", epochs=2), marks=pytest.mark.slow),
    ],
)
def test_the_digits_are_the_same_with_every_setting(
    blobs: SupervisedTask, monkeypatch: pytest.MonkeyPatch, config: TrainingConfig
) -> None:
    expected = content(train_child(TinyArchitecture(), blobs, config, seed=3))
    use_chunks(monkeypatch, 5)
    assert content(train_child(TinyArchitecture(), blobs, config, seed=3)) == expected


@pytest.mark.parametrize("split", SPLITS)
def test_an_evaluation_in_chunks_has_the_same_digits(
    blobs: SupervisedTask, whole: TrainedChild, monkeypatch: pytest.MonkeyPatch, split: str
) -> None:
    expected = whole.measure_split(whole.weights, split)
    outputs = evaluate_with_outputs(TinyArchitecture(), whole.weights, blobs, CONFIG, split=split)[1]
    use_chunks(monkeypatch, 2)
    assert evaluate(TinyArchitecture(), whole.weights, blobs, CONFIG, split=split) == expected
    read = evaluate_with_outputs(TinyArchitecture(), whole.weights, blobs, CONFIG, split=split)[1]
    np.testing.assert_array_equal(read, outputs)


def test_rows_of_a_memory_map_train_like_arrays(
    blobs: SupervisedTask, whole: TrainedChild, monkeypatch: pytest.MonkeyPatch, tmp_path
) -> None:
    splits = {}
    for name, examples in blobs.splits.items():
        order = np.random.default_rng(0).permutation(len(examples))
        np.save(tmp_path / f"{name}.npy", examples.inputs[order])
        mapped = np.load(tmp_path / f"{name}.npy", mmap_mode="r")
        splits[name] = replace(examples, inputs=Rows(mapped, np.argsort(order)))
    task = replace(blobs, splits=splits)
    assert content(train_child(TinyArchitecture(), task, CONFIG, seed=0)) == content(whole)
    use_chunks(monkeypatch, 3)
    assert content(train_child(TinyArchitecture(), task, CONFIG, seed=0)) == content(whole)


def test_rungs_and_errors_end_a_training_in_chunks(
    blobs: SupervisedTask, whole: TrainedChild, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_chunks(monkeypatch, 2)
    stopped = prepare(TinyArchitecture(), blobs, CONFIG, seed=0).run(rungs={2: 2.0})
    assert [epoch["train_loss"] for epoch in stopped.history] == [
        epoch["train_loss"] for epoch in whole.history[:2]
    ]
    with pytest.raises(NotFinite, match="epoch"):
        train_child(TinyArchitecture(), blobs, replace(CONFIG, learning_rate=1e38), seed=0)

    def interrupt(epoch: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_child(TinyArchitecture(), blobs, CONFIG, seed=0, on_epoch=interrupt)
    assert threads() == []


def test_an_error_of_the_thread_is_raised_by_the_training(
    blobs: SupervisedTask, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_chunks(monkeypatch, 2)
    prepared = prepare(TinyArchitecture(), blobs, CONFIG, seed=0)
    read, calls = read_rows, []

    def fail(*arguments: object) -> None:
        calls.append(threading.current_thread())
        if len(calls) > 4:
            raise OSError("the disk is gone")
        read(*arguments)

    monkeypatch.setattr(chunks, "read_rows", fail)
    with pytest.raises(OSError, match="the disk is gone"):
        prepared.run()
    assert threading.main_thread() not in calls
    assert threads() == []


def test_the_thread_ends_with_the_iterator(blobs: SupervisedTask) -> None:
    chunked = ChunkedSet(blobs, ChunkLayout(STEPS, 6, BATCH))
    with closing(chunked.parts("train", 0)) as parts:
        next(parts)
        assert len(threads()) == 1
    assert threads() == []


def test_a_chunk_holds_its_examples_in_the_order_of_the_data_set(blobs: SupervisedTask) -> None:
    plan = jax.device_get(plan_drawer(blobs, BATCH)(jax.random.key(0)))
    train, number = blobs.splits["train"], 0
    layout, rates = ChunkLayout(STEPS, 5, BATCH), np.arange(STEPS, dtype=np.float32)
    with closing(ChunkedSet(blobs, layout).epoch(plan, rates)) as epoch:
        for data, part, rates_of_part in epoch:
            steps = len(rates_of_part)
            expected = plan.positions[number : number + steps]
            np.testing.assert_array_equal(np.asarray(data.inputs)[part.positions], train.inputs[expected])
            np.testing.assert_array_equal(np.asarray(data.labels)[part.positions], train.labels[expected])
            in_order = np.sort(expected.reshape(-1))
            np.testing.assert_array_equal(np.asarray(data.labels)[: len(in_order)], train.labels[in_order])
            assert rates_of_part.tolist() == list(range(number, number + steps))
            number += steps
    assert number == STEPS


def test_a_set_that_fits_is_read_as_a_whole(blobs: SupervisedTask) -> None:
    size = bytes_of_examples(blobs)
    assert chunk_layout(blobs, CONFIG, 2 * size) is None
    assert isinstance(examples_of(blobs, CONFIG, 0), WholeSet)
    assert isinstance(examples_of(blobs, CONFIG, 2 * size - 2), ChunkedSet)


@pytest.mark.parametrize(
    "steps, count",  # that the memory has room for, and the number of chunks of an epoch of 12 steps
    [(0, 6), (1, 6), (2, 6), (3, 4), (5, 3), (6, 2), (11, 2), (12, 1), (40, 1)],
)
def test_chunks_are_as_large_as_the_memory_allows(
    blobs: SupervisedTask, monkeypatch: pytest.MonkeyPatch, steps: int, count: int
) -> None:
    bytes_of_step = BATCH * (4 * 4 * 4 + 4)
    monkeypatch.setattr(chunks, "bytes_of_examples", lambda task: 10**9)
    layout = chunk_layout(blobs, CONFIG, 2 * 8 * steps * bytes_of_step or 1)
    assert layout == ChunkLayout(STEPS, count, BATCH)


@pytest.mark.parametrize(
    "steps, most, count", [(60, 17, 4), (61, 17, 4), (9375, 170, 75), (13, 5, 3), (3, 2, 1)]
)
def test_chunks_are_of_one_size_if_such_a_number_is_near(
    blobs: SupervisedTask, monkeypatch: pytest.MonkeyPatch, steps: int, most: int, count: int
) -> None:
    monkeypatch.setattr(chunks, "bytes_of_examples", lambda task: 10**9)
    monkeypatch.setattr(chunks, "steps_of_epoch", lambda examples, batch: (steps, BATCH))
    layout = chunk_layout(blobs, CONFIG, 2 * 8 * most * BATCH * (4 * 4 * 4 + 4))
    assert layout == ChunkLayout(steps, count, BATCH)
    assert sum(layout.sizes) == steps and max(layout.sizes) - min(layout.sizes) <= 1
    assert min(layout.sizes) >= 2
