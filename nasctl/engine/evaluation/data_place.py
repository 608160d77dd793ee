"""Where a data set is that a file of nasctl names: it may have been moved or changed since."""

from __future__ import annotations

import os
from pathlib import Path

from nasctl.datasets.source import PREFIXES
from nasctl.errors import NasctlError
from nasctl.store import RunFolder

DIGITS = 8
"""Number of digits of a digest that messages show."""


def require_place(dataset: str, owner: str) -> None:
    """Checks that a recorded data set still is where it was, if it is a file or a folder.

    Args:
      dataset: The recorded name or path.
      owner: What recorded it, such as `the run runs/cnn`.

    Raises:
      NasctlError: It is not there any more.
    """
    prefix, _, rest = dataset.partition(":")
    place = rest if prefix in PREFIXES else dataset
    if Path(place).is_absolute() and not os.path.lexists(place):
        raise NasctlError(
            f"the data set of {owner} is no longer at {place}",
            hint="if it was moved, name its new place with --dataset",
        )


def place_of_run(document: Path, digest: str) -> str | None:
    """Where a run found its data set when it was last resumed; None if a document does not belong to such a run.

    Args:
      document: The `arch.json` of an architecture or a checkpoint.
      digest: The digest of the data set, as the document states it.
    """
    for folder in document.absolute().parents[:3]:  # RUN/best/checkpoint/arch.json
        if os.path.lexists(folder / "run.json"):
            try:
                metadata = RunFolder(folder).metadata()
            except NasctlError:  # the document can be used without it
                return None
            place: str | None = metadata["dataset"]
            return place if digest and metadata["dataset_digest"] == digest else None
    return None


def difference(found: str, recorded: str) -> str:
    """States how two contents differ, by their digests; empty if one of them is not known.

    >>> difference("0123456789", "abcdefghij")
    ': the digest of its content is 01234567…, not abcdefgh…'
    """
    if not (found and recorded):
        return ""
    return f": the digest of its content is {found[:DIGITS]}…, not {recorded[:DIGITS]}…"
