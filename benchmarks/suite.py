"""All measurements of this machine, one after the other: a table each, and their figures as JSON.

    python benchmarks/suite.py --out results
    python benchmarks/suite.py --out results --quick
    python benchmarks/suite.py --out results --only loop workers

Nothing else should run meanwhile. In full it takes hours, with `--quick` a quarter of an hour. Optuna and PyTorch are
needed beside nasctl: `pip install nasctl[benchmark]`. What a part measures and how is said in its file.
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
    """A benchmark.

    Attributes:
      says: What it measures.
      script: Its file.
      options: What it is given.
      quick: What it is given where time is short.
    """

    says: str
    script: str
    options: str = ""
    quick: str = ""


PARTS = {
    "children": Part(
        "child networks against PyTorch, alone and one a core; memory; how soon a child starts",
        "children.py",
        quick="--quick",
    ),
    "convolutions": Part(
        "the forms of a convolution, and the rule between them",
        "convolution_forms.py",
        quick="--rounds 2 --every 7",
    ),
    "recurrent": Part(
        "recurrent cells against PyTorch's LSTM and a loop over the cell",
        "recurrent.py",
        quick="--cells 1 --rounds 3 --cases 20x64",
    ),
    "accelerator": Part(
        "children on a GPU, where there is one: images a second, part of its matrix rate, cells at once",
        "accelerator.py",
        quick="--networks 1 --rounds 3 --groups 1 32",
    ),
    "loop": Part(
        "what a trial costs beside its child, against Optuna, as trials grow",
        "loop.py",
        "--at 100 1000 10000 --rounds 1",
        "--at 100 1000 --rounds 1",
    ),
    "workers": Part("children an hour with more workers", "workers.py", quick="--trials 6 --rounds 1"),
    "end_to_end": Part(
        "a whole search against a script of Optuna and PyTorch", "end_to_end.py", quick="--children 10"
    ),
}


def machine() -> dict[str, object]:
    """What the figures are from."""
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
    """Runs a part, its output on the screen and in a file; its exit code."""
    part = PARTS[name]
    options = (part.quick if quick else part.options).split()
    command = [sys.executable, str(Path(__file__).with_name(part.script)), *options]
    command += ["--json", str(out / f"{name}.json")]
    print(f"\n{name}: {part.says}", flush=True)
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
    """Runs what is asked for; the exit code is 1 if a part failed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, required=True, help="folder for tables and figures")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS))
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
