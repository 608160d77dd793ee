"""Loads data sets by name or path, as arrays that are split into training and test examples."""

from nasctl.datasets.catalogue import Description, describe, names
from nasctl.datasets.data_folder import default_data_dir
from nasctl.datasets.dataset import Dataset, Examples
from nasctl.datasets.encoding import Encoding
from nasctl.datasets.loading import load, name_for, signature_of

__all__ = [
    "Dataset",
    "Description",
    "Encoding",
    "Examples",
    "default_data_dir",
    "describe",
    "load",
    "name_for",
    "names",
    "signature_of",
]
