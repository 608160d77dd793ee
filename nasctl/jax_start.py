"""Checks that JAX can start with the user's environment variables. The errors of JAX do not name them.

`XLA_FLAGS` is checked in another process, because XLA ends a process in which it finds an invalid flag.
"""

from __future__ import annotations

import functools
import os
import subprocess
import sys
import traceback
from typing import Any

from nasctl.errors import NasctlError
from nasctl.foreign_text import message_of, shortened, storable
from nasctl.process import ONE_THREAD, import_path

_JAX_SETTINGS = os.path.join("jax", "_src", "config.py")
_READ_FLAGS = (
    "import sys; sys.path[:] = sys.argv[1:]; from jaxlib._jax import CompileOptions; CompileOptions()"
)


def check_jax() -> None:
    """Checks `XLA_FLAGS` and `JAX_PLATFORMS`.

    Raises:
      NasctlError: XLA does not know a flag, or JAX does not find the platform.
    """
    check_flags()
    check_platforms()


def check_flags() -> None:
    """Checks `XLA_FLAGS`.

    Raises:
      NasctlError: XLA does not know a flag, or its value does not fit.
    """
    flags = os.environ.get("XLA_FLAGS", "")
    if flags.replace(ONE_THREAD, "").strip():
        _check(flags)


def check_platforms() -> None:
    """Checks `JAX_PLATFORMS`. If it names an accelerator, JAX is started in this process.

    Raises:
      NasctlError: JAX does not find the platform.
    """
    platforms = os.environ.get("JAX_PLATFORMS", "")
    if platforms in ("", "cpu"):
        return
    import jax

    start: Any = jax.devices
    try:
        start()
    except (RuntimeError, AssertionError) as error:
        raise cannot_use(platforms, message_of(error)) from error


def cannot_use(platforms: str, reason: str) -> NasctlError:
    """The error for a platform that JAX does not find.

    Args:
      platforms: The value of `JAX_PLATFORMS`.
      reason: The message of JAX; may be empty.
    """
    first_line = shortened(next(iter(reason.strip().splitlines()), "it finds no such device"), 300)
    return NasctlError(
        f"JAX cannot use JAX_PLATFORMS={platforms}: {first_line}",
        hint="set JAX_PLATFORMS=cpu, or unset it to let JAX choose an available device",
    )


def configuration_error(error: Exception) -> NasctlError | None:
    """The error for the user if JAX cannot be imported because of an environment variable such as `JAX_ENABLE_X64`.

    Args:
      error: What the import raised.

    Returns:
      None if the error has another cause.
    """
    files = [frame.filename for frame in traceback.extract_tb(error.__traceback__)]
    if not isinstance(error, ValueError) or not files or not files[-1].endswith(_JAX_SETTINGS):
        return None
    names = ", ".join(sorted(name for name in os.environ if name.startswith("JAX_")))
    return NasctlError(
        f"JAX cannot read its environment variables: {shortened(message_of(error), 300)}",
        hint=f"correct or remove the wrong one of {names}",
    )


@functools.cache
def _check(flags: str) -> None:
    command = [sys.executable, "-P", "-c", _READ_FLAGS, *import_path()]
    environment = {**os.environ, "XLA_FLAGS": flags}
    done = subprocess.run(command, capture_output=True, check=False, env=environment)
    lines = done.stderr.decode("utf-8", "replace").splitlines()
    said = [line.partition("] ")[2] for line in lines if line[:1] in ("E", "F") and "_flags" in line]
    if done.returncode == 0 or not said:
        return
    reason = shortened(storable(said[0]), 300)
    raise NasctlError(
        f"XLA_FLAGS={shortened(storable(flags), 300)} is not valid: {reason}",
        hint="correct XLA_FLAGS, or unset it",
    )
