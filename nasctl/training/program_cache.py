"""Compiled programs that are kept in a folder, and loaded from there without being traced.

JAX's own cache saves the compilation, but to look into it a program has to be traced and lowered first, which takes
longer than everything else that a child needs before it can train.
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
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import Any, cast

import jax
from jax._src import config as states
from jax.experimental.serialize_executable import deserialize_and_load, serialize

from nasctl.training.compilation import Options

_ROOM = 10**9
"""Bytes that the folder may take, as far as a process sees to it before its first program."""

_DIGEST = 32  # bytes


def cached_program(
    make: Callable[[], Any],
    arguments: tuple[Any, ...],
    options: Options,
    *,
    name: str,
    fingerprint: str | None,
) -> jax.stages.Compiled:
    """A compiled program: the one that is kept, or else a new one, which is kept.

    Args:
      make: Gives the function as `jax.jit` does; called only if there is none.
      arguments: Such as it will be called with.
      options: Options of XLA.
      name: Tells the programs of one child apart.
      fingerprint: What the function depends on (`fingerprint_of`); None not to keep it.
    """
    folder, device = programs_folder(), _device(arguments)
    if fingerprint is None or folder is None or device is None:
        return cast(jax.stages.Compiled, make().lower(*arguments).compile(options))
    file = folder / _key(name, fingerprint, arguments, options, device)
    program = _load(file, device)
    if program is None:
        program, is_new = _compile(make().lower(*arguments), options, file)
        if is_new:
            _save(file, program)
    return program


def programs_folder() -> Path | None:
    """Where programs are kept: in the folder of JAX's cache; None where the person wants none, or it is far away."""
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
    """The one device that arguments lie on."""
    arrays = [leaf for leaf in jax.tree.leaves(arguments) if isinstance(leaf, jax.Array)]
    devices = {device for array in arrays for device in array.devices()}
    return devices.pop() if len(devices) == 1 else None


def _compile(lowered: jax.stages.Lowered, options: Options, file: Path) -> tuple[jax.stages.Compiled, bool]:
    """The program, and whether XLA has just compiled it.

    One that came from JAX's own cache can be serialised like any other, but what is loaded from that lacks its
    kernels and fails when it runs. So without proof that it is new a program is not kept; and JAX does not put it
    into its cache, or a file that is lost here could never be replaced. Only where there is a file, which then could
    not be loaded, JAX does as ever, in case no file can be loaded on this platform.
    """
    _listen()
    _heard.events = set()
    # JAX's settings can be set for one thread alone, but only this one's own module says so
    with nullcontext() if file.exists() else states.persistent_cache_min_compile_time_secs(math.inf):
        program = lowered.compile(options)
    events = {event.rpartition("/")[2] for event in _heard.events}
    return program, "compile_requests_use_cache" in events and "cache_hits" not in events


_heard = threading.local()


def _note(event: str, **_: Any) -> None:
    if hasattr(_heard, "events"):
        _heard.events.add(event)


@functools.cache
def _listen() -> None:
    """Hears of JAX's cache from now on. JAX speaks in the thread that compiles."""
    jax.monitoring.register_event_listener(_note)


def _load(file: Path, device: jax.Device) -> jax.stages.Compiled | None:
    """The program of a file; None where there is none, or no whole one."""
    try:
        content = file.read_bytes()
        packed = content[_DIGEST:]
        if hashlib.sha256(packed).digest() != content[:_DIGEST]:
            return None
        serialised, takes, gives = pickle.loads(zlib.decompress(packed))
        program: jax.stages.Compiled = deserialize_and_load(
            serialised, takes, gives, backend=device.client, execution_devices=[device]
        )
    except Exception:  # whatever this version of JAX finds wrong with it: it can be compiled again
        return None
    with suppress(OSError):
        os.utime(file)  # the longest unused go first
    return program


def _save(file: Path, program: jax.stages.Compiled) -> None:
    """Puts a program into its file at one stroke. One that cannot be serialised or written is not kept."""
    with suppress(Exception):  # a full disk and a platform without serialisation are no reason not to train
        packed = zlib.compress(pickle.dumps(serialize(program)), 1)
        file.parent.mkdir(parents=True, exist_ok=True)
        with suppress(OSError):  # another worker makes room too
            _make_room(file.parent)
        with tempfile.NamedTemporaryFile(dir=file.parent, prefix=".", delete=False) as written:
            try:
                written.write(hashlib.sha256(packed).digest() + packed)
                written.close()
                os.replace(written.name, file)
            except OSError:
                os.unlink(written.name)


@functools.cache
def _make_room(folder: Path) -> None:
    """Deletes the longest unused files of a folder that has grown too large; once a process."""
    files = sorted(((file.stat(), file) for file in folder.iterdir()), key=lambda found: -found[0].st_mtime)
    total = 0
    for stat, file in files:
        total += stat.st_size
        if total > _ROOM:
            file.unlink(missing_ok=True)
