"""Loads image data sets of TFDS from ArrayRecord files, without TensorFlow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import tensorflow_datasets as tfds

from nasctl.datasets import image_builder
from nasctl.datasets.connection import why_unreachable
from nasctl.datasets.dataset import Dataset, Examples
from nasctl.datasets.reading import reading
from nasctl.errors import NasctlError
from nasctl.foreign_text import message_of, shell_command
from nasctl.input_kind import InputKind


def tfds_names() -> list[str]:
    """Lists the names of the data sets that TFDS has builders for."""
    with image_builder.quiet():
        names: list[str] = tfds.list_builders(with_community_datasets=False)
    return names


def load_tfds(name: str, data_dir: Path) -> Dataset:
    """Loads a data set of TFDS, and prepares it first if that does not require TensorFlow.

    Args:
      name: The name of the data set, `NAME` or `NAME/CONFIG`. It needs the splits `train` and `test` with labelled
        images of one size.
      data_dir: The folder of prepared data sets.

    Raises:
      NasctlError: The data set cannot be prepared, or does not have the splits and images that are needed.
    """
    builder = _builder(name, data_dir)
    folder = Path(builder.data_path)
    if not folder.is_dir():
        _prepare(name, builder, data_dir)
    with reading(folder, "a prepared data set of TFDS", hint=f"delete it; {_how_to_prepare(name, data_dir)}"):
        return _load(name, builder, data_dir)


def _load(name: str, builder: Any, data_dir: Path) -> Dataset:
    if builder.info.file_format != tfds.core.FileFormat.ARRAY_RECORD:
        raise NasctlError(
            f"{name} in {data_dir} has files of the format {builder.info.file_format.value}, "
            "which only TensorFlow reads",
            hint=_how_to_prepare(name, data_dir),
        )
    keys = builder.info.supervised_keys
    pair = isinstance(keys, tuple) and len(keys) == 2 and all(isinstance(key, str) for key in keys)
    label = builder.info.features[keys[1]] if pair else None
    if not isinstance(label, tfds.features.ClassLabel):
        raise NasctlError(
            f"{name} is not a data set of images with one class label each",
            hint="nasctl uses data sets whose supervised keys are an image and a ClassLabel",
        )
    missing = [split for split in ("train", "test") if split not in builder.info.splits]
    if missing:
        raise NasctlError(
            f"{name} has no split `{missing[0]}`",
            hint=f"train and test are needed; it has {', '.join(builder.info.splits) or 'no splits'}",
        )
    train, test = (_read(name, builder, split) for split in ("train", "test"))
    for split, examples in (("train", train), ("test", test)):
        wrong = examples.labels[(examples.labels < 0) | (examples.labels >= label.num_classes)]
        if len(wrong):
            raise NasctlError(
                f"the split `{split}` of {name} has the label {wrong[0]}, which is no class",
                hint="nasctl needs data sets whose test examples are labelled",
            )
    return Dataset(name, InputKind.IMAGE, train, test, tuple(label.names))


def _builder(name: str, data_dir: Path) -> Any:
    try:
        with image_builder.quiet():
            return tfds.builder(name, data_dir=data_dir)
    except ImportError as error:
        raise _needs_tensorflow(name, data_dir) from error
    except Exception as error:  # third-party builders raise errors of all kinds
        raise NasctlError(f"TFDS cannot load {name}: {_first_line(error)}") from error


def _prepare(name: str, builder: Any, data_dir: Path) -> None:
    urls = list(builder.url_infos or ())
    if urls and (reason := why_unreachable(urls[0])):
        raise NasctlError(
            f"{name} is not prepared in {data_dir}, and {urls[0]} cannot be reached: {reason}",
            hint=_how_to_prepare(name, data_dir),
        )
    try:
        with image_builder.quiet():
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
    examples = image_builder.read(builder, split)
    images, labels = np.asarray(examples.inputs), examples.labels
    if images.ndim == 3:
        images = images[..., None]
    if images.ndim != 4 or 0 in images.shape:
        raise NasctlError(
            f"the examples of {name} have the shape {images.shape[1:]}",
            hint="images have the shape (height, width) or (height, width, channels)",
        )
    if images.dtype == np.uint8:
        return Examples(images, labels)
    if images.dtype.kind not in "iubf":
        raise NasctlError(f"the images of {name} have the dtype {images.dtype}")
    pixels = images.astype(np.float32)
    if not np.isfinite(pixels).all():
        raise NasctlError(f"the {split} images of {name} have values that are NaN or infinite")
    return Examples(pixels, labels)


def _needs_tensorflow(name: str, data_dir: Path) -> NasctlError:
    return NasctlError(f"TFDS needs TensorFlow to prepare {name}", hint=_how_to_prepare(name, data_dir))


def _how_to_prepare(name: str, data_dir: Path) -> str:
    return "prepare it once in an environment with TensorFlow and network access: " + shell_command(
        "tfds", "build", name, "--file_format=array_record", "--data_dir", data_dir
    )


def _first_line(error: Exception) -> str:
    lines = message_of(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
