"""The fingerprint changes with everything that is compiled in, and with nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from importlib import import_module
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest
from tiny_networks import TinyArchitecture

from nasctl.architecture import Architecture
from nasctl.config import TrainingConfig
from nasctl.dialects import load_space, parse_space
from nasctl.engine import task_of
from nasctl.graph import Graph, op_named
from nasctl.space import sample_uniform
from nasctl.tasks import SupervisedTask
from nasctl.tasks.augmentation import upsample_crop_flip
from nasctl.training import fingerprint
from nasctl.training.fingerprint import fingerprint_of

CONFIG = TrainingConfig()
SPACE = parse_space(
    """
space cnn
layers 1
layer {
  conv { height in {1, 3}  width 3  filters 4 }
  batch_norm
  relu
}
""",
    name="small",
)
ONE, OTHER = SPACE.decode((0,)), SPACE.decode((1,))


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    """Clears what is cached for the whole process."""
    yield
    fingerprint._machine.cache_clear()
    fingerprint._sources.cache_clear()


def test_it_is_the_same_for_the_same_network(blobs: SupervisedTask) -> None:
    assert fingerprint_of(ONE, blobs, CONFIG)
    assert fingerprint_of(ONE, blobs, CONFIG) == fingerprint_of(SPACE.decode((0,)), blobs, CONFIG)
    assert fingerprint_of(ONE, blobs, CONFIG) == fingerprint_of(ONE, replace(blobs, name="renamed"), CONFIG)


def test_another_network_has_another(blobs: SupervisedTask) -> None:
    assert fingerprint_of(ONE, blobs, CONFIG) != fingerprint_of(OTHER, blobs, CONFIG)


OTHERS = {
    "epochs": 9,
    "batch": 9,
    "learning_rate": 0.9,
    "momentum": 0.5,
    "weight_decay": 0.5,
    "schedule": "constant",
    "augment": False,
    "optimiser": "adam",
    "clip": 1.0,
    "precision": "bfloat16",
    "class_weights": "balanced",
}


@pytest.mark.parametrize("name", [field.name for field in fields(TrainingConfig)])
def test_every_setting_but_those_of_the_rates_counts(blobs: SupervisedTask, name: str) -> None:
    other = replace(CONFIG, **{name: OTHERS[name]})
    same = fingerprint_of(ONE, blobs, CONFIG) == fingerprint_of(ONE, blobs, other)
    assert same == (name in {"epochs", "learning_rate", "schedule"})


@pytest.mark.parametrize(
    "name", ["mean", "deviation", "augmentation", "weights", "outputs", "splits", "measures", "sequential"]
)
def test_every_part_of_a_task_that_is_compiled_in_counts(blobs: SupervisedTask, name: str) -> None:
    train = blobs.splits["train"]
    (mean,), (deviation,) = blobs.input.mean, blobs.input.deviation
    other = {
        "mean": {"input": replace(blobs.input, mean=(float(np.nextafter(mean, np.inf)),))},
        "deviation": {"input": replace(blobs.input, deviation=(2 * deviation,))},
        "augmentation": {"input": replace(blobs.input, augmentation=upsample_crop_flip(1.5))},
        "weights": {"target": replace(blobs.target, weights=(1.0, 2.0, 1.0))},
        "measures": {"target": replace(blobs.target, measures=("loss",))},
        "outputs": {"class_names": ("a", "b", "c", "d")},
        "sequential": {"sequential": True},
        "splits": {"splits": {**blobs.splits, "train": train.take(np.arange(len(train) - 1))}},
    }
    assert fingerprint_of(ONE, blobs, CONFIG) != fingerprint_of(ONE, replace(blobs, **other[name]), CONFIG)


def test_a_setting_of_jax_counts_unless_it_is_about_caches(blobs: SupervisedTask, tmp_path: Path) -> None:
    before = fingerprint_of(ONE, blobs, CONFIG)
    with jax.default_matmul_precision("float32"):
        assert fingerprint_of(ONE, blobs, CONFIG) != before
    settings: Any = jax.config
    folder = settings.jax_compilation_cache_dir
    jax.config.update("jax_compilation_cache_dir", str(tmp_path))
    try:
        assert fingerprint_of(ONE, blobs, CONFIG) == before
    finally:
        jax.config.update("jax_compilation_cache_dir", folder)


def test_xla_s_flags_and_the_processor_count(blobs: SupervisedTask, monkeypatch: pytest.MonkeyPatch) -> None:
    before = fingerprint_of(ONE, blobs, CONFIG)
    monkeypatch.setenv("XLA_FLAGS", "--xla_cpu_enable_fast_math=true")
    assert fingerprint_of(ONE, blobs, CONFIG) != before
    monkeypatch.undo()
    fingerprint._machine.cache_clear()
    monkeypatch.setattr(fingerprint, "_processor", lambda: iter(["another"]))
    assert fingerprint_of(ONE, blobs, CONFIG) != before


def test_a_change_of_the_source_counts(
    blobs: SupervisedTask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fingerprint, "__file__", str(tmp_path / "training" / "fingerprint.py"))
    found = []
    for text in ("one", "other"):
        fingerprint._sources.cache_clear()
        (tmp_path / "module.py").write_text(text)
        monkeypatch.setattr(fingerprint, "_IMPORTED", (tmp_path / "module.py").stat().st_mtime)
        found.append(fingerprint_of(ONE, blobs, CONFIG))
    assert None not in found and found[0] != found[1]


def test_there_is_none_where_the_source_is_newer_than_what_runs(
    blobs: SupervisedTask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fingerprint, "_IMPORTED", 0.0)
    fingerprint._sources.cache_clear()
    assert fingerprint_of(ONE, blobs, CONFIG) is None


def test_there_is_none_for_a_network_or_a_task_of_another_kind(blobs: SupervisedTask) -> None:
    class Mine(SupervisedTask):
        pass

    mine = Mine(**{field.name: getattr(blobs, field.name) for field in fields(blobs) if field.init})
    assert fingerprint_of(TinyArchitecture(), blobs, CONFIG) is None
    assert fingerprint_of(ONE, mine, CONFIG) is None


@dataclass(frozen=True)
class FixedGraph:
    """An architecture with a given graph."""

    of: Graph

    def graph(self, values: object) -> Graph:
        return self.of


def changed(value: object) -> object:
    """A graph whose sigmoids or ReLUs are replaced by ops of a plug-in, in cells too."""
    if not isinstance(value, Graph):
        return value
    nodes = [
        replace(
            node,
            op="theirs" if node.op in ("sigmoid", "relu") else node.op,
            attributes={name: changed(attribute) for name, attribute in node.attributes.items()},
        )
        for node in value.nodes
    ]
    return replace(value, nodes=tuple(nodes))


@pytest.mark.parametrize("name", ["cnn", "rnn"])
def test_there_is_none_for_an_op_of_a_plug_in(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    theirs = replace(op_named("sigmoid"), name="theirs")
    monkeypatch.setattr(import_module("nasctl.graph.ops"), "ops", lambda: {"theirs": theirs})
    space = load_space(f"spaces/{name}.nas")
    task = task_of(space, None)
    ours = space.decode(sample_uniform(space, np.random.default_rng(0)))
    graph = changed(ours.graph)
    assert graph != ours.graph
    assert fingerprint_of(ours, task, CONFIG)
    assert (
        fingerprint_of(
            Architecture(replace(space, graph_builder=FixedGraph(graph)), ours.tokens), task, CONFIG
        )
        is None
    )


@pytest.mark.parametrize(
    "name", ["cnn", "cnn_strides", "cnn_pooling", "mobilenet", "nasbench201", "rnn", "rnn_max_sin", "tiny"]
)
def test_all_that_nasctl_s_spaces_make_has_one(name: str) -> None:
    space = load_space(f"spaces/{name}.nas")
    task, random = task_of(space, None), np.random.default_rng(0)
    for _ in range(5):
        assert fingerprint_of(space.decode(sample_uniform(space, random)), task, CONFIG)
