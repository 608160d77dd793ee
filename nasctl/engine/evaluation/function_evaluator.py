"""Evaluates architectures by a function that the user writes: a table, a simulator, a measurement."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping

from nasctl.architecture import Architecture
from nasctl.errors import NasctlError
from nasctl.executors import Evaluation, Job, OnEpoch
from nasctl.process import current_folder_importable

EvaluateFunction = Callable[[Architecture], float | Mapping[str, float]]
"""Takes an architecture and returns its reward, or a mapping with `reward` and other measured values."""


class FunctionEvaluator:
    """Calls a function to evaluate the architecture of each job."""

    def __init__(self, function: EvaluateFunction) -> None:
        self._function = function

    def prepare(self, job: Job) -> Callable[[OnEpoch], Evaluation]:
        """Prepares nothing; the returned function does all the work."""
        return lambda _: _evaluation(self._function(job.architecture))


def import_evaluator(reference: str) -> FunctionEvaluator:
    """The evaluator that calls the function `MODULE:FUNCTION`; see `import_function`."""
    return FunctionEvaluator(import_function(reference))


def import_function(reference: str) -> EvaluateFunction:
    """Imports the function that `MODULE:FUNCTION` names.

    Modules in the current folder can be imported too. On the command line and in workers, the folder stays on
    `sys.path`. In a process that uses nasctl as a library, it is removed after the import.

    Raises:
      NasctlError: There is no such module or function.
    """
    module_name, separator, function_name = reference.partition(":")
    if not separator or not module_name or not function_name:
        raise NasctlError(
            f"--evaluator {reference} is not of the form MODULE:FUNCTION",
            hint="for example my_table:accuracy",
        )
    try:
        with current_folder_importable():
            module = importlib.import_module(module_name)
    except ImportError as error:
        raise NasctlError(f"the module of --evaluator {reference} cannot be imported: {error}") from error
    function = getattr(module, function_name, None)
    if not callable(function):
        raise NasctlError(f"{module_name} has no function {function_name} (from --evaluator {reference})")
    imported: EvaluateFunction = function
    return imported


def _evaluation(returned: float | Mapping[str, float]) -> Evaluation:
    measures = dict(returned) if isinstance(returned, Mapping) else {"reward": returned}
    if "reward" not in measures:
        raise NasctlError(f'the evaluator returned {", ".join(measures) or "nothing"} but no "reward"')
    numbers: dict[str, float] = {}
    for name, value in measures.items():
        try:
            numbers[name] = float(value)
        except (TypeError, ValueError) as error:
            raise NasctlError(f"the evaluator returned {value!r} as {name}, which is not a number") from error
    return Evaluation(numbers.pop("reward"), numbers)
