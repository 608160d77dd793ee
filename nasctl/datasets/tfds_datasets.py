"""Loads image data sets of TFDS from ArrayRecord files, without TensorFlow."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow_datasets as tfds

from nasctl.config import DEFAULT_DATA, DataConfig
from nasctl.datasets import image_builder
from nasctl.datasets.connection import why_unreachable
from nasctl.datasets.dataset import Dataset, Examples
from nasctl.datasets.encoding import Encoding
from nasctl.datasets.reading import reading
from nasctl.datasets.split import held_out_test, keys_of_arrays
from nasctl.datasets.split_names import SplitName
from nasctl.datasets.tfds_images import feature_keys, read_fitted, wanted_form
from nasctl.errors import NasctlError
from nasctl.foreign_text import message_of, shell_command
from nasctl.input_kind import InputKind


def tfds_names() -> list[str]:
    """Lists the names of the data sets that TFDS has builders for."""
    with image_builder.quiet():
        names: list[str] = tfds.list_builders(with_community_datasets=False)
    return names


def load_tfds(
    name: str, data_dir: Path, *, settings: DataConfig = DEFAULT_DATA, encoding: Encoding | None = None
) -> Dataset:
    """Loads a data set of TFDS, and prepares it first if that does not require TensorFlow.

    Without a split `test`, the split `validation` is the test split; without both, a fifth of the training examples is
    held out by a hash of their content.

    Args:
      name: The name of the data set, `NAME` or `NAME/CONFIG`. It needs the split `train` with labelled images.
      data_dir: The folder of prepared data sets.
      settings: The size of images that have different sizes, and how they get there.
      encoding: The encoding of a trained network that is to be measured: images get the form of its training images.

    Raises:
      NasctlError: The data set cannot be prepared, or does not have the splits and images that are needed.
    """
    builder = _builder(name, data_dir)
    folder = Path(builder.data_path)
    if not folder.is_dir():
        _prepare(name, builder, data_dir)
    with reading(folder, "a prepared data set of TFDS", hint=f"delete it; {_how_to_prepare(name, data_dir)}"):
        return _load(name, builder, data_dir, settings, encoding)


def _load(
    name: str, builder: Any, data_dir: Path, settings: DataConfig, encoding: Encoding | None
) -> Dataset:
    if builder.info.file_format != tfds.core.FileFormat.ARRAY_RECORD:
        raise NasctlError(
            f"{name} in {data_dir} has files of the format {builder.info.file_format.value}, "
            "which only TensorFlow reads",
            hint=_how_to_prepare(name, data_dir),
        )
    keys = feature_keys(name, builder.info)
    label = builder.info.features[keys[1]]
    used, notes = _splits(name, list(builder.info.splits), settings)
    form, form_notes = wanted_form(builder, list(used.values()), keys, settings, encoding)
    examples = {
        split: _read(name, builder, own, keys)
        if form is None
        else read_fitted(builder, own, keys, form, data_dir)
        for split, own in used.items()
    }
    for split, part in examples.items():
        wrong = part.labels[(part.labels < 0) | (part.labels >= label.num_classes)]
        if len(wrong):
            raise NasctlError(
                f"the split `{used[split]}` of {name} has the label {wrong[0]}, which is no class",
                hint="nasctl needs data sets whose test examples are labelled",
            )
    if "test" not in examples:
        whole = examples["train"]
        kept, out = held_out_test(keys_of_arrays(np.asarray(whole.inputs)), whole.labels)
        examples |= {"train": whole.take(kept), "test": whole.take(out)}
        notes.append(
            f"there is no test split: {len(out):,} of {len(whole):,} examples are held out for the test"
        )
    made = Dataset(name, InputKind.IMAGE, examples["train"], examples["test"], tuple(label.names))
    return replace(
        made, validation=examples.get("validation"), image=form, notes=(*made.notes, *notes, *form_notes)
    )


def _splits(name: str, there: list[str], settings: DataConfig) -> tuple[dict[SplitName, str], list[str]]:
    """The split of the data set that is used for each purpose, and notes on the others."""
    if "train" not in there:
        raise NasctlError(
            f"{name} has no split `train`", hint=f"it has {', '.join(there) if there else 'no splits'}"
        )
    used: dict[SplitName, str] = {"train": "train"}
    notes = []
    if "test" in there:
        used["test"] = "test"
        if "validation" in there and settings.splits == "stable":
            used["validation"] = "validation"
    elif "validation" in there:
        used["test"] = "validation"
        notes.append("there is no test split: the split `validation` is the test split")
    unused = [split for split in there if split not in used.values()]
    if unused:
        many = len(unused) > 1
        notes.append(f"the split{'s' if many else ''} {', '.join(unused)} {'are' if many else 'is'} not used")
    return used, notes


def _builder(name: str, data_dir: Path) -> Any:
    try:
        with image_builder.quiet():
            return tfds.builder(name, data_dir=data_dir)
    except ImportError as error:
        raise _needs_tensorflow(name, data_dir) from error
    except Exception as error:  # third-party builders raise errors of all kinds
        raise NasctlError(f"TFDS cannot load {name}: {_first_line(error)}") from error


def _prepare(name: str, builder: Any, data_dir: Path) -> None:
    urls = dict(builder.url_infos or {})
    missing = [
        url for url, info in urls.items() if not (info.filename and (data_dir / info.filename).exists())
    ]
    if missing and (reason := why_unreachable(missing[0])):
        raise NasctlError(
            f"{name} is not prepared in {data_dir}, and {missing[0]} cannot be reached: {reason}",
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
        if "No module named 'tensorflow'" in message_of(error):
            raise _needs_tensorflow(name, data_dir) from error
        raise NasctlError(
            f"TFDS cannot prepare {name}: {_first_line(error)}", hint=_how_to_prepare(name, data_dir)
        ) from error


def _read(name: str, builder: Any, split: str, keys: tuple[str, str]) -> Examples:
    examples = image_builder.read(builder, split, keys)
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
