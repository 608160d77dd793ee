"""The table of sources: each kind of data set, how it is recognised, and the function that reads it.

To add a kind, write its reader in a file of its own and a `Source` here. The first source that matches reads the data
set: names come first, then the endings of files, then folders by what is in them. A new kind of folder also needs a
`FolderKind`, which `folder_contents.look_into` recognises.
"""

from __future__ import annotations

import os
from collections.abc import Callable

from nasctl.datasets.arrays.idx_files import load_idx_folder
from nasctl.datasets.arrays.idx_names import folder_of_idx, is_idx_name
from nasctl.datasets.arrays.npy_folder import load_npy_folder, refuse_single_array
from nasctl.datasets.arrays.npz_file import load_npz
from nasctl.datasets.arrays.parquet_files import load_parquet
from nasctl.datasets.arrays.pixel_table import is_pixel_table, load_pixel_table
from nasctl.datasets.catalogue import CATALOGUE
from nasctl.datasets.dataset import Dataset
from nasctl.datasets.folder_contents import FolderKind
from nasctl.datasets.images.folder import load_image_folder
from nasctl.datasets.preparation import load_spec
from nasctl.datasets.sequences.document_files import JSON_LINES, TABLES, has_text, load_documents
from nasctl.datasets.sequences.series_files import load_series
from nasctl.datasets.source import DOCUMENTS, SERIES, Request, Source
from nasctl.datasets.split_files import split_files
from nasctl.datasets.texts.python_manual import NAME as PYDOC
from nasctl.datasets.texts.python_manual import load_pydoc
from nasctl.datasets.texts.text_files import load_text_files
from nasctl.errors import NasctlError


def _is_series(request: Request) -> bool:
    return request.prefix == SERIES or (
        not request.prefix and (has_suffix(".ts")(request) or holds(FolderKind.SERIES)(request))
    )


def _is_documents(request: Request) -> bool:
    """Whether a request is for documents. The prefixes of text tokens are also those of texts without labels."""
    if request.prefix == SERIES:
        return False
    return (
        request.prefix == DOCUMENTS
        or has_suffix(*JSON_LINES)(request)
        or holds(FolderKind.DOCUMENTS)(request)
        or (bool(request.unit) and (has_suffix(*TABLES)(request) or holds(FolderKind.TABLES)(request)))
    )


def _load_documents(request: Request) -> Dataset:
    return load_documents(_absolute(request), request.path, request.unit or "words", request.encoding)


def _is_table(request: Request) -> bool:
    return has_suffix(*TABLES)(request) or holds(FolderKind.TABLES)(request)


def _load_table(request: Request) -> Dataset:
    """Reads a table without a prefix by what is in it."""
    path = next(iter(split_files(request.path, (*TABLES, *JSON_LINES)).values()))
    prefix = DOCUMENTS if path.suffix.lower() in JSON_LINES or has_text(path) else SERIES
    name = f"{prefix}:{request.path}"
    if prefix == SERIES:
        return load_series(name, request.path, request.encoding)
    return load_documents(name, request.path, "words", request.encoding)


def _absolute(request: Request) -> str:
    """The name with an absolute path."""
    return f"{request.prefix}:{request.path}" if request.prefix else str(request.path)


def _is_pydoc(request: Request) -> bool:
    return request.place.partition(":")[0] == PYDOC


def _load_pydoc(request: Request) -> Dataset:
    part = request.place.partition(":")[2]
    return load_pydoc(request.data_dir, request.unit or "words", part, _vocabulary(request))


def _is_text(request: Request) -> bool:
    return bool(request.unit) or has_suffix(".txt")(request) or holds(FolderKind.TEXT)(request)


def _load_text(request: Request) -> Dataset:
    if not request.path.exists():
        raise NasctlError(
            f"the text `{request.place}` does not exist",
            hint=f"name {PYDOC}, a text file, or a folder with train.txt, valid.txt and test.txt",
        )
    return load_text_files(request.path, request.unit or "words", _vocabulary(request))


def _vocabulary(request: Request) -> tuple[str, ...] | None:
    return None if request.encoding is None else request.encoding.class_names


def _has_idx_name(request: Request) -> bool:
    return is_idx_name(request.name) and folder_of_idx(request.name, request.data_dir) is not None


def _load_idx_name(request: Request) -> Dataset:
    folder = folder_of_idx(request.name, request.data_dir)
    assert folder is not None, "`_has_idx_name` found it"
    return load_idx_folder(folder, request.name)


def _is_of_tfds(request: Request) -> bool:
    name = request.name
    if os.sep in name and not looks_like_tfds(name):
        return False
    from nasctl.datasets.tfds_datasets import tfds_names  # imports TFDS

    return name.split("/")[0].split(":")[0] in tfds_names() or (request.data_dir / name).is_dir()


def _load_tfds(request: Request) -> Dataset:
    from nasctl.datasets.tfds_datasets import load_tfds

    try:
        return load_tfds(request.name, request.data_dir, settings=request.settings, encoding=request.encoding)
    except NasctlError as error:
        if is_idx_name(request.name):
            error.hint = (
                f"put its files train-images-idx3-ubyte.gz, train-labels-idx1-ubyte.gz, t10k-… into "
                f"{request.data_dir}, or name their folder with --data-dir; or {error.hint}"
            )
        raise


def looks_like_tfds(name: str) -> bool:
    """Whether a name with a slash may be NAME/CONFIG of TFDS rather than a path."""
    return not name.startswith((".", "/", "~")) and name.count("/") <= 2


def has_suffix(*suffixes: str) -> Callable[[Request], bool]:
    """A test whether the name of a file ends in one of the given suffixes, in lower or upper case."""
    return lambda request: request.path.suffix.lower() in suffixes


def holds(kind: FolderKind) -> Callable[[Request], bool]:
    """A test whether a folder is of a kind."""
    return lambda request: request.contents is not None and request.contents.kind is kind


SOURCES: tuple[Source, ...] = (
    Source("", _is_pydoc, _load_pydoc),
    Source(
        "series (.ts files)",
        _is_series,
        lambda request: load_series(_absolute(request), request.path, request.encoding),
    ),
    Source("documents (.jsonl, or .txt files in a folder for each class)", _is_documents, _load_documents),
    Source("a text file, a folder with train.txt, valid.txt and test.txt", _is_text, _load_text),
    Source("an .npz file", has_suffix(".npz"), lambda request: load_npz(request.path)),
    Source(
        "a table of pixels (.csv)",
        lambda request: is_pixel_table(request.path),
        lambda request: load_pixel_table(request.path),
    ),
    Source(
        "a Parquet file or a folder of them",
        lambda request: has_suffix(".parquet")(request) or holds(FolderKind.PARQUET)(request),
        lambda request: load_parquet(
            request.path, request.data_dir, settings=request.settings, encoding=request.encoding
        ),
    ),
    Source("", has_suffix(".npy"), lambda request: refuse_single_array(request.path)),
    Source(
        "",
        lambda request: request.name in CATALOGUE,
        lambda request: load_spec(CATALOGUE[request.name], request.data_dir),
    ),
    Source(
        "a folder of images",
        holds(FolderKind.IMAGES),
        lambda request: load_image_folder(
            request.path, request.data_dir, settings=request.settings, encoding=request.encoding
        ),
    ),
    Source(
        "a folder of .npy files",
        holds(FolderKind.ARRAYS),
        lambda request: load_npy_folder(request.path),
    ),
    Source("a folder of idx files", holds(FolderKind.IDX), lambda request: load_idx_folder(request.path)),
    Source("a table of series or documents (.csv, .tsv)", _is_table, _load_table),
    Source("", _has_idx_name, _load_idx_name),
    Source("", _is_of_tfds, _load_tfds),
)
