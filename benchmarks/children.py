"""Measures how fast child networks train, in nasctl and in PyTorch, and how soon they start.
    python benchmarks/children.py [--quick] [--networks 5] [--rounds 5] [--compiled] [--json FILE]

Training: random networks of `spaces/cnn.nas` and `spaces/cnn_strides.nas` with 6 and 15 layers, on 8×8 and 32×32
images, in batches of 64. The epoch that `nasctl search` runs is compared with an ordinary training loop in eager
PyTorch, once with contiguous and once with channels_last tensors. Weights, images, order and optimiser are the same,
and the losses of the first epoch are compared. Each child has its own process on one core, with the allocator settings
of nasctl's workers. The children take turns, one epoch each. The figure is the median over the rounds, in processor
seconds, which other processes disturb less than wall time. Then one copy of each child trains on every core at once.
Memory is the peak of the whole process, libraries included.

Start: the seconds from a token string to the first training step, for the first child of a process with empty caches,
for the first child of a process with full caches, and for a child that the process has trained before.

PyTorch is required: `pip install '.[benchmark]'`.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from nasctl.process import configure_process, worker_environment

OURS, LAYOUTS = "nasctl", ("contiguous", "channels_last")


class Case(NamedTuple):
    """A kind of network and of training.

    Attributes:
      space: Space file that the networks are drawn from.
      size: Height and width of the images, in pixels.
      layers: Number of layers.
      steps: Training steps per epoch.
      batch: Examples per step.
    """

    space: str
    size: int
    layers: int
    steps: int
    batch: int = 64

    def __str__(self) -> str:
        return f"{self.space.removeprefix('spaces/').removesuffix('.nas')} {self.size}×{self.size} {self.layers} layers"


CASES = [
    Case(space, size, layers, steps=max(2, 96 // (size * layers // 6)))
    for space in ("spaces/cnn.nas", "spaces/cnn_strides.nas")
    for size in (8, 32)
    for layers in (6, 15)
]


class Child:
    """A child network that trains in its own process.

    Args:
      case: Kind of network.
      seed: Seed of the random network.
      kind: `nasctl`, or a PyTorch layout, optionally after `compiled` or `cuda`; either may be followed by
        `bfloat16`.
      folder: Folder for the files that the processes share.
      core: Core that it runs on; None for any.
    """

    def __init__(self, case: Case, seed: int, kind: str, folder: Path, core: int | None = None) -> None:
        environment = {**os.environ, **worker_environment(), "XDG_CACHE_HOME": str(folder)}
        given = json.dumps([*case, seed, kind, str(folder)])
        self._process = subprocess.Popen(
            [sys.executable, __file__, "--child", given],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        if core is not None:
            os.sched_setaffinity(self._process.pid, {core})
        self.kind = kind
        self.loss = self.receive()["loss"]

    def start_epoch(self) -> None:
        """Tells the process to train one epoch."""
        assert self._process.stdin
        self._process.stdin.write("\n")
        self._process.stdin.flush()

    def receive(self) -> dict[str, float]:
        """Waits for the next result of the process."""
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the process of {self.kind} ended")
        answer: dict[str, float] = json.loads(line)
        return answer

    def close(self) -> float:
        """Ends the process and returns its peak memory in GB."""
        assert self._process.stdin
        self._process.stdin.close()
        memory = self.receive()["memory"]
        self._process.wait()
        return memory


def run_child(given: list[Any]) -> None:
    """Runs in the child's process: trains one epoch for each line of standard input."""
    *case_given, seed, kind, folder = given
    case = Case(*case_given)
    shared = Path(folder) / f"{case}-{seed}.npz".replace("/", "-")
    words = kind.split()
    precision = "bfloat16" if "bfloat16" in words else "float32"
    if words[0] == OURS:
        epoch = nasctl_child(case, seed, shared, precision)
    else:
        from torch_child import TorchChild

        with np.load(shared) as arrays:
            values = json.loads(str(arrays["values"]))
            weights = [arrays[f"weight{number}"] for number in range(int(arrays["weights"]))]
            child = TorchChild(
                values,
                weights,
                arrays["images"],
                arrays["labels"],
                arrays["order"],
                layout=next(layout for layout in LAYOUTS if layout in words),
                compiled="compiled" in words,
                device="cuda" if "cuda" in words else "cpu",
                bfloat16=precision == "bfloat16",
            )
        epoch = child.epoch
    print(json.dumps({"loss": epoch()[0]}), flush=True)
    for _ in sys.stdin:
        print(json.dumps({"seconds": epoch()[1]}), flush=True)
    print(json.dumps({"memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20}), flush=True)


def make_child(case: Case, seed: int) -> tuple[Any, Any, Any]:
    """Returns a space, the tokens of a random architecture and a task with random images."""
    from nasctl.datasets import Examples
    from nasctl.dialects import load_space, parse_space
    from nasctl.space import sample_uniform
    from nasctl.tasks import Classes, ImageInput, SupervisedTask

    source = load_space(case.space).source.replace("layers 6", f"layers {case.layers}")
    space = parse_space(source, name="cnn")
    random = np.random.default_rng(seed)
    shape = (case.size, case.size, 1 if case.size == 8 else 3)

    def examples(count: int) -> Examples:
        images = random.integers(0, 256, (count, *shape), np.uint8)
        return Examples(images, random.integers(0, 10, count).astype(np.int32))

    splits = {
        "train": examples(case.batch * case.steps),
        "validation": examples(case.batch),
        "test": examples(case.batch),
    }
    read = ImageInput(shape, mean=(127.5,) * shape[2], deviation=(74.0,) * shape[2])
    task = SupervisedTask("noise", read, Classes(10), splits, class_names=tuple("0123456789"))
    return space, sample_uniform(space, random), task


def nasctl_child(case: Case, seed: int, shared: Path, precision: str) -> Any:
    """Prepares a child as a search does, and saves what PyTorch needs to train the same network."""
    import jax

    from nasctl.config import TrainingConfig
    from nasctl.training import prepare

    configure_process()
    space, tokens, task = make_child(case, seed)
    architecture = space.decode(tokens)
    config = TrainingConfig(learning_rate=0.05, batch=case.batch, precision=precision)
    child = prepare(architecture, task, config, seed=seed)
    plan = child.draw(jax.random.key(seed))
    state = [child.weights, child.optimiser_state]
    nodes = child.weights.parameters["nodes"]
    weights = [
        array
        for number in range(1, case.layers + 1)
        for array in (
            nodes[f"layer{number}.conv"]["kernel"],
            nodes[f"layer{number}.batch_norm"]["scale"],
            nodes[f"layer{number}.batch_norm"]["bias"],
        )
    ]
    weights += [nodes["output"]["kernel"], nodes["output"]["bias"]]
    np.savez(
        shared,
        values=json.dumps(dict(architecture.values)),
        weights=len(weights),
        images=np.asarray(task.inputs(task.splits["train"].inputs)),
        labels=task.splits["train"].labels,
        order=np.asarray(plan.positions),
        **{f"weight{number}": np.asarray(array) for number, array in enumerate(weights)},
    )
    rates = np.full(child.steps, 0.05, np.float32)
    clock = time.process_time if jax.default_backend() == "cpu" else time.perf_counter

    def epoch() -> tuple[float, float]:
        started = clock()
        (weights, momentum), loss = child.program(*state, child.evaluation.examples.data, plan, rates)
        value = float(loss)
        seconds = clock() - started
        state[:] = [weights, momentum]
        return value, seconds / child.steps

    return epoch


def measure(
    case: Case, seed: int, kinds: list[str], rounds: int, cores: Sequence[int | None]
) -> dict[str, dict[str, float]]:
    """Times one network in each kind of training.

    Args:
      case: Kind of network.
      seed: Seed of the random network.
      kinds: Kinds of training, as `Child` takes them.
      rounds: Epochs that are timed.
      cores: Cores to train on; `[None]` to run anywhere, as on a GPU.

    Returns:
      For each kind: `alone` and `together` (milliseconds per step, on one core and with a copy on every core),
      `loss` (of the first epoch) and `memory` (GB).
    """
    with tempfile.TemporaryDirectory() as folder:
        groups = {kind: [Child(case, seed, kind, Path(folder), core) for core in cores] for kind in kinds}
        alone: dict[str, list[float]] = {kind: [] for kind in kinds}
        together: dict[str, list[float]] = {kind: [] for kind in kinds}
        for _ in range(rounds):
            for kind, children in groups.items():
                children[0].start_epoch()
                alone[kind].append(1e3 * children[0].receive()["seconds"])
        for _ in range(rounds if len(cores) > 1 else 0):
            for kind, children in groups.items():
                for child in children:
                    child.start_epoch()
                together[kind].append(1e3 * statistics.mean(child.receive()["seconds"] for child in children))
        return {
            kind: {
                "alone": statistics.median(alone[kind]),
                "together": statistics.median(together[kind] or alone[kind]),
                "loss": children[0].loss,
                "memory": max([child.close() for child in children]),
            }
            for kind, children in groups.items()
        }


def ratios(found: dict[str, dict[str, float]]) -> dict[str, float]:
    """Returns PyTorch's shortest time over nasctl's, and nasctl's memory over PyTorch's smallest."""
    ours, theirs = found[OURS], [figures for kind, figures in found.items() if kind != OURS]
    return {
        "alone": min(figures["alone"] for figures in theirs) / ours["alone"],
        "together": min(figures["together"] for figures in theirs) / ours["together"],
        "memory": ours["memory"] / min(figures["memory"] for figures in theirs),
        "loss": max(abs(figures["loss"] - ours["loss"]) / ours["loss"] for figures in theirs),
    }


STARTS = ("decode", "first", "again", "trace")


def start(case: Case, seed: int) -> dict[str, float]:
    """Measures the seconds from a token string to the first training step in this process.

    Returns:
      `decode`, the decoding of the string; `first`, the preparation of the process's first child; `again`, the
      preparation of the same child once more; `trace`, tracing and lowering its training program without a cache.
    """
    import jax

    from nasctl.config import TrainingConfig
    from nasctl.training import prepare
    from nasctl.training.compilation import programs_for
    from nasctl.training.optimiser import initial_optimiser_state
    from nasctl.training.whole_set import put_on_device

    configure_process()
    space, tokens, task = make_child(case, seed)
    times = [time.perf_counter()]
    architecture = space.decode(tokens)
    _ = architecture.graph
    times.append(time.perf_counter())
    config = TrainingConfig()
    for _ in range(2):
        prepared = prepare(architecture, task, config, seed=0)
        times.append(time.perf_counter())
    programs, weights = programs_for(architecture.build(task.signature), task, config)
    momentum = initial_optimiser_state(weights.parameters, config)
    plan, data = prepared.draw(jax.random.key(0)), put_on_device(task)
    before = time.perf_counter()
    jax.jit(programs.train, donate_argnums=1).lower(
        weights, momentum, data, plan, np.zeros(prepared.steps, np.float32)
    )
    seconds = [*np.diff(times), time.perf_counter() - before]
    return dict(zip(STARTS, map(float, seconds), strict=True))


def starts(case: Case, seed: int) -> dict[str, float]:
    """Runs `start` in a process with an empty cache, then in a second one that finds the first one's programs."""
    found = []
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, **worker_environment(), "XDG_CACHE_HOME": folder}
        for _ in range(2):
            command = [sys.executable, __file__, "--start", json.dumps([*case, seed])]
            printed = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True)
            found.append(json.loads(printed.stdout))
    new, seen = found
    return {
        "decode": new["decode"],
        "trace": new["trace"],
        "empty cache": new["first"],
        "full cache": seen["first"],
        "again": seen["again"],
    }


def main() -> None:
    """Prints a line for each network, a summary for each case, and how soon a child starts."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--networks", type=int, default=5, help="networks per case")
    parser.add_argument("--rounds", type=int, default=5, help="epochs that are timed")
    parser.add_argument("--quick", action="store_true", help="one network a case, two rounds, no strides")
    parser.add_argument(
        "--compiled", action="store_true", help="also measure torch.compile, which takes long"
    )
    parser.add_argument("--case", type=int, choices=range(len(CASES)), help="only one case")
    parser.add_argument("--json", type=Path, help="write the figures to a file")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    parser.add_argument("--start", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        run_child(json.loads(given.child))
        return
    if given.start:
        *case_given, seed = json.loads(given.start)
        print(json.dumps(start(Case(*case_given), seed)))
        return
    if given.quick:
        given.networks, given.rounds = 1, 2
    cases = CASES[:4] if given.quick else CASES
    if given.case is not None:
        cases = [CASES[given.case]]
    kinds = [OURS, *LAYOUTS, *(["compiled contiguous"] if given.compiled else [])]
    cores = sorted(os.sched_getaffinity(0))
    rows: list[dict[str, Any]] = []
    print(
        f"ms per step: {', '.join(kinds)}; then PyTorch's shortest time over nasctl's, alone and on {len(cores)} cores"
    )
    for case in cases:
        compared = []
        for seed in range(given.networks):
            found = measure(case, seed, kinds, given.rounds, cores)
            ratio = ratios(found)
            compared.append(ratio)
            rows.append({"case": str(case), "network": seed, "figures": found, "ratios": ratio})
            times = "".join(f"{found[kind]['alone']:>9.1f}" for kind in kinds)
            print(
                f"{case!s:<32} {seed}{times}   {ratio['alone']:.2f}  {ratio['together']:.2f}   memory "
                f"{found[OURS]['memory']:.2f} GB, ×{ratio['memory']:.2f}   loss {ratio['loss']:.0e}",
                flush=True,
            )
        for name in ("alone", "together", "memory"):
            values = [ratio[name] for ratio in compared]
            print(
                f"    {name}: mean {statistics.mean(values):.2f}, {min(values):.2f} to {max(values):.2f}",
                flush=True,
            )
    started = []
    print(
        "seconds from a token string to the first step: decode, trace; in all with empty caches, full caches, again"
    )
    for case in CASES[:2]:
        for seed in range(min(3, given.networks)):
            figures = starts(case, seed)
            started.append({"case": str(case), "network": seed, **figures})
            shown = "".join(f"{seconds:>9.3f}" for seconds in figures.values())
            print(f"{case!s:<32} {seed}{shown}", flush=True)
    if given.json:
        given.json.write_text(json.dumps({"children": rows, "starts": started}, indent=1) + "\n")


if __name__ == "__main__":
    main()
