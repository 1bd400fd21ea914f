"""Text -> tokens, one at a time, failing where and how CPython 3.14's tokenizer fails.

The recogniser asks for a token only when it needs one, as CPython's parser does: which of two mistakes in a file is
reported depends on how far the parser had read. So this is not a list of tokens but a `Scanner` with a state: the
place it has read up to (``cursor``), the line it is on, the brackets it is in, the f-strings it is in. `Refused` is
the tokenizer's error. Rules found by experiment with 3.14; the wording is CPython's, which users search for.

Columns are counted in characters from the start of the line (CPython counts bytes and converts at the end).
"""

from __future__ import annotations

import re
import unicodedata
from typing import NoReturn

KEYWORDS = frozenset(
    "False None True and as assert async await break class continue def del elif else except finally for from global if"
    " import in is lambda nonlocal not or pass raise return try while with yield".split()
)
SOFT_KEYWORDS = ("_", "case", "match", "type")

TAB_SIZE = 8
ALTERNATE_TAB_SIZE = 1
MAX_INDENT = 100
MAX_LEVEL = 200
MAX_STRING_LEVEL = 150
MAX_EXPRESSION_NESTING = 3

_OPERATORS = re.compile(
    r"\*\*=|//=|>>=|<<=|\.\.\.|!=|->|:=|\+=|-=|\*=|/=|%=|&=|\|=|\^=|@=|==|<=|>=|<<|>>|\*\*|//|[-+*/%@&|^~<>()\[\]{},:.;=!]"
)
_NAME = re.compile(r"[A-Za-z0-9_\x80-\U0010ffff]*")
_SPACES = re.compile(r"[ \t\f]*")
_PLAIN_STRING = {quote: re.compile(rf"[^\\\n{quote}]*(?:\\.[^\\\n{quote}]*)*{quote}") for quote in "'\""}
_UNTIL_QUOTE = {quote: re.compile(rf"[^\\\n{quote}]+") for quote in "'\""}
_MIDDLE = re.compile(r"[^\\\n{}'\"]+")
_OPENING = {")": "(", "]": "[", "}": "{"}


class Refused(Exception):
    """The tokenizer gave up. ``kind`` says how: the parser words some of them itself.

    Attributes:
        kind: "error" (all is said), or "eof", "dedent", "tabs", "too deep", "continuation".
        message, offset, end_offset, text: for "error", the attributes the SyntaxError gets.
    """

    def __init__(self, kind: str, message: str = "", offset: int = 0, end_offset: int = 0, text: str | None = None, line: int = 0) -> None:
        super().__init__(kind, message)
        self.kind = kind
        self.message = message
        self.offset = offset
        self.end_offset = end_offset
        self.text = text
        self.line = line


class Token:
    """One token. ``kind`` is a keyword or operator as written, or NAME, NUMBER, STRING, NEWLINE, INDENT, ..."""

    __slots__ = ("kind", "string", "lineno", "col_offset", "end_lineno", "end_col_offset", "level", "memo")

    def __init__(self, kind: str, string: str, lineno: int, col: int, end_lineno: int, end_col: int, level: int) -> None:
        self.kind = kind
        self.string = string
        self.lineno = lineno
        self.col_offset = col
        self.end_lineno = end_lineno
        self.end_col_offset = end_col
        self.level = level
        self.memo: dict[int, tuple[object, int]] = {}

    def __repr__(self) -> str:
        return f"{self.kind} {self.string!r} {self.lineno}:{self.col_offset}-{self.end_lineno}:{self.end_col_offset}"


class StringMode:
    """The f-string or t-string being read: its quotes and how deep in its braces we are."""

    __slots__ = ("quote", "size", "raw", "letter", "start", "line_start", "line", "in_text", "depth", "expression_depth", "in_spec", "debug")

    def __init__(self, quote: str, size: int, raw: bool, letter: str, start: int, line_start: int, line: int) -> None:
        self.quote = quote
        self.size = size
        self.raw = raw
        self.letter = letter
        self.start = start
        self.line_start = line_start
        self.line = line
        self.in_text = True
        self.depth = 0
        self.expression_depth = -1
        self.in_spec = False
        self.debug = False


class Scanner:
    """Reads tokens from *source*, which must end in a newline if it is a file's text."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.cursor = 0
        self.buffer = 0  # start of the first line of the token being read
        self.line_end = 0  # end of the line read so far
        self.line_start = 0
        self.line = 0
        self.start: int | None = None
        self.first_line = 0
        self.first_line_start = 0
        self.at_line_start = True
        self.pending = 0
        self.indents = [0]
        self.alternate_indents = [0]
        self.brackets: list[tuple[str, int, int]] = []  # (character, line, column)
        self.strings: list[StringMode] = []
        self.done = ""  # "eof" once the source is used up, "error" after a failure
        self.warnings: list[tuple[str, int, int, int]] = []  # (message, line, column, end column)

    # -- characters ------------------------------------------------------------------------------------------------

    def _next(self) -> str:
        """Read one character; '' at the end. A new line starts when its first character is read, not before."""
        if self.cursor == self.line_end:
            if self.cursor >= len(self.source):
                self.done = "eof"
                return ""
            if self.start is None:
                self.buffer = self.cursor
            self.line_start = self.cursor
            self.line += 1
            end = self.source.find("\n", self.cursor)
            self.line_end = len(self.source) if end < 0 else end + 1
        self.cursor += 1
        return self.source[self.cursor - 1]

    def _back(self, character: str) -> None:
        if character:
            self.cursor -= 1

    def current_line(self) -> str:
        """Return the line the cursor is on, without its newline."""
        end = self.source.find("\n", self.line_start)
        return self.source[self.line_start : len(self.source) if end < 0 else end]

    def error(self, message: str, column: int | None = None, end_column: int | None = None) -> NoReturn:
        """Fail at the cursor, or at the given 1-based columns."""
        self.done = "error"
        offset = self.cursor - self.line_start if column is None else column
        raise Refused("error", message, offset, offset if end_column is None else end_column, self.current_line(), self.line)

    def _stop_early(self, message: str, at_end: bool) -> NoReturn:
        """Fail like `error`; remember whether it is because the text ends (it may be typed on)."""
        try:
            self.error(message)
        finally:
            if at_end:
                self.done = "eof"

    def _refuse(self, kind: str) -> NoReturn:
        self.done = kind
        raise Refused(kind)

    # -- tokens ----------------------------------------------------------------------------------------------------

    def get(self) -> Token:
        """Return the next token; ENDMARKER at the end, again and again.

        Raises:
            Refused: the text cannot be cut into tokens from here.
        """
        if self.strings and self.strings[-1].in_text:
            return self._string_text(self.strings[-1])
        return self._regular()

    def _token(self, kind: str, start: int | None = None, end: int | None = None) -> Token:
        if start is None or end is None:
            return Token(kind, "", self.line, -1, self.line, -1, len(self.brackets))
        if kind in ("STRING", "FSTRING_MIDDLE", "TSTRING_MIDDLE"):
            line, line_start = self.first_line, self.first_line_start
        else:
            line, line_start = self.line, self.line_start
        column = start - line_start if start >= line_start else -1
        end_column = end - self.line_start if end >= self.line_start else -1
        return Token(kind, self.source[start:end], line, column, self.line, end_column, len(self.brackets))

    def _indentation(self) -> bool:
        """Measure the indentation of a new line. Returns whether the line is blank or only a comment."""
        column = alternate = continued = 0
        self.at_line_start = False
        while True:
            c = self._next()
            if c == " ":
                column += 1
                alternate += 1
            elif c == "\t":
                column = (column // TAB_SIZE + 1) * TAB_SIZE
                alternate = (alternate // ALTERNATE_TAB_SIZE + 1) * ALTERNATE_TAB_SIZE
            elif c == "\f":
                column = alternate = 0
            elif c == "\\":
                # The first backslash after blanks decides the indentation of what follows on later lines.
                continued = continued or column
                self._continuation_line()
            else:
                break
        self._back(c)
        if c in ("#", "\n", "\r") and c:
            return True
        if self.brackets:
            return False
        column = continued or column
        alternate = continued or alternate
        if column == self.indents[-1]:
            if alternate != self.alternate_indents[-1]:
                self._tab_error()
        elif column > self.indents[-1]:
            if len(self.indents) >= MAX_INDENT:
                self.cursor = self.line_end
                self._refuse("too deep")
            if alternate <= self.alternate_indents[-1]:
                self._tab_error()
            self.pending += 1
            self.indents.append(column)
            self.alternate_indents.append(alternate)
        else:
            while len(self.indents) > 1 and column < self.indents[-1]:
                self.pending -= 1
                self.indents.pop()
                self.alternate_indents.pop()
            if column != self.indents[-1]:
                self.cursor = self.line_end
                self._refuse("dedent")
            if alternate != self.alternate_indents[-1]:
                self._tab_error()
        return False

    def _tab_error(self) -> NoReturn:
        self.cursor = self.line_end
        self._refuse("tabs")

    def _continuation_line(self) -> None:
        c = self._next()
        if c == "\r":
            c = self._next()
        if c != "\n":
            self._refuse("continuation")
        c = self._next()
        if not c:
            self.cursor = self.line_end
            self._refuse("eof")
        self._back(c)

    def _regular(self) -> Token:
        while True:
            self.start = None
            blank = self._indentation() if self.at_line_start else False
            self.start = self.cursor
            if self.pending < 0:
                self.pending += 1
                return self._token("DEDENT")
            if self.pending > 0:
                self.pending -= 1
                return self._token("INDENT")
            self._back(self._next())
            token = self._after_indentation(blank)
            if token is not None:
                return token

    def _after_indentation(self, blank: bool) -> Token | None:
        """Read one token; None at the end of a line that does not count."""
        while True:
            self.start = None
            while (c := self._next()) in (" ", "\t", "\f") and c:
                self.cursor = _SPACES.match(self.source, self.cursor, self.line_end).end()  # type: ignore[union-attr]
            self.start = self.cursor - 1 if c else self.cursor
            if c == "#":
                self.cursor = self.line_end - self.source.endswith("\n", 0, self.line_end)
                c = self._next()
            if not c:
                if self.brackets:
                    self._refuse("eof")
                return self._token("ENDMARKER")
            if c.isalpha() or c == "_" or c >= "\x80":
                return self._name(c)
            if c == "\r":
                c = self._next()
            if c == "\n":
                self.at_line_start = True
                if blank or self.brackets:
                    return None
                return self._token("NEWLINE", self.start, self.cursor)
            if c.isdigit():
                return self._number(c)
            if c == ".":
                following = self._next()
                if following and following in "0123456789":
                    return self._fraction(following)
                self._back(following)
                return self._operator(c)
            if c in "'\"":
                return self._quoted(c)
            if c == "\\":
                self._continuation_line()
                continue
            return self._operator(c)

    def _name(self, c: str) -> Token:
        assert self.start is not None
        seen = ""
        while (low := c.lower()) and low in "burft" and low not in seen:
            seen += low
            c = self._next()
            if c in ("'", '"'):
                for first, second in ("ub", "ur", "uf", "ut", "bf", "bt", "ft"):
                    if first in seen and second in seen:
                        column = self.start + 1 - self.line_start
                        self.error(f"'{first}' and '{second}' prefixes are incompatible", column, self.cursor - self.line_start)
                if "f" in seen or "t" in seen:
                    return self._string_start(c, seen)
                return self._quoted(c)
        self._back(c)
        self.cursor = _NAME.match(self.source, self.cursor, self.line_end).end()  # type: ignore[union-attr]
        name = self.source[self.start : self.cursor]
        if not name.isascii():
            self._verify_identifier(name)
        return self._token(name if name in KEYWORDS else "NAME", self.start, self.cursor)

    def _verify_identifier(self, name: str) -> None:
        assert self.start is not None
        if name.isidentifier():
            return
        # The longest prefix that is an identifier ends just before the character to blame.
        good = 0
        while good < len(name) and name[: good + 1].isidentifier():
            good += 1
        bad = name[good]
        self.cursor = self.start + good + 1
        if bad.isprintable():
            self.error(f"invalid character '{bad}' (U+{ord(bad):04X})")
        self.error(f"invalid non-printable character U+{ord(bad):04X}")

    # -- numbers ---------------------------------------------------------------------------------------------------

    def _number(self, c: str) -> Token:
        if c != "0":
            return self._decimal_rest(self._digits())
        c = self._next()
        if c and c in "xX":
            return self._based("hexadecimal", "0123456789abcdefABCDEF")
        if c and c in "oO":
            return self._based("octal", "01234567")
        if c and c in "bB":
            return self._based("binary", "01")
        nonzero = False
        while True:
            if c == "_":
                c = self._next()
                if not _is_digit(c):
                    self._back(c)
                    self.error("invalid decimal literal")
            if c != "0":
                break
            c = self._next()
        zeros_end = self.cursor
        if _is_digit(c):
            nonzero = True
            c = self._digits()
        if c == ".":
            return self._fraction(self._next())
        if c and c in "eE":
            return self._exponent(c)
        if c and c in "jJ":
            return self._finish_number(self._next(), "imaginary")
        if nonzero:
            assert self.start is not None
            self._back(c)
            self.error(
                "leading zeros in decimal integer literals are not permitted; use an 0o prefix for octal integers",
                self.start + 1 - self.line_start,
                zeros_end - self.line_start,
            )
        return self._finish_number(c, "decimal")

    def _based(self, kind: str, digits: str) -> Token:
        c = self._next()
        while True:
            if c == "_":
                c = self._next()
            if not c or c not in digits:
                if _is_digit(c) and kind != "hexadecimal":
                    self.error(f"invalid digit '{c}' in {kind} literal")
                self._back(c)
                self.error(f"invalid {kind} literal")
            while c and c in digits:
                c = self._next()
            if c != "_":
                break
        if _is_digit(c):
            self.error(f"invalid digit '{c}' in {kind} literal")
        return self._finish_number(c, kind)

    def _digits(self) -> str:
        """Read digits with single underscores; return the character after them."""
        while True:
            while _is_digit(c := self._next()):
                pass
            if c != "_":
                return c
            c = self._next()
            if not _is_digit(c):
                self._back(c)
                self.error("invalid decimal literal")

    def _decimal_rest(self, c: str) -> Token:
        if c == ".":
            return self._fraction(self._next())
        return self._after_fraction(c)

    def _fraction(self, c: str) -> Token:
        if _is_digit(c):
            c = self._digits()
        return self._after_fraction(c)

    def _after_fraction(self, c: str) -> Token:
        if c and c in "eE":
            return self._exponent(c)
        if c and c in "jJ":
            return self._finish_number(self._next(), "imaginary")
        return self._finish_number(c, "decimal")

    def _exponent(self, e: str) -> Token:
        assert self.start is not None
        c = self._next()
        if c and c in "+-":
            c = self._next()
            if not _is_digit(c):
                self._back(c)
                self.error("invalid decimal literal")
        elif not _is_digit(c):
            self._back(c)
            self._verify_end(e, "decimal")
            self._back(e)
            return self._token("NUMBER", self.start, self.cursor)
        c = self._digits()
        if c and c in "jJ":
            return self._finish_number(self._next(), "imaginary")
        return self._finish_number(c, "decimal")

    def _finish_number(self, c: str, kind: str) -> Token:
        assert self.start is not None
        self._verify_end(c, kind)
        self._back(c)
        return self._token("NUMBER", self.start, self.cursor)

    def _verify_end(self, c: str, kind: str) -> None:
        """Warn about ``1if``, refuse ``1x``: only some keywords may touch a number."""
        if not c:
            return
        if re.compile("and|else|for|i[fns]|or|not").match(self.source, self.cursor - 1, self.line_end):
            assert self.start is not None
            column = self.start - self.line_start
            self.warnings.append((f"invalid {kind} literal", self.line, column, self.cursor - 1 - self.line_start))
        elif c < "\x80" and (c.isalnum() or c == "_"):
            self._back(c)
            self.error(f"invalid {kind} literal")

    # -- strings ---------------------------------------------------------------------------------------------------

    def _quoted(self, quote: str) -> Token:
        assert self.start is not None
        self.first_line = self.line
        self.first_line_start = self.line_start
        escaped_quote = False
        size = 1
        after = self._next()
        if after == quote:
            after = self._next()
            if after != quote:
                self._back(after)
                return self._token("STRING", self.start, self.cursor)
            size = 3
        else:
            self._back(after)
            if plain := _PLAIN_STRING[quote].match(self.source, self.cursor, self.line_end):
                self.cursor = plain.end()
                return self._token("STRING", self.start, self.cursor)
        ending = 0
        while ending != size:
            c = self._next()
            if not c or (size == 1 and c == "\n"):
                self._unterminated(quote, size, escaped_quote, at_end=not c)
            if c == quote:
                ending += 1
                continue
            ending = 0
            if c == "\\":
                c = self._next()
                if c == quote:
                    escaped_quote = True
                if c == "\r":
                    self._next()
            elif rest := _UNTIL_QUOTE[quote].match(self.source, self.cursor, self.line_end):
                self.cursor = rest.end()
        return self._token("STRING", self.start, self.cursor)

    def _unterminated(self, quote: str, size: int, escaped_quote: bool, *, at_end: bool) -> NoReturn:
        assert self.start is not None
        detected = self.line
        self.cursor = self.start + 1
        self.line_start = self.first_line_start
        self.line = self.first_line
        if self.strings and self.strings[-1].quote == quote and self.strings[-1].size == size:
            self.error(f"{self.strings[-1].letter}-string: expecting '}}'")
        if size == 3:
            self._stop_early(f"unterminated triple-quoted string literal (detected at line {detected})", at_end)
        hint = "; perhaps you escaped the end quote?" if escaped_quote else ""
        self._stop_early(f"unterminated string literal (detected at line {detected}){hint}", at_end)

    def _string_start(self, quote: str, prefix: str) -> Token:
        assert self.start is not None
        size = 1
        after = self._next()
        if after == quote:
            third = self._next()
            if third == quote:
                size = 3
            else:
                self._back(third)
                self._back(after)
        else:
            self._back(after)
        if len(self.strings) + 1 >= MAX_STRING_LEVEL:
            self.error("too many nested f-strings or t-strings")
        letter = "f" if "f" in prefix else "t"
        self.strings.append(StringMode(quote, size, "r" in prefix, letter, self.start, self.line_start, self.line))
        self.first_line, self.first_line_start = self.line, self.line_start
        return self._token("FSTRING_START" if letter == "f" else "TSTRING_START", self.start, self.cursor)

    def _string_text(self, mode: StringMode) -> Token:
        self.start = self.cursor
        self.first_line = self.line
        self.first_line_start = self.line_start
        start = self.start
        escape_name = False
        c = self._next()
        if c == "{":
            following = self._next()
            self._back(following)
            self._back(c)
            if following != "{":
                self._open_expression(mode)
                return self._regular()
        else:
            self._back(c)
        if self.source.startswith(mode.quote * mode.size, self.cursor):
            for _ in range(mode.size):
                self._next()
            self.strings.pop()
            return self._token("FSTRING_END" if mode.letter == "f" else "TSTRING_END", start, self.cursor)
        middle = "FSTRING_MIDDLE" if mode.letter == "f" else "TSTRING_MIDDLE"
        ending = 0
        while ending != mode.size:
            if plain := _MIDDLE.match(self.source, self.cursor, self.line_end):
                self.cursor = plain.end()
                ending = 0
            c = self._next()
            in_spec = mode.in_spec and mode.expression_depth >= 0
            if not c or (mode.size == 1 and c == "\n"):
                if in_spec and c == "\n":
                    letter = mode.letter
                    self.error(
                        f"{letter}-string: newlines are not allowed in format specifiers for single quoted {letter}-strings"
                    )
                detected = self.line
                self.cursor = mode.start + 1
                self.line_start = mode.line_start
                self.line = mode.line
                triple = "triple-quoted " if mode.size == 3 else ""
                message = f"unterminated {triple}{mode.letter}-string literal (detected at line {detected})"
                self._stop_early(message, at_end=not c and mode.size == 3)
            if c == mode.quote:
                ending += 1
                continue
            ending = 0
            if c == "{":
                following = self._next()
                if following != "{" or in_spec:
                    self._back(following)
                    self._back(c)
                    self._open_expression(mode)
                    return self._token(middle, start, self.cursor)
                return self._token(middle, start, self.cursor - 1)
            if c == "}":
                if escape_name:
                    return self._token(middle, start, self.cursor)
                following = self._next()
                if following == "}" and not in_spec and mode.depth == 0:
                    return self._token(middle, start, self.cursor - 1)
                self._back(following)
                self._back(c)
                mode.in_text = False
                return self._token(middle, start, self.cursor)
            if c == "\\":
                following = self._next()
                if following == "\r":
                    following = self._next()
                if following and following in "{}":
                    if not mode.raw:
                        self.warn_escape(following)
                    self._back(following)
                elif not mode.raw and following == "N":
                    following = self._next()
                    if following == "{":
                        escape_name = True
                    else:
                        self._back(following)
        for _ in range(mode.size):
            self.cursor -= 1
        return self._token(middle, start, self.cursor)

    def warn_escape(self, character: str) -> None:
        """Remember the warning for a backslash before *character*, which has just been read."""
        column = self.cursor - self.line_start - 2
        self.warnings.append((invalid_escape(character), self.line, column, column + 2))

    def _open_expression(self, mode: StringMode) -> None:
        mode.expression_depth += 1
        if mode.expression_depth >= MAX_EXPRESSION_NESTING:
            self.error(f"{mode.letter}-string: expressions nested too deeply")
        mode.in_text = False

    # -- punctuation -----------------------------------------------------------------------------------------------

    def _operator(self, c: str) -> Token:
        assert self.start is not None
        mode = self.strings[-1] if self.strings else None
        if mode and c in ":}!{" and mode.expression_depth >= 0:
            cursor = mode.depth - (c != "{")
            if c == ":" and cursor == mode.expression_depth:
                mode.in_text = True
                mode.in_spec = True
                return self._token(":", self.start, self.cursor)
        found = _OPERATORS.match(self.source, self.start, self.line_end)
        operator = found.group() if found else c
        if len(operator) > 1:
            self.cursor = self.start + len(operator)
            return self._token(operator, self.start, self.cursor)
        if c in "([{":
            if len(self.brackets) >= MAX_LEVEL:
                self.error("too many nested parentheses")
            self.brackets.append((c, self.line, self.start - self.line_start))
            if mode:
                mode.depth += 1
        elif c in ")]}":
            self._close(c, mode)
        if not c.isprintable():
            self.error(f"invalid non-printable character U+{ord(c):04X}")
        if c == "=" and mode and mode.depth == mode.expression_depth + 1:
            mode.debug = True
        return self._token(c if found else "OP", self.start, self.cursor)

    def _close(self, c: str, mode: StringMode | None) -> None:
        if mode and not mode.depth and c == "}":
            self.error(f"{mode.letter}-string: single '}}' is not allowed")
        if not self.brackets:
            self.error(f"unmatched '{c}'")
        opening, line, _ = self.brackets.pop()
        if opening != _OPENING[c]:
            if mode and opening == "{" and mode.depth - 1 == mode.expression_depth:
                self.error(f"{mode.letter}-string: unmatched '{c}'")
            where = f" on line {line}" if line != self.line else ""
            self.error(f"closing parenthesis '{c}' does not match opening parenthesis '{opening}'{where}")
        if mode:
            mode.depth -= 1
            if mode.depth < 0:
                self.error(f"{mode.letter}-string: unmatched '{c}'")
            if c == "}" and mode.depth == mode.expression_depth:
                mode.expression_depth -= 1
                mode.in_text = True
                mode.in_spec = False
                mode.debug = False


def invalid_escape(character: str) -> str:
    """Return 3.14's warning for a backslash followed by *character* (one character, or three octal digits)."""
    kind = "octal escape" if character.isdigit() else "escape"
    return (
        f'"\\{character}" is an invalid {kind} sequence. Such sequences will not work in the future. '
        f'Did you mean "\\\\{character}"? A raw string is also an option.'
    )


def _is_digit(c: str) -> bool:
    return c != "" and c in "0123456789"


def normalised(name: str) -> str:
    """Return the name as the compiler sees it (PEP 3131)."""
    return name if name.isascii() else unicodedata.normalize("NFKC", name)
