"""Writes a graph as a self-contained HTML page with its drawing and tables beside it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape

from nasctl.foreign_text import visible
from nasctl.graph import Graph
from nasctl.render.layout import Heading
from nasctl.render.palette import DARK, LIGHT, Palette
from nasctl.render.svg import render_svg


def render_html(
    graph: Graph, heading: Heading | None = None, tables: Mapping[str, Mapping[str, object]] | None = None
) -> str:
    """Draws a graph as an HTML page.

    Args:
      graph: The graph. The drawing shows shapes and numbers of parameters if it is bound.
      heading: Title of the page and the line below it.
      tables: Tables beside the drawing: for each title the names and values of its rows.
    """
    heading = heading or Heading()
    title = escape(heading.title or "A neural network")
    details = escape(" · ".join(heading.details))
    shown = "\n".join(_table(name, rows.items()) for name, rows in (tables or {}).items() if rows)
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; {_variables(LIGHT)} }}
@media (prefers-color-scheme: dark) {{ :root {{ {_variables(DARK)} }} }}
body {{ margin: 2rem auto; max-width: 75rem; padding: 0 1.5rem; color: var(--ink); background: var(--page);
  font: 15px/1.5 system-ui, "Helvetica Neue", Arial, sans-serif; }}
h1 {{ font-size: 1.4rem; margin: 0; }}
h2 {{ font-size: 1rem; margin: 1.5rem 0 .4rem; }}
p {{ color: var(--faint); margin: .2rem 0 1rem; }}
main {{ display: flex; flex-wrap: wrap; gap: 1rem 3rem; align-items: flex-start; }}
.drawing {{ overflow-x: auto; max-width: 100%; }}
.drawing svg {{ max-width: none; }}
table {{ border-collapse: collapse; font-size: .875rem; font-variant-numeric: tabular-nums; }}
th, td {{ padding: .15rem 1.2rem .15rem 0; border-bottom: 1px solid var(--frame); text-align: left; }}
th {{ font-weight: normal; color: var(--faint); }}
</style>
</head>
<body>
<h1>{title}</h1>
<p>{details}</p>
<main>
<div class="drawing">
{render_svg(graph)}</div>
<div>
{shown}
</div>
</main>
</body>
</html>
"""


def _table(title: str, rows: Iterable[tuple[str, object]]) -> str:
    lines = [
        f'<tr><th scope="row">{escape(visible(str(name)))}</th><td>{escape(visible(_shown(value)))}</td></tr>'
        for name, value in rows
    ]
    return f"<h2>{escape(visible(title))}</h2>\n<table>\n" + "\n".join(lines) + "\n</table>"


def _shown(value: object) -> str:
    if isinstance(value, tuple | list):
        return ", ".join(_shown(part) for part in value) or "none"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _variables(palette: Palette) -> str:
    return (
        f"--ink: {palette.ink}; --faint: {palette.faint}; --page: {palette.page}; --frame: {palette.frame};"
    )
