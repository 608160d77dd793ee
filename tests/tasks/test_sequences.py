"""Series and documents as the inputs of networks, and tasks that are trained on them from files to a checkpoint."""

from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from nasctl.arch_json import document_to_json
from nasctl.architecture import Architecture
from nasctl.config import TrainingConfig
from nasctl.datasets import Examples
from nasctl.dialects import parse_space
from nasctl.engine.evaluation.task_of_space import task_of
from nasctl.errors import NasctlError
from nasctl.space import Space
from nasctl.tasks import Task
from nasctl.tasks.sequences import series_input
from nasctl.training import load_checkpoint, save_checkpoint, train_child

CELL = """cell tree { base 2 combine add activation tanh inject { combine add activation tanh }
  indices { cell_output 2 cell_inject 0 } }"""
CONFIG = TrainingConfig(epochs=15, batch=16, optimiser="adam", learning_rate=0.02, weight_decay=0.0, clip=1.0)


def space(ends: str) -> Space:
    return parse_space(f"space rnn {ends} {CELL} hidden 12", name="test")


def test_moments_are_those_of_the_steps_that_are_no_padding() -> None:
    inputs = np.random.default_rng(0).normal([1, 1e4], [2, 0.5], (30, 7, 2)).astype(np.float32)
    inputs[3:9, :4] = np.nan
    made = series_input(Examples(inputs, np.zeros(30, np.int32)), None)
    own = inputs[~np.isnan(inputs).any(2)].astype(np.float64)
    np.testing.assert_allclose(made.mean, own.mean(0), rtol=1e-6)
    np.testing.assert_allclose(made.deviation, own.std(0), rtol=1e-4)
    normal = np.asarray(made.inputs(jnp.asarray(inputs)))
    np.testing.assert_array_equal(np.isnan(normal), np.isnan(inputs))
    np.testing.assert_allclose(np.nanmean(normal, (0, 1)), 0, atol=5e-3)


def test_a_constant_feature_is_not_scaled() -> None:
    made = series_input(Examples(np.full((4, 3, 1), 0.25, np.float32), np.zeros(4, np.int32)), None)
    assert made.deviation == (1.0,)


def rising(tmp_path: Path, label: str) -> str:
    """Series of different lengths that rise or fall; the label is the direction or the slope."""
    rng = np.random.default_rng(0)
    lines = []
    for number in range(60):
        slope = rng.uniform(0.5, 2) * (-1) ** number
        steps = np.arange(rng.integers(4, 9)) * slope + rng.normal()
        written = f"{slope:.4f}" if label == "targetLabel" else ("up" if slope > 0 else "down")
        lines.append(",".join(f"{value:.4f}" for value in steps) + f":{written}")
    file = tmp_path / f"{label}.ts"
    file.write_text(f"@{label} true up down\n@data\n" + "\n".join(lines))
    return str(file)


def moods(tmp_path: Path) -> str:
    rng = np.random.default_rng(0)
    rows = ["text,label"]
    for number in range(80):
        words = list(rng.choice(["the", "film", "was", "seen", "by", "us"], rng.integers(3, 8)))
        words.insert(int(rng.integers(len(words))), ("bad", "good")[number % 2])
        rows.append(f"{' '.join(words)},{('-', '+')[number % 2]}")
    (tmp_path / "moods.csv").write_text("\n".join(rows))
    return str(tmp_path / "moods.csv")


def trained(task: Task, tmp_path: Path, searched: Space) -> dict[str, float]:
    """Trains a network; saves and loads it, and measures it in the encoding that was saved."""
    architecture = Architecture.decode(searched, (0,) * len(searched.decisions))
    child = train_child(architecture, task, CONFIG, seed=0)
    measured = child.measure_split(child.weights, "validation")
    document = document_to_json(searched, architecture.tokens)
    save_checkpoint(tmp_path / "saved", child.weights, document=document, task=task, config=CONFIG)
    loaded = load_checkpoint(tmp_path / "saved")
    assert loaded.encoding == task.encoding
    again = task_of(searched, task.name, encoding=loaded.encoding)
    assert (again.signature, again.digest) == (task.signature, task.digest)
    weights = loaded.weights_for(architecture, again)
    assert jax.tree.all(
        jax.tree.map(lambda a, b: bool((a == b).all()), weights.parameters, child.weights.parameters)
    )
    return measured


def test_series_are_classified(tmp_path: Path) -> None:
    searched = space("input series")
    task = task_of(searched, rising(tmp_path, "classLabel"))
    assert (task.kind, task.signature.input_shape, task.signature.outputs) == ("series", (8, 1), 2)
    assert trained(task, tmp_path, searched)["accuracy"] == 1


def test_documents_are_classified(tmp_path: Path) -> None:
    searched = space("input text output classifier")
    task = task_of(searched, moods(tmp_path))
    assert task.name == f"documents:{tmp_path / 'moods.csv'}"
    assert trained(task, tmp_path, searched)["accuracy"] > 0.9


def test_a_space_and_a_data_set_that_do_not_fit(tmp_path: Path) -> None:
    for ends, name, message, fitting in (
        ("input series", rising(tmp_path, "targetLabel"), "predict classes or labels, but the labels of .* are numbers",
         "series_regression.nas"),
        ("input series output regression", rising(tmp_path, "classLabel"), "predict numbers, but .* are classes",
         "spaces/series.nas"),
        ("input text", f"documents:{moods(tmp_path)}", "predict the next token at each step, but .* are classes",
         "spaces/documents.nas"),
        ("input text output classifier", "pydoc", "are the next token at each step", "spaces/rnn.nas"),
        ("input series", "digits", "read series, but digits is a data set of images", "spaces/cnn.nas"),
    ):  # fmt: skip
        with pytest.raises(NasctlError, match=message) as caught:
            task_of(space(ends), name)
        assert fitting in caught.value.hint
    with pytest.raises(NasctlError, match="need a data set of series"):
        task_of(space("input series"), None)
