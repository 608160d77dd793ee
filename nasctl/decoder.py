"""The function behind `Space.decode`.

`nasctl.architecture` imports `nasctl.space`, so `Space` cannot import `Architecture` to decode token strings. Instead,
the package `nasctl` registers the function when it is imported.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

_decode: Callable[[Any, Sequence[int]], Any] | None = None


def set_decoder(decode: Callable[[Any, Sequence[int]], Any]) -> None:
    """Registers the function that decodes token strings.

    Args:
      decode: Takes a `Space` and a token string, and returns an `Architecture`.
    """
    global _decode
    _decode = decode


def decode(space: Any, tokens: Sequence[int]) -> Any:
    """The architecture that a token string of a space stands for."""
    assert _decode is not None, "importing nasctl sets it"
    return _decode(space, tokens)
