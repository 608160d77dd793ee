"""nasctl: neural architecture search from the command line and from Python.

>>> import nasctl
>>> run = nasctl.search("spaces/cnn.nas", trials=10)  # doctest: +SKIP
>>> run.best.reward, run.best_architecture.values  # doctest: +SKIP
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

from nasctl.decoder import set_decoder

if TYPE_CHECKING:
    from nasctl.architecture import Architecture
    from nasctl.dialects import load_space
    from nasctl.engine import Run, resume, search
    from nasctl.errors import NasctlError, WorkFailed
    from nasctl.graph import Signature
    from nasctl.process import configure_process
    from nasctl.space import Space

__version__ = "0.1.0"

__all__ = [
    "Architecture",
    "NasctlError",
    "Run",
    "Signature",
    "Space",
    "WorkFailed",
    "configure_process",
    "load_space",
    "resume",
    "search",
]

_MODULES = {
    "Architecture": "nasctl.architecture",
    "NasctlError": "nasctl.errors",
    "Run": "nasctl.engine",
    "Signature": "nasctl.graph",
    "Space": "nasctl.space",
    "WorkFailed": "nasctl.errors",
    "configure_process": "nasctl.process",
    "load_space": "nasctl.dialects",
    "resume": "nasctl.engine",
    "search": "nasctl.engine",
}


def _decode(space: Space, tokens: Sequence[int]) -> Architecture:
    from nasctl.architecture import Architecture

    return Architecture.decode(space, tokens)


set_decoder(_decode)  # for `Space.decode`: `nasctl.space` does not import the packages that use it


def __getattr__(name: str) -> Any:
    """Imports a public name when it is first used, so that commands that do not need JAX start quickly."""
    if name not in _MODULES:
        raise AttributeError(f"module 'nasctl' has no attribute {name!r}")
    return getattr(import_module(_MODULES[name]), name)


def __dir__() -> list[str]:
    return [*globals(), *_MODULES]
