"""`nasctl data`: lists, checks and prepares data sets."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nasctl.byte_size import size_text
from nasctl.cli.console import Column, print_json, progress, results
from nasctl.cli.data_text import print_notes, shape_text
from nasctl.cli.options import DataDir, Fit, ImageSize, Json, data_dir_options, data_settings, read_settings
from nasctl.cli.quantities import counted
from nasctl.foreign_text import shell_command, shortened
from nasctl.settings import resolve

if TYPE_CHECKING:
    from nasctl.tasks.report import Report

data = typer.Typer(
    name="data",
    help="List, check and prepare data sets.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)

SHOWN = 20
"""The most classes that are printed."""
LONGEST_NAME = 60

DatasetName = Annotated[
    str,
    typer.Argument(
        metavar="NAME", help="Name of a data set, or path of your own file or folder.", show_default=False
    ),
]


@data.command("list")
def list_names(data_dir: DataDir = None, json: Json = False) -> None:
    """List the data sets that have a name, and which of them are prepared.

    Your own files and folders, and the image data sets of TensorFlow Datasets, are named directly.

    Example: nasctl data list
    """
    from nasctl.datasets.known_names import known_names

    listed = known_names(data_dir)
    if json:
        print_json(
            [
                {
                    "name": known.name,
                    "summary": known.summary,
                    "shape": list(known.shape),
                    "classes": known.classes,
                    "train": known.train,
                    "test": known.test,
                    "prepared": known.prepared,
                    "folder": None if known.folder is None else str(known.folder),
                }
                for known in listed
            ]
        )
        return
    columns = (
        Column("name", breaks=False), Column("inputs", breaks=False), Column("classes", right=True),
        Column("training", right=True), Column("test", right=True), Column("summary"), Column("prepared in"),
    )  # fmt: skip
    results().table(
        columns,
        [
            (
                known.name,
                shape_text(known.shape),
                f"{known.classes:,}" if known.classes else "",
                f"{known.train:,}" if known.train else "",
                f"{known.test:,}" if known.test else "",
                known.summary,
                str(known.folder or "not prepared"),
            )
            for known in listed
        ],
    )


@data.command("check")
def check_data(
    dataset: DatasetName,
    data_dir: DataDir = None,
    image_size: ImageSize = None,
    fit: Fit = None,
    json: Json = False,
) -> None:
    """Check a data set: read it as a search would, and print its kind, splits, classes and what is odd.

    What cannot be used is an error that names the place. A data set that is not prepared is prepared first.

    Example: nasctl data check mine.npz
    """
    options = data_settings(image_size, fit)
    settings = resolve(read_settings([], options)).data
    started = time.perf_counter()
    with progress().steps(f"reading {dataset}"):
        from nasctl.dialects import fitting_spaces
        from nasctl.tasks import make_task
        from nasctl.tasks.report import report_of

        report = report_of(make_task(dataset, data_dir=data_dir, settings=settings))
    seconds = time.perf_counter() - started
    if json:
        print_json(_as_json(report) | {"seconds": round(seconds, 2)})
        return
    printer = results()
    given = [str(word) for option in options.values() if option[1] is not None for word in option]
    printer.fields(_summary(report, seconds))
    if report.counts:
        printer.line()
        _print_classes(report)
    if report.numbers:
        printer.line()
        rows = [
            (shortened(name, LONGEST_NAME), f"{low:.6g}", f"{mean:.6g}", f"{high:.6g}")
            for name, (low, mean, high) in zip(report.class_names, report.numbers, strict=True)
        ]
        columns = (Column("number"), *(Column(word, right=True) for word in ("smallest", "mean", "largest")))
        printer.table(columns, rows[:SHOWN])
    if report.notes:
        printer.line()
        print_notes(printer, report.notes)
    space = next(iter(fitting_spaces(report.kind, report.target)), "spaces/cnn.nas")
    given += data_dir_options(data_dir)
    command = shell_command("nasctl", "search", space, "--dataset", dataset, *given)
    printer.line()
    printer.line("Next:")
    printer.line(f"  {command}")


@data.command("prepare")
def prepare_data(
    dataset: DatasetName,
    data_dir: DataDir = None,
    image_size: ImageSize = None,
    fit: Fit = None,
    json: Json = False,
) -> None:
    """Prepare a data set, so that later commands need not download, decode or convert it.

    A search does this by itself. Prepare a data set before you start searches that share it, or where there is network.

    Example: nasctl data prepare digits
    """
    from nasctl.datasets import default_data_dir, load

    settings = resolve(read_settings([], data_settings(image_size, fit))).data
    folder = Path(data_dir).expanduser() if data_dir else default_data_dir()
    before = _files(folder)
    started = time.perf_counter()
    with progress().steps(f"preparing {dataset}"):
        loaded = load(dataset, folder, settings=settings)
    seconds = time.perf_counter() - started
    written = {path: size for path, size in _files(folder).items() if path not in before}
    place = os.path.commonpath([os.path.dirname(path) for path in written]) if written else None
    if json:
        print_json(
            {
                "name": loaded.name,
                "folder": place,
                "bytes": sum(written.values()),
                "seconds": round(seconds, 2),
                "notes": list(loaded.notes),
            }
        )
        return
    printer = results()
    took = f"{seconds:.1f} s"
    if place is None:
        printer.line(f"{dataset} needs no preparation: it was loaded in {took}")
    else:
        printer.line(
            f"{dataset} was prepared in {took}: {counted(len(written), 'file')} of "
            f"{size_text(sum(written.values()))} in {place}"
        )
    print_notes(printer, loaded.notes)


def _files(folder: Path) -> dict[str, int]:
    """The files below a folder and their sizes, except for downloads."""
    found = {}
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name != "downloads"]
        for name in names:
            path = os.path.join(place, name)
            try:
                found[path] = os.stat(path).st_size
            except OSError:  # another process has removed it
                continue
    return found


_PREDICTED = {
    "class": "one class of {}",
    "labels": "any of {} labels",
    "numbers": "{} numbers",
    "token": "the next text token of {:,}",
}


def _summary(report: Report, seconds: float) -> list[tuple[str, str]]:
    """The rows that describe a data set."""
    outputs = len(report.class_names) or report.vocabulary
    predicted = _PREDICTED[report.target].format(outputs)
    if report.target == "numbers" and outputs == 1:
        predicted = "a number"
    parts = [f"{count:,} {_SPLITS[split]}" for split, count in report.examples.items()]
    rows = [("data set", report.name), ("inputs", f"{report.kind.plural}, {shape_text(report.shape)}")]
    if report.values is not None:
        low, high = report.values
        rows.append(("values", f"{low:.4g} to {high:.4g}, kept as {report.dtype}"))
    rows += [
        ("predicted", predicted),
        ("examples", ", ".join(parts)),
        ("memory", f"{size_text(report.size)} for the examples; read in {seconds:.1f} s"),
        ("measured by", report.metric.replace("_", " ")),
    ]
    return rows


_SPLITS = {"train": "for training", "validation": "for validation", "test": "for the test"}


def _print_classes(report: Report) -> None:
    word = "class" if report.target == "class" else "label"
    columns = (Column(word), *(Column(_SPLITS[split], right=True) for split in report.counts))
    rows = [
        (shortened(name, LONGEST_NAME), *(f"{counts[index]:,}" for counts in report.counts.values()))
        for index, name in enumerate(report.class_names)
    ]
    order = sorted(range(len(rows)), key=lambda index: -report.counts["train"][index])
    kept = range(len(rows)) if len(rows) <= SHOWN else [*order[: SHOWN // 2], *order[-SHOWN // 2 :]]
    printer = results()
    printer.table(columns, [rows[index] for index in kept])
    if len(rows) > SHOWN:
        printer.line(
            f"… {len(rows) - SHOWN:,} more between the {SHOWN // 2} largest and the {SHOWN // 2} smallest; "
            "--json prints all"
        )


def _as_json(report: Report) -> dict[str, object]:
    return {
        "name": report.name,
        "kind": report.kind.value,
        "target": report.target.value,
        "shape": list(report.shape),
        "dtype": report.dtype,
        "bytes": report.size,
        "values": None if report.values is None else list(report.values),
        "examples": dict(report.examples),
        "class_names": list(report.class_names),
        "counts": {split: list(counts) for split, counts in report.counts.items()},
        "numbers": [list(column) for column in report.numbers],
        "vocabulary": report.vocabulary,
        "metric": report.metric,
        "notes": list(report.notes),
    }
