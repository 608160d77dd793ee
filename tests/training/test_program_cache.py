"""A program that was compiled before is loaded, not traced, and trains to the same last digit."""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import shutil
import stat
import subprocess
import sys
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest
from jax.experimental.compilation_cache.compilation_cache import reset_cache
from tiny_networks import TinyArchitecture

from nasctl import cache
from nasctl.config import TrainingConfig
from nasctl.dialects import parse_space
from nasctl.tasks import SupervisedTask
from nasctl.training import Weights, child, chunks, evaluate, prepare, program_cache
from nasctl.training.chunks import ChunkLayout

CONFIG = TrainingConfig(epochs=2, batch=16, learning_rate=0.05)
Result = tuple[list[dict[str, float]], list[np.ndarray]]
ARCHITECTURE = parse_space(
    """
space cnn
layers 1
layer {
  conv { size 1  filters 4 }
  batch_norm
}
""",
    name="small",
).decode(())


@contextmanager
def caching_in(folder: Path) -> Iterator[None]:
    """Has programs cached below a folder, in which JAX's own cache is, too."""
    settings: Any = jax.config
    before = settings.jax_compilation_cache_dir
    jax.config.update("jax_compilation_cache_dir", str(folder))
    reset_cache()
    program_cache._evict.cache_clear()
    yield
    jax.config.update("jax_compilation_cache_dir", before)
    reset_cache()


@pytest.fixture(autouse=True)
def folder(tmp_path: Path) -> Iterator[Path]:
    """The folder of the program cache; JAX's own cache is empty too."""
    with caching_in(tmp_path):
        yield tmp_path / "programs"


@pytest.fixture(scope="module")
def compiled(blobs: SupervisedTask, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Result]:
    """A program cache in which a child finds its programs, and what the child came to when it was not cached."""
    folder = tmp_path_factory.mktemp("once")
    with caching_in(folder):
        found = result(prepare(ARCHITECTURE, blobs, CONFIG, seed=0))
    return folder / "programs", found


@pytest.fixture
def first(compiled: tuple[Path, Result], folder: Path) -> Result:
    """What the child came to when it was not cached. The programs that it left are in the folder."""
    shutil.copytree(compiled[0], folder)
    return compiled[1]


@pytest.fixture
def traced() -> Iterator[list[str]]:
    """Names of the functions that JAX traces for `jit`."""
    names: list[str] = []

    def note(event: str, seconds: float, **details: str | int) -> None:
        if event == "/jax/core/compile/jaxpr_trace_duration":
            names.append(str(details["fun_name"]))

    jax.monitoring.register_event_duration_secs_listener(note)
    yield names
    jax.monitoring.unregister_event_duration_listener(note)


def result(prepared: child.PreparedChild) -> Result:
    """History without the seconds, and weights."""
    trained = prepared.run()
    history = [{name: v for name, v in epoch.items() if name != "seconds"} for epoch in trained.history]
    return history, arrays(trained.weights)


def arrays(weights: Weights) -> list[np.ndarray]:
    return [np.asarray(leaf) for leaf in jax.tree.leaves(weights)]


def assert_same(one: Any, two: Any) -> None:
    assert one[0] == two[0]
    for left, right in zip(one[1], two[1], strict=True):
        np.testing.assert_array_equal(left, right)


def test_what_was_compiled_before_is_not_traced_and_trains_alike(
    blobs: SupervisedTask, traced: list[str], folder: Path
) -> None:
    first = result(prepare(ARCHITECTURE, blobs, CONFIG, seed=0))
    assert {"train", "evaluate"} <= set(traced)
    assert len(list(folder.iterdir())) == 2
    traced.clear()
    again = result(prepare(ARCHITECTURE, blobs, CONFIG, seed=0))
    assert not {"train", "evaluate"} & set(traced)
    assert_same(first, again)


def test_programs_of_chunks_are_cached_too(
    blobs: SupervisedTask, traced: list[str], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = result(prepare(ARCHITECTURE, blobs, CONFIG, seed=0))
    monkeypatch.setattr(chunks, "chunk_layout", lambda *_: ChunkLayout(7, 3, 16))
    traced.clear()
    assert_same(whole, result(prepare(ARCHITECTURE, blobs, CONFIG, seed=0)))
    assert {"train_chunk", "evaluate"} <= set(traced)
    traced.clear()
    assert_same(whole, result(prepare(ARCHITECTURE, blobs, CONFIG, seed=0)))
    assert not {"train_chunk", "evaluate"} & set(traced)


def test_jax_does_not_keep_it_too(blobs: SupervisedTask, folder: Path) -> None:
    prepare(ARCHITECTURE, blobs, CONFIG, seed=0)
    jax.jit(lambda x: x + 1)(1.0)  # the small ones it keeps
    names = [path.name for path in folder.parent.iterdir()]
    assert any(name.startswith("jit__lambda") for name in names)
    assert not any(name.startswith(("jit_train", "jit_evaluate")) for name in names)


def test_a_loaded_program_takes_the_memory_of_the_optimiser_state(blobs: SupervisedTask) -> None:
    for _ in range(2):
        prepared = prepare(ARCHITECTURE, blobs, CONFIG, seed=0)
        plan = prepared.draw(jax.random.key(0))
        rates = np.zeros(prepared.steps, np.float32)
        prepared.program(
            prepared.weights, prepared.optimiser_state, prepared.evaluation.examples.data, plan, rates
        )
        assert all(leaf.is_deleted() for leaf in jax.tree.leaves(prepared.optimiser_state))
        assert not any(leaf.is_deleted() for leaf in jax.tree.leaves(prepared.weights))


def test_one_program_serves_all_rates_and_seeds(
    blobs: SupervisedTask, traced: list[str], first: Result
) -> None:
    other = replace(CONFIG, epochs=3, learning_rate=0.01, schedule="constant")
    prepare(ARCHITECTURE, blobs, other, seed=1).run()
    assert not {"train", "evaluate"} & set(traced)


def test_an_evaluation_apart_from_the_training_finds_its_program(
    blobs: SupervisedTask, traced: list[str]
) -> None:
    trained = prepare(ARCHITECTURE, blobs, CONFIG, seed=0).run()
    traced.clear()
    measured = evaluate(ARCHITECTURE, trained.weights, blobs, CONFIG)
    assert "evaluate" not in traced
    assert measured == trained.measure_split(trained.weights, "test")
    measured = evaluate(ARCHITECTURE, trained.weights, blobs, replace(CONFIG, augment=False))
    assert "evaluate" in traced


def test_what_has_no_fingerprint_is_traced_every_time(
    blobs: SupervisedTask, traced: list[str], folder: Path
) -> None:
    for _ in range(2):
        traced.clear()
        prepare(TinyArchitecture(), blobs, CONFIG, seed=0)
        assert {"train", "evaluate"} <= set(traced)
    assert not folder.exists()


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: content[: len(content) // 2],
        lambda content: content[:-1] + bytes([content[-1] ^ 1]),
        lambda content: content[:40] + bytes(range(256)) + content[40:],
    ],
    ids=["empty", "cut", "flipped", "longer"],
)
def test_a_damaged_file_is_replaced(
    blobs: SupervisedTask,
    traced: list[str],
    folder: Path,
    first: Result,
    damage: Callable[[bytes], bytes],
) -> None:
    for file in folder.iterdir():
        file.write_bytes(damage(file.read_bytes()))
    assert_same(first, result(prepare(ARCHITECTURE, blobs, CONFIG, seed=0)))
    assert {"train", "evaluate"} <= set(traced)
    traced.clear()
    assert_same(first, result(prepare(ARCHITECTURE, blobs, CONFIG, seed=0)))
    assert not {"train", "evaluate"} & set(traced)


def test_where_no_file_can_be_loaded_jax_caches_the_program(
    blobs: SupervisedTask, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise NotImplementedError

    monkeypatch.setattr(program_cache, "deserialize_and_load", fail)
    for known in (False, True, True):
        prepare(ARCHITECTURE, blobs, CONFIG, seed=0)
        assert any(path.name.startswith("jit_train") for path in folder.parent.iterdir()) == known


def test_a_program_from_jax_s_own_cache_is_not_cached_again(
    blobs: SupervisedTask, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(child, "fingerprint_of", lambda *_: None)
        first = result(prepare(ARCHITECTURE, blobs, CONFIG, seed=0))
    assert any(path.name.startswith("jit_train") for path in folder.parent.iterdir())
    for _ in range(2):
        assert_same(first, result(prepare(ARCHITECTURE, blobs, CONFIG, seed=0)))
        assert not folder.exists()


def test_nothing_is_cached_where_the_cache_is_switched_off(blobs: SupervisedTask, folder: Path) -> None:
    jax.config.update("jax_enable_compilation_cache", False)
    try:
        prepare(ARCHITECTURE, blobs, CONFIG, seed=0)
    finally:
        jax.config.update("jax_enable_compilation_cache", True)
    assert not folder.exists()


def test_a_folder_that_cannot_be_written_is_no_obstacle(
    blobs: SupervisedTask, traced: list[str], folder: Path
) -> None:
    folder.write_text("a file where the folder should be")
    for _ in range(2):
        traced.clear()
        prepare(ARCHITECTURE, blobs, CONFIG, seed=0).run()
        assert {"train", "evaluate"} <= set(traced)


def plant(folder: Path) -> None:
    """Changes each file so that unpickling it is recorded."""
    for file in folder.iterdir():
        packed = zlib.compress(pickle.dumps(Planted()))
        file.write_bytes(hashlib.sha256(packed).digest() + packed)


class Planted:
    """Unpickles to the call of a function."""

    unpickled = 0

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return count_unpickled, ()


def count_unpickled() -> None:
    Planted.unpickled += 1


def assert_not_used(
    blobs: SupervisedTask, folder: Path, traced: list[str], caplog: pytest.LogCaptureFixture, cause: str
) -> None:
    """Nothing is loaded from the folder, nothing is written to it, and the log says so once."""
    before = sorted((path.name, path.read_bytes()) for path in folder.iterdir())
    caplog.clear()
    cache.refuse.cache_clear()
    for _ in range(2):
        traced.clear()
        prepare(ARCHITECTURE, blobs, CONFIG, seed=0)
        assert {"train", "evaluate"} <= set(traced)
    assert [record.getMessage() for record in caplog.records] == [
        f"the program cache {folder} is not used: {cause}"
    ]
    assert sorted((path.name, path.read_bytes()) for path in folder.iterdir()) == before
    assert Planted.unpickled == 0


def test_the_folder_is_the_user_s_alone(blobs: SupervisedTask, folder: Path) -> None:
    before = os.umask(0)
    try:
        prepare(ARCHITECTURE, blobs, CONFIG, seed=0)
    finally:
        os.umask(before)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    "mode", [0o720, pytest.param(0o702, marks=pytest.mark.slow), pytest.param(0o777, marks=pytest.mark.slow)]
)
@pytest.mark.usefixtures("first")
def test_a_folder_that_others_can_write_to_is_not_used(
    blobs: SupervisedTask,
    folder: Path,
    traced: list[str],
    caplog: pytest.LogCaptureFixture,
    mode: int,
) -> None:
    plant(folder)
    folder.chmod(mode)
    cause = "other users can write to it; delete it, and it is created again with mode 0700"
    assert_not_used(blobs, folder, traced, caplog, cause)


@pytest.mark.usefixtures("first")
def test_a_folder_of_another_user_is_not_used(
    blobs: SupervisedTask,
    folder: Path,
    traced: list[str],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plant(folder)
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    assert_not_used(blobs, folder, traced, caplog, "it belongs to another user")


@pytest.mark.usefixtures("first")
def test_a_symbolic_link_is_not_followed(
    blobs: SupervisedTask, folder: Path, traced: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    plant(folder)
    folder.rename(folder.with_name("elsewhere"))
    folder.symlink_to(folder.with_name("elsewhere"))
    assert_not_used(blobs, folder, traced, caplog, "it is a symbolic link")


@pytest.mark.usefixtures("first")
def test_a_file_of_another_user_is_not_loaded(
    blobs: SupervisedTask, folder: Path, traced: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(folder)
    monkeypatch.setattr(program_cache, "is_own", lambda found: stat.S_ISDIR(found.st_mode))
    prepare(ARCHITECTURE, blobs, CONFIG, seed=0)
    assert {"train", "evaluate"} <= set(traced) and Planted.unpickled == 0


def test_jax_still_has_the_undocumented_setting() -> None:
    """Where it has moved, programs are stored in JAX's cache, too: twice the disk space, and nothing else."""
    assert program_cache._min_compile_time is not None, f"JAX {jax.__version__} has moved it"


def test_without_the_undocumented_setting_programs_are_cached_all_the_same(
    blobs: SupervisedTask, folder: Path, traced: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(program_cache, "_min_compile_time", None)
    alone = result(prepare(ARCHITECTURE, blobs, CONFIG, seed=0))
    assert any(path.name.startswith("jit_train") for path in folder.parent.iterdir())
    traced.clear()
    assert_same(alone, result(prepare(ARCHITECTURE, blobs, CONFIG, seed=0)))
    assert not {"train", "evaluate"} & set(traced)


def test_two_children_prepared_at_once(blobs: SupervisedTask, traced: list[str], folder: Path) -> None:
    configs = [CONFIG, replace(CONFIG, batch=20)]
    found: dict[int, list[Any]] = {0: [], 1: []}

    def work(number: int) -> None:
        found[number].append(result(prepare(ARCHITECTURE, blobs, configs[number], seed=0)))

    for _ in range(2):
        traced.clear()
        threads = [threading.Thread(target=work, args=(number,)) for number in found]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert not {"train", "evaluate"} & set(traced)
    assert len(list(folder.iterdir())) == 4
    for first, again in found.values():
        assert_same(first, again)


def test_the_longest_unused_evict(
    blobs: SupervisedTask, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.mkdir(mode=0o700)
    for age in range(4):
        (folder / str(age)).write_bytes(bytes(1000))
        os.utime(folder / str(age), (10**9 - age, 10**9 - age))
    monkeypatch.setattr(program_cache, "_MAX_BYTES", 2500)
    prepare(ARCHITECTURE, blobs, CONFIG, seed=0)
    left = {path.name for path in folder.iterdir()}
    assert {"0", "1"} < left and len(left) == 4


@pytest.mark.usefixtures("first")
def test_use_keeps_a_program_young(blobs: SupervisedTask, folder: Path) -> None:
    for file in folder.iterdir():
        os.utime(file, (10**9, 10**9))
    prepare(ARCHITECTURE, blobs, CONFIG, seed=0)
    assert all(file.stat().st_mtime > 10**9 for file in folder.iterdir())


PROGRAM = """
import json, sys
import jax, numpy as np
from nasctl.datasets import Dataset, Examples
from nasctl.tasks import supervised_task
from nasctl.process import configure_process
from nasctl.training import prepare
from test_program_cache import ARCHITECTURE, CONFIG, arrays, result
configure_process()
names = []
jax.monitoring.register_event_duration_secs_listener(lambda event, seconds, **_: names.append(str(_.get("fun_name"))))
random = np.random.default_rng(0)
images, labels = random.integers(0, 256, (100, 4, 4, 3), np.uint8), random.integers(0, 3, 100).astype(np.int32)
examples = Examples(images, labels)
task = supervised_task(Dataset("noise", "image", examples, examples, ("a", "b", "c")))
history, weights = result(prepare(ARCHITECTURE, task, CONFIG, seed=0))
print(json.dumps([sorted({"train", "evaluate"} & set(names)), history, [leaf.tolist() for leaf in weights]]))
"""


@pytest.mark.slow
def test_the_next_process_finds_it(tmp_path: Path) -> None:
    paths = [str(Path(__file__).parent), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(paths),
        "XDG_CACHE_HOME": str(tmp_path),
        "JAX_COMPILATION_CACHE_DIR": "",
    }
    found = [
        json.loads(
            subprocess.run(
                [sys.executable, "-c", PROGRAM], env=environment, check=True, capture_output=True, text=True
            ).stdout
        )
        for _ in range(2)
    ]
    assert [names for names, *_ in found] == [["evaluate", "train"], []]
    assert found[0][1:] == found[1][1:]
    assert len(list((tmp_path / "nasctl" / "compiled" / "programs").iterdir())) == 2
