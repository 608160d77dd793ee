"""Reads how a space wants the files of images: `input image { size 64  fit pad }`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields

from nasctl.config import DataConfig
from nasctl.dsl.diagnostics import Note, Problems, suggestion
from nasctl.dsl.syntax import Expression, InputForm, Word
from nasctl.dsl.values import Scope, evaluate
from nasctl.space import Choice

_SIZES = ("size", "height", "width")
_LARGEST = 99_999
_FITS = tuple(
    fit for item in fields(DataConfig) if item.name == "fit" for fit in item.metadata["choices"] if fit
)


def read_form(form: InputForm, scope: Scope, problems: Problems) -> Mapping[str, Choice]:
    """The settings of the section `data` that a space states.

    Args:
      form: The block after `input image`.
      scope: The defined names.
      problems: Collects the errors.
    """
    given: dict[str, Word] = {}
    known = (*_SIZES, "fit")
    values: dict[str, Choice] = {}
    for setting in form.settings:
        name = setting.name
        if name.name not in known:
            problems.error(
                name.span,
                f"images have no `{name.name}`",
                hint=suggestion(name.name, known) or "they have `size`, or `height` and `width`, and `fit`",
            )
            continue
        if name.name in given:
            notes = [Note("the first one is here", given[name.name].span)]
            problems.error(name.span, f"`{name.name}` is given twice", notes=notes)
        given.setdefault(name.name, name)
        read = _read_fit if name.name == "fit" else _read_size
        value = read(name.name, setting.value, scope, problems)
        if value is not None:
            values[name.name] = value
    if all(setting.name.name in known for setting in form.settings):
        _check_sizes(given, form, problems)
    settings: dict[str, Choice] = {}
    if "size" in values:
        settings["image_size"] = str(values["size"])
    elif "height" in values and "width" in values:
        settings["image_size"] = f"{values['height']}x{values['width']}"
    if "fit" in values:
        settings["fit"] = values["fit"]
    return settings


def _check_sizes(given: Mapping[str, Word], form: InputForm, problems: Problems) -> None:
    sides = [name for name in ("height", "width") if name in given]
    if "size" in given and sides:
        problems.error(
            given[sides[0]].span,
            f"the images have a `size` already, which is their height and width; `{sides[0]}` does not go with it",
        )
    elif len(sides) == 1:
        absent = "width" if sides == ["height"] else "height"
        problems.error(
            form.span, f"the images lack their {absent}", hint="write `size 64`, or `height 96  width 128`"
        )


def _read_size(name: str, value: Expression, scope: Scope, problems: Problems) -> int | None:
    if isinstance(value, Word) and value.name == "in":
        problems.error(
            value.span,
            f"the `{name}` of images cannot be decided, as all networks of a search read the same ones",
            hint=f"write `{name} 64`",
        )
        return None
    number = evaluate(value, scope, problems)
    if number is None or (isinstance(number, int) and 1 <= number <= _LARGEST):
        return number
    problems.error(value.span, f"`{name}` is a whole number of pixels from 1 to {_LARGEST:,}, not {number}")
    return None


def _read_fit(name: str, value: Expression, scope: Scope, problems: Problems) -> str | None:
    word = value.name if isinstance(value, Word) else None
    if word in _FITS:
        return word
    problems.error(
        value.span,
        f"images cannot fit by `{value.span.text}`",
        hint=suggestion(word or "", _FITS)
        or f"write {', '.join(f'`{fit}`' for fit in _FITS[:-1])} or `{_FITS[-1]}`",
    )
    return None
