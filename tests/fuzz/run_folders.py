"""Run folders: run.json, trials.sqlite (its bytes and its rows), and saved states of the controller."""

from __future__ import annotations

import contextlib
import json
import shutil
import sqlite3
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from commands import run_command
from mutation import foreign_text, mutate_bytes, mutate_json, mutate_text, odd_value
from running import Kind
from valid_files import old_files

from nasctl.errors import NasctlError
from nasctl.store import RunFolder

Change = tuple[str, Any]
"""What is changed in a run: the path of a file below its folder with its new content (None to delete it), or an SQL
statement with its parameters."""


def make_run_json(random: Random) -> list[Change]:
    document = json.loads((run_template("random") / "run.json").read_text(encoding="utf-8"))
    content = json.dumps(mutate_json(random, document)).encode("utf-8", errors="surrogatepass")
    if random.random() < 0.15:
        content = mutate_bytes(random, content)
    changes: list[Change] = [("run.json", content)]
    if random.random() < 0.1:
        changes.append(("space.nas", random.choice((None, mutate_bytes(random, _SPACE)))))
    return changes


def make_rows(random: Random) -> list[Change]:
    return [_statement(random) for _ in range(random.choice((1, 1, 1, 2, 5)))]


def make_database(random: Random) -> list[Change]:
    content = (run_template("random") / "trials.sqlite").read_bytes()
    changes: list[Change] = [("trials.sqlite", mutate_bytes(random, content, [content]))]
    if random.random() < 0.1:
        changes.append(
            (
                f"trials.sqlite-{random.choice(('wal', 'shm', 'journal'))}",
                random.randbytes(random.choice((0, 32, 5000))),
            )
        )
    return changes


def make_controller(random: Random) -> list[Change]:
    name = random.choice(("local", "evolution"))
    states = run_template(name) / "controller"
    files = sorted(path.relative_to(states.parent).as_posix() for path in states.rglob("*") if path.is_file())
    changes: list[Change] = [("", name)]
    for _ in range(random.choice((1, 1, 2))):
        file = random.choice(files)
        content = (states.parent / file).read_bytes()
        changes.append((file, None if random.random() < 0.2 else mutate_bytes(random, content)))
    if random.random() < 0.1:
        changes.append(
            (f"controller/{random.choice(('0', '10', '99999999999', '7x', '９', 'tmp', '-1'))}/x", b"")
        )
    return changes


def attempt_readers(changes: list[Change], folder: Path) -> None:
    """Reads a run as `status` and `trials` do."""
    run = _changed("random", changes, folder)
    before = _contents(run)
    codes = [
        run_command("status", str(run), "--json")[0],
        run_command("status", str(run))[0],
        run_command("trials", str(run), "--json")[0],
        run_command("trials", str(run), "--top", "2")[0],
    ]
    assert _contents(run) == before, "reading changes the run"
    if any(codes):
        raise NasctlError("refused")


def attempt_resume(changes: list[Change], folder: Path) -> None:
    """Reads a run as `status` does, and resumes it for one more trial."""
    from nasctl.engine import resume

    name = "random"
    if changes[0][0] == "":
        (_, name), *changes = changes
    run = _changed(name, changes, folder)
    codes = [run_command("status", str(run), "--json")[0], run_command("trials", str(run), "--json")[0]]
    recorded = _recorded(run)
    try:
        resume(run, _score, budget={"trials": len(recorded) + 1} if recorded else None)
    except KeyboardInterrupt:
        pass
    finally:
        if name != "random":  # the trials are whole
            assert _recorded(run)[: len(recorded)] == recorded, "a recorded trial is lost"
    if any(codes):
        raise NasctlError("refused")


def import_engine() -> None:
    """Imports what resuming a run needs, so that its time is not that of an input."""
    import nasctl.controllers.guided
    import nasctl.engine
    import nasctl.store.controller_checkpoint  # noqa: F401


@cache
def compile_controller() -> None:
    """Compiles the network of the default controller, with which a run goes on whose run.json names none."""
    import_engine()
    document = json.loads((run_template("random") / "run.json").read_text(encoding="utf-8"))
    del document["config"]["controller"]
    with tempfile.TemporaryDirectory(prefix="nasctl-fuzz-") as folder:
        attempt_resume([("run.json", json.dumps(document).encode("utf-8"))], Path(folder))


@cache
def run_template(name: str) -> Path:
    """A run without its WAL, and with its database in one file."""
    run = old_files() / "runs" / name
    connection = sqlite3.connect(run / "trials.sqlite")
    connection.execute("PRAGMA journal_mode = DELETE")
    connection.close()
    for left in run.glob("trials.sqlite-*"):
        left.unlink()
    return run


_SPACE = b"space choices\n\na in {1, 2, 3}\nb in {x, y}\n"
_ATTEMPTS = 0


def _changed(name: str, changes: Sequence[Change], folder: Path) -> Path:
    run = folder / "run"
    shutil.rmtree(run, ignore_errors=True)
    shutil.copytree(run_template(name), run)
    for what, value in changes:
        if " " in what:
            connection = sqlite3.connect(run / "trials.sqlite", isolation_level=None)
            with contextlib.suppress(
                sqlite3.Error, OverflowError, UnicodeEncodeError
            ):  # the table refuses it
                connection.execute(what, value)
            connection.close()
            continue
        file = run / what
        if value is None:
            file.unlink(missing_ok=True)
        else:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(value)
    return run


def _score(architecture: object) -> float:
    global _ATTEMPTS
    _ATTEMPTS += 1
    if _ATTEMPTS % 3 == 0:
        raise KeyboardInterrupt
    return 0.5


def _recorded(run: Path) -> list[int]:
    try:
        store = RunFolder(run).trials(read_only=True)
    except NasctlError:
        return []
    try:
        return [trial.number for trial in store.trials()]
    except Exception:
        return []
    finally:
        store.close()


def _contents(run: Path) -> dict[str, bytes]:
    return {
        path.relative_to(run).as_posix(): path.read_bytes()
        for path in run.rglob("*")
        if path.is_file() and not path.name.endswith(("-shm", "-wal"))
    }


_TABLES = {
    "trials": (
        *(
            "number",
            "tokens",
            "status",
            "reward",
            "metrics",
            "architecture_hash",
            "seed",
            "seconds",
            "reused",
        ),
        *("rejected", "cause", "traceback", "recorded", "history", "arrival"),
    ),
    "open_trials": ("number", "tokens", "rejected", "started", "last_epoch"),
    "sessions": ("number", "process", "host", "workers", "started", "ended", "stopped"),
    "updates": ("trials_seen", "metrics"),
}
_JSON = {"tokens", "metrics", "history", "last_epoch"}


def _statement(random: Random) -> Change:
    table = random.choice(("trials", "trials", "trials", "open_trials", "sessions", "updates"))
    column = random.choice(_TABLES[table])
    key = "trials_seen" if table == "updates" else "number"
    match random.randrange(12):
        case 0:
            return f"DELETE FROM {table} WHERE {key} = ?", (random.randrange(9),)
        case 1:
            return f"DROP TABLE {table}", ()
        case 2:
            return f"PRAGMA user_version = {random.choice((0, 1, 2, 3, 4, 2**31 - 1, -1))}", ()
        case 3:
            return "INSERT INTO open_trials (number, tokens, rejected) VALUES (?, ?, 0)", (
                random.choice((0, 9, 10, 2**62)),
                json.dumps(odd_value(random)),
            )
    value: Any = random.choice(
        (
            odd_value(random, 0),
            foreign_text(random),
            random.choice((2**63 - 1, -1, 0, 1e308, float("inf"), 1e154, None)),
        )
    )
    if column in _JSON:
        value = json.dumps(odd_value(random))
        if random.random() < 0.3:
            value = mutate_text(
                random, random.choice(("[0, 1, 2, 0]", '{"accuracy": 0.5}', "[]", value)), [value]
            )
    elif isinstance(value, (list, dict)):
        value = json.dumps(value)
    where = "" if random.random() < 0.2 else f" WHERE {key} = {random.randrange(9)}"
    if isinstance(value, str) and random.random() < 0.05:
        return f"UPDATE {table} SET {column} = CAST(? AS TEXT){where}", (random.randbytes(6),)
    return f"UPDATE {table} SET {column} = ?{where}", (value,)


READ_JSON = Kind("run.json", 8_000, make_run_json, attempt_readers)
RESUMED_JSON = Kind(
    "run.json resumed", 4_000, make_run_json, attempt_resume, compile_controller, threads=True
)
ROWS = Kind("rows", 8_000, make_rows, attempt_readers)
RESUMED_ROWS = Kind("rows resumed", 4_000, make_rows, attempt_resume, import_engine, threads=True)
DATABASE = Kind("trials.sqlite", 8_000, make_database, attempt_readers)
CONTROLLER = Kind("controller", 2_000, make_controller, attempt_resume, import_engine, threads=True)
