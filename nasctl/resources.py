"""Finds the grammars and the spaces that ship with the package, in a checkout and in an installed wheel."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def _folder(name: str) -> Path:
    """The folder `name` inside the installed package, or beside it in a checkout."""
    installed = _PACKAGE / name
    return installed if installed.is_dir() else _PACKAGE.parent / name


def grammar_folder() -> Path:
    """Where `common.lark` and the grammars of the dialects are."""
    return _folder("grammars")


def shipped_spaces() -> dict[str, Path]:
    """The spaces that ship with nasctl, by the name that commands take: `spaces/cnn.nas`."""
    return {f"spaces/{path.name}": path for path in sorted(_folder("spaces").glob("*.nas"))}
