"""The boundary between nasctl and the file system: reads files, and replaces them as a whole.

Other modules of this package are imported by their own names: `json_text` writes JSON, `json_entries` checks the
entries of JSON documents, `arrays` stores arrays, and `orbax` reads arrays of earlier versions.
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
