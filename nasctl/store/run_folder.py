"""The folder of a run: its files, its lock, and the replacement of its best network."""

from __future__ import annotations

import os
import re
import shutil
import stat
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from nasctl.config import Config
from nasctl.errors import NasctlError
from nasctl.files import explain_write_errors, read_text, replace_file
from nasctl.settings import resolve_recorded
from nasctl.space import Space
from nasctl.store.controller_checkpoint import checkpoints
from nasctl.store.run_lock import RunLock
from nasctl.store.run_metadata import read_metadata, write_metadata
from nasctl.store.run_names import RUNS
from nasctl.store.trial_store import TrialStore

LONGEST_PATH = 480
"""Longest absolute path of a run folder, in bytes. SQLite opens no file whose path has more than 512 bytes."""

_LEFT_BY_A_START = re.compile(r"lock|space\.nas|\.nasctl-\w+\.tmp")
"""Files that a process leaves in a new folder if it is killed before it has written `run.json`."""


class RunFolder:
    """The folder of a run, with these files:

    - `run.json`: the resolved configuration, the seed, the data set and the versions;
    - `space.nas`: the space as it was read;
    - `trials.sqlite`: every trial;
    - `controller/`: the last states of the controller;
    - `logs/`: output of worker processes and their libraries;
    - `best/arch.json`, `best/checkpoint/`: the best network so far and its trained parameters;
    - `lock`: locked while a search is running.

    Args:
      path: The folder. `create` and `open` check it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = RunLock(path / "lock")

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
          WorkFailed: The disk is full.
          NasctlError: The folder is not empty, cannot be written, or another search starts in it.
        """
        check_new_run(path)
        run = cls(path)
        with explain_write_errors(path, hint="give another folder with --out"):
            path.mkdir(parents=True, exist_ok=True)
        run._lock.acquire()  # another search may be starting in the folder
        try:
            check_new_run(path)
            replace_file(run.space_file, space.source)
            started_with: dict[str, object] = {"space": space.name, "space_hash": space.hash}
            started_with |= {"seed": 0, "dataset": None, "evaluator": None, **metadata}
            write_metadata(run._metadata_file, started_with, config)
        finally:
            run._lock.release()
        return run

    @classmethod
    def open(cls, path: Path) -> RunFolder:
        """Opens the folder of an existing run.

        Raises:
          NasctlError: There is no run in the folder.
        """
        if not os.path.lexists(path / "run.json"):
            what = "is not the folder of a run" if os.path.lexists(path) else "does not exist"
            if os.path.isdir(path) and not os.access(path, os.X_OK):
                what = "cannot be read: you have no permission"
            raise NasctlError(
                f"{path} {what}", hint="`nasctl search` creates run folders, by default in runs/"
            )
        return cls(path)

    def metadata(self) -> dict[str, Any]:
        """Reads `run.json`.

        Raises:
          NasctlError: The file is damaged or has another format version.
        """
        return read_metadata(self._metadata_file)

    def config(self) -> Config:
        """Reads the resolved configuration of the run."""
        return resolve_recorded(self.metadata()["config"], self._metadata_file)

    def write_config(self, config: Config, **metadata: object) -> None:
        """Replaces the configuration, for example when a run is resumed with a larger budget.

        Args:
          config: The new configuration.
          metadata: Entries of `run.json` that have new values, such as the place of a data set that was moved.
        """
        write_metadata(self._metadata_file, {**self.metadata(), **metadata}, config)

    @property
    def space_file(self) -> Path:
        """File of the space that the run searches."""
        return self.path / "space.nas"

    def space_text(self) -> str:
        """Reads the text of the space that the run searches."""
        return read_text(self.space_file)

    def trials(self, *, read_only: bool = False) -> TrialStore:
        """Opens the trials of the run.

        Raises:
          NasctlError: The file is damaged, or is missing although the run had trials.
        """
        file = self.path / "trials.sqlite"
        if read_only:
            return TrialStore(file, read_only=True, running=self.is_locked())
        is_empty = not file.exists() or file.stat().st_size == 0
        if is_empty and (self.best.exists() or checkpoints(self.controllers)):
            raise NasctlError(
                f"{file} is {'empty' if file.exists() else 'missing'}, although the run has trials",
                hint="restore the file from a backup, or start a new run",
            )
        return TrialStore(file)

    def lock(self) -> None:
        """Locks the folder for this process until `unlock` is called or the process ends.

        Undoes a replacement of the best network that was interrupted. Has no effect if this object holds the lock.

        Raises:
          WorkFailed: The disk is full.
          NasctlError: Another process has locked it, the folder cannot be written, or something in it is neither a
            file nor a folder, such as a symbolic link.
        """
        self._refuse_links()
        self._lock.acquire()
        with explain_write_errors(self.best):
            self._recover_best()

    def unlock(self) -> None:
        """Releases the lock."""
        self._lock.release()

    def is_locked(self) -> bool:
        """Whether a search is running in the folder."""
        return self._lock.is_held()

    @property
    def _metadata_file(self) -> Path:
        return self.path / "run.json"

    def _refuse_links(self) -> None:
        """Refuses symbolic links, pipes, devices, and files in place of folders.

        A search writes only inside the folder.
        """
        with explain_write_errors(self.path):
            for entry in _entries(self.path, below={"best", "best.new", "best.old", "controller", "logs"}):
                if entry.is_symlink():
                    raise NasctlError(
                        f"{entry.path} is a symbolic link, so the run could write outside its folder",
                        hint="replace the link by a copy, or start a new run",
                    )
                if not stat.S_ISREG(entry.stat().st_mode) and not entry.is_dir():
                    raise NasctlError(
                        f"{entry.path} is neither a file nor a folder", hint="delete it, or start a new run"
                    )
            for folder in (self.best, self.controllers, self.logs):
                if folder.exists() and not folder.is_dir():
                    raise NasctlError(
                        f"{folder} is a file, not a folder", hint="delete it, or start a new run"
                    )

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


def check_new_run(path: Path) -> None:
    """Checks that a folder can become that of a new run. Changes nothing.

    Args:
      path: The folder, which must be empty or not exist.

    Raises:
      NasctlError: It is not empty, cannot be read, or its path is too long.
    """
    elsewhere = "choose another folder with --out"
    with explain_write_errors(path, hint=elsewhere):
        length = len(os.fsencode(os.path.abspath(path)))
    if length > LONGEST_PATH:
        raise NasctlError(
            f"{path} cannot be written: its path has {length} bytes, and SQLite opens paths of up to 512",
            hint=elsewhere,
        )
    if not os.path.lexists(path):
        return
    with explain_write_errors(path, hint=elsewhere):
        names = os.listdir(path) if os.path.isdir(path) else ["a file"]
    if "run.json" in names:
        raise NasctlError(
            f"{path} already holds a run",
            hint="continue it with --resume, or choose another folder with --out",
        )
    left_by_a_start = "lock" in names and all(map(_LEFT_BY_A_START.fullmatch, names))
    if names and not left_by_a_start:
        raise NasctlError(f"{path} is not an empty folder", hint=elsewhere)


def _entries(folder: Path, below: set[str] | None = None) -> Iterator[os.DirEntry[str]]:
    """All that is in a folder and in its folders, or in those named by `below`; links are not followed."""
    with os.scandir(folder) as entries:
        for entry in entries:
            yield entry
            if entry.is_dir(follow_symlinks=False) and (below is None or entry.name in below):
                yield from _entries(Path(entry.path))
