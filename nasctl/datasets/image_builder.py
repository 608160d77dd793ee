"""Writes and reads image data sets as ArrayRecord files of TFDS (TensorFlow Datasets), without TensorFlow."""

from __future__ import annotations

import contextlib
import io
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow_datasets as tfds

from nasctl.datasets.dataset import DatasetSpec, Examples
from nasctl.errors import NasctlError

_AT_ONCE = 512
"""Examples that are decoded at once."""


def make_builder(spec: DatasetSpec, data_dir: Path) -> tfds.core.GeneratorBasedBuilder:
    """Creates the TFDS builder of a data set.

    Two things avoid TensorFlow: images are `features.Tensor` instead of `features.Image`, and the `DatasetInfo` is
    constructed here instead of by TFDS's shortcut.

    Args:
      spec: The data set.
      data_dir: The folder under which TFDS writes `NAME/VERSION/`.
    """

    class Builder(tfds.core.GeneratorBasedBuilder, skip_registration=True):  # type: ignore[misc,call-arg]
        """The builder of one `DatasetSpec`."""

        name = spec.name
        VERSION = tfds.core.Version(spec.version)
        url_infos = _url_infos(spec)

        def _info(self) -> tfds.core.DatasetInfo:
            return tfds.core.DatasetInfo(
                builder=self,
                description=spec.summary,
                features=tfds.features.FeaturesDict(
                    {
                        "image": tfds.features.Tensor(shape=spec.shape, dtype=np.uint8),
                        "label": tfds.features.ClassLabel(names=list(spec.class_names)),
                    }
                ),
                supervised_keys=("image", "label"),
                homepage=spec.homepage or None,
                citation=spec.citation or None,
                disable_shuffling=True,  # keeps the published order; training shuffles at each epoch
            )

        def _split_generators(self, dl_manager: Any) -> dict[str, Iterator[tuple[int, dict[str, Any]]]]:
            file = Path(dl_manager.download(spec.download.url)) if spec.download else None
            return {split: self._generate_examples(split, file) for split in spec.splits}

        def _generate_examples(self, split: str, file: Path | None) -> Iterator[tuple[int, dict[str, Any]]]:
            for position, (image, label) in enumerate(spec.read(split, file)):
                yield position, {"image": image, "label": label}

    return Builder(data_dir=data_dir, file_format="array_record")


def write(spec: DatasetSpec, data_dir: Path, *, download_dir: Path, manual_dir: Path) -> Path:
    """Downloads and writes a data set.

    Args:
      spec: The data set.
      data_dir: The folder under which TFDS writes `NAME/VERSION/`.
      download_dir: The folder for downloaded files.
      manual_dir: The folder in which TFDS first looks for a file that the user downloaded.

    Returns:
      The folder `NAME/VERSION/`.
    """
    with quiet():
        builder = make_builder(spec, data_dir)
        builder.download_and_prepare(
            download_dir=download_dir,
            download_config=tfds.download.DownloadConfig(manual_dir=manual_dir, try_download_gcs=False),
        )
    return Path(builder.data_path)


def read(
    builder: tfds.core.DatasetBuilder, split: str, keys: tuple[str, str] = ("image", "label")
) -> Examples:
    """Reads and decodes all examples of a split of a prepared data set.

    Args:
      builder: The builder of the data set.
      split: The name of the split.
      keys: The names of the features with the image and the label.

    Raises:
      NasctlError: There are no examples, or the images have different sizes.
    """
    pairs = list(examples_of(builder, split, keys))
    shapes = sorted({np.shape(image) for image, _ in pairs})
    if len(shapes) != 1:
        found = f"images of different sizes: {shapes[0]} and {shapes[1]}" if shapes else "no examples"
        raise NasctlError(f"the split `{split}` of {builder.info.full_name} has {found}")
    images = np.stack([np.asarray(image) for image, _ in pairs])
    return Examples(images, np.asarray([label for _, label in pairs], np.int32))


def examples_of(
    builder: tfds.core.DatasetBuilder, split: str, keys: tuple[str, str]
) -> Iterator[tuple[np.ndarray, int]]:
    """Yields the images and labels of a split of a prepared data set, of which some hundreds are in memory.

    Args:
      builder: The builder of the data set.
      split: The name of the split.
      keys: The names of the features with the image and the label.
    """
    with quiet():
        records = builder.as_data_source(split=split)
        count = len(records)
    for start in range(0, count, _AT_ONCE):
        with quiet():
            examples = records.__getitems__(range(start, min(start + _AT_ONCE, count)))
        yield from ((example[keys[0]], example[keys[1]]) for example in examples)


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Suppresses the progress bars, prints and warnings of TFDS."""
    tfds.disable_progress_bar()
    absl = logging.getLogger("absl")
    level = absl.level
    absl.setLevel(logging.ERROR)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            yield
    finally:
        absl.setLevel(level)


def _url_infos(spec: DatasetSpec) -> dict[str, Any]:
    from tensorflow_datasets.core.download.checksums import UrlInfo

    if spec.download is None:
        return {}
    return {
        spec.download.url: UrlInfo(
            size=tfds.core.utils.Size(spec.download.size),
            checksum=spec.download.sha256,
            filename=spec.download.filename,
        )
    }
