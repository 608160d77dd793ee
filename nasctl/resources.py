"""Finds the grammars and spaces that come with nasctl, in a checkout and in an installed wheel."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def _folder(name: str) -> Path:
    """Returns the folder `name`, which is inside of the installed package, or beside it in a checkout."""
    installed = _PACKAGE / name
    return installed if installed.is_dir() else _PACKAGE.parent / name


def grammar_folder() -> Path:
    """Returns the folder of `common.lark` and of the grammars of the dialects."""
    return _folder("grammars")


def shipped_spaces() -> dict[str, Path]:
    """Returns the files of the spaces that come with nasctl, by the names that commands accept: `spaces/cnn.nas`."""
    return {f"spaces/{path.name}": path for path in sorted(_folder("spaces").glob("*.nas"))}
