"""Image files of every kind become the pixels that a person sees."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageOps, UnidentifiedImageError, features

from nasctl.datasets.image_format import ImageFormat
from nasctl.datasets.images.decoding import decode, fitted, read_header
from nasctl.errors import NasctlError

RANDOM = np.random.RandomState(0)
COLOURS = Image.fromarray(RANDOM.randint(0, 256, (12, 16, 3), np.uint8))
SMOOTH = Image.fromarray(RANDOM.randint(0, 256, (6, 8, 3), np.uint8)).resize((800, 600))


def saved(image: Image.Image, format: str, **options: Any) -> bytes:
    content = io.BytesIO()
    image.save(content, format, **options)
    return content.getvalue()


def pixels(
    content: bytes, *, channels: int = 3, fit: str = "crop", size: tuple[int, int] | None = None
) -> np.ndarray:
    """The decoded image in its own size or another one, (height, width)."""
    height, width = size or Image.open(io.BytesIO(content)).size[::-1]
    return decode(content, ImageFormat(height, width, channels, fit))[0]  # type: ignore[arg-type]


@pytest.mark.parametrize("format", ["PNG", "BMP", "TIFF", "PPM", "TGA", "WEBP"])
def test_formats_without_loss_keep_every_pixel(format: str) -> None:
    options = {"lossless": True} if format == "WEBP" else {}
    assert np.array_equal(pixels(saved(COLOURS, format, **options)), np.asarray(COLOURS))


@pytest.mark.parametrize("format", ["JPEG", "WEBP", "AVIF", "JPEG2000"])
def test_formats_with_loss_stay_close(format: str) -> None:
    if format == "AVIF" and not features.check("avif"):
        pytest.skip("this Pillow cannot write AVIF")
    image = SMOOTH.resize((64, 48))
    found = pixels(saved(image, format, quality=95) if format != "JPEG2000" else saved(image, format))
    assert np.abs(found.astype(int) - np.asarray(image)).mean() < 3


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize(
    ("fit", "size"), [("stretch", (12, 16)), ("crop", (8, 8)), ("pad", (10, 10)), ("crop", (7, 9))]
)
def test_the_orientation_of_a_camera_is_applied(
    orientation: int, fit: str, size: tuple[int, int], tmp_path
) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    content = saved(COLOURS, "PNG", exif=exif)
    upright = ImageOps.exif_transpose(Image.open(io.BytesIO(content)))
    if fit == "stretch" and orientation >= 5:
        size = size[::-1]
    expected = fitted(upright, size[::-1], fit)  # type: ignore[arg-type]
    assert np.abs(pixels(content, fit=fit, size=size).astype(int) - np.asarray(expected)).max() <= 1
    (tmp_path / "x.png").write_bytes(content)
    header = read_header(tmp_path / "x.png")
    assert (header.width, header.height) == upright.size


_UPRIGHT = {
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.transpose(1, 0, 2),
    6: lambda a: np.rot90(a, -1),
    7: lambda a: np.rot90(a, 2).transpose(1, 0, 2),
    8: np.rot90,
}


@pytest.mark.parametrize("orientation", [0, *range(1, 10), 65535])
@pytest.mark.parametrize("format", ["PNG", "TIFF", "WEBP"])
def test_an_orientation_is_applied_once_in_every_format(format: str, orientation: int, tmp_path) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    content = saved(COLOURS, format, exif=exif, **({"lossless": True} if format == "WEBP" else {}))
    expected = _UPRIGHT.get(orientation, lambda a: a)(np.asarray(COLOURS))
    (tmp_path / "x").write_bytes(content)
    header = read_header(tmp_path / "x")
    assert (header.height, header.width) == expected.shape[:2]
    assert np.array_equal(pixels(content, size=expected.shape[:2]), expected)


@pytest.mark.parametrize(
    "exif", [b"", b"Exif\0\0", b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03", b"\xff" * 50]
)
def test_damaged_metadata_do_not_make_an_image_unreadable(exif: bytes) -> None:
    assert pixels(saved(COLOURS, "JPEG", exif=exif)).shape == (12, 16, 3)


def test_transparent_pixels_show_white() -> None:
    layered = COLOURS.copy()
    alpha = Image.fromarray(RANDOM.randint(0, 256, (12, 16), np.uint8))
    layered.putalpha(alpha)
    white = Image.new("RGBA", layered.size, "white")
    expected = np.asarray(Image.alpha_composite(white, layered).convert("RGB")).astype(int)
    assert np.abs(pixels(saved(layered, "PNG")) - expected).max() <= 1


@pytest.mark.parametrize("mode", ["LA", "P", "PA", "L", "RGB"])
def test_transparency_of_every_mode_shows_white(mode: str) -> None:
    options: dict[str, Any] = {}
    if mode in ("LA", "PA"):
        image = Image.new(mode[0], (4, 4), 0)
        image.putalpha(0)
        assert image.mode == mode
    else:
        image = Image.new(mode, (4, 4), 0)
        options = {"transparency": {"P": 0, "L": 0, "RGB": (0, 0, 0)}[mode]}
    content = saved(image, "TIFF" if mode == "PA" else "PNG", **options)
    assert pixels(content).min() == 255
    assert pixels(content, channels=1).min() == 255


@pytest.mark.parametrize("mode", ["1", "L", "P", "CMYK", "YCbCr"])
def test_modes_are_converted_as_pillow_does(mode: str) -> None:
    image = COLOURS.convert(mode)
    format = "TIFF" if mode in ("CMYK", "YCbCr") else "PNG"
    assert np.array_equal(pixels(saved(image, format)), np.asarray(image.convert("RGB")))


def test_a_cmyk_jpeg_keeps_its_colours() -> None:
    red = Image.new("RGB", (16, 16), (220, 30, 30)).convert("CMYK")
    found = pixels(saved(red, "JPEG", quality=95))
    assert np.abs(found.reshape(-1, 3).mean(0) - (220, 30, 30)).max() < 8


@pytest.mark.parametrize("format", ["PNG", "TIFF", "PPM", "JPEG2000"])
def test_16_bits_are_scaled_and_not_clipped(format: str) -> None:
    values = np.linspace(0, 65535, 192).round().astype(np.uint16).reshape(12, 16)
    options = {"irreversible": False} if format == "JPEG2000" else {}
    found = pixels(saved(Image.fromarray(values), format, **options), channels=1)
    assert np.array_equal(found[..., 0], values >> 8)
    assert (found.min(), found.max()) == (0, 255)


def test_a_tiff_of_12_bits_uses_the_whole_range() -> None:
    values = np.linspace(0, 4095, 192).round().astype(np.uint16).reshape(12, 16)
    content = saved(Image.fromarray(values), "TIFF")
    packed = b"".join(
        bytes([a >> 4, (a & 15) << 4 | b >> 8, b & 255]) for a, b in values.reshape(-1, 2).tolist()
    )
    offset = content.index(values.tobytes())
    changed = bytearray(content[:offset] + packed + content[offset + values.nbytes :])
    at = changed.index(b"\x02\x01\x03\x00\x01\x00\x00\x00\x10\x00")  # BitsPerSample
    changed[at + 8] = 12
    found = pixels(bytes(changed), channels=1)
    assert np.array_equal(found[..., 0], values >> 4)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_white_may_be_stored_as_0(dtype: type) -> None:
    values = np.linspace(0, np.iinfo(dtype).max, 192).round().astype(dtype).reshape(12, 16)
    content = saved(Image.fromarray(values), "TIFF")
    at = content.index(b"\x06\x01\x03\x00\x01\x00\x00\x00\x01\x00") + 8  # PhotometricInterpretation
    found = pixels(content[:at] + b"\0" + content[at + 1 :], channels=1)
    assert np.array_equal(found[..., 0], 255 - (values >> (8 if dtype is np.uint16 else 0)))


def test_samples_that_pillow_reads_wrongly_are_refused() -> None:
    with pytest.raises(NasctlError, match="signed numbers of 8 bits"):
        pixels(saved(COLOURS.convert("L"), "TIFF", tiffinfo={339: 2}))
    content = saved(COLOURS, "TIFF", tiffinfo={284: 2})
    deep = content.replace(b"\x08\x00\x08\x00\x08\x00", b"\x10\x00\x10\x00\x10\x00")
    with pytest.raises(NasctlError, match="planes of 16 bits"):
        pixels(deep)


def test_fractions_from_0_to_1_are_multiplied_by_255() -> None:
    values = np.linspace(0, 1, 192, dtype=np.float32).reshape(12, 16)
    found = pixels(saved(Image.fromarray(values), "TIFF"), channels=1)
    assert np.array_equal(found[..., 0], np.rint(values * 255).astype(np.uint8))


def test_whole_numbers_of_32_bits_up_to_255_are_kept() -> None:
    values = np.arange(192, dtype=np.int32).reshape(12, 16)
    assert np.array_equal(pixels(saved(Image.fromarray(values), "TIFF"), channels=1)[..., 0], values)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (np.float32([[0, 1.5]]), "fractions of 32 bits from 0 to 1.5"),
        (np.float32([[-0.1, 1]]), "fractions of 32 bits from -0.1 to 1"),
        (np.float32([[0, np.nan]]), "fractions of 32 bits from nan to nan"),
        (np.int32([[0, 256]]), "whole numbers of 32 bits from 0 to 256"),
        (np.int32([[-1, 2]]), "whole numbers of 32 bits from -1 to 2"),
    ],
)
def test_other_numbers_of_32_bits_are_refused(values: np.ndarray, said: str) -> None:
    with pytest.raises(NasctlError, match=said):
        pixels(saved(Image.fromarray(values), "TIFF"))


@pytest.mark.parametrize("format", ["GIF", "PNG", "WEBP", "TIFF"])
def test_of_an_animation_the_first_frame_is_taken(format: str) -> None:
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "lime", "blue")]
    options = {"lossless": True} if format == "WEBP" else {}
    content = saved(frames[0], format, save_all=True, append_images=frames[1:], **options)
    found, further = decode(content, ImageFormat(8, 8, 3))
    assert further
    assert found[0, 0].tolist() == [255, 0, 0]
    assert not decode(saved(frames[0], format, **options), ImageFormat(8, 8, 3))[1]


def test_the_second_image_of_a_telephone_is_no_frame() -> None:
    content = saved(COLOURS, "MPO", save_all=True, append_images=[COLOURS])
    assert not decode(content, ImageFormat(12, 16, 3))[1]


@pytest.mark.parametrize("size", [(5, 5), (9, 4), (4, 9), (12, 16), (30, 20)])
@pytest.mark.parametrize("shape", [(16, 12), (12, 16), (10, 10)])
def test_fits_are_those_of_pillow(size: tuple[int, int], shape: tuple[int, int]) -> None:
    image = COLOURS.resize(shape)
    bicubic = Image.Resampling.BICUBIC
    for fit, expected in (
        ("crop", ImageOps.fit(image, size, bicubic)),
        ("pad", ImageOps.pad(image, size, bicubic)),
        ("stretch", image.resize(size, bicubic)),
    ):
        assert np.abs(np.asarray(fitted(image, size, fit)).astype(int) - np.asarray(expected)).max() <= 1  # type: ignore[arg-type]


@pytest.mark.parametrize("fit", ["crop", "pad", "stretch"])
@pytest.mark.parametrize("size", [(32, 32), (40, 100), (100, 40)])
def test_a_jpeg_that_is_decoded_at_a_smaller_size_looks_the_same(fit: str, size: tuple[int, int]) -> None:
    content = saved(SMOOTH, "JPEG", quality=95)
    exact = fitted(Image.open(io.BytesIO(content)).convert("RGB"), size[::-1], fit)  # type: ignore[arg-type]
    difference = np.abs(pixels(content, fit=fit, size=size).astype(int) - np.asarray(exact))
    assert difference.mean() < 1
    assert difference.max() < 12


def test_a_crop_keeps_the_centre_and_the_proportions() -> None:
    image = Image.new("RGB", (90, 30), "red")
    image.paste("lime", (30, 0, 60, 30))
    assert pixels(saved(image, "PNG"), size=(30, 30)).reshape(-1, 3).tolist() == [[0, 255, 0]] * 900


@pytest.mark.parametrize("shape", [(5000, 1), (1, 5000)])
def test_a_line_of_pixels_remains_of_a_very_long_image(shape: tuple[int, int]) -> None:
    found = np.asarray(fitted(Image.new("L", shape, 200), (64, 64), "pad"))
    assert ((found == 200).sum(), (found == 0).sum()) == (64, 64 * 63)


def test_margins_are_black() -> None:
    found = pixels(saved(Image.new("RGB", (40, 20), "white"), "PNG"), size=(20, 20), fit="pad")
    assert found[:, 0, 0].tolist() == [0] * 5 + [255] * 10 + [0] * 5


def test_pillow_prints_nothing_about_a_damaged_file(capfd: pytest.CaptureFixture[str]) -> None:
    content = bytearray(saved(COLOURS, "TIFF"))
    at = content.index(b"\x15\x01\x03\x00\x01\x00\x00\x00\x03\x00")  # SamplesPerPixel
    content[at + 8 : at + 10] = b"\x16\x01"
    with pytest.raises(UnidentifiedImageError):
        decode(bytes(content), ImageFormat(12, 16, 3))
    assert capfd.readouterr() == ("", "")


def test_files_that_need_another_program_are_not_opened() -> None:
    with pytest.raises(UnidentifiedImageError):
        pixels(saved(COLOURS, "EPS"), size=(12, 16))
