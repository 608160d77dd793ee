"""The keys of examples in arrays. Those of a large memory map are computed once and kept in nasctl's cache."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import numpy as np

from nasctl.cache import cache_folder
from nasctl.datasets.dataset import Examples
from nasctl.datasets.split import keys_of_arrays
from nasctl.datasets.split_names import SplitName
from nasctl.errors import NasctlError
from nasctl.files import replace_file
from nasctl.target_kind import TargetKind

_KEPT = 2**27
"""Bytes of a memory map from which its keys are kept. Below, they are computed in less than 0.3 s."""


def keys_of_examples(inputs: np.ndarray) -> np.ndarray:
    """The hash of the content of each example, (N,) as uint64, as `split.keys_of_arrays` computes it.

    Args:
      inputs: The inputs of N examples.
    """
    file = _file_of(inputs)
    if file is None:
        return keys_of_arrays(np.asarray(inputs))
    try:
        known = np.load(file, allow_pickle=False)
    except Exception:  # NumPy raises errors of many types for a damaged file
        known = None
    if known is not None and (known.dtype, known.shape) == (np.dtype(np.uint64), (len(inputs),)):
        return np.asarray(known)
    keys = keys_of_arrays(np.asarray(inputs))
    content = io.BytesIO()
    np.save(content, keys, allow_pickle=False)
    with suppress(OSError, NasctlError):  # a cache that cannot be written costs time only
        file.parent.mkdir(parents=True, exist_ok=True)
        replace_file(file, content.getvalue())
    return keys


def digest_of_keys(
    keys: Mapping[SplitName, np.ndarray],
    examples: Mapping[SplitName, Examples],
    class_names: tuple[str, ...],
    target: TargetKind,
) -> str:
    """The identity of the content of a data set: a digest of the keys and labels of each split.

    It does not depend on how the classes are numbered, as a network is measured with its own numbers.

    Args:
      keys: The keys of the examples of each split.
      examples: The examples of each split.
      class_names: The names of the classes, labels or numbers.
      target: What the labels are.
    """
    order = sorted(range(len(class_names)), key=lambda index: class_names[index])
    number_of = np.argsort(order).astype(np.int32)
    named = repr((sorted(class_names), target.value))
    digest = hashlib.sha256(named.encode("utf-8", "surrogatepass"))
    for split, part in examples.items():
        digest.update(f"{split} {part.inputs.dtype.str} {part.inputs.shape}\n".encode())
        digest.update(np.ascontiguousarray(keys[split]).tobytes())
        labels = number_of[part.labels] if target is TargetKind.CLASS else part.labels[:, order]
        digest.update(np.ascontiguousarray(labels).tobytes())
    return digest.hexdigest()


def _file_of(inputs: np.ndarray) -> Path | None:
    """The file that keeps the keys of a memory map; None if they are not kept."""
    source = getattr(inputs, "filename", None)
    if not isinstance(inputs, np.memmap) or source is None or inputs.nbytes < _KEPT:
        return None
    try:
        status = os.stat(source)
        layout = (inputs.offset, inputs.dtype.str, inputs.shape, inputs.strides)
        identity = repr((os.path.realpath(source), status.st_size, status.st_mtime_ns, status.st_ino, layout))
        name = hashlib.sha256(identity.encode("utf-8", "surrogateescape")).hexdigest()
        return cache_folder() / "keys" / f"{name[:32]}.npy"
    except (OSError, NasctlError):
        return None
