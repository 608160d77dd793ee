"""All kinds of input."""

from __future__ import annotations

import architecture_files
import checkpoints
import command_lines
import data_sets
import drawings
import formulas
import included_files
import messages
import run_folders
import settings
import space_files
import token_texts
from running import Kind

_ALL = (
    *(space_files.KIND, included_files.KIND, token_texts.KIND, architecture_files.KIND),
    *(settings.TEXTS, settings.VALUES, formulas.FORMULA, formulas.DURATION),
    *(
        run_folders.READ_JSON,
        run_folders.RESUMED_JSON,
        run_folders.DATABASE,
        run_folders.ROWS,
        run_folders.RESUMED_ROWS,
    ),
    *(run_folders.CONTROLLER, checkpoints.KIND, data_sets.NPZ, data_sets.IMAGES, data_sets.TEXTS),
    *(drawings.KIND, messages.MESSAGE, messages.DOCUMENT, command_lines.KIND),
)

KINDS: dict[str, Kind] = {kind.name: kind for kind in _ALL}
