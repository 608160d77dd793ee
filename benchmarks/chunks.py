"""Trains a child on a data set that does not fit into memory, and the same child on a part that does.
    python benchmarks/chunks.py
    python benchmarks/chunks.py --gigabytes 8 --memory 4 --folder /data/large

Two processes train in turn, an epoch of the part and an epoch of the whole set, so that other work on the machine slows
both alike. One may use `--memory` GB, of which the part takes less than half. The other may use the same memory, which
the whole set does not fit into. The images are random bytes, 64x64 in three colours, in `.npy` files.

Columns: `examples a second` counts training and validation examples, over all rounds; `anonymous` is the largest memory
of the process that the system cannot take back (`RssAnon` in `/proc/PID/status`, sampled while it trains); `with files`
also counts pages of the memory map that were in memory (`VmHWM`), which the system takes back when it needs them.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import numpy as np

SIZE = 64
BYTES = SIZE * SIZE * 3
CLASSES = 10
TEST = 100
SPACE = """
space cnn
input image
layers 2
layer { conv { height in {3} width in {3} filters in {16} stride (height 4, width 4) } batch_norm relu }
output classifier
"""
"""A network of two strided layers, which needs little time for an example: it leaves reading the least time."""


def write(folder: Path, examples: int) -> None:
    """Writes a set of random images, unless the folder has one of this size."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, count in (("train", examples), ("test", TEST)):
        file = folder / f"x_{name}.npy"
        if file.exists() and len(np.load(file, mmap_mode="r")) == count:
            continue
        random = np.random.default_rng(count)
        images = np.lib.format.open_memmap(file, "w+", np.uint8, (count, SIZE, SIZE, 3))
        for start in range(0, count, 1000):
            part = images[start : start + 1000]
            part[:] = np.frombuffer(random.bytes(part.size), np.uint8).reshape(part.shape)
        images.flush()
        np.save(folder / f"y_{name}.npy", random.permutation(np.arange(count) % CLASSES).astype(np.int32))


def train(folder: Path, memory: int, epochs: int) -> None:
    """Trains a child in this process. After each epoch it prints its seconds, and waits for a line."""
    from nasctl.config import TrainingConfig
    from nasctl.dialects import parse_space
    from nasctl.process import configure_process
    from nasctl.tasks import make_task
    from nasctl.training import prepare
    from nasctl.training.chunks import ChunkedSet

    configure_process()
    task = make_task(str(folder))
    space = parse_space(SPACE, name="strided")
    child = prepare(
        space.decode((0,) * len(space.decisions)), task, TrainingConfig(epochs=epochs), seed=0, memory=memory
    )
    used, ended = [0], threading.Event()
    watch = threading.Thread(target=lambda: watch_memory(used, ended), daemon=True)
    watch.start()
    source = child.evaluation.examples
    examples = sum(len(task.splits[split]) for split in ("train", "validation"))
    print(json.dumps([examples, source.layout.count if isinstance(source, ChunkedSet) else 0]), flush=True)
    sys.stdin.readline()

    def report(epoch: object) -> None:
        seconds = epoch["seconds"]  # type: ignore[index]
        print(json.dumps([seconds, max(used), status("VmHWM"), status("VmRSS")]), flush=True)
        sys.stdin.readline()

    child.run(report)
    ended.set()


def watch_memory(used: list[int], ended: threading.Event) -> None:
    """Keeps the largest anonymous memory of this process."""
    while not ended.wait(0.02):
        used[0] = max(used[0], status("RssAnon"))


def status(name: str) -> int:
    """A number of bytes from `/proc/self/status`."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{name}:"))


class Process:
    """A process that trains an epoch when it is told to.

    Args:
      folder: The data set.
      memory: Bytes of memory that it may use.
      epochs: How many epochs it trains.
    """

    def __init__(self, folder: Path, memory: int, epochs: int) -> None:
        command = [sys.executable, __file__, "--child", json.dumps([str(folder), memory, epochs])]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=dict(os.environ)
        )
        self.examples, self.chunks = self._answer()
        self.seconds: list[float] = []
        self.anonymous = self.with_files = 0

    def epoch(self) -> None:
        """Trains an epoch."""
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        seconds, self.anonymous, self.with_files, _ = self._answer()
        self.seconds.append(seconds)

    def end(self) -> None:
        """Waits for the process."""
        self._process.communicate("\n")

    def _answer(self) -> list[float]:
        assert self._process.stdout is not None
        answer: list[float] = json.loads(self._process.stdout.readline())
        return answer


def main() -> None:
    """Prints a line for each of the two processes, and the ratio of their throughputs."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--gigabytes", type=float, default=1.0, help="size of the whole set")
    parser.add_argument("--memory", type=float, default=0.5, help="GB of memory that a process may use")
    parser.add_argument("--rounds", type=int, default=3, help="epochs of the whole set")
    parser.add_argument(
        "--folder", type=Path, help="where the sets are written; a temporary folder by default"
    )
    parser.add_argument("--child", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        folder, memory, epochs = json.loads(options.child)
        train(Path(folder), memory, epochs)
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        sizes = {"part": 0.4 * options.memory, "whole set": options.gigabytes}
        for name, gigabytes in sizes.items():
            write(folder / name, int(gigabytes * 1e9 / BYTES))
        ratio = max(1, round(sizes["whole set"] / sizes["part"]))
        memory = int(options.memory * 1e9)
        processes = {
            name: Process(folder / name, memory, 1 + options.rounds * (ratio if name == "part" else 1))
            for name in sizes
        }
        for process in processes.values():
            process.epoch()  # the first warms the processor, the compiled programs and the page cache
            process.seconds.clear()
        for _ in range(options.rounds):
            for _ in range(ratio):
                processes["part"].epoch()
            processes["whole set"].epoch()
        print(f"{'':12}{'GB':>6}{'chunks':>8}{'examples a second':>20}{'anonymous':>12}{'with files':>12}")
        speeds = {}
        for name, process in processes.items():
            process.end()
            speeds[name] = process.examples * len(process.seconds) / sum(process.seconds)
            print(
                f"{name:12}{sizes[name]:6.2f}{process.chunks:8.0f}{speeds[name]:20,.0f}"
                f"{process.anonymous / 1e9:9.2f} GB{process.with_files / 1e9:9.2f} GB"
            )
        print(f"throughput of the whole set: {speeds['whole set'] / speeds['part']:.3f} of that of the part")


if __name__ == "__main__":
    main()
