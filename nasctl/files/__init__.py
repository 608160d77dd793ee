"""The one boundary between nasctl and the file system: reads files, and replaces them as a whole.

`json_text` and `json_entries` write and check JSON documents; `arrays` stores arrays, and `orbax` reads the arrays of
earlier versions. These four are imported by their own names.
"""

from nasctl.files.reading import (
    cause_of,
    check_current_folder,
    parse_json,
    read_bytes,
    read_json,
    read_text,
    read_while_replaced,
)
from nasctl.files.replacing import check_writable, disk_full, explain_write_errors, replace_file

__all__ = [
    "cause_of",
    "check_current_folder",
    "check_writable",
    "disk_full",
    "explain_write_errors",
    "parse_json",
    "read_bytes",
    "read_json",
    "read_text",
    "read_while_replaced",
    "replace_file",
]
