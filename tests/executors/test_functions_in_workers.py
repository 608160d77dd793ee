"""Whatever a function of the user does to its process is an outcome of its job; the next job is not affected."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from nasctl.dialects import parse_space
from nasctl.engine.evaluation.function_evaluator import function_spec
from nasctl.executors import Job, Outcome, PoolExecutor, ProcessBackend
from nasctl.process import import_path
from nasctl.store import COMPLETE

MODULE = """
import asyncio, builtins, ctypes, faulthandler, gc, json, os, resource, signal, subprocess, sys, tempfile, threading
import time
from pathlib import Path

class Own(BaseException):
    pass

class Silent(Exception):
    def __str__(self):
        raise RuntimeError("no message")
    __repr__ = __str__

class Odd(float):
    def __float__(self):
        raise Own("no number")

def raises(error):
    raise error

def deep(levels):
    return 1 if levels == 0 else 1 + deep(levels - 1)

def overflow():
    nested = ()
    for _ in range(10**6):
        nested = (nested,)
    return hash(nested)  # recurses in C

def hold(gigabytes):
    kept = [os.urandom(1) * 10**7 for _ in range(gigabytes * 100)]
    time.sleep(60)

def change_environment():
    os.environ.clear()
    os.environ["PATH"] = "nowhere"

def change_folder(folder):
    os.chdir(folder)

def lose_folder():
    folder = tempfile.mkdtemp()
    os.chdir(folder)
    os.rmdir(folder)

def close_files():
    os.closerange(3, 256)

def replace_files(path):
    os.closerange(3, 256)
    for _ in range(20):
        os.open(path, os.O_RDWR | os.O_CREAT)

def fork_and_return():
    os.fork()

def fork_and_raise():
    if os.fork() == 0:
        raise ValueError("from the copy")

def fork_and_abort():
    if os.fork() == 0:
        time.sleep(60)  # keeps the pipe open
    os.abort()

def leave_a_thread():
    threading.Thread(target=time.sleep, args=(60,)).start()

def raise_in_a_thread():
    thread = threading.Thread(target=raises, args=(SystemExit(3),))
    thread.start()
    thread.join()

def exit_in_a_thread():
    threading.Thread(target=os._exit, args=(3,)).start()
    time.sleep(60)

def alarm_later():
    def late(number, frame):
        raise TimeoutError("late")
    signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, 0.05)

def alarm():
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(1)
    time.sleep(60)

def block_signals():
    signal.pthread_sigmask(signal.SIG_BLOCK, set(signal.valid_signals()))
    time.sleep(60)

def hang_in_c():
    ctypes.PyDLL(None).sleep(60)  # holds the interpreter's lock

def start_a_program():
    subprocess.Popen(["/bin/sleep", "60"], close_fds=False)

def break_output():
    sys.stdout.close()
    sys.stderr = None
    os.close(1)
    os.close(2)

def change_modules():
    json.dumps = json.loads = None
    builtins.print = None
    sys.path.clear()

def fault():
    faulthandler.disable()
    ctypes.string_at(0)

DOES = {
    "returns a number": lambda: 1.0,
    "prints": lambda: print("a word" * 1000, flush=True),
    "reads standard input": input,
    "raises an exception": lambda: raises(ValueError("bad")),
    "raises SystemExit": lambda: raises(SystemExit(3)),
    "calls sys.exit": lambda: sys.exit("a message"),
    "raises KeyboardInterrupt": lambda: raises(KeyboardInterrupt("mine")),
    "raises GeneratorExit": lambda: raises(GeneratorExit()),
    "raises CancelledError": lambda: raises(asyncio.CancelledError()),
    "raises its own BaseException": lambda: raises(Own("own")),
    "raises a group": lambda: raises(BaseExceptionGroup("several", [Own("a"), ValueError("b")])),
    "raises without a message": lambda: raises(Silent()),
    "raises a long message": lambda: raises(ValueError("x" * 10**7)),
    "raises odd characters": lambda: raises(ValueError("a [/b] \\udcff \\x1b[31m")),
    "raises MemoryError": lambda: raises(MemoryError()),
    "recurses without end": lambda: deep(10**9),
    "overflows the stack": overflow,
    "calls os.abort": os.abort,
    "calls os._exit(0)": lambda: os._exit(0),
    "calls os._exit(3)": lambda: os._exit(3),
    "reads address 0": fault,
    "kills itself": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "terminates itself": lambda: os.kill(os.getpid(), signal.SIGTERM),
    "kills its group": lambda: os.killpg(0, signal.SIGKILL),
    "interrupts itself": lambda: os.kill(os.getpid(), signal.SIGINT),
    "sends a real-time signal": lambda: os.kill(os.getpid(), signal.SIGRTMIN + 3),
    "sets an alarm": alarm,
    "leaves an alarm": alarm_later,
    "hangs": lambda: time.sleep(60),
    "hangs in C": hang_in_c,
    "hangs with signals blocked": block_signals,
    "exits in a thread": exit_in_a_thread,
    "uses much memory": lambda: hold(20),
    "changes the folder": lambda: change_folder("/"),
    "loses the folder": lose_folder,
    "changes the environment": change_environment,
    "closes files": close_files,
    "replaces files": lambda: replace_files(os.environ["VICTIM"]),
    "forks and returns": fork_and_return,
    "forks and raises": fork_and_raise,
    "forks and aborts": fork_and_abort,
    "leaves a thread": leave_a_thread,
    "raises in a thread": raise_in_a_thread,
    "leaves a program": start_a_program,
    "breaks its output": break_output,
    "changes modules": change_modules,
    "limits its files": lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3)),
    "disables the collector": gc.disable,
    "returns nothing": lambda: {},
    "returns a text": lambda: "high",
    "returns NaN": lambda: float("nan"),
    "returns an infinity": lambda: float("-inf"),
    "returns a huge integer": lambda: 10**400,
    "returns a complex number": lambda: 1j,
    "returns an odd number": lambda: Odd(1),
    "returns numbers for names": lambda: {"reward": 1.0, 3: 4.0},
    "returns pairs for names": lambda: {"reward": 1.0, ("a", "b"): 4.0},
    "returns an infinite measure": lambda: {"reward": 1.0, "latency": float("inf")},
    "returns itself": lambda: act,
}
def act(architecture):
    result = DOES[architecture.values["does"]]()
    return 1.0 if result is None else result
"""
FINE = "returns a number"
CRASHED = [
    ("reads standard input", "EOFError"),
    ("raises an exception", "ValueError: bad"),
    ("raises SystemExit", "SystemExit: 3"),
    ("calls sys.exit", "SystemExit: a message"),
    ("raises KeyboardInterrupt", "KeyboardInterrupt: mine"),
    ("raises GeneratorExit", "GeneratorExit"),
    ("raises CancelledError", "CancelledError"),
    ("raises its own BaseException", "Own: own"),
    ("raises a group", "BaseExceptionGroup: several"),
    ("raises without a message", "Silent: its message cannot be read"),
    ("raises a long message", "ValueError: xxx"),
    ("raises odd characters", "ValueError: a [/b]"),
    ("recurses without end", "RecursionError"),
    ("calls os.abort", "its worker exited twice (SIGABRT)"),
    ("calls os._exit(0)", "its worker exited twice (exit code 0)"),
    ("calls os._exit(3)", "its worker exited twice (exit code 3)"),
    ("reads address 0", "its worker exited twice (SIGSEGV)"),
    ("overflows the stack", "its worker exited twice (SIGSEGV)"),
    ("sends a real-time signal", "its worker exited twice (signal 3"),
    ("sets an alarm", "its worker exited twice (SIGALRM)"),
    ("exits in a thread", "its worker exited twice (exit code 3)"),
    ("closes files", "its worker exited twice (the evaluator closed the files of its process)"),
    ("replaces files", "its worker exited twice (the evaluator closed the files of its process)"),
    ("forks and aborts", "its worker exited twice (SIGABRT)"),
    ("returns an odd number", "Own: no number"),
]
LOST = [
    ("kills itself", "its worker exited twice (SIGKILL"),
    ("terminates itself", "its worker exited twice (SIGTERM)"),
    ("kills its group", "its worker exited twice (SIGKILL"),
]
OUT_OF_MEMORY = [("raises MemoryError", "MemoryError"), ("uses much memory", "it used more than")]
TIMED_OUT = [(name, "it took longer than") for name in ("hangs", "hangs in C", "hangs with signals blocked")]
INVALID = [
    ("returns nothing", 'the evaluator returned nothing but no "reward"'),
    ("returns a text", "the evaluator returned 'high' as reward"),
    ("returns a complex number", "the evaluator returned 1j as reward"),
    ("returns numbers for names", "the evaluator returned a value named 3"),
    ("returns pairs for names", "the evaluator returned a value named ('a', 'b')"),
    ("returns itself", "the evaluator returned <function act"),
]
NOT_FINITE = [
    ("returns a huge integer", "the evaluator returned an integer that is too large as reward"),
    ("returns NaN", "the reward is nan"),
    ("returns an infinity", "the reward is -inf"),
]
COMPLETED = [
    (name, "")
    for name in (
        "prints",
        "interrupts itself",
        "leaves an alarm",
        "changes the folder",
        "loses the folder",
        "changes the environment",
        "forks and returns",
        "forks and raises",
        "leaves a thread",
        "raises in a thread",
        "leaves a program",
        "breaks its output",
        "changes modules",
        "limits its files",
        "disables the collector",
        "returns an infinite measure",
    )
]
TABLE = [
    (status, name, cause)
    for status, cases in {
        "complete": COMPLETED,
        "crashed": CRASHED,
        "lost": LOST,
        "out_of_memory": OUT_OF_MEMORY,
        "timed_out": TIMED_OUT,
        "invalid": INVALID,
        "not_finite": NOT_FINITE,
    }.items()
    for name, cause in cases
]
QUICK = {
    "raises SystemExit",
    "raises KeyboardInterrupt",
    "calls os.abort",
    "changes the folder",
    "closes files",
}

NAMES = [FINE, *(name for _, name, _ in TABLE)]
CHOICES = ", ".join(f'"{name}"' for name in NAMES)
SPACE = parse_space(f"space choices\ndoes in {{{CHOICES}}}\n", name="deeds")

Pool = PoolExecutor  # type: ignore[type-arg]


@pytest.fixture(scope="module")
def victim(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("deeds") / "victim"
    path.write_text("what the user keeps")
    return path


@pytest.fixture(scope="module")
def pool(victim: Path) -> Iterator[Pool]:
    folder = victim.parent
    (folder / "deeds_of_a_test.py").write_text(MODULE)
    backend = ProcessBackend(
        function_spec(SPACE, "deeds_of_a_test:act"),
        [{"VICTIM": str(victim)}],
        path=[*import_path(), str(folder)],
        gigabytes=1.0,
        logs=folder / "logs",
    )
    executor = PoolExecutor(backend, seconds=5.0)
    yield executor
    executor.close()


def outcome(executor: Pool, listener: object, number: int, name: str) -> Outcome:
    executor.submit(Job(number, SPACE.decode((NAMES.index(name),)), seed=number))
    while True:
        for ended in executor.wait(listener):  # type: ignore[arg-type]
            return ended


@pytest.mark.parametrize(
    ("status", "name", "cause"),
    [pytest.param(*case, id=case[1], marks=() if case[1] in QUICK else pytest.mark.slow) for case in TABLE],
)
def test_what_a_function_does_is_the_outcome_of_its_job(
    pool: Pool, listener, victim: Path, status: str, name: str, cause: str
) -> None:
    number = 2 * NAMES.index(name)
    ended = outcome(pool, listener, number, name)
    assert (ended.status, ended.cause[: len(cause)]) == (status, cause)
    assert len(ended.cause) < 3000
    (ended.cause + ended.traceback).encode()
    assert outcome(pool, listener, number + 1, FINE).status == COMPLETE
    assert victim.read_text() == "what the user keeps"
