"""Prints the two commands that a README starts with, one a line."""

import re
import sys
from pathlib import Path

block = re.search(
    r"```(?:bash|console|sh)\n(.*?)```", Path(sys.argv[1]).read_text(encoding="utf-8"), re.DOTALL
)
lines = [line for line in (block.group(1).splitlines() if block else []) if line and not line.startswith("#")]
if len(lines) != 2:
    sys.exit(f"the README starts with {len(lines)} commands, not with two")
print("\n".join(lines))
