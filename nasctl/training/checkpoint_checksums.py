"""The checksums of a checkpoint: of its architecture, of its metadata and of the files of its weights."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nasctl.errors import NasctlError
from nasctl.files import parse_json, read_bytes
from nasctl.files.arrays import LIMIT
from nasctl.files.json_text import canonical_json, write_record

DAMAGED = "copy it again from its source, or train the architecture again with nasctl train"
"""What the user can do about a damaged checkpoint."""


def architecture_checksum(document: Mapping[str, Any]) -> str:
    """The SHA-256 digest of the space and the tokens of an `arch.json`."""
    space = document.get("space")
    identity = [space.get("hash") if isinstance(space, dict) else space, document.get("tokens")]
    return hashlib.sha256(canonical_json(identity).encode()).hexdigest()


def metadata_checksum(metadata: Mapping[str, Any]) -> str:
    """The SHA-256 digest of a `checkpoint.json`, without the name of the data set, which may be moved."""
    content = {key: value for key, value in metadata.items() if key not in ("checksum", "dataset")}
    # As the file will be read back, for example with lists instead of tuples
    read_back = parse_json(write_record(content), "checkpoint.json")
    return hashlib.sha256(canonical_json(read_back).encode()).hexdigest()


def file_checksums(folder: Path) -> dict[str, str]:
    """The SHA-256 digest of each file of the weights, by its path."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(read_bytes(path, limit=LIMIT)).hexdigest()
        for path in [folder / "weights.npz", *sorted((folder / "weights").rglob("*"))]
        if path.is_file()
    }


def check_files(folder: Path, expected: Mapping[str, str]) -> None:
    """Checks the files of the weights before they are read: Orbax prints tracebacks for damaged ones.

    Args:
      folder: The checkpoint.
      expected: The digests that the checkpoint states, by path.

    Raises:
      NasctlError: A file is missing, truncated or changed.
    """
    checksums = file_checksums(folder)
    for name, checksum in expected.items():
        if checksums.get(name) != checksum:
            what = "has changed since it was saved" if name in checksums else "is missing"
            raise NasctlError(
                f"the checkpoint {folder} is damaged: its file {name} {what}",
                hint=DAMAGED,
            )
