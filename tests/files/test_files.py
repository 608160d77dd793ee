"""Files are read behind one boundary, and are replaced as a whole."""

from __future__ import annotations

import ast
import os
import resource
import socket
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

import nasctl
from nasctl.errors import NasctlError, WorkFailed
from nasctl.files import (
    check_writable,
    explain_write_errors,
    parse_json,
    read_bytes,
    read_json,
    read_text,
    replace_file,
)

PACKAGE = Path(nasctl.__file__).parent


def _nothing(path: Path) -> None:
    pass


def _socket(path: Path) -> None:
    os.chdir(path.parent)  # the path of a socket is short
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path.name)


def _loop(path: Path) -> None:
    path.symlink_to(path)


UNREADABLE: dict[str, tuple[Callable[[Path], object], str]] = {
    "missing": (_nothing, "does not exist"),
    "folder": (Path.mkdir, "is a folder"),
    "pipe": (os.mkfifo, "is a pipe"),
    "socket": (_socket, "cannot be read"),
    "endless device": (lambda path: path.symlink_to("/dev/zero"), "is a device"),
    "link to itself": (_loop, "cannot be read"),
    "link to nothing": (lambda path: path.symlink_to("nowhere"), "does not exist"),
    "no UTF-8": (lambda path: path.write_bytes(b"good\n\xff"), r":2: the byte 0xff is not UTF-8"),
    "too large": (lambda path: os.truncate(os.open(path, os.O_CREAT | os.O_WRONLY), 2**34), "too large"),
    "no JSON": (lambda path: path.write_text('{\n "a" 1}'), r":2:6: this is not JSON"),
    "empty": (lambda path: path.write_text(""), r":1:1: this is not JSON"),
    "null bytes": (lambda path: path.write_bytes(b"\0" * 100), "this is not JSON"),
    "deeply nested": (lambda path: path.write_text("[" * 200_000), "nested too deeply"),
    "5,000 digits": (lambda path: path.write_text("9" * 5000), "too many digits"),
}


@pytest.mark.parametrize("kind", UNREADABLE)
def test_what_a_file_causes_is_an_error_with_its_name(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    make, message = UNREADABLE[kind]
    path = tmp_path / "file.json"
    make(path)
    with pytest.raises(NasctlError, match=message) as error:
        read_json(path)
    assert str(path) in error.value.message


@pytest.mark.parametrize(
    "path", ["a\0b", "n" * 300, "/".join(["n" * 100] * 60), "file.txt/below"], ids=lambda path: path[:4]
)
def test_a_path_that_cannot_be_is_an_error(
    path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("file.txt").write_text("")
    with pytest.raises(NasctlError, match="cannot be read"):
        read_bytes(path)
    for write in (check_writable, lambda path: replace_file(path, "text")):
        with pytest.raises(NasctlError, match="cannot be written"):
            write(path)
    assert os.listdir() == ["file.txt"]


def test_a_deleted_current_folder_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()
    monkeypatch.chdir(folder)
    folder.rmdir()
    with pytest.raises(NasctlError, match="does not exist"):
        read_text("file.txt")
    with pytest.raises(NasctlError, match="cannot be written"):
        replace_file("file.txt", "text")
    with pytest.raises(NasctlError, match="cannot be written"):
        check_writable("file.txt")


def test_a_text_is_read_as_it_stands(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes("a\r\nß".encode())
    assert read_text(tmp_path / "file") == "a\r\nß"
    assert read_bytes(tmp_path / "file", limit=5) == "a\r\nß".encode()
    with pytest.raises(NasctlError, match="more than 4 bytes"):
        read_bytes(tmp_path / "file", limit=4)
    assert parse_json("[1, 2]", "here") == [1, 2]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param('{"seed": 1, "seed": 2}', id="another-value"),
        pytest.param('{"seed": 1, "seed": 1}', id="the-same-value"),
        pytest.param('[{"in": {"seed": 1, "a": 0, "seed": 2}}]', id="inside"),
        pytest.param('{"seed": 1, "\\u0073eed": 2}', id="written-differently"),
    ],
)
def test_a_name_that_json_gives_twice_is_refused(text: str) -> None:
    with pytest.raises(NasctlError, match="^here has `seed` twice$"):
        parse_json(text, "here")


def test_a_replaced_file_keeps_its_permissions(tmp_path: Path) -> None:
    file = tmp_path / ("n" * 255)
    old_umask = os.umask(0o027)
    try:
        replace_file(file, "first")
    finally:
        os.umask(old_umask)
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    file.chmod(0o604)
    replace_file(file, b"second")
    assert stat.S_IMODE(file.stat().st_mode) == 0o604
    assert file.read_text() == "second"
    assert os.listdir(tmp_path) == [file.name]


def test_a_link_is_refused_or_its_target_is_replaced(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_text("old")
    link.symlink_to(target)
    with pytest.raises(NasctlError, match="is a symbolic link"):
        replace_file(link, "new")
    assert target.read_text() == "old"
    replace_file(link, "new", follow_link=True)
    assert target.read_text() == "new"
    assert link.is_symlink()


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo])
def test_only_regular_files_are_replaced(make: Callable[[Path], object], tmp_path: Path) -> None:
    make(tmp_path / "it")
    with pytest.raises(NasctlError, match="is not replaced"):
        replace_file(tmp_path / "it", "new")
    assert os.listdir(tmp_path) == ["it"]


@pytest.mark.parametrize("failing", ["fsync", "replace"])
def test_a_failure_leaves_the_old_file_and_no_other(
    failing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    (tmp_path / "file").write_text("old")
    monkeypatch.setattr(os, failing, fail)
    with pytest.raises(WorkFailed, match="the disk is full"):
        replace_file(tmp_path / "file", "new")
    assert (tmp_path / "file").read_text() == "old"
    assert os.listdir(tmp_path) == ["file"]


def test_a_limit_on_the_size_of_files_destroys_none(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("old")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        with pytest.raises(WorkFailed, match="the disk is full"):
            replace_file(tmp_path / "file", "x" * 5000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert (tmp_path / "file").read_text() == "old"
    assert os.listdir(tmp_path) == ["file"]


def test_folders_are_created_for_what_will_be_written(tmp_path: Path) -> None:
    with pytest.raises(NasctlError, match="cannot be written"):
        check_writable(tmp_path / "a" / "b" / "file")
    check_writable(tmp_path / "a" / "b" / "file", parents=True)
    assert os.listdir(tmp_path / "a" / "b") == []
    (tmp_path / "file").write_text("")
    with pytest.raises(NasctlError, match="cannot be written"):
        check_writable(tmp_path / "file" / "below", parents=True)


@pytest.mark.parametrize("name", ["a\0b", "a\ud800b", "n" * 300])
def test_a_name_that_no_file_can_have_is_an_error(name: str, tmp_path: Path) -> None:
    for write in (lambda: replace_file(tmp_path / name, "new"), lambda: check_writable(tmp_path / name)):
        with pytest.raises(NasctlError, match="cannot be written"):
            write()
    assert os.listdir(tmp_path) == []


def test_other_value_errors_are_not_errors_of_files(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="null gradient"), explain_write_errors(tmp_path / "file"):
        raise ValueError("null gradient")


BYPASSES = {
    "name": {"open"},
    "method": {"read_text", "read_bytes", "write_text", "write_bytes", "rename"},
    "function": {"os.open", "os.replace", "os.rename", "json.load", "np.load", "np.save", "np.savez"},
}
ELSEWHERE = {
    "files/reading.py": {"open", "os.open"},  # the boundary itself
    "files/replacing.py": {"open", "os.open", "os.replace"},
    "cli/streams.py": {"open", "os.open"},  # standard output and input
    "store/run_lock.py": {"os.open"},  # a lock is held on an open file
    "store/run_folder.py": {"rename"},  # replaces a folder
    "training/checkpoint.py": {"rename", "os.rename"},  # replaces a folder
    "training/program_cache.py": {"open", "os.replace"},  # a cache: every error means that it is not used
    "training/fingerprint.py": {"read_bytes", "read_text"},  # nasctl's own source, and the processor's name
    "executors/worker.py": {"read_text"},  # the memory that is used, from the kernel
    "executors/process_backend.py": {"open"},  # the log that a worker appends to
    "executors/ray_backend.py": {"read_bytes", "write_bytes"},  # files of a child in temporary folders
    # data sets have a boundary of their own: nasctl/datasets/reading.py
    "datasets/preparation.py": {"read_text", "write_text", "rename", "os.rename", "np.load", "np.save"},
    "datasets/texts/python_manual.py": {"read_text", "write_text"},
    "datasets/texts/text_files.py": {"read_text"},
    "datasets/arrays/idx_files.py": {"open"},
    "datasets/arrays/npy_folder.py": {"open", "np.load"},
    "datasets/arrays/npz_file.py": {"open"},
    "datasets/arrays/pixel_table.py": {"read_bytes"},
    # kept results of decoding: every error means that they are not used
    "datasets/arrays/kept.py": {"np.load", "np.save"},
    "datasets/arrays/keys.py": {"np.load", "np.save"},
    "datasets/images/pixel_file.py": {"open", "np.load"},
    "datasets/images/prepared.py": {"rename", "os.rename"},
    "machine_memory.py": {"read_text"},  # the memory limit, from the kernel
}
"""Calls outside the boundary, by file."""


def bypasses(source: str) -> set[str]:
    """The calls in a source that read or write a file, by name. `files.read_text` is none of them."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        called = ast.unparse(node.func)
        if isinstance(node.func, ast.Attribute):
            mode = node.args[0] if node.args else None
            opened = (
                node.func.attr == "open" and isinstance(mode, ast.Constant) and isinstance(mode.value, str)
            )
            if node.func.attr in BYPASSES["method"] or (opened and len(mode.value) < 4):
                found.add(node.func.attr)
        if called in BYPASSES["name"] | BYPASSES["function"]:
            found.add(called)
    return found


@pytest.mark.parametrize(
    "planted",
    [
        "open(path).read()",
        "Path(p).read_text()",
        "p.read_bytes()",
        "p.write_text('')",
        "p.write_bytes(b'')",
        "p.open('w')",
        "os.open(p, 0)",
        "os.replace(a, b)",
        "a.rename(b)",
        "json.load(f)",
        "np.load(p)",
    ],
)
def test_a_planted_bypass_is_found(planted: str) -> None:
    assert bypasses(f"def f(p):\n    {planted}\n")


def test_files_are_read_and_written_behind_the_boundary() -> None:
    found = {
        path.relative_to(PACKAGE).as_posix(): calls
        for path in PACKAGE.rglob("*.py")
        if (calls := bypasses(path.read_text(encoding="utf-8")))
    }
    more = {file: calls - ELSEWHERE.get(file, set()) for file, calls in found.items()}
    assert {file: calls for file, calls in more.items() if calls} == {}
    assert set(ELSEWHERE) <= set(found), "an exception is no longer needed"


def test_what_is_not_a_bypass_is_not_found() -> None:
    assert (
        bypasses("RunFolder.open(path); files.open_tar(p); text.replace(a, b); tarfile.open(p, 'r')") == set()
    )
