"""Data sets by name, as arrays split into train and test."""

from nasctl.datasets.dataset import Dataset, Examples
from nasctl.datasets.loading import Description, default_data_dir, describe, load, names, signature_of

__all__ = [
    "Dataset",
    "Description",
    "Examples",
    "default_data_dir",
    "describe",
    "load",
    "names",
    "signature_of",
]
