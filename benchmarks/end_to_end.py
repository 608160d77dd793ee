"""Measures a whole search, from the shell to the best network: nasctl against a script of Optuna and PyTorch.
    python benchmarks/end_to_end.py
    python benchmarks/end_to_end.py --children 50 --epochs 5 --seeds 0 1 --json end_to_end.json

Both search the same space (`spaces/cnn.nas`) on the same digits and split, with the same number of children, epochs and
kind of training. Both start with nothing cached, train one child on each core, and store their trials in SQLite. The
figure is the wall time from the start of the first process to the end of the last. nasctl is run as `nasctl search` and
`nasctl eval`; the other is `torch_search.py`, with its storage in shared memory if the system has some. Both choose
their best network by validation accuracy. The test split has 360 digits: one digit is 0.28 %.

Optuna and PyTorch are required: `pip install '.[benchmark]'`.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from command import nasctl

SHARED_MEMORY = Path("/dev/shm")


def with_nasctl(children: int, epochs: int, seed: int) -> dict[str, float]:
    """Returns the minutes of a search by nasctl, and the accuracies of its best network."""
    with tempfile.TemporaryDirectory() as folder:
        run = str(Path(folder) / "run")
        options = ["--trials", str(children), "--seed", str(seed), "--out", run]
        options += ["--set", f"training.epochs={epochs}"]
        started = time.perf_counter()
        nasctl("search", "spaces/cnn.nas", *options, cache=folder)
        seconds = time.perf_counter() - started
        answers = [
            json.loads(nasctl("eval", "--checkpoint", run, "--split", split, "--json", cache=folder))
            for split in ("validation", "test")
        ]
    validation, test = (answer["accuracy"] for answer in answers)
    return {"minutes": seconds / 60, "validation": validation, "test": test}


def with_script(children: int, epochs: int, seed: int) -> dict[str, float]:
    """Returns the minutes of a search by the script, and the accuracies of its best network."""
    import optuna

    memory = SHARED_MEMORY if SHARED_MEMORY.is_dir() else None
    with tempfile.TemporaryDirectory(dir=memory) as folder:
        data, storage = Path(folder) / "data.npz", f"sqlite:///{folder}/study.db"
        write_data(data)
        script = [sys.executable, str(Path(__file__).with_name("torch_search.py"))]
        given = [str(data), storage, str(children), str(epochs), str(seed)]
        started = time.perf_counter()
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        study = optuna.create_study(study_name="cnn", storage=storage, direction="maximize")
        processes = [subprocess.Popen([*script, *given]) for _ in os.sched_getaffinity(0)]
        if any(process.wait() for process in processes):
            raise RuntimeError("the script failed")
        seconds = time.perf_counter() - started
        complete = study.get_trials(states=[optuna.trial.TrialState.COMPLETE])
        best = max(complete, key=lambda trial: trial.value)
        return {
            "minutes": seconds / 60 * children / len(complete),
            "validation": best.value,
            "test": best.user_attrs["test"],
        }


def write_data(path: Path) -> None:
    """Writes the digits, split and normalised by nasctl, to a file."""
    from nasctl.tasks.factory import make_task

    task = make_task("digits")
    arrays = {}
    for name, examples in task.splits.items():
        arrays[f"{name}_images"] = np.asarray(task.inputs(examples.inputs))
        arrays[f"{name}_labels"] = examples.labels
    np.savez(path, **arrays)


SEARCHES = {"nasctl": with_nasctl, "Optuna and PyTorch": with_script}


def main() -> None:
    """Prints a line for each search, and the script's time over nasctl's."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--children", type=int, default=50)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    given = parser.parse_args()
    rows = []
    print(f"{given.children} children of {given.epochs} epochs".ljust(32) + "minutes   validation   test")
    for seed in given.seeds:
        found = {}
        for name, search in SEARCHES.items():
            found[name] = search(given.children, given.epochs, seed)
            minutes, validation, test = found[name].values()
            label = f"seed {seed}, {name}"
            print(f"{label:<32}{minutes:>7.2f}{validation:>13.4f}{test:>7.4f}", flush=True)
        theirs, ours = (found[name]["minutes"] for name in reversed(SEARCHES))
        print(f"    the script takes {theirs / ours:.2f} times as long", flush=True)
        rows.append({"seed": seed, **found})
    if given.json:
        given.json.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
