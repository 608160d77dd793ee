"""A trained network is measured with the encoding of its training data, on whatever data set."""

from __future__ import annotations

from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pytest

from nasctl.config import DataConfig, TrainingConfig
from nasctl.dialects import parse_space
from nasctl.engine import task_of, task_of_checkpoint
from nasctl.errors import NasctlError
from nasctl.graph import Signature
from nasctl.space import Space
from nasctl.tasks import Encoding, Task
from nasctl.training import Checkpoint

IMAGES = parse_space("space cnn\nlayers 2\nlayer { conv { size 3 filters in {4, 8} } }\n", name="images")
TEXT = parse_space(
    "space rnn\ninput text\ncell tree {\n  base 2\n  combine in {add}\n  activation in {tanh}\n}\n"
    "stack 1\nhidden for 400 params\noutput language_model\n",
    name="text",
)
CLASSES = ("cat", "dog", "cow")


def write_images(
    path: Path, classes: tuple[str, ...] = CLASSES, *, scale: int = 1, seed: int = 0, used: int = 3
) -> Path:
    """Images of `used` classes whose pixels are around the number of the class in `CLASSES`."""
    random = np.random.default_rng(seed)
    pixels, labels, classes = {}, {}, tuple(name for name in classes if name in CLASSES[:used])
    for split, count in (("train", 30), ("test", 9)):
        names = [CLASSES[number % used] for number in range(count)]
        labels[split] = np.array([classes.index(name) for name in names])
        values = np.array([40 * CLASSES.index(name) for name in names])[:, None, None]
        pixels[split] = (scale * (values + random.integers(0, 9, (count, 3, 3)))).astype(np.int16)
    np.savez(
        path,
        x_train=pixels["train"],
        y_train=labels["train"],
        x_test=pixels["test"],
        y_test=labels["test"],
        class_names=np.array(classes),
    )
    return path


def write_text(path: Path, words: str) -> Path:
    random = np.random.default_rng(0)
    lines = [" ".join(random.choice(words.split(), 8)) for _ in range(100)]
    path.write_text("\n".join(lines) + "\n")
    return path


def checkpoint_of(task: Task, *, old: bool = False) -> Checkpoint:
    return Checkpoint(
        folder=Path("trained"),
        document={},
        dataset=task.name,
        digest="" if old else task.digest,
        encoding=None if old else task.encoding,
        validation_seed=task.validation_seed,
        data=DataConfig(),
        signature=task.signature,
        config=TrainingConfig(),
        metrics={},
        arrays={},
    )


def trained_on(path: Path, space: Space = IMAGES, *, old: bool = False) -> Checkpoint:
    return checkpoint_of(task_of(space, str(path)), old=old)


def test_on_its_own_data_set_nothing_is_encoded_anew(tmp_path: Path) -> None:
    trained = trained_on(write_images(tmp_path / "a.npz"))
    own = task_of_checkpoint(trained, IMAGES, None)
    assert (own.digest, own.encoding) == (trained.digest, trained.encoding)
    assert own.signature == Signature((3, 3, 1), 3)


@pytest.mark.parametrize("old", [False, True], ids=["new checkpoint", "checkpoint of 0.1.0"])
def test_images_are_normalised_with_the_statistics_of_the_training(old: bool, tmp_path: Path) -> None:
    trained = trained_on(write_images(tmp_path / "a.npz"), old=old)
    own = task_of(IMAGES, str(tmp_path / "a.npz"))
    brighter = task_of_checkpoint(trained, IMAGES, str(write_images(tmp_path / "b.npz", scale=5)))
    assert brighter.encoding == own.encoding
    image = jnp.asarray(own.splits["test"].inputs[:1])
    assert np.array_equal(brighter.inputs(image), own.inputs(image))
    assert task_of(IMAGES, str(tmp_path / "b.npz")).encoding != own.encoding


@pytest.mark.parametrize("old", [False, True], ids=["new checkpoint", "checkpoint of 0.1.0"])
@pytest.mark.parametrize("order", [("dog", "cat", "cow"), ("cow", "dog", "cat"), ("dog", "cow", "cat")])
def test_classes_are_matched_by_their_names(order: tuple[str, ...], old: bool, tmp_path: Path) -> None:
    trained = trained_on(write_images(tmp_path / "a.npz"), old=old)
    own = task_of(IMAGES, str(tmp_path / "a.npz"))
    other = task_of_checkpoint(trained, IMAGES, str(write_images(tmp_path / "b.npz", order)))
    for split in ("train", "validation", "test"):
        assert np.array_equal(own.splits[split].labels, other.splits[split].labels)
        assert np.array_equal(own.splits[split].inputs, other.splits[split].inputs)


def test_a_data_set_may_lack_classes_that_the_network_knows(tmp_path: Path) -> None:
    trained = trained_on(write_images(tmp_path / "a.npz"))
    fewer = task_of_checkpoint(trained, IMAGES, str(write_images(tmp_path / "b.npz", ("dog", "cat"), used=2)))
    assert fewer.signature.outputs == 3
    assert set(fewer.splits["test"].labels.tolist()) == {CLASSES.index("cat"), CLASSES.index("dog")}


@pytest.mark.parametrize("old", [False, True], ids=["new checkpoint", "checkpoint of 0.1.0"])
def test_a_class_that_the_network_does_not_know_is_refused(old: bool, tmp_path: Path) -> None:
    trained = trained_on(write_images(tmp_path / "a.npz", ("cat", "dog"), used=2), old=old)
    with pytest.raises(NasctlError, match="the network does not know the class `cow`") as caught:
        task_of_checkpoint(trained, IMAGES, str(write_images(tmp_path / "b.npz")))
    assert "`cat`, `dog`" in caught.value.hint


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"seed": 1}, id="other pixels"),
        pytest.param({"used": 2}, id="fewer classes in use"),
        pytest.param({"scale": 2}, id="brighter pixels"),
    ],
)
def test_a_data_set_that_has_changed_is_refused_unless_it_is_named(
    change: dict[str, object], tmp_path: Path
) -> None:
    path = write_images(tmp_path / "a.npz")
    trained = trained_on(path)
    write_images(path, **change)
    with pytest.raises(NasctlError, match="has changed since trained was trained on it") as caught:
        task_of_checkpoint(trained, IMAGES, None)
    assert "--dataset" in caught.value.hint
    assert task_of_checkpoint(trained, IMAGES, str(path)).encoding == trained.encoding


def test_a_data_set_that_was_only_moved_is_the_same(tmp_path: Path) -> None:
    path = write_images(tmp_path / "a.npz")
    trained = trained_on(path)
    path.rename(tmp_path / "b.npz")
    assert task_of_checkpoint(trained, IMAGES, str(tmp_path / "b.npz")).digest == trained.digest


def test_an_old_checkpoint_needs_its_data_set_to_be_measured_on_another(tmp_path: Path) -> None:
    path = write_images(tmp_path / "a.npz")
    trained = trained_on(path, old=True)
    path.unlink()
    with pytest.raises(NasctlError, match="and does not contain the normalisation") as caught:
        task_of_checkpoint(trained, IMAGES, str(write_images(tmp_path / "b.npz")))
    assert "does not exist" in caught.value.message


def test_a_text_is_read_with_the_vocabulary_of_the_training(tmp_path: Path) -> None:
    trained = trained_on(write_text(tmp_path / "a.txt", "one two three"), TEXT)
    other = task_of_checkpoint(trained, TEXT, str(write_text(tmp_path / "b.txt", "three two four four")))
    assert other.encoding == trained.encoding
    words = [trained.encoding.class_names[token] for token in other.splits["test"].labels[:9]]
    expected = (tmp_path / "b.txt").read_text().split("\n")[9].split()  # the first of the test split
    assert words == [word if word != "four" else "<unk>" for word in expected] + ["<eos>"]


def test_a_text_of_characters_is_not_read_as_words(tmp_path: Path) -> None:
    trained = trained_on(Path(f"chars:{write_text(tmp_path / 'a.txt', 'one two three')}"), TEXT)
    with pytest.raises(NasctlError, match="consists of characters, and .* is read as words") as caught:
        task_of_checkpoint(trained, TEXT, str(tmp_path / "a.txt"))
    assert "chars:" in caught.value.hint
    assert task_of_checkpoint(trained, TEXT, f"chars:{tmp_path / 'a.txt'}").digest == trained.digest


def test_the_encoding_holds_what_the_programs_are_compiled_with(tmp_path: Path) -> None:
    task = task_of(IMAGES, str(write_images(tmp_path / "a.npz")))
    again = task_of(
        IMAGES,
        task.name,
        encoding=Encoding(task.encoding.class_names, task.encoding.mean, task.encoding.deviation),
    )
    assert again.traced_constants == task.traced_constants
