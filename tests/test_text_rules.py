"""Text is printed, quoted and written as JSON in one place each, and these rules find every other way."""

from __future__ import annotations

from pathlib import Path

import pytest
from text_rules import all_offences, offences

import nasctl

PACKAGE = Path(nasctl.__file__).parent


def test_no_file_prints_quotes_or_writes_json_in_its_own_way() -> None:
    assert all_offences(PACKAGE) == []


@pytest.mark.parametrize(
    "code",
    [
        pytest.param("print(f'{name}')", id="print"),
        pytest.param("def f():\n    print(1)", id="print in a function"),
        pytest.param("import typer\ntyper.echo(name)", id="typer.echo"),
        pytest.param("import click\nclick.secho(name)", id="click.secho"),
        pytest.param("import sys\nsys.stdout.write(name)", id="write to standard output"),
        pytest.param("import sys\nsys.stderr.buffer.write(name)", id="bytes to standard error"),
        pytest.param("from sys import stdout", id="stdout by name"),
        pytest.param("import os\nos.write(1, name)", id="os.write"),
        pytest.param("import json\njson.dumps(document)", id="json.dumps"),
        pytest.param("import json\njson.dump(document, file)", id="json.dump"),
        pytest.param("from json import dumps", id="dumps by name"),
        pytest.param("import json\njson.JSONEncoder()", id="JSONEncoder"),
        pytest.param("from rich.console import Console\nConsole().print(f'[b]{x}[/]')", id="own console"),
        pytest.param("from rich import print", id="print of Rich"),
        pytest.param("import rich", id="Rich as a whole"),
        pytest.param("from rich.table import Table\nTable().add_row(name)", id="own table"),
        pytest.param("from rich.text import Text\nText(name)", id="own text"),
        pytest.param("from rich.markup import escape", id="own escapes"),
        pytest.param("text.from_markup(name)", id="markup"),
        pytest.param("console.print(name, markup=True)", id="markup switched on"),
        pytest.param("import shlex\nshlex.quote(name)", id="shlex"),
        pytest.param("from shlex import quote", id="quote by name"),
        pytest.param("f'nasctl train {run}'", id="command"),
        pytest.param("f'try `nasctl status {run}`'", id="command in a sentence"),
        pytest.param("f'nasctl search {shell_word(space)} --out {run}'", id="half of a command"),
        pytest.param("f'resume with --out {run}'", id="option"),
        pytest.param("'nasctl train ' + run", id="command by addition"),
        pytest.param("'nasctl train %s' % run", id="command by percent"),
        pytest.param("'nasctl train {}'.format(run)", id="command by format"),
        pytest.param("f'nasctl train \"{run}\"'", id="quotes by hand"),
    ],
)
def test_another_way_is_found_wherever_it_is(code: str) -> None:
    for file in ("cli/status.py", "engine/run.py"):
        assert offences(code, file) != []


@pytest.mark.parametrize(
    "code",
    [
        "f'nasctl train {shell_word(run)}'",
        "f'`nasctl trials` lists them; it has {number}'",
        "f'{run} is not the folder of a run'",
        "import json\njson.loads(text)",
        "printer.line(f'{name}')",
        "results().table(columns, rows)",
    ],
)
def test_the_one_way_is_allowed(code: str) -> None:
    assert offences(code, "cli/status.py") == []
