"""The classes and splits of images that subfolders stand for."""

from __future__ import annotations

import numpy as np

from nasctl.datasets.images.listing import (
    ImageList,
    listed,
    name_keys,
    normal,
    order_of,
)
from nasctl.datasets.images.tree import Tree
from nasctl.datasets.split_names import SPLITS, SplitName, split_named
from nasctl.errors import NasctlError

_NEEDED = "a folder of images needs a subfolder for each class, and at least two classes"


def list_of_folders(tree: Tree) -> ImageList:
    """The images of a folder that has a subfolder for each class, or subfolders for splits that have them.

    A class may have subfolders of its own.

    Raises:
      NasctlError: The folder does not have them.
    """
    places = _places(tree)
    notes: list[str] = []
    members: list[tuple[str, SplitName | None, str]] = []
    classes: tuple[str, ...] = ()
    for place, split in places.items():
        found = _images_by_class(tree, place)
        empty = [name for name in dict.fromkeys(map(normal, tree.folders_in(place))) if name not in found]
        if not classes:
            _check_classes(tree, place, list(found), empty)
            classes = tuple(sorted(found))
        folder = tree.root / place
        if unknown := sorted(found.keys() - set(classes)):
            raise NasctlError(
                f"{folder} has the class `{unknown[0]}`, which {tree.root / next(iter(places))} does not have",
                hint="every class needs training images",
            )
        if empty:
            notes.append(f"{folder} has folders without images: {listed(empty)}")
        members += [(name, split, label) for label in classes for name in found.get(label, ())]
    if list(places) == [""] and len(classes) < 4 and (same := _same_folders(tree, list(tree.folders_in("")))):
        notes.append(
            f"each of the classes {listed(classes)} has the subfolders {listed(same)}: "
            "if the folders are splits, call them train, val and test"
        )
    used = {name for name, _, _ in members}
    if outside := [name for name in tree.images if name not in used]:
        notes.append(f"{_files(outside, 'image')} outside of the folders of classes: {listed(outside)}")
    notes += note_of_others(tree)
    return ImageList(
        tree.root,
        tuple(name for name, _, _ in members),
        name_keys(name.split("/", 2 if split else 1)[-1] for name, split, _ in members),
        tuple(split for _, split, _ in members),
        np.array([classes.index(label) for _, _, label in members], np.int32),
        classes,
        notes=tuple(notes),
    )


def note_of_others(tree: Tree) -> list[str]:
    """The note about files that are neither images nor documents, if there are any."""
    return [f"{_files(tree.others, 'file')} of no known kind: {listed(tree.others)}"] if tree.others else []


def _files(names: tuple[str, ...] | list[str], noun: str) -> str:
    return f"1 {noun} is ignored," if len(names) == 1 else f"{len(names):,} {noun}s are ignored,"


def _places(tree: Tree) -> dict[str, SplitName | None]:
    """The folder of each split, the training images first; `{"": None}` if the root has the folders of the classes."""
    tops = list(dict.fromkeys(name.partition("/")[0] for name in tree.images if "/" in name))
    called = {name: split for name in tops if (split := split_named(name))}
    classes = set(tops) - set(called)
    if classes and (len(called) == 1 or "train" not in called.values()):  # a class may be called `train`
        for name in called:
            if both := sorted(classes.intersection(tree.folders_in(name))):
                raise NasctlError(
                    f"{tree.root} has the class `{both[0]}` twice: in {both[0]} and in {name}/{both[0]}",
                    hint="put the training images into train/CLASS, beside val/CLASS and test/CLASS",
                )
        if called and (same := _same_folders(tree, tops)):
            raise NasctlError(
                f"{tree.root} has the folders {listed(tops)} with the same subfolders {listed(same)}: "
                f"{next(iter(called))} is a split, and {sorted(classes)[0]} is none",
                hint="call the splits train, val and test; a class with the name of a split needs another name",
            )
        return {"": None}
    by_split: dict[SplitName, str] = {}
    for name, split in called.items():
        if split in by_split:
            raise NasctlError(
                f"{tree.root} has two folders for one split: {by_split[split]} and {name}",
                hint="put the images of each split into one folder: train, val or test",
            )
        by_split[split] = name
    if called and "train" not in by_split:
        raise NasctlError(
            f"{tree.root} has the folder {next(iter(called))}, but no folder train",
            hint="put the training images into train/CLASS",
        )
    return {by_split[split]: split for split in SPLITS if split in by_split} or {"": None}


def _same_folders(tree: Tree, tops: list[str]) -> list[str]:
    """The subfolders that all of several folders have, if they have no others and at least two."""
    found = [set(map(normal, tree.folders_in(name))) for name in tops]
    return sorted(found[0]) if len(found[0]) > 1 and all(names == found[0] for names in found) else []


def _images_by_class(tree: Tree, place: str) -> dict[str, list[str]]:
    """The names of the images below a folder by the direct subfolder that they are in."""
    start = f"{place}/" if place else ""
    found: dict[str, list[str]] = {}
    for name in tree.images:
        label, is_inside, _ = name[len(start) :].partition("/")
        if name.startswith(start) and is_inside:
            found.setdefault(normal(label), []).append(name)
    for names in found.values():
        names.sort(key=order_of)
    return found


def _check_classes(tree: Tree, place: str, found: list[str], empty: list[str]) -> None:
    """Checks that a folder has at least two subfolders with images. The error says what it has instead."""
    folder = tree.root / place
    if len(found) >= 2:
        return
    if empty and (found or not tree.images):
        others = [name for name in tree.others if (tree.root / name).is_relative_to(folder / empty[0])]
        raise NasctlError(
            f"{folder / empty[0]} has no images",
            hint=f"Pillow cannot read files such as {others[0]} here; convert them to JPEG or PNG"
            if others
            else _NEEDED,
        )
    if found:
        inside = len(tree.folders_in(f"{place}/{found[0]}".lstrip("/")))
        raise NasctlError(
            f"{folder} has images of one class only, `{found[0]}`",
            hint=f"to use its {inside} subfolders as classes, name {folder / found[0]}"
            if inside > 1
            else _NEEDED,
        )
    if tree.images:
        first = next((name for name in tree.images if name.startswith(place)), tree.images[0])
        example = folder / "CLASS" / first.rpartition("/")[2]
        raise NasctlError(
            f"{folder} has images, but no subfolders for their classes",
            hint=f"move each image into a folder with the name of its class, such as {example}; "
            f"or write {tree.root / 'labels.csv'} with the columns file and label",
        )
    raise NasctlError(f"{folder} has no subfolders", hint=_NEEDED)
