"""Any other data set of images that TFDS knows, read from ArrayRecord files without TensorFlow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import tensorflow_datasets as tfds

from nasctl.datasets import builder as own
from nasctl.datasets.connection import why_unreachable
from nasctl.datasets.dataset import Dataset, Examples
from nasctl.errors import NasctlError
from nasctl.input_kind import InputKind


def tfds_names() -> list[str]:
    """The names that TFDS has builders for."""
    with own.quiet():
        names: list[str] = tfds.list_builders(with_community_datasets=False)
    return names


def load_tfds(name: str, data_dir: Path) -> Dataset:
    """Loads a data set of TFDS that has `train` and `test`, preparing it where that needs no TensorFlow.

    Raises:
      NasctlError: It is not prepared and cannot be here, or is not one of labelled images of one size.
    """
    builder = _builder(name, data_dir)
    if not Path(builder.data_path).is_dir():
        _prepare(name, builder, data_dir)
    if builder.info.file_format != tfds.core.FileFormat.ARRAY_RECORD:
        raise NasctlError(
            f"{name} in {data_dir} was prepared as {builder.info.file_format.value}, "
            "which needs TensorFlow to read",
            hint=_how_to_prepare(name, data_dir),
        )
    keys = builder.info.supervised_keys
    pair = isinstance(keys, tuple) and len(keys) == 2 and all(isinstance(key, str) for key in keys)
    label = builder.info.features[keys[1]] if pair else None
    if not isinstance(label, tfds.features.ClassLabel):
        raise NasctlError(f"{name} is not a data set of labelled images")
    missing = [split for split in ("train", "test") if split not in builder.info.splits]
    if missing:
        raise NasctlError(
            f"{name} has no split `{missing[0]}`", hint=f"it has {', '.join(builder.info.splits) or 'none'}"
        )
    return Dataset(
        name, InputKind.IMAGE, _read(name, builder, "train"), _read(name, builder, "test"), tuple(label.names)
    )


def _builder(name: str, data_dir: Path) -> Any:
    try:
        with own.quiet():
            return tfds.builder(name, data_dir=data_dir)
    except ImportError as error:
        raise _needs_tensorflow(name, data_dir) from error
    except Exception as error:  # builders are code of many hands: whatever they raise, the name is what fails
        raise NasctlError(f"TFDS cannot load {name}: {_first_line(error)}") from error


def _prepare(name: str, builder: Any, data_dir: Path) -> None:
    urls = list(builder.url_infos or ())
    if urls and (reason := why_unreachable(urls[0])):
        raise NasctlError(
            f"{name} is not prepared in {data_dir}, and {urls[0]} cannot be reached: {reason}",
            hint=_how_to_prepare(name, data_dir),
        )
    try:
        with own.quiet():
            builder.download_and_prepare(
                file_format="array_record",
                download_dir=data_dir / "downloads",
                download_config=tfds.download.DownloadConfig(manual_dir=data_dir, try_download_gcs=False),
            )
    except ImportError as error:
        raise _needs_tensorflow(name, data_dir) from error
    except Exception as error:
        raise NasctlError(
            f"TFDS cannot prepare {name}: {_first_line(error)}", hint=_how_to_prepare(name, data_dir)
        ) from error


def _read(name: str, builder: Any, split: str) -> Examples:
    try:
        examples = own.read(builder, split)
    except ValueError as error:  # np.stack: images of several sizes
        raise NasctlError(f"{name} cannot be used: {_first_line(error)}") from error
    images = examples.inputs
    if images.ndim == 3:
        images = images[..., None]
    if images.ndim != 4:
        raise NasctlError(f"{name} does not hold images but arrays of the shape {images.shape[1:]}")
    return Examples(images if images.dtype == np.uint8 else images.astype(np.float32), examples.labels)


def _needs_tensorflow(name: str, data_dir: Path) -> NasctlError:
    return NasctlError(f"TFDS needs TensorFlow to prepare {name}", hint=_how_to_prepare(name, data_dir))


def _how_to_prepare(name: str, data_dir: Path) -> str:
    return (
        "prepare it once in an environment that has TensorFlow and a network: "
        f"tfds build {name} --file_format=array_record --data_dir={data_dir}"
    )


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
