"""`nasctl describe`: prints the decisions of a space, its size and the costs of its networks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nasctl.cli.console import Column, Styled, print_json, progress, results
from nasctl.cli.options import DataDir, Fit, ImageSize, Json, SpacePath, read_settings, settings_of_costs
from nasctl.cli.quantities import counted
from nasctl.config import DataConfig
from nasctl.errors import NasctlError
from nasctl.settings import resolve

if TYPE_CHECKING:
    from nasctl.graph import Cost, Signature
    from nasctl.space import Choice, Clause, Decision, Space
    from nasctl.space.size import SizeBounds

SAMPLES = 100
"""Number of random architectures whose costs are printed."""


def describe(
    space: SpacePath,
    dataset: Annotated[
        str | None,
        typer.Option(
            "--dataset",
            metavar="NAME",
            help="Compute costs for the inputs and classes of this data set. Default: typical ones.",
            show_default=False,
        ),
    ] = None,
    data_dir: DataDir = None,
    image_size: ImageSize = None,
    fit: Fit = None,
    json: Json = False,
) -> None:
    """Describe a space: its decisions, the number of architectures, their costs, and an example.

    With --json, prints a lossless form of the space for other tools.

    Example: nasctl describe spaces/cnn.nas --dataset cifar10
    """
    from nasctl.dialects import input_of, load_space, targets_of
    from nasctl.space.size import decimal_digits

    overrides = read_settings([], settings_of_costs(dataset, image_size, fit))
    loaded = load_space(space)
    settings = resolve(loaded.defaults, overrides).data
    if json:
        low, high = loaded.size_bounds
        size = {"size": decimal_digits(low)} | ({"size_at_most": decimal_digits(high)} if high > low else {})
        print_json({**size, "hash": loaded.hash, "space": loaded.to_json()})
        return
    printer = results()
    printer.line(Styled(loaded.name, "bold"), f"  dialect {loaded.dialect}, hash {loaded.hash[:12]}")
    printer.line(
        f"{_counted(loaded.size_bounds)} architecture{'' if loaded.size == 1 else 's'}, "
        f"{counted(len(loaded.decisions), 'decision')}"
    )
    if predicted := targets_of(loaded):
        targets = " or ".join(", ".join(kind.plural for kind in predicted).rsplit(", ", 1))
        printer.line(f"its networks read {input_of(loaded).plural} and predict {targets}")
    if loaded.schedule:
        decision = loaded.decisions[loaded.schedule.decision]
        depths = ", ".join(map(str, decision.choices))
        printer.line(f"{decision.name}: {depths}, increased every {loaded.schedule.every:,} samples")
    for constraint in loaded.constraints:
        printer.line(f"require {constraint}")
    printer.line()
    _print_decisions(loaded)
    for section, keys in loaded.defaults.items():
        printer.line(f"{section}: {', '.join(f'{key} {value}' for key, value in keys.items())}")
    _print_costs(loaded, dataset, data_dir, settings)
    _print_example(loaded)


def _counted(size: SizeBounds) -> str:
    """Formats the number of architectures: all digits if they are few and known, and the order of magnitude.

    >>> from nasctl.space.size import SizeBounds
    >>> _counted(SizeBounds(15625, 15625)), _counted(SizeBounds(2**60, 2**60))
    ('15,625', '1,152,921,504,606,846,976 (about 1.2e+18)')
    >>> _counted(SizeBounds(10**400, 10**400)), _counted(SizeBounds(10**20, 10**30))
    ('about 1.0e+400', 'from 1.0e+20 to 1.0e+30')
    """
    if size.low < size.high or size.low >= 10**60:
        return str(size)
    return f"{size.low:,}" if size.low < 10**15 else f"{size.low:,} ({size})"


def _print_decisions(space: Space) -> None:
    """Prints a table with one row for each group of similar decisions, such as `layer*.filters`."""
    rows = []
    for name, decisions in _groups(space):
        first = decisions[0]
        choices = _listed(first.choices) if first.kind != "anchor" else "no, yes"
        rows.append((name, f"{len(decisions):,}", choices, _when(space, decisions)))
    columns = (Column("decision"), Column("number", right=True), Column("choices"), Column("condition"))
    printer = results()
    printer.table(columns, rows)
    printer.line()


def _groups(space: Space) -> Iterator[tuple[str, list[Decision]]]:
    """Yields groups of decisions that differ only in the numbers in their names, with `*` for the numbers."""
    groups: dict[tuple[str, tuple[Choice, ...]], list[Decision]] = {}
    for decision in space.decisions:
        groups.setdefault((_pattern(decision.name), decision.choices), []).append(decision)
    for (pattern, _), decisions in groups.items():
        yield (pattern if len(decisions) > 1 else decisions[0].name), decisions


def _pattern(name: str) -> str:
    """Replaces the numbers at the ends of the parts of a decision's name by `*`.

    >>> _pattern("layer12.skip.3")
    'layer*.skip.*'
    """
    return re.sub(r"\d+(?=\.|$)", "*", name)


def _when(space: Space, decisions: Sequence[Decision]) -> str:
    """Formats the condition of a group of decisions; if their conditions differ, lists the decisions in them."""
    several = len(decisions) > 1
    forms = {", ".join(_clause(space, clause, several) for clause in decision.when) for decision in decisions}
    if len(forms) == 1:
        return forms.pop()
    earlier = {
        _pattern(space.decisions[clause.decision].name) for decision in decisions for clause in decision.when
    }
    return f"depends on {', '.join(sorted(earlier))}"


def _clause(space: Space, clause: Clause, several: bool) -> str:
    from nasctl.space import format_value

    earlier = space.decisions[clause.decision]
    taken = " or ".join(format_value(earlier.choices[token]) for token in clause.tokens)
    return f"{_pattern(earlier.name) if several else earlier.name} is {taken}"


def _listed(choices: Sequence[Choice]) -> str:
    from nasctl.space import format_value

    texts = [format_value(choice) for choice in choices]
    return ", ".join(texts if len(texts) <= 8 else [*texts[:3], "…", texts[-1]]) + (
        f" ({len(texts)})" if len(texts) > 8 else ""
    )


def _print_costs(space: Space, dataset: str | None, data_dir: Path | None, settings: DataConfig) -> None:
    from nasctl.datasets import name_for, signature_of
    from nasctl.dialects import input_of, targets_of, typical_signature
    from nasctl.target_kind import TargetKind

    found = None
    if dataset is not None:
        name = name_for(dataset, input_of(space), next_token=TargetKind.TOKEN in targets_of(space))
        found = signature_of(name, data_dir, settings=settings)
    signature = found or typical_signature(space)
    if signature is None:
        return
    try:
        costs = list(_costs(space, signature))
    except NasctlError as error:
        progress().line(f"costs cannot be computed: {error.message}")
        return
    shape = "×".join(map(str, signature.input_shape))
    printer = results()
    printer.line(
        f"Costs of {SAMPLES} random architectures for inputs of shape {shape} and "
        f"{counted(signature.outputs, 'output')}:"
    )
    for measure, label in (
        ("params", "parameters"),
        ("flops", "FLOPs"),
        ("activation_bytes", "activation bytes"),
        ("depth", "depth"),
    ):
        values = sorted(int(getattr(cost, measure)) for cost in costs)
        spread = f"{values[0]:,} to {values[-1]:,}, median {values[len(values) // 2]:,}"
        printer.line(f"  {label:17} {spread if values[0] < values[-1] else f'{values[0]:,} for all'}")
    for constraint in space.constraints:
        measured = [cost for cost in costs if hasattr(cost, constraint.measure)]
        if measured:
            share = sum(constraint.holds(getattr(cost, constraint.measure)) for cost in measured)
            printer.line(f"  {share} of {len(measured)} satisfy {constraint}")
    printer.line()


def _costs(space: Space, signature: Signature) -> Iterator[Cost]:
    import numpy as np

    from nasctl.architecture import Architecture
    from nasctl.space import sample_uniform

    for number in range(SAMPLES):
        tokens = sample_uniform(space, np.random.default_rng(number))
        yield Architecture.decode(space, tokens).cost(signature)


def _print_example(space: Space) -> None:
    import numpy as np

    from nasctl.space import format_tokens, sample_uniform

    tokens = sample_uniform(space, np.random.default_rng(0))
    results().line(f"Example: {format_tokens(space, tokens)}")
