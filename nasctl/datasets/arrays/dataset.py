"""Makes a data set of arrays, whatever file they come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from nasctl.datasets.arrays.images import read_images
from nasctl.datasets.arrays.keys import digest_of_keys, keys_of_examples
from nasctl.datasets.arrays.labels import read_labels
from nasctl.datasets.arrays.splits import Split, Splits
from nasctl.datasets.dataset import Dataset, Examples
from nasctl.datasets.split import held_out_test
from nasctl.datasets.split_names import SplitName
from nasctl.errors import NasctlError
from nasctl.input_kind import InputKind


def dataset_of_arrays(name: str, read: Splits) -> Dataset:
    """A data set of images in arrays.

    If there is no test split, a fifth of each class is held out by a hash of its examples (`split.stable_split`).

    Args:
      name: The name with which `load` finds the data set.
      read: The splits as they are stored.

    Raises:
      NasctlError: The arrays cannot be used.
    """
    splits = read.splits
    for split in splits.values():
        _check_lengths(name, split, splits)
    images, image_notes = read_images(
        name, {key: (split.inputs_name, split.inputs) for key, split in splits.items()}
    )
    labels = read_labels(
        name, {key: (split.labels_name, split.labels) for key, split in splits.items()}, read.class_names
    )
    examples = {key: Examples(images[key], labels.values[key]) for key in images}
    keys = {key: keys_of_examples(images[key]) for key in images}
    digest = digest_of_keys(keys, examples, labels.names, labels.target)
    examples["train"] = replace(examples["train"], keys=keys["train"])
    further = _overlap(keys, splits)
    if "test" not in examples:
        examples, held_out = _hold_out(name, examples, splits["train"].inputs_name)
        further.append(held_out)
    return Dataset(
        name,
        InputKind.IMAGE,
        examples["train"],
        examples["test"],
        labels.names,
        examples.get("validation"),
        labels.target,
        notes=(*read.notes, *image_notes, *labels.notes, *further),
        digest=digest,
    )


def _check_lengths(name: str, split: Split, splits: Mapping[SplitName, Split]) -> None:
    inputs, labels = split.inputs, split.labels
    if not (inputs.ndim and labels.ndim):
        scalar = split.labels_name if inputs.ndim else split.inputs_name
        raise NasctlError(f"{name}: {scalar} has the shape (), so it is a single value")
    if (labels.ndim > 2 and inputs.ndim <= 2) or (
        labels.ndim == 2 and labels.shape[1] > 4 and inputs.ndim == 1
    ):
        raise NasctlError(
            f"{name}: {split.inputs_name} has the shape {inputs.shape}, and {split.labels_name} has {labels.shape}",
            hint="the images and the labels seem to be swapped",
        )
    if len(inputs) == len(labels):
        return
    hint = "each image needs one label"
    if inputs.ndim == 4 and inputs.shape[-1] == len(labels):
        hint = f"the examples seem to be the last axis; store np.moveaxis({split.inputs_name}, -1, 0)"
    elif labels.ndim == 2 and labels.shape[1] == len(inputs):
        hint = f"the labels seem to be transposed; store {split.labels_name}.T"
    else:
        others = [other.inputs_name for other in splits.values() if len(other.inputs) == len(labels)]
        if others:
            hint = f"{split.labels_name} has as many labels as {others[0]} has images: they may be confused"
    raise NasctlError(
        f"{name}: {split.inputs_name} has {len(inputs):,} images, but {split.labels_name} has {len(labels):,} labels",
        hint=hint,
    )


def _hold_out(
    name: str, examples: dict[SplitName, Examples], inputs_name: str
) -> tuple[dict[SplitName, Examples], str]:
    """Holds out test examples of the training examples."""
    whole = examples["train"]
    assert whole.keys is not None
    kept, held_out = held_out_test(whole.keys, whole.labels)
    if not (len(kept) and len(held_out)):
        raise NasctlError(
            f"{name}: {inputs_name} has {len(whole):,} examples, and too few different ones to hold "
            "out a fifth for the test",
            hint="add examples, or add x_test and y_test",
        )
    note = (
        f"{len(held_out):,} of {len(whole):,} examples are held out for the test, by a hash of their content"
    )
    return examples | {"train": whole.take(kept), "test": whole.take(held_out)}, note


def _overlap(keys: Mapping[SplitName, np.ndarray], splits: Mapping[SplitName, Split]) -> list[str]:
    """Notes if test or validation examples are training examples too."""
    notes = []
    for split, own in keys.items():
        common = 0 if split == "train" else int(np.isin(own, keys["train"]).sum())
        if common:
            notes.append(
                f"{common:,} of the {len(own):,} images of {splits[split].inputs_name} are also in "
                f"{splits['train'].inputs_name}"
            )
    return notes
