"""Formats a space file of any dialect, as `nasctl fmt` does.

- One statement per line, indented by two spaces per level.
- A block that was written on one line stays on it if it fits.
- The `in` of adjacent lines is aligned.
- Comments keep their positions.
- At most one empty line in a row.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from nasctl.dsl.lexemes import Lexeme, lexemes
from nasctl.dsl.parser import load_grammar
from nasctl.dsl.parser_state import ParserState, missing_parts
from nasctl.dsl.source import Source
from nasctl.errors import NasctlError

WIDTH = 96
"""Greatest width of a line, in columns."""

INDENT = "  "


@dataclass(frozen=True)
class Piece:
    """A lexeme or comment with its role in the layout.

    Attributes:
      text: Its text.
      line: Its line in the source, counted from 1.
      end: The offset after it in the source.
      begins: Whether it begins a statement.
      opens: Whether it opens a block (not a set).
      closes: Whether it closes a block.
      comment: Whether it is a comment.
      own_line: Whether it is a comment on a line of its own.
      after_blank: Whether it follows an empty line.
    """

    text: str
    line: int
    end: int
    begins: bool = False
    opens: bool = False
    closes: bool = False
    comment: bool = False
    own_line: bool = False
    after_blank: bool = False


@dataclass
class _Line:
    """A line of the output; `aligned` is the length of the name before ` in`, or 0 if there is none."""

    level: int
    text: str = ""
    aligned: int = 0
    blank_before: bool = False


def format_source(source: Source, grammar: Path) -> str:
    """Formats a file.

    Args:
      source: A file without syntax errors.
      grammar: The grammar of its dialect.

    Raises:
      lark.UnexpectedInput: The file has syntax errors.
      NasctlError: The installed version of Lark is not supported.
    """
    pieces = list(_pieces(source, grammar))
    lines = _Layout(pieces).lines()
    _align(lines)
    text: list[str] = []
    for line in lines:
        if line.blank_before and text:
            text.append("")
        text.append((INDENT * line.level + line.text).rstrip())
    return "\n".join(text) + "\n"


def _pieces(source: Source, grammar: Path) -> Iterator[Piece]:
    """Yields the lexemes and comments in order."""
    roles = _roles(source, grammar)
    starts = sorted(roles)
    comments = {lexeme.start: lexeme for lexeme in lexemes(source) if lexeme.kind == "comment"}
    end = 0
    for start in sorted([*starts, *comments]):
        gap = source.text[end:start]
        blank = gap.count("\n") > 1
        line, _ = source.position(start)
        if start in comments:
            comment: Lexeme = comments[start]
            end = comment.end
            own = comment.leads
            yield Piece(comment.text.rstrip(), line, end, comment=True, own_line=own, after_blank=blank)
        else:
            text, begins, opens, closes = roles[start]
            end = start + len(text)
            yield Piece(text, line, end, begins, opens, closes, after_blank=blank)


def _roles(source: Source, grammar: Path) -> dict[int, tuple[str, bool, bool, bool]]:
    """Returns for each offset the lexeme, and whether it begins a statement, opens a block or closes one."""
    parser = load_grammar(grammar).parse_interactive(source.text)
    if missing_parts(parser):
        raise NasctlError(
            "the layout of a space needs parts of Lark that the installed version does not have",
            hint="install a version of lark that nasctl is tested with: pip install 'lark>=1.2,<1.4'",
        )
    state = ParserState(parser)
    roles: dict[int, tuple[str, bool, bool, bool]] = {}
    for token in parser.lexer_thread.lex(parser.parser_state):  # type: ignore[no-untyped-call]
        parser.feed_token(token)
        between = state.between_statements_before()
        closes = token == "}" and between
        opens = token == "{" and state.between_statements()
        roles[token.start_pos or 0] = (str(token), (between and not closes) or not roles, opens, closes)
    parser.feed_eof()  # type: ignore[no-untyped-call]
    return roles


class _Layout:
    """Distributes pieces over lines."""

    def __init__(self, pieces: Sequence[Piece]) -> None:
        self._pieces = pieces
        self._lines: list[_Line] = []
        self._level = 0
        self._previous: Piece | None = None
        self._inline_until = -1
        self._lexeme_before: Piece | None = None

    def lines(self) -> list[_Line]:
        """Returns the lines before alignment."""
        for index, piece in enumerate(self._pieces):
            if piece.comment:
                self._comment(index, piece)
            else:
                self._lexeme(index, piece)
                self._lexeme_before = piece
            self._previous = piece
        return self._lines

    def _comment(self, index: int, piece: Piece) -> None:
        if piece.own_line or self._previous is None:
            following = next((later for later in self._pieces[index + 1 :] if not later.comment), None)
            inside = following is not None and not (following.begins or following.closes)
            self._start_line(self._level + inside, piece)
            self._lines[-1].text = piece.text
        else:
            self._lines[-1].text += f"  {piece.text}"

    def _lexeme(self, index: int, piece: Piece) -> None:
        previous = self._previous
        inline = index <= self._inline_until
        if piece.closes and not inline:
            self._level -= 1
        if previous is None or (not inline and (piece.begins or piece.closes)):
            self._start_line(self._level, piece)
            if not piece.closes:
                self._lines[-1].aligned = self._aligned(index)
        elif previous.comment or self._too_long(index, piece, previous):
            self._start_line(self._level + 1, None)
        elif not (piece.closes and not inline):
            self._lines[-1].text += self._separator(previous, piece, index)
        self._lines[-1].text += piece.text
        if piece.opens and not inline:
            closing = self._closing(index)
            if self._fits(index, closing):
                self._inline_until = closing
            else:
                self._level += 1

    def _start_line(self, level: int, piece: Piece | None) -> None:
        first = self._lexeme_before is not None and self._lexeme_before.opens
        blank = piece is not None and piece.after_blank and not piece.closes and not first
        self._lines.append(_Line(level, blank_before=blank))

    def _aligned(self, index: int) -> int:
        """Returns the length of NAME in a statement `NAME in …` or `NAME (…)`; 0 for other statements."""
        following = self._pieces[index + 1 : index + 2]
        return len(self._pieces[index].text) if following and following[0].text in ("in", "(") else 0

    def _too_long(self, index: int, piece: Piece, previous: Piece) -> bool:
        line = self._lines[-1]
        return previous.text == "," and len(INDENT * line.level + line.text) + len(piece.text) + 2 > WIDTH

    def _closing(self, index: int) -> int:
        """Returns the index of the piece that closes the block which a piece opens."""
        depth = 0
        for at in range(index, len(self._pieces)):
            depth += self._pieces[at].opens - self._pieces[at].closes
            if depth == 0:
                return at
        return len(self._pieces)

    def _fits(self, opening: int, closing: int) -> bool:
        """Whether a block was written on one line and fits on it."""
        inside = self._pieces[opening : closing + 1]
        if closing == opening + 1:
            return True
        if any(piece.comment for piece in inside) or inside[0].line != inside[-1].line:
            return False
        length = len(INDENT * self._lines[-1].level + self._lines[-1].text)
        for offset, piece in enumerate(inside[1:], start=opening + 1):
            length += len(self._separator(self._pieces[offset - 1], piece, offset)) + len(piece.text)
        return length <= WIDTH

    def _separator(self, left: Piece, right: Piece, index: int) -> str:
        if left.opens and right.closes:
            return ""
        if left.opens or right.closes or right.opens:
            return " "
        if right.begins:  # the next statement of a block on one line
            return "  "
        if right.text in (",", ")", "..", ".") or left.text in ("(", "..", "."):
            return ""
        if left.text == "{" or right.text == "}":  # of a set
            return ""
        earlier = self._pieces[index - 2].text if index >= 2 else ""
        if left.text == "*" and earlier == "step":
            return ""
        if right.text == "(" and earlier == "block":
            return ""
        return " "


def _align(lines: Sequence[_Line]) -> None:
    """Aligns the `in` of adjacent lines."""
    start = 0
    while start < len(lines):
        end = start + 1
        while (
            end < len(lines)
            and lines[start].aligned
            and lines[end].aligned
            and lines[end].level == lines[start].level
            and not lines[end].blank_before
        ):
            end += 1
        widest = max(line.aligned for line in lines[start:end])
        for line in lines[start:end]:
            if line.aligned:
                line.text = line.text[: line.aligned].ljust(widest) + line.text[line.aligned :]
        start = end
