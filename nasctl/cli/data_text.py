"""The data set of a search or a training, as commands print it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from nasctl.cli.console import Printer, Styled
from nasctl.input_kind import InputKind
from nasctl.target_kind import TargetKind

if TYPE_CHECKING:
    from nasctl.tasks import Task

_SPLITS = {"train": "training", "validation": "validation", "test": "test"}


def print_data(printer: Printer, task: Task) -> None:
    """Prints a data set on one line, and each of its notes on another."""
    printer.line(Styled(described(task), "dim"))
    print_notes(printer, task.notes)


def print_notes(printer: Printer, notes: Iterable[str]) -> None:
    """Prints what the user should know about a data set."""
    for note in notes:
        printer.line(Styled(f"note: {note}", "dim"))


def described(task: Task) -> str:
    """A data set in one line: `digits: 8×8 images, 10 classes; 1,150 training, … examples; measured by accuracy`."""
    counts = counted_examples({split: len(part) for split, part in task.splits.items()})
    return (
        f"{task.name}: {_inputs(task)}, {_outputs(task)}; {counts}; "
        f"measured by {task.metrics[0].name.replace('_', ' ')}"
    )


def counted_examples(counts: Mapping[str, int]) -> str:
    """The numbers of examples by split.

    >>> counted_examples({"train": 1150, "validation": 287, "test": 360})
    '1,150 training, 287 validation, 360 test examples'
    """
    return (
        ", ".join(f"{count:,} {_SPLITS.get(split, split)}" for split, count in counts.items()) + " examples"
    )


def data_json(task: Task) -> dict[str, object]:
    """The JSON values that describe a data set."""
    return {
        "name": task.name,
        "kind": task.kind.value,
        "target": _target(task).value,
        "shape": list(task.signature.input_shape),
        "outputs": task.signature.outputs,
        "examples": {split: len(part) for split, part in task.splits.items()},
        "metric": task.metrics[0].name,
        "digest": task.digest,
        "notes": list(task.notes),
    }


def _target(task: Task) -> TargetKind:
    return TargetKind.TOKEN if task.sequential else task.encoding.target


def _inputs(task: Task) -> str:
    size = shape_text(task.signature.input_shape)
    if task.kind is not InputKind.IMAGE:
        return f"{task.kind.plural} of {size}"
    fit = f" ({task.encoding.image.fit})" if task.encoding.image else ""
    return f"{size} {task.kind.plural}{fit}"


def shape_text(shape: Sequence[int]) -> str:
    """The shape of an input.

    >>> shape_text((28, 28, 1)), shape_text((32, 32, 3)), shape_text((35,)), shape_text((150, 2))
    ('28×28', '32×32×3', '35 steps', '150 steps × 2 features')
    """
    if len(shape) == 3:
        return "×".join(map(str, shape[:2] if shape[2] == 1 else shape))
    return " × ".join(f"{size:,} {word}" for size, word in zip(shape, ("steps", "features"), strict=False))


def _outputs(task: Task) -> str:
    outputs, target = task.signature.outputs, _target(task)
    if target is TargetKind.TOKEN:
        return f"a vocabulary of {outputs:,}"
    return "1 number" if (outputs, target) == (1, TargetKind.NUMBERS) else f"{outputs:,} {target.plural}"
