"""A search on a Ray cluster of two nodes, one of which is removed."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import nasctl
from nasctl.dialects import parse_space
from nasctl.engine import Listener
from nasctl.errors import NasctlError
from nasctl.store import Trial

ray = pytest.importorskip("ray")

pytestmark = pytest.mark.slow

SPACE = parse_space("space choices\na in {0, 1, 2, 3}\nb in {0, 1, 2, 3}\n", name="toy")
MODULE = """
import os, time
from pathlib import Path

PROCESSES = Path(__file__).with_name("processes")

def score(architecture):
    time.sleep(0.3)
    return {"reward": float(sum(architecture.tokens)), "process": float(os.getpid())}

def score_in_two_processes(architecture):
    PROCESSES.mkdir(exist_ok=True)
    (PROCESSES / str(os.getpid())).touch()
    deadline = time.monotonic() + 120
    while len(list(PROCESSES.iterdir())) < 2 and time.monotonic() < deadline:
        time.sleep(0.1)
    return score(architecture)
"""
SETTINGS = {
    "controller": {"kind": "random", "batch": 4},
    "search": {"duplicates": "repeat", "executor": "ray"},
}


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    (tmp_path / "scores_on_ray.py").write_text(MODULE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RAY_AUTH_MODE", "disabled")
    yield "scores_on_ray:score"
    sys.modules.pop("scores_on_ray", None)
    ray.shutdown()


def test_a_search_outlives_a_node(module: str, tmp_path: Path) -> None:
    from ray.cluster_utils import Cluster

    class RemoveNode(Listener):
        """Removes the second node after ten trials."""

        def trial_finished(self, trial: Trial, *, is_best: bool) -> None:
            if trial.number == 10:
                cluster.remove_node(second, allow_graceful=False)

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    try:
        second = cluster.add_node(num_cpus=1)
        cluster.wait_for_nodes()
        search = {**SETTINGS["search"], "ray_address": cluster.address, "workers": 2}
        run = nasctl.search(
            SPACE,
            f"{module}_in_two_processes",
            trials=60,
            out=tmp_path / "run",
            settings={**SETTINGS, "search": search},
            listener=RemoveNode(),
        )
    finally:
        ray.shutdown()
        cluster.shutdown()
    assert [trial.number for trial in run.trials] == list(range(60))
    assert all(trial.status == "complete" for trial in run.trials)
    assert len({trial.metrics["process"] for trial in run.trials}) >= 2
    plain = nasctl.search(
        SPACE,
        module,
        trials=60,
        out=tmp_path / "plain",
        settings={**SETTINGS, "search": {"duplicates": "repeat", "ahead": 3}},
    )
    assert [trial.tokens for trial in plain.trials] == [trial.tokens for trial in run.trials]


def test_children_are_trained_on_a_cluster_and_the_best_comes_home(tmp_path: Path, module: str) -> None:
    run = nasctl.search(
        "spaces/tiny.nas",
        trials=2,
        out=tmp_path / "run",
        settings={**SETTINGS, "training": {"epochs": 1}, "search": {"executor": "ray", "workers": 1}},
    )
    assert all(trial.status == "complete" for trial in run.trials)
    assert run.best_architecture.tokens == run.best.tokens
    assert (run.folder / "best" / "checkpoint").is_dir()


def test_a_cluster_that_is_not_there_is_said_so(tmp_path: Path, module: str) -> None:
    search = {"executor": "ray", "ray_address": "127.0.0.1:1"}
    began = time.monotonic()
    with pytest.raises(NasctlError, match="there is no Ray cluster at 127.0.0.1:1"):
        nasctl.search(SPACE, module, trials=2, out=tmp_path / "run", settings={"search": search})
    assert time.monotonic() - began < 90
    assert not (tmp_path / "run").exists()
