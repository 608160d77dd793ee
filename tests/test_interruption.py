"""Signals end a command in an orderly way: exit code 128 + the number of the signal, a short message, no traceback."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import importlib.machinery, os, signal, sys, time, traceback
from nasctl import interruption

def wait():
    print("begun", flush=True)
    time.sleep({seconds})

def command():
    {body}

interruption.run_interruptible(command)
print("done")
"""
WAIT = "wait()"
SWALLOW = """
    try:
        wait()
    except BaseException:
        pass
    interruption.check()
    print("not checked")
"""
TURN = """
    try:
        wait()
    except BaseException as error:
        raise RuntimeError("a library failed") from error
"""
CLEAN = """
    try:
        wait()
    finally:
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(0.01)
        print("cleaned")
"""
LOAD = """
    loader = importlib.machinery.ExtensionFileLoader
    loading = loader.create_module.__code__, loader.exec_module.__code__
    def interrupt(frame, event, argument):
        while frame and frame.f_code not in loading:
            frame = frame.f_back
        if frame:
            sys.setprofile(None)
            signal.raise_signal(signal.SIGINT)
    sys.setprofile(interrupt)
    try:
        import _asyncio
        time.sleep(60)
    except interruption.Interrupted as error:
        frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
        print("in the library" if any(frame.f_code in loading for frame in frames) else "later")
        raise
"""
LEAVE = """
    try:
        wait()
    except BaseException:
        sys.exit(7)
"""
DROP = """
    class Slow:
        def __del__(self):
            wait()
    Slow()
    interruption.check()
    print("not checked")
"""
INTERRUPTED = [
    pytest.param(WAIT, signal.SIGINT, 130, "begun\n", id="Ctrl-C"),
    pytest.param(WAIT, signal.SIGTERM, 143, "begun\n", id="SIGTERM"),
    pytest.param(WAIT, signal.SIGHUP, 129, "begun\n", id="SIGHUP"),
    pytest.param(SWALLOW, signal.SIGINT, 130, "begun\n", id="a library swallows it"),
    pytest.param(TURN, signal.SIGINT, 130, "begun\n", id="a library turns it into an error"),
    pytest.param(CLEAN, signal.SIGINT, 130, "begun\ncleaned\n", id="again while files are closed"),
    pytest.param(DROP, signal.SIGINT, 130, "begun\n", id="Python drops it"),
    pytest.param(LEAVE, signal.SIGTERM, 143, "begun\n", id="a library exits"),
]


def started(body: str, seconds: float = 60, **ignored: bool) -> subprocess.Popen[str]:
    def prepare() -> None:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        signal.signal(signal.SIGHUP, signal.SIG_IGN if ignored else signal.SIG_DFL)

    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM.format(body=body, seconds=seconds)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=prepare,
    )
    return process


@pytest.mark.parametrize(("body", "number", "code", "printed"), INTERRUPTED)
def test_a_signal_ends_a_command_in_order(body: str, number: int, code: int, printed: str) -> None:
    process = started(body)
    assert process.stdout is not None
    begun = process.stdout.readline()
    process.send_signal(number)
    stdout, stderr = process.communicate(timeout=60)
    assert process.returncode == code
    assert begun + stdout == printed
    assert stderr == "interrupted\n"


def test_an_interruption_waits_while_a_library_in_c_is_loaded() -> None:
    """JAX's crashes if an exception is raised in the Python code that it calls while it is loaded."""
    process = started(LOAD)
    stdout, stderr = process.communicate(timeout=60)
    assert (process.returncode, stdout, stderr) == (130, "later\n", "interrupted\n")


def test_a_signal_that_was_ignored_at_the_start_stays_ignored() -> None:
    """As under `nohup`."""
    process = started("os.kill(os.getpid(), signal.SIGHUP)", hangup=True)
    stdout, stderr = process.communicate(timeout=60)
    assert (process.returncode, stdout, stderr) == (0, "done\n", "")


def test_a_signal_after_the_work_has_no_effect() -> None:
    process = started("import atexit; atexit.register(wait)", seconds=0.5)
    assert process.stdout is not None
    assert [process.stdout.readline(), process.stdout.readline()] == ["done\n", "begun\n"]
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        process.send_signal(number)
    assert process.wait(timeout=60) == 0


def test_a_command_that_is_not_interrupted_ends_as_it_would() -> None:
    for body, code in (("sys.exit(3)", 3), ("pass", 0)):
        process = started(body)
        process.communicate(timeout=60)
        assert process.returncode == code


@pytest.mark.slow
def test_commands_that_are_interrupted_at_random_moments_end_in_order(tmp_path: Path) -> None:
    """`python tests/fuzz/interrupt.py 100` does more of the same."""
    tool = Path("tests/fuzz/interrupt.py").resolve()
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    command = [sys.executable, str(tool), "4", "--seed", "7", "--only", "search, default"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "4 interruptions, 0 errors" in done.stdout
