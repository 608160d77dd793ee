"""The canonical layout of a file: what `nasctl fmt` writes. Works on lexemes, so it serves every dialect.

One statement a line, two spaces a level; a block that was written on one line stays there if it fits; the `in` of
neighbouring lines stand under each other; comments stay where they are; at most one empty line in a row.
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
"""Columns after which a line is broken."""

INDENT = "  "


@dataclass(frozen=True)
class Piece:
    """A lexeme with its part in the layout.

    Attributes:
      text: It.
      line: Its line in the source.
      end: Offset after it in the source.
      begins: Whether a statement begins with it.
      opens: Whether it opens a block (not a set).
      closes: Whether it closes a block.
      comment: Whether it is a comment.
      own_line: For a comment: whether nothing stands before it on its line.
      after_blank: Whether an empty line stands before it.
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
    """A line of the result; `aligned` is the length of the name before ` in`, or 0."""

    level: int
    text: str = ""
    aligned: int = 0
    blank_before: bool = False


def format_source(source: Source, grammar: Path) -> str:
    """The text of a source in its canonical layout.

    Args:
      source: A text without errors of the syntax.
      grammar: The grammar of its dialect.

    Raises:
      lark.UnexpectedInput: The text has errors.
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
    """The lexemes and comments in order, with the parts that the parser gives them."""
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
    """For the offset of each token: its text, and whether it begins a statement, opens or closes a block."""
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
        between = state.before_last_token()
        closes = token == "}" and between
        opens = token == "{" and state.between_statements()
        roles[token.start_pos or 0] = (str(token), (between and not closes) or not roles, opens, closes)
    parser.feed_eof()  # type: ignore[no-untyped-call]
    return roles


class _Layout:
    """Lays pieces out in lines."""

    def __init__(self, pieces: Sequence[Piece]) -> None:
        self._pieces = pieces
        self._lines: list[_Line] = []
        self._level = 0
        self._previous: Piece | None = None
        self._inline_until = -1
        self._token_before: Piece | None = None

    def lines(self) -> list[_Line]:
        """The lines, not yet aligned."""
        for index, piece in enumerate(self._pieces):
            if piece.comment:
                self._comment(index, piece)
            else:
                self._token(index, piece)
                self._token_before = piece
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

    def _token(self, index: int, piece: Piece) -> None:
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
        first = self._token_before is not None and self._token_before.opens
        blank = piece is not None and piece.after_blank and not piece.closes and not first
        self._lines.append(_Line(level, blank_before=blank))

    def _aligned(self, index: int) -> int:
        """The length of the name with which a statement `NAME in …` or `NAME (…)` begins."""
        following = self._pieces[index + 1 : index + 2]
        return len(self._pieces[index].text) if following and following[0].text in ("in", "(") else 0

    def _too_long(self, index: int, piece: Piece, previous: Piece) -> bool:
        line = self._lines[-1]
        return previous.text == "," and len(INDENT * line.level + line.text) + len(piece.text) + 2 > WIDTH

    def _closing(self, index: int) -> int:
        """Index of the piece that closes the block that a piece opens."""
        depth = 0
        for at in range(index, len(self._pieces)):
            depth += self._pieces[at].opens - self._pieces[at].closes
            if depth == 0:
                return at
        return len(self._pieces)

    def _fits(self, opening: int, closing: int) -> bool:
        """Whether a block was written on one line and can stay there."""
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
        if right.begins:  # beside another statement of a block on one line
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
    """Puts the `in` of neighbouring lines under each other."""
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
