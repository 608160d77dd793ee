"""`nasctl sample`: prints random architectures of a space."""

from __future__ import annotations

from typing import Annotated

import typer

from nasctl.cli.console import print_json, results
from nasctl.cli.options import SEED_RANGE, Json, SpacePath


def sample(
    space: SpacePath,
    count: Annotated[
        int, typer.Option("-n", "--count", min=1, max=10**7, metavar="N", help="Number of architectures.")
    ] = 1,
    seed: Annotated[
        int, typer.Option("--seed", metavar="N", help="Seed of the random numbers.", **SEED_RANGE)
    ] = 0,
    json: Json = False,
) -> None:
    """Print token strings sampled uniformly from a space, in the form that `nasctl render --tokens` takes.

    With --json, prints one JSON object per line with the keys tokens, text and values.

    Example: nasctl sample spaces/cnn.nas -n 3 --seed 1
    """
    import numpy as np

    from nasctl.dialects import load_space
    from nasctl.space import format_tokens, sample_uniform

    loaded = load_space(space)
    printer = results()
    for number in range(count):
        tokens = sample_uniform(loaded, np.random.default_rng((seed, number)), loaded.forced(number))
        text = format_tokens(loaded, tokens)
        if json:
            print_json({"tokens": tokens, "text": text, "values": loaded.values(tokens)})
        else:
            printer.line(text)
