"""Writes `files.tar.xz`: runs, checkpoints and architecture files of the nasctl that is installed.

Later versions must open and resume them. The archive in the repository was written by commit e7583bc, before the
format of anything changed. To add files of a newer version, check that version out and run from its root:

    PYTHONPATH=. JAX_PLATFORMS=cpu python tests/old_files/write_files.py files.tar.xz

The archive holds `expected.json` too: what that version prints about each run, and the trials that each run has
after it was resumed.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tarfile
import tempfile
import time
from pathlib import Path
from typing import Any

import nasctl
from nasctl import Signature

SPACES = Path(nasctl.__file__).parent.parent / "spaces"

ROOT = "/ROOT"
"""What stands in the archive for the folder that it was written in."""

TEXT_SPACE = """\
space rnn
input text
cell tree {
  base 2
  combine in {add, elem_mult}
  activation in {tanh, sigmoid}
  inject { combine in {add} activation in {tanh} }
}
stack 1
share embedding
hidden for 400 params
output language_model
training { epochs 2 batch 4 optimiser adam learning_rate 0.01 weight_decay 0 clip 1 }
"""

SCORE = '''\
"""The evaluator of the runs of plain choices. It ends the process where the environment asks for it."""

import os
import signal

calls = 0


def score(architecture):
    global calls
    calls += 1
    if calls == int(os.environ.get("KILL_AT_CALL", 0)):
        os.kill(os.getpid(), signal.SIGKILL)
    shares = [(3 * token + position) % 5 / 5 for position, token in enumerate(architecture.tokens)]
    return {"reward": sum(shares) / len(shares), "tanh": list(architecture.values.values()).count("tanh")}
'''

CONTROLLERS = {
    "reinforce": ["--set", "controller.hidden=6"],
    "policy": ["--set", "controller.hidden=4", "--set", "controller.reward_model=false"],
    "paper": ["--set", "controller.preset=paper", "--set", "controller.hidden=4"],
    "local": ["--controller", "local"],
    "evolution": ["--controller", "evolution", "--set", "controller.batch=2"],
    "random": ["--controller", "random"],
}

DATA = {"cnn": ("digits", Signature((8, 8, 1), 10)), "rnn": ("manual", Signature((35,), 1000))}


def nasctl_(*arguments: str, cwd: Path, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "nasctl", *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
    )
    killed = "KILL_AT_CALL" in environment
    if done.returncode != (-signal.SIGKILL if killed else 0):
        raise SystemExit(f"{arguments} ended with {done.returncode}:\n{done.stderr}")
    return done.stdout


def write_sources(root: Path) -> None:
    (root / "old_score.py").write_text(SCORE)
    for name in ("tiny", "choices"):
        shutil.copy(SPACES / f"{name}.nas", root)
    (root / "text.nas").write_text(TEXT_SPACE)
    draws = random.Random(0)
    (root / "letters").mkdir()
    for split, count in (("train", 400), ("valid", 80), ("test", 80)):
        words = draws.choices("abcdef", [10, 4, 2, 2, 1, 1], k=count)
        lines = [" ".join(words[start : start + 8]) for start in range(0, count, 8)]
        (root / "letters" / f"{split}.txt").write_text("\n".join(lines) + "\n")


def write_runs(root: Path) -> None:
    one_epoch = ["--set", "training.epochs=1"]
    small = ["--set", "controller.hidden=6"]
    search = ["search", "tiny.nas", *one_epoch, *small, "--executor", "inline"]
    nasctl_(*search, "--trials", "3", "--seed", "4", "--out", "runs/tiny", cwd=root)
    nasctl_("train", "runs/tiny", "--epochs", "1", cwd=root)
    kill_while_training(
        [*search, "--trials", "6", "--seed", "1", "--out", "runs/killed"], root / "runs/killed", 2
    )
    text = ["search", "text.nas", "--dataset", "letters", "--controller", "evolution", "--executor", "inline"]
    nasctl_(*text, "--trials", "3", "--out", "runs/text", cwd=root)
    for name, options in CONTROLLERS.items():
        choices = ["search", "choices.nas", "--evaluator", "old_score:score", *options]
        nasctl_(*choices, "--trials", "9", "--seed", "2", "--out", f"runs/{name}", cwd=root)
    choices = ["search", "choices.nas", "--evaluator", "old_score:score", "--controller", "local"]
    choices += ["--executor", "inline"]
    nasctl_(*choices, "--trials", "9", "--out", "runs/killed_function", cwd=root, KILL_AT_CALL="5")


def kill_while_training(command: list[str], run: Path, trials: int) -> None:
    """Kills a search, as the kernel does when memory runs out, once it has recorded some trials."""
    with subprocess.Popen(
        [sys.executable, "-m", "nasctl", *command],
        cwd=run.parent.parent,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        while recorded(run) < trials:
            time.sleep(0.01)
        process.kill()
    assert recorded(run) == trials, "the search was too fast"


def recorded(run: Path) -> int:
    try:
        with sqlite3.connect(f"file:{run / 'trials.sqlite'}?mode=ro", uri=True) as store:
            return int(store.execute("SELECT count(*) FROM trials").fetchone()[0])
    except sqlite3.Error:
        return 0


def write_architectures(root: Path) -> dict[str, Any]:
    """Writes an `arch.json` of each space that comes with nasctl, and returns the values in it."""
    (root / "architectures").mkdir()
    for file in sorted(SPACES.glob("*.nas")):
        space = nasctl.load_space(file)
        draws = [
            json.loads(line)
            for line in nasctl_("sample", str(file), "-n", "1", "--json", cwd=root).splitlines()
        ]
        architecture = space.decode(draws[0]["tokens"])
        space_of = root / "architectures" / f"{file.stem}.json"
        architecture.save(space_of, origin={"seed": 0})
    hashes = {}
    for file in sorted((root / "architectures").iterdir()):
        architecture = nasctl.Architecture.load(file)
        if architecture.space.dialect != "choices":
            signature = DATA["rnn" if architecture.space.dialect == "rnn" else "cnn"][1]
            hashes[file.stem] = {
                "hash": architecture.hash(signature),
                "params": architecture.cost(signature).params,
                "input_shape": signature.input_shape,
                "outputs": signature.outputs,
            }
    return hashes


def observe(root: Path) -> dict[str, Any]:
    """What this version prints about each run, and the trials of the run after two more."""
    expected = {}
    for run in sorted((root / "runs").iterdir()):
        name = f"runs/{run.name}"
        before = root / "before"
        shutil.copytree(run, before)
        trials = lines(nasctl_("trials", name, "--json", cwd=root))
        status = json.loads(nasctl_("status", name, "--json", cwd=root))
        wanted = 6 if run.name == "killed" else 9 if run.name == "killed_function" else len(trials) + 2
        metadata = json.loads((run / "run.json").read_text())
        evaluator = [] if metadata["evaluator"] is None else ["--evaluator", metadata["evaluator"]]
        search = ["search", f"{metadata['space']}.nas", "--resume", "--out", name, "--trials", str(wanted)]
        nasctl_(*search, *evaluator, cwd=root)
        expected[run.name] = {
            "trials": trials,
            "status": status,
            "resumed": lines(nasctl_("trials", name, "--json", cwd=root)),
        }
        shutil.rmtree(run)
        before.rename(run)
    return expected


def replace_in_documents(root: Path, old: str, new: str) -> None:
    """Replaces a text in all JSON files, which name a data set of one's own by its absolute path."""
    for file in root.rglob("*.json"):
        text = file.read_text(encoding="utf-8")
        if old in text:
            file.write_text(text.replace(old, new), encoding="utf-8")


def lines(text: str) -> list[Any]:
    return [json.loads(line) for line in text.splitlines()]


def main() -> None:
    archive = Path(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "old"
        root.mkdir()
        write_sources(root)
        write_runs(root)
        expected = {"architectures": write_architectures(root), "runs": observe(root)}
        (root / "expected.json").write_text(json.dumps(expected, indent=1))
        shutil.rmtree(root / "__pycache__", ignore_errors=True)
        replace_in_documents(root, str(root), ROOT)
        with tarfile.open(archive, "w:xz", preset=9) as tar:
            tar.add(root, "old")
    print(archive, archive.stat().st_size)


if __name__ == "__main__":
    main()
