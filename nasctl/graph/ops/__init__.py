"""The registry of ops. A new op is an `Op` in a file of this folder, and a Flax module.

Other packages add ops by entry points of the group `nasctl.ops`, each of which is an `Op`.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from functools import cache
from importlib.metadata import entry_points
from types import MappingProxyType

from nasctl.errors import NasctlError
from nasctl.foreign_text import message_of
from nasctl.graph.ops.convolution import conv2d, separable_conv2d
from nasctl.graph.ops.elementwise import batch_norm, dropout, identity, relu, zero
from nasctl.graph.ops.ends import dense, input_
from nasctl.graph.ops.joining import add, concat
from nasctl.graph.ops.op import Cost, Op, Role
from nasctl.graph.ops.pooling import average_pool, global_average_pool, max_pool
from nasctl.graph.ops.property import Property
from nasctl.graph.ops.recurrent import (
    complement,
    elem_mult,
    last_step,
    linear,
    mask,
    max_,
    project,
    recurrent,
    sigmoid,
    sin,
    tanh,
)
from nasctl.graph.ops.text import embedding, lookup, table, unembed

__all__ = ["Cost", "Op", "Property", "Role", "is_builtin_op", "op_named", "ops"]

_OURS: Mapping[str, Op] = {
    op.name: op
    for op in (
        input_,
        conv2d,
        separable_conv2d,
        batch_norm,
        relu,
        max_pool,
        average_pool,
        dropout,
        identity,
        zero,
        concat,
        add,
        global_average_pool,
        dense,
        recurrent,
        mask,
        project,
        last_step,
        linear,
        elem_mult,
        max_,
        complement,
        tanh,
        sigmoid,
        sin,
        embedding,
        table,
        lookup,
        unembed,
    )
}


def op_named(name: str) -> Op:
    """The op of a name.

    Raises:
      NasctlError: There is no such op. The hint contains the most similar name.
    """
    op = _OURS.get(name) or ops().get(name)
    if op is None:
        close = difflib.get_close_matches(name, ops(), n=1)
        hint = f"did you mean `{close[0]}`?" if close else f"there are {', '.join(ops())}"
        raise NasctlError(f"there is no op `{name}`", hint=hint)
    return op


def is_builtin_op(name: str) -> bool:
    """Whether an op belongs to nasctl, not to another package."""
    return name in _OURS


@cache
def ops() -> Mapping[str, Op]:
    """All ops by name, first those of nasctl, then those of other packages.

    Raises:
      NasctlError: An entry point cannot be loaded or is not an op, or two ops have the same name.
    """
    known = dict(_OURS)
    for point in entry_points(group="nasctl.ops"):
        package = point.dist.name if point.dist else point.value
        try:
            op = point.load()
        except (
            Exception
        ) as error:  # the import of a plug-in may raise anything; the message must name its package
            raise NasctlError(
                f"the op `{point.name}` of {package} cannot be loaded: {message_of(error)}",
                hint=f"update or uninstall {package}",
            ) from error
        if not isinstance(op, Op):
            raise NasctlError(
                f"the entry point `{point.name}` of {package} is not a nasctl.graph.Op ({point.value})"
            )
        if op.name in known:
            raise NasctlError(f"{package} adds an op `{op.name}`, but an op of that name already exists")
        known[op.name] = op
    return MappingProxyType(known)
