"""A cache of compiled programs on disk, from which a program is loaded without being traced again.

JAX's own cache saves the compilation, but a program must be traced and lowered before JAX can look it up, which takes
longer than everything else that a child needs before it can train.

JAX serialises executables with `pickle`, and an executable is machine code. Anyone who can write to the folder can run
code as the user. The cache is therefore created with mode 0700 and is not used if others can write to it.
"""

from __future__ import annotations

import functools
import hashlib
import math
import os
import pickle
import tempfile
import threading
import zlib
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext, suppress
from pathlib import Path
from typing import Any, cast

import jax
from jax.experimental.serialize_executable import deserialize_and_load, serialize

from nasctl.cache import create_private, is_own, is_private
from nasctl.training.compilation import Options

_MAX_BYTES = 10**9
"""The size to which a process reduces the folder before it adds its first program."""

_DIGEST = 32  # bytes

_min_compile_time: Any = None
try:
    # Changes the setting for the current thread alone; `jax.config.update` changes it for all threads.
    from jax._src import config as _undocumented

    _min_compile_time = _undocumented.persistent_cache_min_compile_time_secs
except (ImportError, AttributeError):  # a JAX that has moved it: programs are then stored in JAX's cache, too
    pass


def cached_program(
    make: Callable[[], Any],
    arguments: tuple[Any, ...],
    options: Options,
    *,
    name: str,
    fingerprint: str | None,
) -> jax.stages.Compiled:
    """A compiled program: loaded from the cache, or compiled and added to it.

    Args:
      make: Returns the function as `jax.jit` returns it; called only if the program must be compiled.
      arguments: Arguments of the shapes, types and device with which it will be called.
      options: Compiler options of XLA.
      name: Distinguishes the programs of one child.
      fingerprint: What the function depends on (`fingerprint_of`); None to bypass the cache.
    """
    folder, device = programs_folder(), _device(arguments)
    if fingerprint is None or folder is None or device is None or not is_private(folder):
        return cast(jax.stages.Compiled, make().lower(*arguments).compile(options))
    file = folder / _key(name, fingerprint, arguments, options, device)
    program = _load(file, device)
    if program is None:
        program, is_new = _compile(make().lower(*arguments), options, file)
        if is_new:
            _save(file, program)
    return program


def programs_folder() -> Path | None:
    """The cache's folder, inside that of JAX's cache; None if JAX's cache is switched off or is not a local folder."""
    settings: Any = jax.config
    cache = settings.jax_compilation_cache_dir
    if not settings.jax_enable_compilation_cache or not cache or "://" in cache:
        return None
    return Path(cache) / "programs"


def _key(
    name: str, fingerprint: str, arguments: tuple[Any, ...], options: Options, device: jax.Device
) -> str:
    leaves, structure = jax.tree.flatten(arguments)
    types = [jax.typeof(leaf) for leaf in leaves]
    parts = (
        name,
        fingerprint,
        sorted(options.items()),
        structure,
        [(kind.shape, kind.dtype, kind.weak_type) for kind in types],
        (device.id, device.platform, device.device_kind, device.client.platform_version),
    )
    return hashlib.sha256("\n".join(map(repr, parts)).encode()).hexdigest()


def _device(arguments: tuple[Any, ...]) -> jax.Device | None:
    """The device that holds the arguments; None if there are several."""
    arrays = [leaf for leaf in jax.tree.leaves(arguments) if isinstance(leaf, jax.Array)]
    devices = {device for array in arrays for device in array.devices()}
    return devices.pop() if len(devices) == 1 else None


def _compile(lowered: jax.stages.Lowered, options: Options, file: Path) -> tuple[jax.stages.Compiled, bool]:
    """Compiles a program, and returns whether XLA compiled it just now.

    A program from JAX's own cache can be serialised, but the result lacks its kernels and fails when it runs. So a
    program is cached only if an event proves that XLA has just compiled it. JAX does not store it in its own cache,
    because a deleted file could then never be written again. If the file exists but could not be loaded, JAX's cache is
    used as usual, in case no file can be loaded on this platform.
    """
    _listen()
    _seen.events = set()
    with nullcontext() if file.exists() else _without_jax_cache():
        program = lowered.compile(options)
    events = {event.rpartition("/")[2] for event in _seen.events}
    return program, "compile_requests_use_cache" in events and "cache_hits" not in events


def _without_jax_cache() -> AbstractContextManager[None]:
    """Keeps JAX from caching what the current thread compiles, if this version of JAX supports that."""
    if _min_compile_time is None:
        return nullcontext()
    context: AbstractContextManager[None] = _min_compile_time(math.inf)
    return context


_seen = threading.local()


def _note(event: str, **_: Any) -> None:
    if hasattr(_seen, "events"):
        _seen.events.add(event)


@functools.cache
def _listen() -> None:
    """Registers a listener for events of JAX's cache, which JAX calls in the thread that compiles."""
    jax.monitoring.register_event_listener(_note)


def _load(file: Path, device: jax.Device) -> jax.stages.Compiled | None:
    """The program of a file; None if there is no such file, or it is damaged or belongs to another user."""
    try:
        with file.open("rb") as opened:
            if not is_own(os.fstat(opened.fileno())):
                return None
            content = opened.read()
        packed = content[_DIGEST:]
        if hashlib.sha256(packed).digest() != content[:_DIGEST]:
            return None
        serialised, inputs, outputs = pickle.loads(zlib.decompress(packed))
        program: jax.stages.Compiled = deserialize_and_load(
            serialised, inputs, outputs, backend=device.client, execution_devices=[device]
        )
    except (
        Exception
    ):  # whatever this version of JAX finds wrong with the file: the program can be compiled again
        return None
    with suppress(OSError):
        os.utime(file)  # the least recently used files are deleted first
    return program


def _save(file: Path, program: jax.stages.Compiled) -> None:
    """Writes a program to its file atomically. A program that cannot be serialised or written is not cached."""
    with suppress(Exception):  # a full disk or a platform without serialisation must not stop the training
        packed = zlib.compress(pickle.dumps(serialize(program)), 1)
        create_private(file.parent)
        if not is_private(file.parent):
            return
        with suppress(OSError):  # another worker may delete files at the same time
            _evict(file.parent)
        with tempfile.NamedTemporaryFile(dir=file.parent, prefix=".", delete=False) as written:
            try:
                written.write(hashlib.sha256(packed).digest() + packed)
                written.close()
                os.replace(written.name, file)
            except OSError:
                os.unlink(written.name)


@functools.cache
def _evict(folder: Path) -> None:
    """Deletes the least recently used files of a folder that has grown too large; once per process."""
    files = sorted(((file.stat(), file) for file in folder.iterdir()), key=lambda found: -found[0].st_mtime)
    total = 0
    for found, file in files:
        total += found.st_size
        if total > _MAX_BYTES:
            file.unlink(missing_ok=True)
