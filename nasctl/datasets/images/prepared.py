"""Keeps the decoded images of a folder in nasctl's data folder, so that each image is decoded once.

A prepared folder has a file of pixels for each split, which all workers and later commands map into their memory, and
the digests of the files that were decoded. Its name depends on the path of the images, on the name, size and times of
each file, and on the form of the images. So a folder of images that has changed is prepared again.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from nasctl.byte_size import size_text
from nasctl.datasets.image_format import ImageFormat
from nasctl.datasets.images.decoding import Header
from nasctl.datasets.images.files import Content, Problem, read_headers, read_pixels
from nasctl.datasets.images.listing import ImageList
from nasctl.datasets.images.pixel_file import Check, PixelFile, open_pixels
from nasctl.datasets.preparation import prepare
from nasctl.datasets.reading import require_memory
from nasctl.datasets.split_names import SplitName
from nasctl.errors import WorkFailed
from nasctl.files import cause_of
from nasctl.files.arrays import read_arrays, write_arrays
from nasctl.files.json_text import write_json

FOLDER = ".images"
"""The folder of prepared images in the data folder."""

VERSION = 2
"""The version of the decoding. Increase it when the pixels of a file change."""

LARGEST_TOTAL = 20 * 10**9
"""Bytes from which on prepared images are deleted that were not used for a day, the oldest first."""

_UNUSED = 24 * 3600
"""Seconds after which prepared images may be deleted."""

_FACTS = "files.npz"
_Content = TypeVar("_Content")
_Item = TypeVar("_Item")


@dataclass(frozen=True)
class ImageStore:
    """The images of a folder, which are read once and kept.

    Attributes:
      images: The files, sorted by split.
      data_dir: The folder of prepared data sets; None to keep nothing.
    """

    images: ImageList
    data_dir: Path | None

    def headers(self) -> list[Header | Problem]:
        """The headers of the files.

        Raises:
          WorkFailed: They cannot be kept, for example because the disk is full.
        """
        images = self.images

        def write(folder: Path) -> None:
            found = read_headers(images.root, images.names)
            numbers = [
                (0, 0, 0) if isinstance(item, Problem) else (item.height, item.width, int(item.grey))
                for item in found
            ]
            facts = {"headers": np.array(numbers, np.int32), "problems": _packed_problems(found)}
            _write_facts(folder, facts)

        def read(folder: Path) -> list[Header | Problem] | None:
            facts = _facts(folder)
            numbers = facts["headers"]
            if numbers.shape != (len(images), 3):
                return None
            made = [Header(height, width, bool(grey)) for height, width, grey in numbers.tolist()]
            return _with_problems(made, facts["problems"])

        if self.data_dir is None:
            return read_headers(images.root, images.names)
        return self._kept("headers", write, read)

    def pixels(self, form: ImageFormat) -> tuple[dict[SplitName, np.ndarray], list[Content | Problem]]:
        """Decodes the files, or opens what was decoded before.

        Args:
          form: The form of the images.

        Returns:
          The images of each split that could be decoded, (N, height, width, channels) as uint8, memory-mapped if they
          are kept; and what is known about each file.

        Raises:
          WorkFailed: They cannot be kept, for example because the disk is full.
        """
        images = self.images
        shape = (form.height, form.width, form.channels)
        if self.data_dir is None:
            require_memory(images.root, len(images) * int(np.prod(shape)))
            whole = np.empty((len(images), *shape), np.uint8)
            found = read_pixels(images.root, images.names, form, whole.__setitem__)
            return {
                split: whole[
                    [index for index in range(part.start, part.stop) if isinstance(found[index], Content)]
                ]
                for split, part in images.parts().items()
            }, found

        def write(folder: Path) -> None:
            self._require_space(len(images) * int(np.prod(shape)))
            parts = images.parts()
            files = {split: PixelFile(folder / f"{split}.npy", shape) for split in parts}
            split_of = [split for split, part in parts.items() for _ in range(part.start, part.stop)]

            def store(index: int, pixels: np.ndarray) -> None:
                split = split_of[index]
                files[split].write(index - parts[split].start, pixels)

            try:
                found = read_pixels(images.root, images.names, form, store)
                checks = {}
                for split, part in parts.items():
                    kept = [isinstance(item, Content) for item in found[part]]
                    checks[split] = files[split].finish(np.array(kept))
            finally:
                for file in files.values():
                    file.close()
            digests = [bytes(32) if isinstance(item, Problem) else item.digest for item in found]
            facts = {
                "digests": np.frombuffer(b"".join(digests), np.uint8).reshape(-1, 32),
                "frames": np.array([isinstance(item, Content) and item.frames for item in found]),
                "problems": _packed_problems(found),
            }
            write_arrays(
                folder / _FACTS,
                {**facts, "checks": _packed({split: asdict(check) for split, check in checks.items()})},
            )

        def read(
            folder: Path,
        ) -> tuple[dict[SplitName, np.ndarray], list[Content | Problem]] | None:
            facts = _facts(folder)
            if facts["digests"].shape != (len(images), 32) or facts["frames"].shape != (len(images),):
                return None
            known = [
                Content(digest.tobytes(), bool(frames))
                for digest, frames in zip(facts["digests"], facts["frames"], strict=True)
            ]
            contents = _with_problems(known, facts["problems"])
            checks = {split: Check(**check) for split, check in _unpacked(facts["checks"]).items()}
            opened = {}
            for split, part in images.parts().items():
                count = sum(isinstance(item, Content) for item in contents[part])
                pixels = open_pixels(folder / f"{split}.npy", (count, *shape), checks[split])
                if pixels is None:
                    return None
                opened[split] = pixels
            return opened, contents

        return self._kept(f"{form.height}x{form.width}x{form.channels}-{form.fit}", write, read)

    @cached_property
    def _name(self) -> str:
        """The name of the prepared folders: it identifies the place, and the files with their sizes and times."""
        place = hashlib.sha256(os.fsencode(os.path.realpath(self.images.root))).hexdigest()
        files = hashlib.sha256(f"{VERSION} {place}\n".encode())
        for name, split in zip(self.images.names, self.images.splits, strict=True):
            try:
                status = os.stat(self.images.root / name)
                facts = (status.st_size, status.st_mtime_ns, status.st_ctime_ns)
            except OSError:
                facts = (-1, 0, 0)
            files.update(f"{split} {facts} {name}\0".encode("utf-8", "surrogateescape"))
        return f"{place[:12]}-{files.hexdigest()[:24]}"

    def _kept(
        self, what: str, write: Callable[[Path], None], read: Callable[[Path], _Content | None]
    ) -> _Content:
        """The content of a prepared folder, which is written if it does not exist or is damaged."""
        assert self.data_dir is not None
        folder = self.data_dir / FOLDER / f"{self._name}-{what}"

        def attempt(place: Path) -> _Content | None:
            try:
                return read(place)
            except Exception:  # damaged files raise errors of many types
                return None

        def write_below(staging: Path) -> Path:
            made = staging / what
            made.mkdir()
            write(made)
            return made

        content = attempt(folder)
        if content is None:
            content = prepare("images", folder, self.data_dir, write=write_below, read=attempt)
            _delete_old(self.data_dir / FOLDER, keep=folder)
        with suppress(OSError):
            os.utime(folder)
        return content

    def _require_space(self, size: int) -> None:
        assert self.data_dir is not None
        free = shutil.disk_usage(self.data_dir).free
        if size > free:
            raise WorkFailed(
                f"the images of {self.images.root} take {size_text(size)}, and the disk of {self.data_dir} has "
                f"{size_text(free)} left",
                hint="free some space, name another folder with --data-dir, or choose a smaller --image-size",
            )


def store_of(images: ImageList, data_dir: Path | None) -> tuple[ImageStore, list[str]]:
    """The store of a folder's images, and a note if they cannot be kept.

    Args:
      images: The files, sorted by split.
      data_dir: The folder of prepared data sets; None to keep nothing.
    """
    if data_dir is None:
        return ImageStore(images, None), []
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".preparing-", dir=data_dir):
            return ImageStore(images, data_dir), []
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):  # said when the images do not fit
            return ImageStore(images, data_dir), []
        note = f"each command decodes the images again, as {data_dir} cannot be written: {cause_of(error)}"
        return ImageStore(images, None), [note]


def _facts(folder: Path) -> dict[str, np.ndarray]:
    return read_arrays(folder / _FACTS)


def _write_facts(folder: Path, facts: Mapping[str, np.ndarray]) -> None:
    try:
        write_arrays(folder / _FACTS, facts)
    except WorkFailed as error:  # its hint is about searches
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)) from error


def _packed(document: object) -> np.ndarray:
    """A JSON document as bytes, to store it with arrays."""
    return np.frombuffer(write_json(document).encode(), np.uint8)


def _unpacked(stored: np.ndarray) -> Any:
    return json.loads(stored.tobytes())


def _packed_problems(found: Sequence[object]) -> np.ndarray:
    return _packed([[index, item.cause] for index, item in enumerate(found) if isinstance(item, Problem)])


def _with_problems(found: Sequence[_Item], stored: np.ndarray) -> list[_Item | Problem]:
    every: list[_Item | Problem] = list(found)
    for index, cause in _unpacked(stored):
        every[index] = Problem(cause)
    return every


def _delete_old(folder: Path, keep: Path) -> None:
    """Deletes prepared images that were not used for a day: those of an earlier content of the same folder, and the
    oldest ones until the rest is not too large.
    """
    place = keep.name.partition("-")[0]
    found = []
    for prepared in folder.iterdir():
        with suppress(OSError):  # another process may delete it at the same time
            size = sum(file.stat().st_size for file in prepared.iterdir())
            found.append((prepared.stat().st_mtime, size, prepared))
    total = sum(size for _, size, _ in found)
    for used, size, prepared in sorted(found):
        is_earlier = prepared.name.startswith(f"{place}-") and not prepared.name.startswith(keep.name[:37])
        if time.time() - used > _UNUSED and (is_earlier or total > LARGEST_TOTAL):
            total -= size
            with suppress(OSError):
                aside = Path(tempfile.mkdtemp(prefix=".preparing-old-", dir=folder.parent))
                os.rename(prepared, aside / "old")
                shutil.rmtree(aside, ignore_errors=True)
