"""Evaluates architectures by a function that the user writes: a table, a simulator, a measurement."""

from __future__ import annotations

import importlib
import os
import sys
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Any

from nasctl.architecture import Architecture
from nasctl.dialects import parse_space
from nasctl.errors import NasctlError, NotFinite
from nasctl.executors import EvaluationContext, EvaluatorSpec
from nasctl.executors.job import Evaluation, Job, OnEpoch
from nasctl.foreign_text import is_kind_of, message_of, name_of_type, shortened
from nasctl.process import importable
from nasctl.space import Space

EvaluateFunction = Callable[[Architecture], float | Mapping[str, float]]
"""Takes an architecture and returns its reward, or a mapping with `reward` and other measured values."""


class FunctionEvaluator:
    """Calls a function to evaluate the architecture of each job.

    If the function changes the current folder, the folder is changed back. If it forks, the copy of the process ends
    with the function.
    """

    prepares = False

    def __init__(self, function: EvaluateFunction) -> None:
        self._function = function

    def prepare(self, job: Job) -> Callable[[OnEpoch], Evaluation]:
        """Prepares nothing; the returned function does all the work."""
        return lambda _: self._call(job.architecture)

    def _call(self, architecture: Architecture) -> Evaluation:
        process, folder = os.getpid(), _current_folder()
        try:
            return _evaluation(self._function(architecture))
        finally:
            if os.getpid() != process:
                os._exit(0)
            if folder is not None and _current_folder() != folder:
                with suppress(OSError):
                    os.chdir(folder)


def function_spec(space: Space, reference: str) -> EvaluatorSpec:
    """The specification from which a worker makes the evaluator of the function `MODULE:FUNCTION`."""
    arguments = {"text": space.source, "name": space.name, "reference": reference, "folder": os.getcwd()}
    return EvaluatorSpec(f"{__name__}:{make_function_context.__name__}", arguments)


def make_function_context(text: str, name: str, reference: str, folder: str) -> EvaluationContext:
    """Makes the context in which a worker calls a function."""
    evaluator = FunctionEvaluator(import_function(reference, Path(folder)))
    return EvaluationContext(parse_space(text, name=name), evaluator)


def import_evaluator(reference: str) -> FunctionEvaluator:
    """The evaluator that calls the function `MODULE:FUNCTION`; see `import_function`."""
    return FunctionEvaluator(import_function(reference, Path.cwd()))


def check_reference(reference: str, folder: Path) -> None:
    """Checks that `MODULE:FUNCTION` names a module, without importing it.

    Raises:
      NasctlError: There is no such module, or another one takes precedence over the one in the folder.
    """
    module_name, _ = _parts(reference)
    top = module_name.partition(".")[0]
    if top == "__main__":
        raise NasctlError(
            f"--evaluator {reference} names the program that is running, which a worker cannot import",
            hint="give the function itself, or move it into a module",
        )
    with importable(folder):
        spec = _find(top)
    if spec is None:
        raise NasctlError(
            f"the module of --evaluator {reference} cannot be imported: there is no module {top}",
            hint="it must be in the current folder, on PYTHONPATH or installed",
        )
    here = [path for path in (folder / f"{top}.py", folder / top / "__init__.py") if path.is_file()]
    if here and not (spec.origin and Path(spec.origin).resolve() in [path.resolve() for path in here]):
        raise NasctlError(
            f"--evaluator {reference} names the module {top} of {_owner(top, spec.origin)}, not {here[0]}",
            hint=f"rename {here[0].relative_to(folder)}: standard and installed modules take precedence",
        )


def import_function(reference: str, folder: Path) -> EvaluateFunction:
    """Imports the function that `MODULE:FUNCTION` names.

    Modules in the folder can be imported too, after standard and installed ones. On the command line and in workers,
    the folder stays on `sys.path`. In a process that uses nasctl as a library, it is removed after the import.

    Raises:
      NasctlError: There is no such module or function, or the module cannot be imported.
    """
    check_reference(reference, folder)
    module_name, function_name = _parts(reference)
    try:
        with importable(folder):
            module = importlib.import_module(module_name)
        function = getattr(module, function_name, None)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        kind = "" if is_kind_of(error, ImportError) else f"{name_of_type(error)}: "
        raise NasctlError(
            f"the module of --evaluator {reference} cannot be imported: {kind}{shortened(message_of(error))}",
            hint=_place(error),
        ) from error
    if not callable(function):
        raise NasctlError(f"{module_name} has no function {function_name} (from --evaluator {reference})")
    imported: EvaluateFunction = function
    return imported


def _parts(reference: str) -> tuple[str, str]:
    module_name, separator, function_name = reference.partition(":")
    file = module_name.endswith(".py") and Path(module_name).is_file()
    module = module_name.removesuffix(".py").replace("/", ".")
    if file or not separator or not function_name or not all(map(str.isidentifier, module_name.split("."))):
        raise NasctlError(
            f"--evaluator {reference} is not of the form MODULE:FUNCTION",
            hint=f"write {module}:{function_name or 'FUNCTION'}" if file else "for example my_table:accuracy",
        )
    return module_name, function_name


def _find(module: str) -> ModuleSpec | None:
    """Where a new process with this import path finds a module; this one may have imported it from another folder."""
    importlib.invalidate_caches()
    found = (finder.find_spec(module, None) for finder in sys.meta_path)
    return next((spec for spec in found if spec is not None), None)


def _owner(module: str, origin: str | None) -> str:
    return "Python" if module in sys.stdlib_module_names or origin is None else origin


def _place(error: BaseException) -> str:
    """The file and line of an error, if it was raised by a module and not by the import system."""
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if not frame.filename.startswith("<frozen ") and frame.filename not in (__file__, importlib.__file__)
    ]
    return f"the error was raised in {frames[-1].filename}, line {frames[-1].lineno}" if frames else ""


def _current_folder() -> str | None:
    try:
        return os.getcwd()
    except OSError:  # it was deleted
        return None


def _evaluation(returned: float | Mapping[str, float]) -> Evaluation:
    measures = dict(returned) if isinstance(returned, Mapping) else {"reward": returned}
    for name in measures:
        if not isinstance(name, str):
            raise NasctlError(
                f"the evaluator returned a value named {shortened(repr(name), 200)}; names must be strings"
            )
    if "reward" not in measures:
        names = shortened(", ".join(measures), 500)
        raise NasctlError(f'the evaluator returned {names or "nothing"} but no "reward"')
    numbers: dict[str, float] = {}
    for name, value in measures.items():
        try:
            numbers[name] = _number(value)
        except OverflowError as error:
            raise NotFinite(f"the evaluator returned an integer that is too large as {name}") from error
        except (TypeError, ValueError) as error:
            shown = shortened(repr(value), 200)
            raise NasctlError(f"the evaluator returned {shown} as {name}, which is not a number") from error
    return Evaluation(numbers.pop("reward"), numbers)


def _number(value: Any) -> float:
    """A number of any type. Texts, which `float` would read, are none."""
    if isinstance(value, str | bytes | bytearray):
        raise TypeError("a text is not a number")
    return float(value)
