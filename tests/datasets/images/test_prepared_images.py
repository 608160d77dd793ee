"""The decoded images of a folder are kept, used as long as nothing has changed, and made again otherwise."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from image_drawing import all_pixels, counts, draw

from nasctl.config import DataConfig
from nasctl.datasets.images import files as image_files
from nasctl.datasets.images import prepared as prepared_images
from nasctl.datasets.images.folder import load_image_folder
from nasctl.datasets.images.pixel_file import PixelFile, open_pixels
from nasctl.errors import NasctlError, WorkFailed


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Forty images of different values in two classes."""
    for number in range(40):
        draw(tmp_path / "data" / "ab"[number % 2] / f"{number}.png", number, size=(9, 7), mode="RGB")
    return tmp_path / "data"


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    return tmp_path / "kept"


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The numbers of files that were decoded, call by call."""
    numbers: list[int] = []
    read = image_files.read_pixels

    def counted(root, names, form, store):
        numbers.append(len(names))
        return read(root, names, form, store)

    monkeypatch.setattr(prepared_images, "read_pixels", counted)
    return numbers


def pixel_files(kept: Path) -> list[Path]:
    return sorted((kept / ".images").glob("*/*.npy"))


def test_images_are_decoded_once(root: Path, kept: Path, decoded: list[int]) -> None:
    first, second = load_image_folder(root, kept), load_image_folder(root, kept)
    assert decoded == [40]
    for dataset in (first, second):
        assert isinstance(dataset.train.inputs, np.memmap)
        assert not dataset.train.inputs.flags.writeable
    assert np.array_equal(all_pixels(first), all_pixels(second))
    assert first.notes == second.notes
    assert first.digest == second.digest


def test_kept_images_are_those_that_are_not_kept(root: Path, kept: Path) -> None:
    with_store, without = load_image_folder(root, kept), load_image_folder(root)
    for split in ("train", "test"):
        one, other = getattr(with_store, split), getattr(without, split)
        assert np.array_equal(one.inputs, other.inputs)
        assert np.array_equal(one.labels, other.labels)
        assert np.array_equal(one.keys, other.keys)
    assert with_store.digest == without.digest


def test_the_digest_does_not_depend_on_the_place(
    root: Path, kept: Path, tmp_path: Path, decoded: list[int]
) -> None:
    digest = load_image_folder(root, kept).digest
    shutil.copytree(root, tmp_path / "elsewhere")
    assert load_image_folder(tmp_path / "elsewhere", kept).digest == digest
    assert decoded == [40, 40]


def test_the_digest_depends_on_every_fact(root: Path, kept: Path) -> None:
    digests = {load_image_folder(root, kept).digest}
    for settings in (DataConfig(image_size="6"), DataConfig(image_size="6", fit="pad")):
        digests.add(load_image_folder(root, kept, settings=settings).digest)
    (root / "a" / "0.png").rename(root / "a" / "renamed.png")
    digests.add(load_image_folder(root, kept).digest)
    draw(root / "a" / "2.png", 77, size=(9, 7), mode="RGB")
    digests.add(load_image_folder(root, kept).digest)
    (root / "a" / "4.png").rename(root / "b" / "4.png")
    digests.add(load_image_folder(root, kept).digest)
    assert len(digests) == 6


@pytest.mark.parametrize("change", ["another image", "a file more", "a file less", "the time alone"])
def test_a_folder_that_has_changed_is_prepared_again(
    change: str, root: Path, kept: Path, decoded: list[int]
) -> None:
    load_image_folder(root, kept)
    match change:
        case "another image":
            time.sleep(0.01)
            draw(root / "a" / "0.png", 200, size=(9, 7), mode="RGB")
        case "a file more":
            draw(root / "a" / "more.png", 200, size=(9, 7), mode="RGB")
        case "a file less":
            (root / "a" / "0.png").unlink()
        case _:
            os.utime(root / "a" / "0.png", (1, 1))
    again = load_image_folder(root, kept)
    assert len(decoded) == 2
    assert np.array_equal(all_pixels(again), all_pixels(load_image_folder(root)))


def test_files_of_equal_size_and_time_are_not_mistaken(root: Path, kept: Path) -> None:
    for path in root.rglob("*.png"):
        draw(path.with_suffix(".bmp"), 1, size=(9, 7), mode="RGB")
        path.unlink()
    for path in root.rglob("*.bmp"):
        os.utime(path, (1, 1))
    load_image_folder(root, kept)
    for path in root.rglob("*.bmp"):
        draw(path, 2, size=(9, 7), mode="RGB")
        os.utime(path, (1, 1))
    assert all_pixels(load_image_folder(root, kept)).max() == 2


def test_the_labels_may_change_without_decoding_again(root: Path, kept: Path, decoded: list[int]) -> None:
    for sign in (1, -1):
        lines = [f"{'ab'[number % 2]}/{number}.png,{sign * number / 2},train" for number in range(30)]
        lines += [f"{'ab'[number % 2]}/{number}.png,{sign * number / 2},test" for number in range(30, 40)]
        (root / "labels.csv").write_text("file,value,split\n" + "\n".join(lines))
        labels = load_image_folder(root, kept).test.labels
        assert sorted(abs(labels[:, 0]).tolist()) == [number / 2 for number in range(30, 40)]
        assert (labels[0, 0] > 0) == (sign > 0)
    assert decoded == [40]


@pytest.mark.parametrize("damage", ["flipped", "zeros", "cut short", "empty", "a folder", "absent"])
@pytest.mark.parametrize("file", ["train.npy", "test.npy", "files.npz"])
def test_damaged_files_are_made_again(
    file: str, damage: str, root: Path, kept: Path, decoded: list[int]
) -> None:
    before = np.array(all_pixels(load_image_folder(root, kept)))
    for path in (kept / ".images").glob(f"*/{file}"):
        content = path.read_bytes()
        path.unlink()
        match damage:
            case "flipped":
                path.write_bytes(content[:-40] + bytes([content[-40] ^ 4]) + content[-39:])
            case "zeros":
                path.write_bytes(bytes(len(content)))
            case "cut short":
                path.write_bytes(content[:-2])
            case "empty":
                path.write_bytes(b"")
            case "a folder":
                path.mkdir()
    assert np.array_equal(all_pixels(load_image_folder(root, kept)), before)
    assert decoded == [40, 40]
    load_image_folder(root, kept)
    assert decoded == [40, 40]


def test_prepared_images_may_be_copied(root: Path, kept: Path, tmp_path: Path, decoded: list[int]) -> None:
    load_image_folder(root, kept)
    shutil.copytree(kept, tmp_path / "copy", copy_function=shutil.copyfile)
    assert sum(counts(load_image_folder(root, tmp_path / "copy"))) == 40
    assert decoded == [40]


def test_unreadable_files_leave_no_gap(root: Path, kept: Path) -> None:
    (root / "a" / "20.png").write_bytes(b"no image")
    for _ in range(2):
        dataset = load_image_folder(root, kept)
        assert sorted(all_pixels(dataset)[:, 0, 0, 0].tolist()) == [n for n in range(40) if n != 20]
        assert "a/20.png (its format is unknown)" in dataset.notes[-1]


def test_refused_folders_are_refused_again(root: Path, kept: Path) -> None:
    for number in range(5):
        (root / "ab"[number % 2] / f"{number}.png").write_bytes(b"no image")
    for _ in range(2):
        with pytest.raises(NasctlError, match="5 files of"):
            load_image_folder(root, kept)


def test_a_split_without_readable_images_is_refused(root: Path, kept: Path) -> None:
    root.rename(root.parent / "train")
    root.mkdir()
    (root.parent / "train").rename(root / "train")
    (root / "test" / "a").mkdir(parents=True)
    (root / "test" / "a" / "x.png").write_bytes(b"no image")
    with pytest.raises(NasctlError, match="too few images"):
        load_image_folder(root, kept)


def test_without_a_writable_folder_images_are_decoded_anew(root: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    dataset = load_image_folder(root, tmp_path / "file" / "kept")
    assert sum(counts(dataset)) == 40
    assert "each command decodes the images again" in dataset.notes[-1]


@pytest.mark.parametrize("size", [0, 200, 3_000])
def test_a_full_disk_is_named(size: int, root: Path, kept: Path) -> None:
    kept.mkdir()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
        with pytest.raises(WorkFailed) as caught:
            load_image_folder(root, kept)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, before)
    assert "--data-dir" in caught.value.hint
    assert not pixel_files(kept)
    assert not list(kept.glob(".preparing-*"))
    assert sum(counts(load_image_folder(root, kept))) == 40


def test_too_little_space_is_said_before_anything_is_decoded(
    root: Path, kept: Path, decoded: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Usage:
        free = 40 * 9 * 7 * 3 - 1

    monkeypatch.setattr(shutil, "disk_usage", lambda folder: Usage)
    with pytest.raises(WorkFailed, match=r"take 7\.6 kB, and the disk of .* has 7\.6 kB left"):
        load_image_folder(root, kept)
    assert decoded == []


def test_old_images_are_deleted_when_all_take_too_much(
    root: Path, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = ("5", "6", "7")
    for age, size in enumerate(sizes):
        before = set((kept / ".images").glob("*")) if kept.exists() else set()
        load_image_folder(root, kept, settings=DataConfig(image_size=size))
        for made in set((kept / ".images").glob("*crop")) - before:
            os.utime(made, (time.time() - (10 - age) * 86400,) * 2)
    monkeypatch.setattr(prepared_images, "LARGEST_TOTAL", 60_000)
    load_image_folder(root, kept, settings=DataConfig(image_size="20"))
    left = {path.name.split("-")[2] for path in (kept / ".images").glob("*crop")}
    assert "20x20x3" in left
    assert "5x5x3" not in left
    assert not list(kept.glob(".preparing-*"))


def test_images_of_an_earlier_content_are_deleted_after_a_day(root: Path, kept: Path) -> None:
    load_image_folder(root, kept)
    old = set((kept / ".images").iterdir())
    for path in old:
        os.utime(path, (time.time() - 2 * 86400,) * 2)
    (root / "a" / "0.png").unlink()
    load_image_folder(root, kept)
    assert not old & set((kept / ".images").iterdir())


@pytest.mark.slow
def test_processes_that_prepare_at_once_do_not_harm_each_other(root: Path, kept: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from nasctl.datasets.images.folder import load_image_folder; "
        "print(load_image_folder(Path(sys.argv[1]), Path(sys.argv[2])).train.inputs[:].sum())"
    )
    command = [sys.executable, "-c", program, str(root), str(kept)]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    sums = {process.communicate()[0] for process in running}
    assert len(sums) == 1
    assert sums != {""}
    assert not list(kept.glob(".preparing-*"))


def test_a_pixel_file_is_a_file_of_numpy(tmp_path: Path) -> None:
    images = np.random.RandomState(0).randint(0, 256, (300, 4, 5, 3), np.uint8)
    kept = np.random.RandomState(1).rand(300) < 0.9
    file = PixelFile(tmp_path / "x.npy", (4, 5, 3))
    for index in np.random.RandomState(2).permutation(np.flatnonzero(kept)):
        file.write(int(index), images[index])
    check = file.finish(kept)
    assert np.array_equal(np.load(tmp_path / "x.npy", allow_pickle=False), images[kept])
    found = open_pixels(tmp_path / "x.npy", (int(kept.sum()), 4, 5, 3), check)
    assert np.array_equal(found, images[kept])
