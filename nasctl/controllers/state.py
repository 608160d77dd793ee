"""Checks a stored controller state before it is restored."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from nasctl.controllers.controller import State
from nasctl.errors import NasctlError


def check_state(
    state: Mapping[str, np.ndarray], like: Mapping[str, np.ndarray], *, growing: bool = False
) -> State:
    """Checks the names and shapes of a stored state against those of a controller, and converts its dtypes.

    Args:
      state: Arrays by name, as read from a file.
      like: The state of the controller that is to be restored.
      growing: Whether arrays may have one row per trial. The lengths of first axes are then not compared.

    Returns:
      The stored state with the dtypes of `like`.

    Raises:
      NasctlError: A name or a shape differs: the state belongs to another controller or another space.
    """
    hint = "it was saved by another kind of controller, with other settings, or for another space"
    if state.keys() != like.keys():
        differing = ", ".join(sorted(state.keys() ^ like.keys()))
        raise NasctlError(f"the saved state does not fit the controller: {differing}", hint=hint)
    for name, array in like.items():
        skipped = int(growing)
        same_axes = np.ndim(state[name]) == array.ndim
        if not same_axes or np.shape(state[name])[skipped:] != array.shape[skipped:]:
            raise NasctlError(
                f"the saved state does not fit the controller: {name} has the shape "
                f"{np.shape(state[name])}, not {array.shape}",
                hint=hint,
            )
    return {name: np.asarray(state[name], array.dtype) for name, array in like.items()}
