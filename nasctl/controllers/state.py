"""A controller's state as named arrays, and back."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from nasctl.controllers.controller import State
from nasctl.errors import NasctlError


def check_state(
    state: Mapping[str, np.ndarray], like: Mapping[str, np.ndarray], *, growing: bool = False
) -> State:
    """A state with the types of another, after a check that it has the same names and shapes.

    Args:
      state: Arrays by name, as read from a file.
      like: A state of the controller that is to take it over.
      growing: Whether arrays may have a row a trial: the length of the first axis is then free.

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
