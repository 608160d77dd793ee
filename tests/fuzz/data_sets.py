"""Data sets of the user: .npz files, folders of images, and texts."""

from __future__ import annotations

import io
import shutil
import zipfile
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from mutation import foreign_text, mutate_bytes, mutate_text
from running import Kind

from nasctl.datasets.arrays.npz_file import load_npz
from nasctl.datasets.dataset import Dataset
from nasctl.datasets.images.folder import load_image_folder
from nasctl.datasets.texts.text_files import load_text_files
from nasctl.target_kind import TargetKind

_NAMES = ("x_train", "y_train", "x_test", "y_test", "class_names")
_DTYPES = ("u1", "i1", "i4", "i8", "u8", ">u2", "f2", "f4", "f8", "?", "c8", "U3", "S3", "M8[s]", "V4", "O")


def make_npz(random: Random) -> bytes:
    arrays: dict[str, Any] = {
        "x_train": np.arange(6 * 4 * 4).reshape(6, 4, 4) % 251,
        "y_train": np.array([0, 1, 2, 0, 1, 2]),
        "x_test": np.arange(3 * 4 * 4).reshape(3, 4, 4) % 251,
        "y_test": np.array([0, 1, 2]),
    }
    if random.random() < 0.3:
        arrays["class_names"] = np.array([foreign_text(random, 3, surrogates=False) for _ in range(3)])
    for _ in range(random.choice((0, 1, 1, 2))):
        name = random.choice(list(arrays))
        array = arrays[name]
        match random.randrange(7):
            case 0:
                arrays.pop(name)
            case 1:
                try:
                    arrays[name] = array.astype(random.choice(_DTYPES))
                except (TypeError, ValueError, OverflowError):
                    arrays[name] = np.array(random.choice((0, "a", None)))
            case 2:
                arrays[name] = array.reshape(
                    random.choice(((-1,), (1, *array.shape), (*array.shape, 1), (1, 1, *array.shape)))
                )
            case 3:
                arrays[name] = array[: random.randrange(len(array) + 1)] if array.ndim else array
            case 4 if array.dtype.kind in "biuf" and array.size:
                flat = array.astype(random.choice(("i8", "f8", "u8"))).reshape(-1)
                value = random.choice((-1, 3, 255, 2**31 - 1, 2**31, 2**32, 2**63 - 1, 10**9))
                flat[random.randrange(flat.size)] = np.array(value).astype(flat.dtype)
                arrays[name] = flat.reshape(array.shape)
            case 5:
                flat = np.zeros(array.shape, "f8").reshape(-1)
                flat[: max(1, flat.size // 2)] = random.choice((np.nan, np.inf, 1e308, 1e39, -1e300, 5e-324))
                arrays[name] = flat.reshape(array.shape)
            case _:
                arrays[foreign_text(random, 2, surrogates=False).replace("\x00", "") or "x"] = array
    headers = {name: _npy(array) for name, array in arrays.items()}
    if random.random() < 0.4:
        name = random.choice(_NAMES)
        if name in headers:
            headers[name] = _damaged_npy(random, headers[name])
    content = io.BytesIO()
    packed = random.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))
    with zipfile.ZipFile(content, "w", packed) as archive:
        for name, data in headers.items():
            archive.writestr(zipfile.ZipInfo(f"{name}.npy"), data, packed)
    return mutate_bytes(random, content.getvalue()) if random.random() < 0.5 else content.getvalue()


def _npy(array: np.ndarray) -> bytes:
    content = io.BytesIO()
    np.save(content, array, allow_pickle=True)
    return content.getvalue()


def _damaged_npy(random: Random, content: bytes) -> bytes:
    """An .npy file with another shape, order or dtype in its header."""
    text = content[10:128].decode("latin-1")
    if random.random() < 0.6:
        shape = random.choice(
            (
                "(10**9,)",
                "(1000000000,)",
                "(2**63,)",
                "(-1,)",
                "()",
                "(6,4,4,4)",
                "(1e9,)",
                "(999999999999999999999,)",
                "(0,)",
                "(40000,40000)",
            )
        )
        start, stop = text.find("("), text.rfind(")")
        text = text[:start] + shape + text[stop + 1 :]
    else:
        text = mutate_text(random, text, ["'descr' '<f8' True False", "|O", "<U999999999"])
    return content[:10] + text.encode("latin-1", errors="replace").ljust(118)[:118] + content[128:]


def attempt_npz(content: bytes, folder: Path) -> None:
    file = folder / "data.npz"
    file.write_bytes(content)
    _check(load_npz(file))


@cache
def _images() -> tuple[tuple[str, bytes], ...]:
    """Small images of every format and of several modes."""
    from PIL import Image

    made = []
    for suffix in ("png", "jpg", "bmp", "gif", "ppm", "pgm", "tif", "webp"):
        for mode in ("L", "RGB", "RGBA", "1", "I;16", "P", "CMYK", "F"):
            image = (
                Image.new("RGB", (4, 4), (200, 30, 60))
                .convert(mode if mode not in ("I;16", "F") else "L")
                .convert(mode)
            )
            content = io.BytesIO()
            try:
                image.save(content, {"jpg": "JPEG", "tif": "TIFF", "pgm": "PPM"}.get(suffix, suffix.upper()))
            except (OSError, KeyError, ValueError):
                continue
            made.append((suffix, content.getvalue()))
    return tuple(made)


def make_images(random: Random) -> list[tuple[str, bytes]]:
    """The files of a folder, by their paths."""
    files = []
    for name in random.choice(
        (
            ("cat", "dog"),
            ("cat", "dog"),
            ("train/a", "train/b", "test/a", "test/b"),
            ("a",),
            (foreign_text(random, 2) or "c", "d"),
        )
    ):
        for number in range(random.choice((1, 2, 2))):
            suffix, content = random.choice(_images())
            files.append((f"{name}/{number}.{suffix}", content))
    at = random.randrange(len(files))
    path, content = files[at]
    others = [content for _, content in _images()]
    files[at] = (
        path,
        random.choice(
            (mutate_bytes(random, content, others), mutate_bytes(random, content), random.choice(others), b"")
        ),
    )
    if random.random() < 0.1:
        files.append((foreign_text(random, 3), b""))
    return files


def attempt_images(files: list[tuple[str, bytes]], folder: Path) -> None:
    root = folder / "images"
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir()
    for name, content in files:
        path = Path(f"{root}/{name}")
        if ".." in path.parts:
            continue
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        except (OSError, ValueError):  # no file can have this name
            continue
    _check(load_image_folder(root))


def make_text(random: Random) -> dict[str, bytes]:
    lines = "".join(
        f"the {word} sat on the {word} mat {number}\n"
        for number, word in enumerate(("cat", "dog", "hen") * 8)
    )
    files = {}
    for name in random.choice(
        (
            ("text.txt",),
            ("train.txt", "valid.txt", "test.txt"),
            ("ptb.train.txt", "ptb.valid.txt", "ptb.test.txt"),
        )
    ):
        text = lines
        if random.random() < 0.7:
            text = mutate_text(random, text, [lines, "<unk> <eos> \n"])
        content = text.encode("utf-8", errors="surrogatepass")
        files[name] = mutate_bytes(random, content) if random.random() < 0.3 else content
    if random.random() < 0.1:
        files.pop(random.choice(list(files)))
    if random.random() < 0.1:
        files[random.choice(("b.train.txt", "train.txt", "validation.txt"))] = b""
    return files


def attempt_text(files: dict[str, bytes], folder: Path) -> None:
    root = folder / "texts"
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir()
    for name, content in files.items():
        (root / name).write_bytes(content)
    whole = list(files) == ["text.txt"]
    _check(load_text_files(root / "text.txt" if whole else root, "chars" if len(files) % 2 else "words"))


def _check(data: Dataset) -> None:
    """Checks that labels are what the target says, and that pixels are numbers."""
    for examples in (data.train, data.test, data.validation or data.test):
        assert len(examples.inputs) == len(examples.labels) > 0, "a split is empty"
        if data.target is TargetKind.NUMBERS:
            assert examples.labels.shape == (len(examples), data.classes), "numbers are missing"
            assert np.isfinite(examples.labels).all(), "a number is not finite"
        elif data.target is TargetKind.LABELS:
            assert examples.labels.shape == (len(examples), data.classes) and examples.labels.max() <= 1
        else:
            assert examples.labels.min() >= 0 and examples.labels.max() < data.classes, "a label is no class"
        assert np.isfinite(examples.inputs).all(), "an input is not finite"
    if data.target is TargetKind.CLASS and data.validation is None:
        assert set(np.unique(data.test.labels)) <= set(np.unique(data.train.labels))


def import_pillow() -> None:
    from PIL import Image

    Image.init()


NPZ = Kind("npz", 25_000, make_npz, attempt_npz)
IMAGES = Kind("images", 15_000, make_images, attempt_images, import_pillow, threads=True)
TEXTS = Kind("texts", 20_000, make_text, attempt_text)
