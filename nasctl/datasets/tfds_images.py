"""Finds the images and labels of a data set of TFDS, and brings images of different sizes to one size."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow_datasets as tfds

from nasctl.config import DataConfig
from nasctl.datasets.arrays.kept import kept_arrays
from nasctl.datasets.dataset import Examples
from nasctl.datasets.encoding import Encoding
from nasctl.datasets.image_builder import examples_of
from nasctl.datasets.image_format import ImageFormat
from nasctl.datasets.images.decoding import Header, fitted
from nasctl.datasets.images.size import image_format, note_of_size
from nasctl.datasets.reading import require_memory
from nasctl.errors import NasctlError

_VERSION = "tfds 1"


def feature_keys(name: str, info: Any) -> tuple[str, str]:
    """The names of the features with the image and with the class.

    These are the supervised keys of the data set; without those, its only image and its only class, or those called
    `image` and `label`.

    Args:
      name: The name of the data set, for messages.
      info: The `DatasetInfo` of TFDS.

    Raises:
      NasctlError: There is no image with one class.
    """
    keys, features = info.supervised_keys, info.features
    if isinstance(keys, tuple) and len(keys) == 2 and all(isinstance(key, str) for key in keys):
        if isinstance(features[keys[1]], tfds.features.ClassLabel):
            return keys
    elif isinstance(features, tfds.features.FeaturesDict):
        names = list(features.keys())
        images = [key for key in names if _is_image(features[key])]
        labels = [key for key in names if isinstance(features[key], tfds.features.ClassLabel)]
        image = images[0] if len(images) == 1 else "image"
        label = labels[0] if len(labels) == 1 else "label"
        if image in images and label in labels:
            return image, label
    raise NasctlError(
        f"{name} is not a data set of images with one class label each",
        hint="nasctl uses data sets whose supervised keys are an image and a ClassLabel, or which have one of each",
    )


def _is_image(feature: Any) -> bool:
    if isinstance(feature, tfds.features.Image):
        return True
    return (
        isinstance(feature, tfds.features.Tensor) and len(feature.shape) == 3 and feature.np_dtype == np.uint8
    )


def wanted_form(
    builder: Any,
    splits: Sequence[str],
    keys: tuple[str, str],
    settings: DataConfig,
    encoding: Encoding | None,
) -> tuple[ImageFormat | None, list[str]]:
    """The form that images are brought to, and a note on it; None if they are taken as they are.

    Images are taken as they are if they have one size and neither the user nor a trained network has another one.

    Args:
      builder: The builder of the data set, which is prepared.
      splits: The names of the splits that are used.
      keys: The names of the features with the image and the label.
      settings: The size and the fit that the user chose.
      encoding: The encoding of a trained network that is to be measured.
    """
    shape = builder.info.features[keys[0]].shape
    same = None not in shape
    if encoding is not None and encoding.image is not None:
        return encoding.image, []
    if same and not settings.image_size:
        return None, []
    if same:
        grey = len(shape) == 2 or shape[2] == 1
        headers = [Header(shape[0], shape[1], grey)]
    else:
        headers = [
            Header(image.shape[0], image.shape[1], image.ndim == 2 or image.shape[2] == 1)
            for split in splits
            for image, _ in examples_of(builder, split, keys)
        ]
    form = image_format(headers, settings)
    return form, note_of_size(form, headers, settings)


def read_fitted(
    builder: Any, split: str, keys: tuple[str, str], form: ImageFormat, data_dir: Path
) -> Examples:
    """Reads the examples of a split with images of a form, which are kept in the data folder.

    Args:
      builder: The builder of the data set, which is prepared.
      split: The name of the split.
      keys: The names of the features with the image and the label.
      form: The form.
      data_dir: The folder of prepared data sets.

    Raises:
      NasctlError: The images are not uint8, or they cannot be kept.
    """
    folder = Path(builder.data_path)
    files = sorted(path for path in folder.iterdir() if path.is_file())

    def decode() -> dict[str, np.ndarray]:
        count = builder.info.splits[split].num_examples
        require_memory(folder, count * form.height * form.width * form.channels)
        images = np.empty((count, form.height, form.width, form.channels), np.uint8)
        labels = np.empty(count, np.int32)
        for index, (image, label) in enumerate(examples_of(builder, split, keys)):
            images[index], labels[index] = _fit(np.asarray(image), form), label
        return {"images": images, "labels": labels}

    arrays = kept_arrays(files, repr((_VERSION, split, keys, form)), data_dir, decode)
    return Examples(arrays["images"], np.asarray(arrays["labels"]))


def _fit(image: np.ndarray, form: ImageFormat) -> np.ndarray:
    """Brings an image, (height, width) or (height, width, channels) as uint8, to a form."""
    from PIL import Image

    if image.dtype != np.uint8:
        raise NasctlError(
            f"images with the dtype {image.dtype} cannot be brought to another size",
            hint="leave the size out",
        )
    picture = Image.fromarray(image[..., 0] if image.ndim == 3 and image.shape[2] == 1 else image)
    picture = fitted(
        picture.convert("L" if form.channels == 1 else "RGB"), (form.width, form.height), form.fit
    )
    return np.asarray(picture).reshape(form.height, form.width, form.channels)
