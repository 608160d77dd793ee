"""Chooses the size of images for a machine before they are decoded."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from nasctl.config import DataConfig, written_image_size
from nasctl.datasets.data_folder import default_data_dir
from nasctl.datasets.folder_contents import FolderKind
from nasctl.datasets.images.folder import image_folder_format
from nasctl.datasets.source import Request


def with_image_size(name: str, data_dir: Path | None, settings: DataConfig, *, largest: int) -> DataConfig:
    """The settings with the size that the images of a folder get on a machine.

    Args:
      name: A name or path, as for `nasctl.datasets.load`.
      data_dir: The folder of prepared data sets; `default_data_dir()` by default.
      settings: The settings. If they name a size, or the data set is no folder of images, they are returned unchanged.
      largest: The largest height and width to choose.

    Raises:
      NasctlError: The folder has no classes, a class has too few images, or no file can be read.
    """
    folder = Path(data_dir).expanduser() if data_dir else default_data_dir()
    request = Request(name, folder, settings, None)
    if settings.image_size or request.contents is None or request.contents.kind is not FolderKind.IMAGES:
        return settings
    form = image_folder_format(request.path, folder, settings, largest)
    return replace(settings, image_size=written_image_size(f"{form.height}x{form.width}"))
