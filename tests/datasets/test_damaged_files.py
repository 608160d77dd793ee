"""Whatever is wrong with a file of a data set, the error names the file, and the process goes on."""

from __future__ import annotations

import io
import os
import resource
import signal
import struct
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nasctl.datasets import load
from nasctl.datasets.dataset import DatasetSpec
from nasctl.datasets.preparation import folder_of, load_spec
from nasctl.errors import NasctlError

pytestmark = pytest.mark.usefixtures("own_data_dir")


def refusal(name: Path | str, data_dir: Path | None = None) -> str:
    """The message with which a data set is refused."""
    with pytest.raises(NasctlError) as caught:
        load(str(name), data_dir)
    return caught.value.message


# .npz files


def npy(array: np.ndarray, *, allow_pickle: bool = False) -> bytes:
    file = io.BytesIO()
    np.save(file, array, allow_pickle=allow_pickle)
    return file.getvalue()


ARRAYS = {
    "x_train": npy(np.arange(6 * 4 * 4, dtype=np.uint8).reshape(6, 4, 4)),
    "y_train": npy(np.array([0, 1, 2, 0, 1, 2])),
    "x_test": npy(np.ones((2, 4, 4), np.uint8)),
    "y_test": npy(np.array([2, 0])),
}


def npz(path: Path, compression: int = zipfile.ZIP_DEFLATED, **changed: bytes | np.ndarray) -> Path:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in {**ARRAYS, **changed}.items():
            archive.writestr(f"{name}.npy", npy(content) if isinstance(content, np.ndarray) else content)
    return path


def header(shape: str, descr: str = "'|u1'") -> bytes:
    """An .npy file whose header states a shape and a dtype, with four bytes of data."""
    text = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}"
    text += " " * (63 - (len(text) + 10) % 64) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text.encode() + b"\0\0\0\0"


def whole_with(change: Callable[[bytearray], bytearray | None]) -> Callable[[Path], Path]:
    def write(path: Path) -> Path:
        content = bytearray(npz(path).read_bytes())
        changed = change(content)
        path.write_bytes(bytes(content if changed is None else changed))
        return path

    return write


def set_bytes(offset_of: bytes, shift: int, value: bytes) -> Callable[[bytearray], None]:
    def change(content: bytearray) -> None:
        at = content.index(offset_of) + shift
        content[at : at + len(value)] = value

    return change


DAMAGED_NPZ = [
    pytest.param(whole_with(set_bytes(b"PK\x01\x02", 8, b"\x01")), "x.npz", id="flagged as encrypted"),
    pytest.param(whole_with(set_bytes(b"PK\x01\x02", 10, b"\x63")), "x.npz", id="unknown compression"),
    pytest.param(whole_with(set_bytes(b"x_train.npy", 14, b"\xff\xff\xff")), "x.npz", id="bits flipped"),
    pytest.param(whole_with(lambda content: content[: len(content) // 2]), "x.npz", id="truncated"),
    pytest.param(whole_with(lambda content: bytearray(len(content))), "x.npz", id="zeros"),
    pytest.param(whole_with(lambda _: bytearray()), "x.npz", id="empty"),
    pytest.param(whole_with(lambda _: bytearray(ARRAYS["x_train"])), "x.npz", id="an .npy file"),
    pytest.param(whole_with(lambda _: bytearray(b"\x80\x04N.")), "x.npz", id="a pickle"),
    pytest.param(lambda p: npz(p, x_train=b"0 1 2"), "x.npz", id="a member that is no array"),
    pytest.param(lambda p: npz(p, x_train=b"\x93NUMPY"), "x.npz", id="a header cut short"),
    pytest.param(lambda p: npz(p, x_train=b"\x93NUMPY\x09\x00"), "x.npz", id="an unknown .npy version"),
    pytest.param(lambda p: npz(p, x_train=header("(10**12,)")), "x.npz", id="an expression as shape"),
    pytest.param(
        lambda p: npz(p, x_train=header("(1000000000000, 4, 4)")), "x.npz", id="a shape of terabytes"
    ),
    pytest.param(lambda p: npz(p, x_train=header("(-6, 4, 4)")), "x.npz", id="a negative shape"),
    pytest.param(lambda p: npz(p, x_train=header("('a',)")), "x.npz", id="a shape of text"),
    pytest.param(lambda p: npz(p, x_train=header("(6, 4, 4")), "x.npz", id="a header that is no expression"),
    pytest.param(lambda p: npz(p, x_train=header("(" * 90)), "x.npz", id="a nested header"),
    pytest.param(lambda p: npz(p, x_train=header("(4,)", "'|O'")), "x.npz", id="a dtype of objects"),
    pytest.param(lambda p: npz(p, x_train=header("(4,)", "'nonsense'")), "x.npz", id="no dtype"),
    pytest.param(lambda p: npz(p, x_train=header("(4,)", "[('a','|u1')]")), "x_train", id="records"),
    pytest.param(
        lambda p: npz(p, x_train=npy(np.array([{}] * 6, object), allow_pickle=True)), "x.npz", id="objects"
    ),
    pytest.param(lambda p: npz(p, x_train=np.zeros((6, 4, 4), complex)), "x_train", id="complex pixels"),
    pytest.param(lambda p: npz(p, x_train=np.zeros((6, 4, 4), "M8[s]")), "x_train", id="dates as pixels"),
    pytest.param(lambda p: npz(p, x_train=np.zeros((6, 4, 4), "m8[s]")), "x_train", id="durations as pixels"),
    pytest.param(lambda p: npz(p, x_train=np.zeros((6, 4, 4), "U1")), "x_train", id="text as pixels"),
    pytest.param(lambda p: npz(p, x_train=np.full((6, 4, 4), 1e300)), "x_train", id="beyond float32"),
    pytest.param(
        lambda p: npz(p, x_train=np.full((6, 4, 4), np.inf, np.float16)), "x_train", id="infinite float16"
    ),
    pytest.param(lambda p: npz(p, x_train=np.full((6, 4, 4), np.nan)), "x_train", id="NaN"),
    pytest.param(lambda p: npz(p, x_train=np.zeros((0, 4, 4))), "x_train", id="no examples"),
    pytest.param(lambda p: npz(p, x_train=np.zeros(())), "x_train", id="a scalar"),
    pytest.param(lambda p: npz(p, x_train=np.zeros((1,) * 40)), "x_train", id="forty axes"),
    pytest.param(lambda p: npz(p, y_train=np.zeros(6, int)), "y_train", id="one class"),
    pytest.param(
        lambda p: npz(p, y_test=np.array([0, (1 << 64) - 1], np.uint64)),
        "label 18446744",
        id="a label of 2^64",
    ),
    pytest.param(
        lambda p: npz(p, y_test=np.array([0, 1 << 32])), "label 4294967296", id="a test label of 2^32"
    ),
    pytest.param(lambda p: npz(p, y_train=np.zeros(6, "m8[s]")), "y_train", id="durations as labels"),
    pytest.param(lambda p: npz(p, y_train=np.zeros(6, bool)), "y_train", id="booleans as labels"),
    pytest.param(lambda p: npz(p, class_names=np.array(["a", "b", "a"])), "class_names", id="a name twice"),
    pytest.param(lambda p: npz(p, class_names=np.array([0.5, 1, 2])), "class_names", id="numbers as names"),
    pytest.param(lambda p: npz(p, class_names=np.array("a")), "class_names", id="one name as a scalar"),
]


@pytest.mark.parametrize(("write", "named"), DAMAGED_NPZ)
def test_an_npz_file_that_cannot_be_used_is_named(
    write: Callable[[Path], Path], named: str, tmp_path: Path, recwarn: pytest.WarningsRecorder
) -> None:
    message = refusal(write(tmp_path / "x.npz"))
    assert str(tmp_path / "x.npz") in message
    assert named in message
    assert not recwarn.list


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_flipped_bit_anywhere_in_an_npz_file_is_an_error_or_harmless(
    compression: int, tmp_path: Path
) -> None:
    path = npz(tmp_path / "x.npz", compression)
    whole, expected = path.read_bytes(), load(str(path))
    for at in range(0, len(whole), 3):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ (1 << at % 8)]) + whole[at + 1 :])
        try:
            found = load(str(path))
        except NasctlError as error:
            assert "x.npz" in error.message
        else:
            assert np.array_equal(found.train.inputs, expected.train.inputs)
            assert np.array_equal(found.test.labels, expected.test.labels)


def test_a_small_file_of_terabytes_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = npz(tmp_path / "x.npz", x_train=np.zeros((6, 4, 4)))
    content = path.read_bytes()
    at = content.index(b"PK\x01\x02")
    extra = struct.pack("<HHQ", 1, 8, 1 << 50)  # ZIP64: the size of the member
    path.write_bytes(
        content[: at + 24] + b"\xff\xff\xff\xff" + content[at + 28 : at + 30]
        + struct.pack("<H", len(extra)) + content[at + 32 : at + 46 + 11] + extra + content[at + 46 + 11 :]
    )  # fmt: skip
    # the directory has grown: its size in the last record has too
    end = bytearray(path.read_bytes())
    record = end.rindex(b"PK\x05\x06")
    end[record + 12 : record + 16] = struct.pack(
        "<I", struct.unpack("<I", end[record + 12 : record + 16])[0] + len(extra)
    )
    path.write_bytes(bytes(end))
    assert "x.npz take 1,125,899.9 GB" in refusal(path)


def test_the_order_of_bytes_and_axes_does_not_matter(tmp_path: Path) -> None:
    pixels = np.arange(6 * 4 * 4, dtype=np.float64).reshape(6, 4, 4)
    common = {"x_test": pixels[:2]}
    plain = load(str(npz(tmp_path / "a.npz", x_train=pixels, **common)))
    other = np.asfortranarray(pixels.astype(">f4"))
    labels = np.array([0, 1, 2, 0, 1, 2], ">i8")
    foreign = load(str(npz(tmp_path / "b.npz", x_train=other, y_train=labels, **common)))
    assert np.array_equal(plain.train.inputs, foreign.train.inputs)
    assert np.array_equal(plain.train.labels, foreign.train.labels)
    assert foreign.train.inputs.dtype.isnative


def test_names_of_bytes_are_read_as_text(tmp_path: Path) -> None:
    names = np.array([b"cat", b"dog", b"cow"])
    assert load(str(npz(tmp_path / "a.npz", class_names=names))).class_names == ("cat", "dog", "cow")


# Folders of images


def picture(mode: str = "L", size: tuple[int, int] = (6, 5), format: str = "PNG", **options: object) -> bytes:
    file = io.BytesIO()
    Image.new(mode, size, 1).save(file, format, **options)
    return file.getvalue()


PNG = picture(size=(60, 50))


def png_chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def folder_of_images(root: Path) -> Path:
    for label in ("cat", "dog"):
        (root / label).mkdir(parents=True)
        for number in range(5):
            (root / label / f"{number}.png").write_bytes(picture())
    return root


DAMAGED_IMAGES = [
    pytest.param(b"no image", id="no image"),
    pytest.param(b"", id="empty"),
    pytest.param(bytes(500), id="zeros"),
    pytest.param(PNG[: len(PNG) // 2], id="PNG cut short"),
    pytest.param(PNG[:40] + b"\xff\xff" + PNG[42:], id="PNG with flipped bits"),
    pytest.param(PNG[:8] + png_chunk(b"IHDR", b"\0\0"), id="PNG with a short header"),
    pytest.param(PNG[:8] + png_chunk(b"IDAT", b"\0\0"), id="PNG without a header"),
    pytest.param(
        PNG[:8] + png_chunk(b"IHDR", struct.pack(">IIBBBBB", 1 << 30, 1 << 30, 8, 0, 0, 0, 0)),
        id="PNG of an exapixel",
    ),
    pytest.param(
        PNG[:8] + png_chunk(b"IHDR", struct.pack(">IIBBBBB", 10_000, 10_000, 8, 0, 0, 0, 0)),
        id="PNG of 100 megapixels without data",
    ),
    pytest.param(
        PNG[:8] + png_chunk(b"IHDR", struct.pack(">IIBBBBB", 0, 0, 8, 0, 0, 0, 0)), id="PNG without pixels"
    ),
    pytest.param(picture("RGB", (60, 50), "JPEG")[:200], id="JPEG cut short"),
    pytest.param(picture("RGB", (60, 50), "GIF")[:30], id="GIF cut short"),
    pytest.param(picture("RGB", (60, 50), "TIFF")[:60], id="TIFF cut short"),
    pytest.param(picture("RGB", (60, 50), "TIFF").replace(b"\x00\x01", b"\xff\xff"), id="TIFF with odd tags"),
    pytest.param(picture("RGB", (60, 50), "BMP")[:40], id="BMP cut short"),
    pytest.param(picture("RGB", (60, 50), "WEBP")[:40], id="WebP cut short"),
    pytest.param(b"P6 99999999 99999999 255\n\0", id="PPM of 10^16 pixels"),
    pytest.param(b"P6 nine 9 255\n\0", id="PPM with words as sizes"),
]


@pytest.mark.parametrize("content", DAMAGED_IMAGES)
def test_a_file_that_is_no_image_is_named(content: bytes, tmp_path: Path) -> None:
    folder_of_images(tmp_path)
    (tmp_path / "dog" / "bad.png").write_bytes(content)
    assert refusal(tmp_path).startswith(f"{tmp_path / 'dog' / 'bad.png'} cannot be read as an image: ")


@pytest.mark.parametrize(
    "create",
    [
        pytest.param(os.mkfifo, id="a pipe"),
        pytest.param(lambda path: os.symlink(path, path), id="a link to itself"),
        pytest.param(lambda path: os.symlink("absent", path), id="a broken link"),
        pytest.param(lambda path: os.symlink("/dev/zero", path), id="an endless device"),
    ],
)
def test_what_is_no_file_is_not_opened(create: Callable[[Path], None], tmp_path: Path) -> None:
    folder_of_images(tmp_path)
    create(tmp_path / "dog" / "bad.png")
    assert "bad.png cannot be read as an image: " in refusal(tmp_path)


def test_all_files_that_cannot_be_read_are_listed_together(tmp_path: Path) -> None:
    folder_of_images(tmp_path)
    for name in ("cat/1.png", "cat/7.jpg", "dog/4.png"):
        (tmp_path / name).write_bytes(PNG[:60])
    assert refusal(tmp_path).startswith(f"3 files of {tmp_path} cannot be read as images:\n  cat/1.png: ")
    assert "\n  cat/7.jpg: " in refusal(tmp_path)
    for number in range(30):
        (tmp_path / "cat" / f"b{number}.png").write_bytes(b"")
    assert refusal(tmp_path).endswith("\n  and 13 more")


def test_images_of_16_bits_keep_their_upper_bits(tmp_path: Path) -> None:
    folder_of_images(tmp_path)
    values = (np.arange(30).reshape(5, 6) * 2000).astype(np.uint16)
    for format, name in (("PNG", "a.png"), ("TIFF", "b.tif"), ("PPM", "c.pgm")):
        Image.fromarray(values).save(tmp_path / "cat" / name, format)
    dataset = load(str(tmp_path))
    every = np.concatenate([dataset.train.inputs, dataset.test.inputs])
    assert every.shape[1:] == (5, 6, 1)
    assert sum(np.array_equal(image[..., 0], values >> 8) for image in every) == 3


@pytest.mark.parametrize("mode", ["1", "LA", "P", "RGBA", "CMYK", "YCbCr"])
def test_images_of_every_mode_are_read(mode: str, tmp_path: Path, recwarn: pytest.WarningsRecorder) -> None:
    folder_of_images(tmp_path)
    options = {"transparency": b"\x80\x20"} if mode == "P" else {}
    format, suffix = ("TIFF", "tif") if mode in ("CMYK", "YCbCr") else ("PNG", "png")
    (tmp_path / "cat" / f"9.{suffix}").write_bytes(picture(mode, format=format, **options))
    dataset = load(str(tmp_path))
    assert dataset.train.inputs.shape[1:] == (5, 6, 1 if mode in ("1", "LA") else 3)
    assert not recwarn.list


def test_hidden_files_are_no_images(tmp_path: Path) -> None:
    folder_of_images(tmp_path)
    before = load(str(tmp_path))
    (tmp_path / "cat" / ".DS_Store").write_bytes(b"store")
    (tmp_path / "cat" / "._0.png").write_bytes(b"a resource fork")
    (tmp_path / ".git").mkdir()
    after = load(str(tmp_path))
    assert len(after.train) == len(before.train)
    assert after.class_names == before.class_names


@pytest.mark.parametrize("images", [{"a": 1, "b": 1}, {"a": 1, "b": 1, "c": 1, "d": 1, "e": 1}])
def test_a_class_without_training_images_is_refused(images: dict[str, int], tmp_path: Path) -> None:
    for name, count in images.items():
        (tmp_path / name).mkdir()
        for number in range(count):
            (tmp_path / name / f"{number}.png").write_bytes(picture())
    assert "too few images" in refusal(tmp_path)


def test_a_folder_that_cannot_be_listed_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder_of_images(tmp_path)

    def listed(folder: Path) -> None:
        raise PermissionError(13, "Permission denied", str(folder))

    monkeypatch.setattr(os, "scandir", listed)
    assert refusal(tmp_path) == f"{tmp_path} cannot be read: Permission denied"


# Texts


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(b"", "no text for the", id="empty"),
        pytest.param(b"a", "no text for the", id="one character"),
        pytest.param(b"one line of words only\n", "no text for the", id="one line"),
        pytest.param(b"\n \n\t\n" * 100, "no text for the", id="blank lines"),
        pytest.param("fünf\n".encode("latin-1") * 100, "is not UTF-8: byte 1 is 0xfc", id="Latin-1"),
        pytest.param("words\n".encode("utf-16") * 100, "is not UTF-8: byte 0 is 0xff", id="UTF-16"),
        pytest.param("words\n".encode("utf-16-le") * 100, "null character", id="UTF-16 without a mark"),
        pytest.param(bytes(1000), "null character", id="zeros"),
        pytest.param(PNG, "is not UTF-8", id="an image"),
        pytest.param(b"<unk>\n" * 100, "no word except <unk>", id="unknown words only"),
    ],
)
@pytest.mark.parametrize("unit", ["words", "chars"])
def test_a_file_that_is_no_text_is_named(content: bytes, message: str, unit: str, tmp_path: Path) -> None:
    if unit == "chars" and b"<unk>" in content:
        pytest.skip("five characters are a vocabulary")
    (tmp_path / "book.txt").write_bytes(content)
    refused = refusal(f"{unit}:{tmp_path / 'book.txt'}")
    assert message in refused
    assert str(tmp_path / "book.txt") in refused


@pytest.mark.parametrize("name", ["book.txt", "words:book.txt", "book.npz"])
@pytest.mark.parametrize("create", [os.mkfifo, lambda path: os.symlink("/dev/zero", path)])
def test_a_pipe_or_device_is_no_file(
    name: str, create: Callable[[Path], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    create(tmp_path / name.removeprefix("words:"))
    assert "is not a regular file" in refusal(name)


# Names


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("", id="empty"),
        pytest.param("a" * 300, id="too long for a file name"),
        pytest.param("words:" + "a" * 300, id="too long for a text"),
        pytest.param("/" + "a/" * 3000, id="too long for a path"),
        pytest.param("a\0b", id="with NUL"),
        pytest.param("words:a\0b", id="a text with NUL"),
        pytest.param("~nobody-of-this-name/data", id="in the home of an unknown user"),
        pytest.param("loop", id="a loop of links"),
        pytest.param("loop/data.npz", id="below a loop of links"),
        pytest.param("words:", id="a text without a name"),
        pytest.param("pydoc:0.0.0", id="a manual of another Python"),
        pytest.param("pydoc:../../x", id="a version that is a path"),
        pytest.param("file.txt/data.npz", id="below a file"),
    ],
)
def test_a_name_that_no_data_set_can_have_is_refused(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file.txt").write_text("words")
    (tmp_path / "loop").symlink_to("loop")
    refusal(name, tmp_path / "data")


# Prepared data sets


@pytest.mark.parametrize("file", ["train-images.npy", "train-labels.npy", "test-images.npy", "sha256.txt"])
@pytest.mark.parametrize("damage", ["flipped", "zeros", "cut short", "empty", "a folder"])
def test_a_damaged_prepared_data_set_is_prepared_again(
    file: str, damage: str, spec: DatasetSpec, tmp_path: Path
) -> None:
    load_spec(spec, tmp_path)
    path = folder_of(spec, tmp_path) / "arrays" / file
    content = path.read_bytes()
    path.unlink()
    match damage:
        case "flipped":
            path.write_bytes(content[:-1] + bytes([content[-1] ^ 4]))
        case "zeros":
            path.write_bytes(bytes(len(content)))
        case "cut short":
            path.write_bytes(content[:-2])
        case "empty":
            path.write_bytes(b"")
        case _:
            path.mkdir()
    again = load_spec(spec, tmp_path)
    assert again.train.inputs[:, 0, 0, 0].tolist() == [0, 1, 2, 3, 4, 5]
    assert again.test.labels.tolist() == [0, 1, 2]


def test_a_data_set_that_an_earlier_version_prepared_is_used(spec: DatasetSpec, tmp_path: Path) -> None:
    load_spec(spec, tmp_path)
    (folder_of(spec, tmp_path) / "arrays" / "sha256.txt").unlink()
    images = folder_of(spec, tmp_path) / "arrays" / "train-images.npy"
    before = images.stat().st_mtime_ns
    assert len(load_spec(spec, tmp_path).train) == 6
    assert images.stat().st_mtime_ns == before


@pytest.mark.parametrize("size", [0, 100, 3_000])
def test_a_disk_that_is_full_is_named(
    size: int, spec: DatasetSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
        with pytest.raises(NasctlError, match="cannot be prepared in") as caught:
            load_spec(spec, tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, before)
    assert "--data-dir" in caught.value.hint
    assert list(tmp_path.iterdir()) == []
    assert len(load_spec(spec, tmp_path).train) == 6


@pytest.mark.slow
def test_a_preparation_that_is_killed_is_done_again(tmp_path: Path) -> None:
    program = """
import os, sys
from pathlib import Path
import nasctl.datasets.image_builder as builder
read = builder.read
def die(*arguments):
    read(*arguments)
    os.kill(os.getpid(), 9)
builder.read = die
from nasctl.datasets import load
load("digits", Path(sys.argv[1]))
"""
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path)], capture_output=True, check=False)
    assert done.returncode == -signal.SIGKILL
    assert len(load("digits", tmp_path).train) == 1437


def test_damaged_files_of_tfds_are_named(tmp_path: Path) -> None:
    import tensorflow_datasets as tfds

    from nasctl.datasets.image_builder import quiet

    class Dots(tfds.core.GeneratorBasedBuilder, skip_registration=True):  # type: ignore[call-arg]
        name = "dots"
        VERSION = tfds.core.Version("1.0.0")

        def _info(self) -> tfds.core.DatasetInfo:
            features = {
                "image": tfds.features.Tensor(shape=(3, 3), dtype=np.uint8),
                "label": tfds.features.ClassLabel(names=["x", "y"]),
            }
            return tfds.core.DatasetInfo(
                builder=self,
                features=tfds.features.FeaturesDict(features),
                supervised_keys=("image", "label"),
            )

        def _split_generators(self, dl_manager: object) -> dict[str, object]:
            return {"train": self._generate_examples(6), "test": self._generate_examples(2)}

        def _generate_examples(self, count: int):
            for index in range(count):
                yield index, {"image": np.full((3, 3), index, np.uint8), "label": index % 2}

    with quiet():
        Dots(data_dir=tmp_path, file_format="array_record").download_and_prepare()
    assert len(load("dots", tmp_path).train) == 6
    for path in sorted(path for path in (tmp_path / "dots").rglob("*") if path.is_file()):
        content = path.read_bytes()
        for changed in (b"", content[: len(content) // 2], content[:20] + b"\xff\x00" + content[22:]):
            path.write_bytes(changed)
            try:
                found = load("dots", tmp_path)
            except NasctlError as error:
                assert "dots" in error.message
            else:
                assert len(found.train) == 6
        path.write_bytes(content)
