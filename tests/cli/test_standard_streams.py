"""`nasctl` with standard streams that are full, closed, or in another encoding, and evaluators that write to them."""

from __future__ import annotations

import fcntl
import io
import json
import os
import pty
import shlex
import struct
import subprocess
import sys
import tempfile
import termios
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest
from rich.console import Console

from nasctl.cli import main
from nasctl.cli.streams import NARROWEST, WIDEST, prepare_terminal

NASCTL = f"{shlex.quote(sys.executable)} -m nasctl"
SPACE = "space choices\n\n# é →\na in {0, 1, 2, 3}\nb in {0, 1, 2, 3}\n"

NOISY = r"""
import atexit, ctypes, os, subprocess, sys, threading, warnings

libc = ctypes.CDLL(None)

def score(architecture):
    print("print")
    sys.stdout.write("write [/b]\n")
    sys.__stdout__.write("original stream\n")
    os.write(1, b"file descriptor\n")
    libc.printf(b"buffer of C\n")
    libc.write(1, b"C\n", 2)
    subprocess.run(["echo", "child process"])
    warnings.warn("warning")
    threading.Thread(target=print, args=("thread",)).start()
    atexit.register(print, "at exit")
    return sum(architecture.tokens)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("streams")
    (folder / "toy.nas").write_text(SPACE, encoding="utf-8")
    (folder / "noisy.py").write_text(NOISY)
    return folder


def shell(command: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[bytes]:
    """Runs a line of bash, in which `nasctl` is the command."""
    done = subprocess.run(
        ["bash", "-c", f'nasctl() {{ {NASCTL} "$@"; }}\n{command}'],
        cwd=folder,
        capture_output=True,
        env={**os.environ, **environment},
        check=False,
    )
    assert b"Traceback" not in done.stderr
    assert b"this is a bug" not in done.stderr
    assert b"Exception ignored" not in done.stderr
    return done


FULL, CLOSED = ("> /dev/full", b"No space left on device"), (">&-", b"Bad file descriptor")
QUICK = {("--help", FULL), ("describe toy.nas", FULL), ("fmt - < toy.nas", CLOSED)}


@pytest.mark.parametrize(
    ("command", "output", "cause"),
    [
        pytest.param(command, *broken, marks=() if (command, broken) in QUICK else pytest.mark.slow)
        for command in ("--version", "--help", "check toy.nas --json", "fmt - < toy.nas", "describe toy.nas")
        for broken in (FULL, CLOSED)
    ],
)
def test_output_that_cannot_be_written_is_one_message_and_exit_code_1(
    command: str, output: str, cause: bytes, folder: Path
) -> None:
    done = shell(f"nasctl {command} {output}", folder)
    assert done.returncode == 1
    assert done.stderr.startswith(b"error: standard output cannot be written: " + cause)
    assert len(done.stderr.splitlines()) == 2


@pytest.mark.parametrize(
    "command",
    [
        pytest.param("--help", marks=pytest.mark.slow),
        "grammar cnn",
        pytest.param("sample toy.nas --json", marks=pytest.mark.slow),
    ],
)
def test_a_pipe_that_nothing_reads_ends_a_command_silently(command: str, folder: Path) -> None:
    # `exec 3<&-` closes the only reader of the pipe before the command writes.
    done = shell(f"mkfifo p; exec 3<>p 4>p; exec 3<&-; rm p; nasctl {command} >&4", folder)
    assert (done.returncode, done.stdout, done.stderr) == (141, b"", b"")


@pytest.mark.parametrize("stream", ["2> /dev/full", "2>&-"])
def test_messages_that_cannot_be_written_do_not_change_the_exit_code(stream: str, folder: Path) -> None:
    assert shell(f"nasctl check toy.nas nowhere.nas {stream}", folder).returncode == 2
    assert shell(f"nasctl check toy.nas {stream}", folder).stdout == b"toy.nas: no errors; 2 decisions\n"


def test_standard_input_that_is_closed_is_an_empty_file(folder: Path) -> None:
    done = shell("nasctl fmt - <&-", folder)
    assert done.returncode == 2
    assert b"this file is empty" in done.stderr


def test_fmt_reads_and_writes_utf_8_in_any_locale_and_refuses_other_bytes(folder: Path) -> None:
    done = shell("nasctl fmt - < toy.nas", folder, PYTHONIOENCODING="ascii")
    assert done.stdout.decode() == SPACE
    done = shell(r"printf 'space choices\na in {\xff}\n' | nasctl fmt -", folder)
    assert done.returncode == 2
    assert b"the byte 0xff here is not UTF-8" in done.stderr


@pytest.mark.parametrize(
    ("command", "encoding"),
    [
        ("check toy.nas bad.nas", "ascii"),
        ("check nöwhere→.nas", "latin-1"),
        *(
            pytest.param(command, encoding, marks=pytest.mark.slow)
            for command in ("--help", "describe toy.nas", "sample toy.nas --json", "$'check\\xff'")
            for encoding in ("ascii", "latin-1")
        ),
        pytest.param("check toy.nas bad.nas", "latin-1", marks=pytest.mark.slow),
        pytest.param("check nöwhere→.nas", "ascii", marks=pytest.mark.slow),
    ],
)
def test_characters_that_the_encoding_lacks_are_replaced(command: str, encoding: str, folder: Path) -> None:
    (folder / "bad.nas").write_text("space choices\n→ é ▁ in {1}\n", encoding="utf-8")
    done = shell(f"nasctl {command}", folder, PYTHONIOENCODING=encoding)
    assert done.returncode in (0, 2)
    (done.stdout + done.stderr).decode(encoding)


@pytest.mark.slow
def test_a_drawing_in_ascii_has_the_shape_of_the_usual_one(folder: Path) -> None:
    command = 'nasctl render spaces/tiny.nas --tokens "$(nasctl sample spaces/tiny.nas)"'
    plain = shell(command, folder, PYTHONIOENCODING="ascii").stdout.decode("ascii")
    usual = shell(command, folder, PYTHONIOENCODING="utf-8").stdout.decode()
    assert [len(row) for row in plain.splitlines()] == [len(row) for row in usual.splitlines()]
    assert "?" not in plain


SIZES = ["", "0", "1", "-5", "abc", "²", "٣٣", "1e3", "9" * 5000, "100000", "20", "80"]


@pytest.mark.parametrize("text", SIZES)
def test_output_has_the_width_of_a_possible_terminal(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("COLUMNS", "LINES", "TERMINAL_WIDTH"):
        monkeypatch.setenv(name, text)
    prepare_terminal()
    assert NARROWEST <= Console().width <= WIDEST
    assert 1 <= Console().height <= WIDEST
    assert NARROWEST <= int(os.environ.get("TERMINAL_WIDTH", 80)) <= WIDEST


@pytest.mark.slow
@pytest.mark.parametrize("text", ["0", "²", "abc"])
def test_help_is_printed_whatever_the_environment_says_of_the_terminal(text: str, folder: Path) -> None:
    done = shell("nasctl sample --help", folder, COLUMNS=text, LINES=text, TERMINAL_WIDTH=text)
    assert done.returncode == 0
    assert b"Number of architectures" in done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("columns", [0, 1, 5, 20, 60, 65535])
def test_tables_are_whole_in_a_terminal_of_any_width(columns: int, folder: Path) -> None:
    controller, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    command = [sys.executable, "-m", "nasctl", "describe", "toy.nas"]
    with os.fdopen(controller, "rb", buffering=0) as reader:
        done = subprocess.run(
            command, cwd=folder, stdin=terminal, stdout=terminal, stderr=terminal, check=False
        )
        os.close(terminal)
        shown = b"".join(iter(lambda: _read(reader), b"")).decode()
    assert done.returncode == 0
    assert all(word in shown for word in ("decision", "choices", "0, 1, 2, 3"))


def _read(terminal: io.RawIOBase) -> bytes:
    try:
        return terminal.read(65536) or b""
    except OSError:  # the end of a terminal
        return b""


def test_lines_are_not_wrapped_in_a_pipe(folder: Path) -> None:
    name = "n" * 120
    choices = ", ".join(f'"{letter * 40}"' for letter in "abcdef")
    (folder / f"{name}.nas").write_text(f"space choices\n\na in {{{choices}}}\n", encoding="utf-8")
    shown = shell(f"nasctl describe {name}.nas", folder, COLUMNS="40").stdout.decode().splitlines()
    assert any(all(letter * 40 in line for letter in "abcdef") for line in shown)
    assert all(line == line.rstrip() for line in shown)


SEARCH = "nasctl search toy.nas --evaluator noisy:score --executor inline --controller random --trials 3"


@pytest.mark.slow
def test_what_an_evaluator_writes_does_not_get_into_the_json(folder: Path) -> None:
    done = shell(f"{SEARCH} --out noisy --json", folder)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["trials"] == 3
    for text in (
        "print",
        "write [/b]",
        "original stream",
        "file descriptor",
        "buffer of C",
        "child process",
        "thread",
    ):
        assert done.stderr.count(f"{text}\n".encode()) >= 3, text
    assert b"at exit\n" in done.stderr
    compared = shell(
        "nasctl compare toy.nas --evaluator noisy:score --set search.executor=inline --controllers random "
        "--seeds 1 --trials 2 --json",
        folder,
    )
    assert json.loads(compared.stdout)["runs"][0]["trials"] == 2


@pytest.mark.slow
@pytest.mark.parametrize("stream", ["2> /dev/full", "2>&-"])
def test_progress_that_cannot_be_written_does_not_end_a_search(stream: str, folder: Path) -> None:
    (folder / "silent.py").write_text("def score(architecture):\n    return sum(architecture.tokens)\n")
    command = SEARCH.replace("noisy", "silent")
    done = shell(f"{command} --out silent{len(stream)} --json {stream}", folder)
    assert done.returncode == 0
    assert json.loads(done.stdout)["trials"] == 3


@pytest.mark.slow
def test_a_search_whose_output_nothing_reads_can_be_resumed(folder: Path) -> None:
    (folder / "silent.py").write_text("def score(architecture):\n    return sum(architecture.tokens)\n")
    command = SEARCH.replace("noisy", "silent")
    done = shell(f"mkfifo p; exec 3<>p 4>p; exec 3<&-; rm p; {command} --out unread >&4 2>&4", folder)
    assert done.returncode == 141
    again = shell("nasctl search toy.nas --resume --evaluator silent:score --out unread --json", folder)
    assert json.loads(again.stdout)["trials"] == 3


@pytest.mark.parametrize(
    "error",
    [
        "ValueError('[/b] \\x1b[31m \\udcff')",
        "ValueError('x' * 10**7)",
        "type('E', (Exception,), {'__str__': lambda self: 1 / 0, '__repr__': lambda self: 1 / 0})()",
        "type('E', (Exception,), {'__str__': lambda self: 3})()",
        "MemoryError()",
        "RecursionError('deep')",
    ],
)
@pytest.mark.parametrize("temporary", ["/nowhere", "."])
@pytest.mark.usefixtures("restored_process")
def test_a_bug_is_reported_whatever_its_error_and_wherever_temporary_files_go(
    error: str,
    temporary: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    def fail(**options: object) -> None:
        raise eval(error)

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(main, "app", fail)
    create = partial(tempfile.NamedTemporaryFile, dir=temporary)
    monkeypatch.setattr(main, "tempfile", SimpleNamespace(NamedTemporaryFile=create))
    with pytest.raises(SystemExit) as exited:
        main.run()
    assert exited.value.code == 1
    shown = capfd.readouterr().err
    assert shown.startswith("error: this is a bug in nasctl: ")
    assert "\x1b" not in shown and len(shown) < 20_000
    assert ("cannot be written to a file" in shown) == (temporary == "/nowhere")
