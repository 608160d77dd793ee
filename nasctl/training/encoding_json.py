"""Reads the encoding of a network's data set from the JSON of a checkpoint."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

from nasctl.datasets.image_format import Fit, ImageFormat
from nasctl.errors import NasctlError
from nasctl.files.json_entries import SIZES, entry, finite_numbers, strings, whole_number, wrong_entry
from nasctl.graph import Signature
from nasctl.target_kind import TargetKind
from nasctl.tasks import Encoding


def encoding_from_json(
    content: Mapping[str, Any], signature: Signature, file: Path, *, hint: str
) -> Encoding:
    """The inverse of `dataclasses.asdict` on an `Encoding`. Earlier versions wrote fewer fields.

    Args:
      content: The encoding in the file.
      signature: The shapes of the network, which the encoding must fit.
      file: The file, for messages.
      hint: What the user can do if it is damaged.

    Raises:
      NasctlError: A field is missing or wrong, or does not fit the signature.
    """

    def numbers(key: str) -> tuple[float, ...]:
        return finite_numbers(content, key, file) if key in content else ()

    encoding = Encoding(
        class_names=strings(content, "class_names", file),
        mean=finite_numbers(content, "mean", file),
        deviation=finite_numbers(content, "deviation", file),
        target=_target(content, signature, file),
        image=_image(content, file),
        label_mean=numbers("label_mean"),
        label_deviation=numbers("label_deviation"),
        vocabulary=strings(content, "vocabulary", file) if content.get("vocabulary") else (),
        steps=whole_number(content, "steps", SIZES, file) if content.get("steps") else 0,
    )
    shape = signature.input_shape
    moments = shape[-1] if len(shape) > 1 else 0
    moments_of_labels = signature.outputs if encoding.target is TargetKind.NUMBERS else 0
    image = encoding.image
    if (
        [len(encoding.class_names), len(encoding.mean), len(encoding.deviation)]
        != [signature.outputs, moments, moments]
        or {len(encoding.label_mean), len(encoding.label_deviation)} != {moments_of_labels}
        or len(encoding.vocabulary) != signature.vocabulary
        or encoding.steps not in (0, shape[0])
        or (image is not None and (image.height, image.width, image.channels) != shape)
    ):
        raise NasctlError(
            f"{file} is damaged: its encoding does not fit {words_of(signature, encoding)}", hint=hint
        )
    return encoding


def _target(content: Mapping[str, Any], signature: Signature, file: Path) -> TargetKind:
    """The target, which earlier versions did not write: text had its next token, and images had classes."""
    if "target" not in content:
        return TargetKind.TOKEN if len(signature.input_shape) == 1 else TargetKind.CLASS
    value = content["target"]
    if value not in list(TargetKind):
        raise wrong_entry("target", value, f"one of {', '.join(TargetKind)}", file)
    return TargetKind(value)


def _image(content: Mapping[str, Any], file: Path) -> ImageFormat | None:
    if content.get("image") is None:
        return None
    image = entry(content, "image", dict, file)
    fit = image.get("fit")
    if fit not in get_args(Fit):
        raise wrong_entry("fit", fit, f"one of {', '.join(get_args(Fit))}", file)
    height, width, channels = (
        whole_number(image, key, SIZES, file) for key in ("height", "width", "channels")
    )
    return ImageFormat(height, width, channels, fit)


def words_of(signature: Signature, encoding: Encoding | None) -> str:
    """The sizes of a network's input and output, for messages: `8×8×1 inputs and 10 classes`."""
    target = TargetKind.CLASS if encoding is None else encoding.target
    outputs = "words" if target is TargetKind.TOKEN else target.plural
    if signature.outputs == 1:
        outputs = {"labels": "label", "numbers": "number"}.get(outputs, outputs)
    return f"{'×'.join(map(str, signature.input_shape))} inputs and {signature.outputs:,} {outputs}"
