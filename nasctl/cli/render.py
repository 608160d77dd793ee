"""`nasctl render`: draws an architecture in the terminal or into a file."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nasctl.cli.console import print_json, progress, results
from nasctl.cli.options import DataDir, Fit, ImageSize, Json, read_settings, settings_of_costs
from nasctl.config import DataConfig
from nasctl.errors import NasctlError
from nasctl.files import check_writable, replace_file
from nasctl.foreign_text import shell_word
from nasctl.metrics import METRICS, format_measure
from nasctl.settings import resolve

if TYPE_CHECKING:
    from nasctl.arch_json import ArchitectureDocument
    from nasctl.architecture import Architecture
    from nasctl.graph import Graph, Signature
    from nasctl.render import Heading
    from nasctl.space import Space

FORMATS = (".svg", ".png", ".html", ".dot", ".txt")
FILE_WIDTH = 100
MEASURES = (*(f"{split}_{name}" for split in ("test", "validation") for name in METRICS), "reward")
"""Measures in order of preference: the first that an architecture has is shown in its drawing."""


def render(
    architecture: Annotated[
        Path,
        typer.Argument(
            metavar="ARCH",
            help="An arch.json, or the folder of a run or checkpoint with one; with --tokens, a space file.",
            show_default=False,
        ),
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            metavar="FILE",
            help="Draw into this file: .svg, .png, .html, .dot or .txt. Default: draw in the terminal.",
            show_default=False,
        ),
    ] = None,
    tokens: Annotated[
        str | None,
        typer.Option(
            "--tokens",
            metavar="TOKENS",
            help="Draw the architecture with this token string, as nasctl sample prints it.",
            show_default=False,
        ),
    ] = None,
    dataset: Annotated[
        str | None,
        typer.Option(
            "--dataset",
            metavar="NAME",
            help="Show shapes and costs for this data set. Default: the data set of the search, if any.",
            show_default=False,
        ),
    ] = None,
    data_dir: DataDir = None,
    image_size: ImageSize = None,
    fit: Fit = None,
    json: Json = False,
) -> None:
    """Draw an architecture in the terminal or into a file.

    With --json, prints the graph: its nodes with attributes, shapes and numbers of parameters, and its edges.

    Example: nasctl render runs/cnn -o best.svg
    """
    if output is not None and output.suffix.lower() not in FORMATS:
        example = output.with_suffix(".svg") if output.name else output / "best.svg"
        raise NasctlError(
            f"cannot draw into {output}: its name must end in .svg, .png, .html, .dot or .txt",
            hint=f"for example -o {shell_word(example)}",
        )
    if output is not None:
        check_writable(output)
    overrides = read_settings([], settings_of_costs(dataset, image_size, fit))
    found, document = _read(architecture, tokens)
    settings_of_data = resolve(found.space.defaults, overrides).data
    signature = _signature(dataset, data_dir, settings_of_data, found.space, document)
    graph = found.graph
    if signature is not None:
        from nasctl.graph import bind

        graph = bind(graph, signature)
    heading = _heading(found, document, signature)
    if output is not None:
        _write(output, graph, heading, found, document, signature)
    if json:
        from nasctl.render import graph_document

        print_json(graph_document(graph))
    elif output is None:
        _show(graph, heading)


def _read(path: Path, tokens: str | None) -> tuple[Architecture, ArchitectureDocument | None]:
    """Reads an architecture from a file, or decodes a token string of the space in the file.

    Returns:
      The architecture, and the document that it was read from, if any.
    """
    from nasctl.architecture import Architecture

    if tokens is None:
        if path.suffix == ".nas":
            raise NasctlError(
                f"{path} is a search space, not one architecture",
                hint='add --tokens "…" to draw one of its architectures; nasctl sample prints token strings',
            )
        from nasctl.arch_json import load_document

        document = load_document(path)
        return Architecture.decode(document.space, document.tokens), document

    from nasctl.dialects import load_space
    from nasctl.space import parse_tokens

    space = load_space(path)
    return Architecture.decode(space, parse_tokens(space, tokens)), None


def _signature(
    dataset: str | None,
    data_dir: Path | None,
    settings: DataConfig,
    space: Space,
    document: ArchitectureDocument | None,
) -> Signature | None:
    """Returns the inputs and outputs for a data set, by default for that of the document."""
    if dataset is None:
        return document.task.signature if document is not None and document.task is not None else None

    from nasctl.datasets import name_for, signature_of
    from nasctl.dialects import input_of, targets_of
    from nasctl.target_kind import TargetKind

    name = name_for(dataset, input_of(space), next_token=TargetKind.TOKEN in targets_of(space))
    return signature_of(name, data_dir, settings=settings)


def _heading(
    found: Architecture, document: ArchitectureDocument | None, signature: Signature | None
) -> Heading:
    from nasctl.render import Heading
    from nasctl.render.boxes import format_count

    results = document.results if document is not None else {}
    details = [
        f"{name.replace('_', ' ')} {format_measure(name, results[name])}"
        for name in MEASURES
        if isinstance(results.get(name), float | int)
    ][:1]
    if signature is not None:
        cost = found.cost(signature)
        details += [f"{format_count(cost.params)} parameters", f"{format_count(cost.flops)} FLOPs"]
    return Heading(found.space.name, tuple(details))


def _show(graph: Graph, heading: Heading) -> None:
    """Draws a graph in the terminal."""
    from nasctl.render import render_terminal

    printer = results()
    try:
        "╭▼".encode(printer.console.encoding)
        ascii_only = False
    except (UnicodeEncodeError, LookupError):
        ascii_only = True
    width = printer.console.width if printer.is_terminal else FILE_WIDTH
    printer.drawing(render_terminal(graph, heading, width=width, ascii_only=ascii_only))


def _write(
    output: Path,
    graph: Graph,
    heading: Heading,
    found: Architecture,
    document: ArchitectureDocument | None,
    signature: Signature | None,
) -> None:
    """Draws a graph into a file, in the format of its suffix."""
    from nasctl.render import render_dot, render_html, render_png, render_svg, render_terminal

    suffix = output.suffix.lower()
    if suffix == ".png":
        content = render_png(graph, heading)
    elif suffix == ".svg":
        content = render_svg(graph, heading).encode()
    elif suffix == ".dot":
        content = render_dot(graph, heading).encode()
    elif suffix == ".txt":
        content = render_terminal(graph, heading, width=FILE_WIDTH).plain.encode()
    else:
        tables: dict[str, dict[str, object]] = {"Decisions": dict(found.values)}
        if signature is not None:
            tables["Cost"] = asdict(found.cost(signature))
        if document is not None:
            tables["Results"] = {
                name: v for name, v in document.results.items() if not isinstance(v, dict | list)
            }
        content = render_html(graph, heading, tables).encode()
    replace_file(output, content, follow_link=True)
    progress().line(f"wrote {output}")
