"""Runs every benchmark, one after the other, and writes a table and a JSON file for each.
    python benchmarks/suite.py --out results
    python benchmarks/suite.py --out results --quick
    python benchmarks/suite.py --out results --only loop workers

Run it on an otherwise idle machine. It takes hours in full and a quarter of an hour with `--quick`. It needs Optuna and
PyTorch: `pip install '.[benchmark]'`. The docstring of each script says what it measures and how.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import platform
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple


class Part(NamedTuple):
    """One benchmark script and its options.

    Attributes:
      description: What it measures.
      script: Its file name.
      options: Command-line options of the full run.
      quick: Command-line options of the quick run.
    """

    description: str
    script: str
    options: str = ""
    quick: str = ""


PARTS = {
    "children": Part(
        "child networks against PyTorch: training step, memory, time to the first step",
        "children.py",
        quick="--quick",
    ),
    "convolutions": Part(
        "the ways to compute a convolution, and the rule that chooses one",
        "convolution_forms.py",
        quick="--rounds 2 --every 7",
    ),
    "recurrent": Part(
        "recurrent cells against PyTorch's LSTM and a loop over the cell",
        "recurrent.py",
        quick="--cells 1 --rounds 3 --cases 20x64",
    ),
    "accelerator": Part(
        "child networks on a GPU: images per second, share of the matrix rate, cells at once",
        "accelerator.py",
        quick="--networks 1 --rounds 3 --groups 1 32",
    ),
    "loop": Part(
        "the overhead of a trial against Optuna's, as the number of trials grows",
        "loop.py",
        "--at 100 1000 10000 --rounds 1",
        "--at 100 1000 --rounds 1",
    ),
    "chunks": Part(
        "a data set that does not fit into memory against a part of it that does",
        "chunks.py",
        "--gigabytes 8 --memory 4",
        "--gigabytes 0.2 --memory 0.1 --rounds 1",
    ),
    "workers": Part("children per hour by number of workers", "workers.py", quick="--trials 6 --rounds 1"),
    "end_to_end": Part(
        "a whole search against a script of Optuna and PyTorch", "end_to_end.py", quick="--children 10"
    ),
}


def machine() -> dict[str, object]:
    """Returns the processor, the number of cores and the versions that the figures are from."""
    packages = ("nasctl", "jax", "jaxlib", "flax", "numpy", "torch", "optuna")
    installed = {name: _version(name) for name in packages}
    return {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)),
        "python": platform.python_version(),
        **installed,
    }


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _processor() -> str:
    path = Path("/proc/cpuinfo")
    lines = path.read_text().splitlines() if path.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def run(name: str, out: Path, *, quick: bool) -> int:
    """Runs one benchmark, copies its output to a file, and returns its exit code."""
    part = PARTS[name]
    options = (part.quick if quick else part.options).split()
    command = [sys.executable, str(Path(__file__).with_name(part.script)), *options]
    command += ["--json", str(out / f"{name}.json")]
    print(f"\n{name}: {part.description}", flush=True)
    started = time.perf_counter()
    with (out / f"{name}.txt").open("w", encoding="utf-8") as table:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert process.stdout
        for line in process.stdout:
            print(line, end="", flush=True)
            table.write(line)
        code = process.wait()
    print(f"({(time.perf_counter() - started) / 60:.1f} min)" if code == 0 else f"failed, exit code {code}")
    return code


def main() -> None:
    """Runs the benchmarks that were asked for; exits with 1 if one of them failed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, required=True, help="folder for the tables and JSON files")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS), help="run only these")
    parser.add_argument("--quick", action="store_true", help="fewer networks, rounds and trials")
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    (given.out / "machine.json").write_text(json.dumps(machine(), indent=1) + "\n", encoding="utf-8")
    print(", ".join(f"{name} {value}" for name, value in machine().items()))
    failed = [name for name in given.only if run(name, given.out, quick=given.quick)]
    if failed:
        sys.exit(f"failed: {', '.join(failed)}")


if __name__ == "__main__":
    main()
