"""The folder of a run: its files, its lock, and the replacement of its best network."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any, TextIO

from nasctl.config import Config, resolve_recorded
from nasctl.errors import NasctlError
from nasctl.files import explain_write_errors
from nasctl.foreign_text import shell_command
from nasctl.json_text import write_record
from nasctl.space import Space
from nasctl.store.trial_store import TrialStore

RUN_FORMAT = 1

RUNS = Path("runs")
"""Where runs are created unless their folder is named: in the current folder."""


class RunFolder:
    """The folder of a run, with these files:

    - `run.json`: the resolved configuration, the seed, the data set and the versions;
    - `space.nas`: the space as it was read;
    - `trials.sqlite`: every trial;
    - `controller/`: Orbax checkpoints of the controller;
    - `logs/`: output of worker processes and their libraries;
    - `best/arch.json`, `best/checkpoint/`: the best network so far and its trained parameters;
    - `lock`: locked while a search is running.

    Args:
      path: The folder. `create` and `open` check it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock: TextIO | None = None

    @property
    def best(self) -> Path:
        """Folder of the best network."""
        return self.path / "best"

    @property
    def controllers(self) -> Path:
        """Folder of the controller's checkpoints."""
        return self.path / "controller"

    @property
    def logs(self) -> Path:
        """Folder of the output of worker processes."""
        return self.path / "logs"

    @classmethod
    def create(cls, path: Path, space: Space, config: Config, **metadata: object) -> RunFolder:
        """Creates the folder of a new run.

        Args:
          path: The folder, which must be empty or not exist.
          space: Written to `space.nas`.
          config: Written to `run.json`.
          metadata: Further JSON values for `run.json`, such as the seed and the data set.

        Raises:
          NasctlError: The folder is not empty or cannot be written.
        """
        if path.exists() and (not path.is_dir() or any(path.iterdir())):
            if (path / "run.json").is_file():
                raise NasctlError(
                    f"{path} already holds a run",
                    hint="continue it with --resume, or choose another folder with --out",
                )
            raise NasctlError(f"{path} is not an empty folder", hint="choose another folder with --out")
        document = {
            "version": RUN_FORMAT,
            "space": space.name,
            "space_hash": space.hash,
            **metadata,
            "config": asdict(config),
        }
        try:
            path.mkdir(parents=True, exist_ok=True)
            (path / "space.nas").write_text(space.source, encoding="utf-8")
            _write_whole(path / "run.json", write_record(document, indent=2) + "\n")
        except OSError as error:
            raise NasctlError(
                f"the run folder {path} cannot be written: {error.strerror or error}",
                hint="give another folder with --out",
            ) from error
        return cls(path)

    @classmethod
    def open(cls, path: Path) -> RunFolder:
        """Opens the folder of an existing run.

        Raises:
          NasctlError: There is no run in the folder.
        """
        if not (path / "run.json").is_file():
            what = "is not the folder of a run" if path.exists() else "does not exist"
            raise NasctlError(
                f"{path} {what}", hint="`nasctl search` creates run folders, by default in runs/"
            )
        run = cls(path)
        run._recover_best()
        return run

    def metadata(self) -> dict[str, Any]:
        """Reads `run.json`.

        Raises:
          NasctlError: The file is damaged or has another format version.
        """
        file = self.path / "run.json"
        try:
            metadata = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise NasctlError(f"{file} cannot be read: {error}") from error
        if not isinstance(metadata, dict) or metadata.get("version") != RUN_FORMAT:
            raise NasctlError(f"{file} has a format version that this nasctl cannot read")
        return metadata

    def config(self) -> Config:
        """Reads the resolved configuration of the run."""
        return resolve_recorded(self.metadata()["config"], self.path / "run.json")

    def write_config(self, config: Config) -> None:
        """Replaces the configuration, for example when a run is resumed with a larger budget."""
        document = {**self.metadata(), "config": asdict(config)}
        with explain_write_errors(self.path / "run.json"):
            _write_whole(self.path / "run.json", write_record(document, indent=2) + "\n")

    @property
    def space_file(self) -> Path:
        """File of the space that the run searches."""
        return self.path / "space.nas"

    def space_text(self) -> str:
        """Reads the text of the space that the run searches."""
        return self.space_file.read_text(encoding="utf-8")

    def trials(self, *, read_only: bool = False) -> TrialStore:
        """Opens the trials of the run."""
        return TrialStore(self.path / "trials.sqlite", read_only=read_only, running=self.is_locked())

    def lock(self) -> None:
        """Locks the folder for this process until `unlock` is called or the process ends.

        Has no effect if this object already holds the lock.

        Raises:
          NasctlError: Another process has locked it, the folder cannot be written, or something in it is a symbolic
            link.
        """
        if self._lock is not None:
            return
        self._refuse_links()
        try:
            self._lock = (self.path / "lock").open("a")
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            self.unlock()
            raise NasctlError(
                f"another search is running in {self.path}",
                hint=f"look at it with `{shell_command('nasctl', 'status', self.path)}`, "
                "or give another folder with --out",
            ) from error
        except OSError as error:
            raise NasctlError(
                f"the run folder {self.path} cannot be written: {error.strerror or error}"
            ) from error

    def _refuse_links(self) -> None:
        """Refuses symbolic links in the folder, which may come from a stranger: a search writes only inside it."""
        for folder in (self.path, self.logs, self.controllers):
            for path in folder.iterdir() if folder.is_dir() else ():
                if path.is_symlink():
                    raise NasctlError(
                        f"{path} is a symbolic link, so the run could write outside its folder",
                        hint="replace the link by a copy, or start a new run",
                    )

    def unlock(self) -> None:
        """Releases the lock."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def is_locked(self) -> bool:
        """Whether a search is running in the folder."""
        try:
            with (self.path / "lock").open("r") as lock:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError:
            return False
        return False

    def discard_unless_started(self) -> None:
        """Deletes the folder, which this process has created, if no trial of the run was started.

        The parent folder is deleted too if it is the default one and is now empty.
        """
        try:
            with closing(self.trials(read_only=True)) as store:
                started = store.trials() or any(trial.started for trial in store.open_trials())
        except NasctlError:
            return
        if started or self.is_locked():
            return
        shutil.rmtree(self.path, ignore_errors=True)
        if self.path.parent == RUNS:
            with suppress(OSError):
                RUNS.rmdir()

    def replace_best(self, write: Callable[[Path], None]) -> None:
        """Replaces the best network.

        If the process is killed meanwhile, either the old or the new network remains complete.

        Args:
          write: Writes the new network into the folder that it is given.

        Raises:
          WorkFailed: The disk is full.
          NasctlError: The network cannot be written.
        """
        new, old = self.path / "best.new", self.path / "best.old"
        shutil.rmtree(new, ignore_errors=True)
        with explain_write_errors(self.best):
            new.mkdir()
            write(new)
            self._recover_best()
            if self.best.exists():
                self.best.rename(old)
            new.rename(self.best)
        shutil.rmtree(old, ignore_errors=True)

    def _recover_best(self) -> None:
        """Restores the old best network if a replacement was interrupted between its two renames."""
        old = self.path / "best.old"
        if old.exists():
            if self.best.exists():
                shutil.rmtree(old, ignore_errors=True)
            else:
                old.rename(self.best)


def list_runs(parent: Path, space_name: str) -> list[Path]:
    """The runs of a space in a parent folder, oldest first.

    Args:
      parent: The folder to list.
      space_name: Runs are named after it: `cnn`, `cnn-2`, ….
    """
    runs = [
        path.parent for path in parent.glob(f"{space_name}*/run.json") if _number(path.parent, space_name)
    ]
    return sorted(runs, key=lambda path: _number(path, space_name) or 0)


def claim_next_run(parent: Path, space_name: str) -> Path:
    """Creates the folder for a new run of a space: `cnn`, then `cnn-2`, `cnn-3` and so on.

    Two searches that start at the same time, in this process or another, get different folders.
    """
    while True:
        path = _next_run(parent, space_name)
        try:
            path.mkdir(parents=True)
        except FileExistsError:
            continue
        except OSError:
            pass  # `RunFolder.create` says why it cannot be created
        return path


def _next_run(parent: Path, space_name: str) -> Path:
    taken = [_number(path, space_name) or 0 for path in parent.glob(f"{space_name}*")]
    number = max(taken, default=0) + 1
    return parent / (space_name if number == 1 else f"{space_name}-{number}")


def _number(path: Path, space_name: str) -> int | None:
    if path.name == space_name:
        return 1
    suffix = path.name.removeprefix(f"{space_name}-")
    return int(suffix) if suffix.isdecimal() else None


def _write_whole(path: Path, text: str) -> None:
    """Replaces a file atomically: readers see either the old or the new content."""
    temporary = path.with_suffix(".tmp")
    temporary.write_text(text, encoding="utf-8")
    os.replace(temporary, path)
