"""The folder of a run: what is in it, how it is made, and how its best network is kept."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, TextIO

from nasctl.config import Config, resolve
from nasctl.errors import NasctlError
from nasctl.space import Space
from nasctl.store.disk import writing
from nasctl.store.trial_store import TrialStore

RUN_FORMAT = 1


class RunFolder:
    """A folder with these files:

    - `run.json`: the resolved configuration, the seed, the data set and the versions;
    - `space.nas`: the space as it was read;
    - `trials.sqlite`: every trial;
    - `controller/`: Orbax checkpoints of the controller;
    - `logs/`: what worker processes and their libraries print;
    - `best/arch.json`, `best/checkpoint/`: the best network so far and its trained parameters.
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
        """Folder of what worker processes print."""
        return self.path / "logs"

    @classmethod
    def create(cls, path: Path, space: Space, config: Config, **facts: object) -> RunFolder:
        """Makes the folder of a new run.

        Args:
          path: Must not exist, or be empty.
          space: Written as `space.nas`.
          config: Written into `run.json`.
          facts: JSON values that are written beside it, such as the seed and the data set.

        Raises:
          NasctlError: The folder holds something already, or cannot be written.
        """
        if path.exists() and (not path.is_dir() or any(path.iterdir())):
            if (path / "run.json").is_file():
                raise NasctlError(
                    f"{path} holds a run already",
                    hint="continue it with --resume, or give another folder with --out",
                )
            raise NasctlError(f"{path} is not an empty folder", hint="give another folder with --out")
        document = {
            "version": RUN_FORMAT,
            "space": space.name,
            "space_hash": space.hash,
            **facts,
            "config": asdict(config),
        }
        try:
            path.mkdir(parents=True, exist_ok=True)
            (path / "space.nas").write_text(space.source, encoding="utf-8")
            _write_whole(path / "run.json", json.dumps(document, indent=2) + "\n")
        except OSError as error:
            raise NasctlError(
                f"the run folder {path} cannot be written: {error.strerror or error}",
                hint="give another folder with --out",
            ) from error
        return cls(path)

    @classmethod
    def open(cls, path: Path) -> RunFolder:
        """The folder of an existing run.

        Raises:
          NasctlError: It is none.
        """
        if not (path / "run.json").is_file():
            what = "is not the folder of a run" if path.exists() else "does not exist"
            raise NasctlError(f"{path} {what}", hint="a run folder is what `nasctl search` made; see runs/")
        run = cls(path)
        run._recover_best()
        return run

    def facts(self) -> dict[str, Any]:
        """What `run.json` states.

        Raises:
          NasctlError: It is damaged or of another version.
        """
        file = self.path / "run.json"
        try:
            facts = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise NasctlError(f"{file} cannot be read: {error}") from error
        if not isinstance(facts, dict) or facts.get("version") != RUN_FORMAT:
            raise NasctlError(f"{file} is not of a version that this nasctl reads")
        return facts

    def config(self) -> Config:
        """The resolved configuration of the run."""
        return resolve(self.facts()["config"])

    def write_config(self, config: Config) -> None:
        """Replaces the configuration, as when a run is resumed with a larger budget."""
        document = {**self.facts(), "config": asdict(config)}
        with writing(self.path / "run.json"):
            _write_whole(self.path / "run.json", json.dumps(document, indent=2) + "\n")

    @property
    def space_file(self) -> Path:
        """The space that the run searches."""
        return self.path / "space.nas"

    def space_text(self) -> str:
        """Text of the space that the run searches."""
        return self.space_file.read_text(encoding="utf-8")

    def trials(self, *, read_only: bool = False) -> TrialStore:
        """The trials of the run."""
        return TrialStore(self.path / "trials.sqlite", read_only=read_only)

    def lock(self) -> None:
        """Claims the folder for this process until it ends; once is enough.

        Raises:
          NasctlError: Another process searches in it.
        """
        if self._lock is not None:
            return
        try:
            self._lock = (self.path / "lock").open("a")
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            self.unlock()
            raise NasctlError(
                f"another search is running in {self.path}",
                hint=f"look at it with `nasctl status {self.path}`, or give another folder with --out",
            ) from error
        except OSError as error:
            raise NasctlError(
                f"the run folder {self.path} cannot be written: {error.strerror or error}"
            ) from error

    def unlock(self) -> None:
        """Gives the folder free."""
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

    def replace_best(self, write: Callable[[Path], None]) -> None:
        """Puts a new best network in the place of the old one, so that one of the two is always whole.

        Args:
          write: Fills the folder that it is given.

        Raises:
          NasctlError: It cannot be written.
        """
        coming, going = self.path / "best.new", self.path / "best.old"
        shutil.rmtree(coming, ignore_errors=True)
        with writing(self.best):
            coming.mkdir()
            write(coming)
            self._recover_best()
            if self.best.exists():
                self.best.rename(going)
            coming.rename(self.best)
        shutil.rmtree(going, ignore_errors=True)

    def _recover_best(self) -> None:
        """Undoes a replacement that was cut short between its two renames."""
        going = self.path / "best.old"
        if going.exists():
            if self.best.exists():
                shutil.rmtree(going, ignore_errors=True)
            else:
                going.rename(self.best)


def list_runs(parent: Path, space_name: str) -> list[Path]:
    """The runs of a space in a folder, oldest first."""
    runs = [
        path.parent for path in parent.glob(f"{space_name}*/run.json") if _number(path.parent, space_name)
    ]
    return sorted(runs, key=lambda path: _number(path, space_name) or 0)


def next_run(parent: Path, space_name: str) -> Path:
    """A folder for a new run of a space: `cnn`, then `cnn-2`, `cnn-3` and so on."""
    taken = [_number(path, space_name) or 0 for path in parent.glob(f"{space_name}*")]
    number = max(taken, default=0) + 1
    return parent / (space_name if number == 1 else f"{space_name}-{number}")


def _number(path: Path, space_name: str) -> int | None:
    if path.name == space_name:
        return 1
    suffix = path.name.removeprefix(f"{space_name}-")
    return int(suffix) if suffix.isdecimal() else None


def _write_whole(path: Path, text: str) -> None:
    """Writes a file so that a reader sees the old or the new content, never a part."""
    temporary = path.with_suffix(".tmp")
    temporary.write_text(text, encoding="utf-8")
    os.replace(temporary, path)
