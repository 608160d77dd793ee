"""The tables of `nasctl eval`: each class, label or number, and which classes are confused."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from nasctl.cli.console import Column, Part, Printer, Styled
from nasctl.cli.quantities import counted
from nasctl.errors import NasctlError
from nasctl.files import replace_file
from nasctl.foreign_text import cut, display_width, shell_word, visible
from nasctl.target_kind import TargetKind

if TYPE_CHECKING:
    from nasctl.tasks.details import Details, Row

MOST_ROWS = 20
"""The most classes or labels that a table lists."""

WIDEST_NAME = 24
"""Columns of a terminal that a name may take in the confusion matrix."""

PICTURES = (".svg", ".png")
"""The suffixes of the pictures of a confusion matrix."""


def print_details(printer: Printer, details: Details) -> None:
    """Prints the table of the classes, labels or numbers, and for classes the confusion matrix."""
    printer.line()
    rows = list(details.rows)
    if details.noun != "number" and len(rows) > MOST_ROWS:
        rows = sorted(rows, key=_badness)[:MOST_ROWS]
    columns = list(rows[0].values)
    printer.table(
        [Column(details.noun), *(Column(_heading(name), right=True, breaks=False) for name in columns)],
        [(row.name, *(_cell(name, row.values[name]) for name in columns)) for row in rows],
    )
    if details.noun == "number":
        printer.line("errors: quantiles of the predicted minus the true number")
    if len(rows) < len(details.rows):
        printer.line(f"and {len(details.rows) - len(rows):,} more, which are predicted better")
    if details.confusion is not None and len(details.rows) > 1:
        _print_confusion(printer, details.confusion, [row.name for row in details.rows])


def check_picture(output: Path) -> None:
    """Checks that a picture can have this name.

    Raises:
      NasctlError: It has another suffix.
    """
    if output.suffix.lower() not in PICTURES:
        example = output.with_suffix(".svg") if output.name else output / "confusion.svg"
        raise NasctlError(
            f"cannot draw into {output}: its name must end in {' or '.join(PICTURES)}",
            hint=f"for example -o {shell_word(example)}",
        )


def require_confusion(target: TargetKind) -> None:
    """Checks that networks have a confusion matrix, before they are measured.

    Raises:
      NasctlError: They do not predict one class for each example.
    """
    if target is not TargetKind.CLASS:
        raise _no_confusion()


def write_picture(output: Path, details: Details, title: str) -> None:
    """Draws the confusion matrix into a file.

    Args:
      output: The file, whose name ends in `.svg` or `.png`.
      details: What was measured.
      title: The title of the picture.

    Raises:
      NasctlError: There is no confusion matrix, or the file cannot be written.
    """
    from nasctl.render.confusion import confusion_png, confusion_svg, lay_out_confusion

    if details.confusion is None:
        raise _no_confusion()
    picture = lay_out_confusion(details.confusion, [row.name for row in details.rows], title)
    png = output.suffix.lower() == ".png"
    replace_file(output, confusion_png(picture) if png else confusion_svg(picture).encode(), follow_link=True)


def _no_confusion() -> NasctlError:
    message = "only networks that predict one class for each example have a confusion matrix"
    return NasctlError(message, hint="leave out -o")


def _badness(row: Row) -> float:
    """The F1 score; classes without any come last."""
    f1 = row.values["f1"]
    return 2.0 if f1 is None or not row.values["examples"] else f1


def _heading(name: str) -> str:
    return name.replace("residual_", "error ").replace("%", " %")


def _cell(name: str, value: float | int | None) -> str:
    if value is None:
        return "–"
    if name in ("precision", "recall", "f1"):
        return f"{100 * value:.1f} %"
    return f"{value:,}" if name == "examples" else f"{value:.4g}"


def _print_confusion(printer: Printer, confusion: np.ndarray, names: Sequence[str]) -> None:
    """Prints the matrix if it fits into a terminal, else the pairs of classes that are confused most."""
    labels = [cut(visible(name), WIDEST_NAME) for name in names]
    own = max(map(display_width, labels))
    digits = len(f"{confusion.max():,}")
    room = min(printer.console.width, 100)
    widest = max(digits, *map(display_width, labels))
    width = min(widest, (room - own) // len(names) - 2)
    if width < min(widest, max(digits, 3)):
        _print_pairs(printer, confusion, names)
        return
    printer.line()
    printer.line("Confusion matrix: a row for each class, a column for each predicted class")
    rows: list[list[Part]] = [
        [label, *(_count(confusion[row, column], row == column) for column in range(len(names)))]
        for row, label in enumerate(labels)
    ]
    headings = [Column(cut(label, width), right=True, breaks=False) for label in labels]
    printer.table([Column("", breaks=False), *headings], rows)


def _count(count: int, diagonal: bool) -> Part:
    if not count:
        return Styled("·", "dim")
    return Styled(f"{count:,}", "bold") if diagonal else f"{count:,}"


def _print_pairs(printer: Printer, confusion: np.ndarray, names: Sequence[str]) -> None:
    errors = confusion - np.diag(np.diag(confusion))
    order = np.argsort(-errors, axis=None, kind="stable")[:10]
    pairs = [divmod(int(number), len(names)) for number in order if errors.flat[number]]
    if not pairs:
        return
    totals = confusion.sum(1)
    printer.line()
    printer.line("Classes that are confused most")
    printer.table(
        [Column("class"), Column("predicted as"), Column("examples", right=True), Column("of", right=True)],
        [
            (
                names[row],
                names[column],
                f"{errors[row, column]:,}",
                f"{totals[row]:,} ({100 * errors[row, column] / totals[row]:.1f} %)",
            )
            for row, column in pairs
        ],
    )
    wrong, all_pairs = int(errors.sum()), int(np.count_nonzero(errors))
    if all_pairs > len(pairs):
        printer.line(f"{counted(wrong, 'error')} in {counted(all_pairs, 'pair')} of classes")
