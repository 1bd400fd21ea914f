"""Random small programs in the grammar that 3.14 adds, and random damage to programs.

Everything comes from one `random.Random`, so a printed seed gives the same programs again.
"""

from __future__ import annotations

import random
import re

_NAMES = ("a", "b", "x", "y1", "_", "type", "match", "case", "é", "self", "T", "f", "t", "rf", "名")
_OPS = ("+", "-", "*", "//", "@", "==", "!=", "<=", "<", ">=", "is", "in", "not in", "is not", "and", "or", "|", "**")
_CONVERSIONS = ("", "", "", "!r", "!s", "!a", " !r", "!r ")
_TEXTS = (
    "", "a", "é名", " ", "{{", "}}", "{{}}", "\\n", "\\x41", "\\u00e9", "\\N{DIGIT ONE}", "\\\\", "\\'", '\\"', "#", ":",
    "!", "=", "abc def", "\\{{", "{{{{", "\\d", "%s", "\t", "\\\n", "}}{{",
)  # fmt: skip
_SPECS = ("", ">10", "<", "é", "\\x3e5", "=", "#x", "!r", " ", "%Y-%m", ",.2f", "\\N{DIGIT ONE}")
_TOKEN = re.compile(r"\w+|\s+|.", re.S)
_DAMAGE = ("(", ")", "[", "]", "{", "}", "'", '"', ":", ",", "=", "!", "*", "\\", "\n", " ", "f", "t", "#", "b''", "lambda", "for", "as", ";", "f'", "'''", "type ", "except ", "@", "yield ", ":=", "!r", ".", "0", "async ")  # fmt: skip


class Programs:
    """Programs made with one random generator."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    # -- whole programs -----------------------------------------------------------------------------------------------

    def program(self) -> str:
        """Return the text of a program; nearly always a valid one."""
        text = "".join(self._statement("", 2) for _ in range(self.random.randint(1, 4)))
        style = self.random.random()
        if style < 0.03:
            text = text.replace("\n", "\r\n")
        elif style < 0.05:
            text = text.replace("\n", "\r")
        return text

    def damaged(self, text: str) -> str:
        """Return a program with one to three small changes, which need not make it wrong."""
        pieces = _TOKEN.findall(text)
        for _ in range(self.random.randint(1, 3)):
            at = self.random.randrange(len(pieces) + 1)
            how = self.random.random()
            if how < 0.35 and at < len(pieces):
                del pieces[at]
            elif how < 0.75:
                pieces.insert(at, self.random.choice(_DAMAGE))
            elif how < 0.9 and at < len(pieces):
                pieces[at] = self.random.choice(_DAMAGE)
            elif at + 1 < len(pieces):
                pieces[at], pieces[at + 1] = pieces[at + 1], pieces[at]
        return "".join(pieces)

    # -- statements ---------------------------------------------------------------------------------------------------

    def _statement(self, indent: str, depth: int) -> str:
        pick = self.random.choice
        kinds = ["expr", "assign", "type", "type", "return", "import"]
        if depth:
            kinds += ["def", "class", "try", "try", "if", "match"]
        kind = pick(kinds)
        body = lambda: "".join(self._statement(indent + "  ", depth - 1) for _ in range(self.random.randint(1, 2)))  # noqa: E731
        if kind == "expr":
            return f"{indent}{self._expr(3)}\n"
        if kind == "assign":
            return f"{indent}{self._name()}{pick(['', ': ' + self._expr(1)])} = {self._expr(3)}{self._comment()}\n"
        if kind == "type":
            gap = pick([" ", "  ", "\t", " \\\n ", "\\\n"])
            params = self._params() if self.random.random() < 0.6 else ""
            return f"{indent}type{gap}{self._name()}{self._gap()}{params}{self._gap()}= {self._expr(2)}\n"
        if kind == "return":
            return f"{indent}{pick(['pass', 'assert ' + self._expr(2), 'del ' + self._name()])}\n"
        if kind == "import":
            return f"{indent}from . import {self._name()} as {self._name()}\n"
        if kind == "def":
            decorator = f"{indent}@{self._expr(1)}\n" if self.random.random() < 0.3 else ""
            params = self._params() if self.random.random() < 0.6 else ""
            arguments = pick(["", "a, b", f"a: {self._expr(1)} = {self._expr(1)}", "*a, **b", "*a: *b", "a, /, *, b"])
            returns = pick(["", f" -> {self._expr(1)}"])
            keyword = pick(["def", "async def", "async  def"])
            gap = self._gap()
            return f"{decorator}{indent}{keyword} {self._name()}{gap}{params}{gap}({arguments}){returns}:\n{body()}"
        if kind == "class":
            params = self._params() if self.random.random() < 0.6 else ""
            bases = pick(["", "()", "(a, b)", f"({self._expr(1)}, k={self._expr(1)})"])
            return f"{indent}class {self._name()}{params}{bases}:\n{body()}"
        if kind == "try":
            star = pick(["", "", "*"])
            handlers = ""
            for _ in range(self.random.randint(1, 2)):
                types = [self._expr(1) for _ in range(self.random.randint(1, 3))]
                end = pick(["", ""]) if len(types) > 1 else ""
                comma = pick([", ", ",", " , ", ", \\\n "])
                handlers += f"{indent}except{star} {comma.join(types)}{end}:{self._comment()}\n{body()}"
            return f"{indent}try:\n{body()}{handlers}"
        if kind == "if":
            return f"{indent}if {self._expr(2)}:\n{body()}{indent}else:\n{body()}"
        return f"{indent}match {self._expr(1)}:\n{indent}  case {pick(['a', '1', 'A.b', '[a, *_]', '{1: x}', '_'])} if {self._expr(1)}:\n" + "".join(
            self._statement(indent + "    ", 0) for _ in range(1)
        )

    def _params(self) -> str:
        made = []
        for _ in range(self.random.randint(1, 3)):
            kind = self.random.random()
            default = f"{self._gap()}= {self._expr(1)}" if self.random.random() < 0.3 else ""
            if kind < 0.6:
                bound = f"{self._gap()}: {self._expr(1)}" if self.random.random() < 0.5 else ""
                made.append(f"{self._name()}{bound}{default}")
            elif kind < 0.8:
                star = self.random.choice(["", "*"]) if default else ""
                made.append(f"*{self._name()}" + (f" = {star}{self._primary(1)}" if default else ""))
            else:
                made.append(f"**{self._name()}{default}")
        return f"[{self._inner_gap()}{(',' + self._inner_gap()).join(made)}{self.random.choice(['', '', ','])}{self._inner_gap()}]"

    # -- expressions ----------------------------------------------------------------------------------------------------

    def _expr(self, depth: int) -> str:
        pick = self.random.choice
        if depth <= 0:
            return pick([self._name(), pick(["1", "0x1f", "1.5", "2j", "None", "...", "1_000"]), self._plain_string()])
        kind = self.random.random()
        if kind < 0.4:
            return self._strings(depth)
        if kind < 0.55:
            return self._primary(depth)
        if kind < 0.7:
            return f"{self._primary(depth - 1)} {pick(_OPS)} {self._primary(depth - 1)}"
        if kind < 0.75:
            return f"{self._primary(depth - 1)} if {self._primary(depth - 1)} else {self._primary(depth - 1)}"
        if kind < 0.8:
            return f"lambda {pick(['', 'x', '*a', 'x=1'])}: {self._primary(depth - 1)}"
        if kind < 0.9:
            return f"({self._inner_gap()}{self._expr(depth - 1)}{self._inner_gap()})"
        return self._primary(depth)

    def _primary(self, depth: int) -> str:
        pick = self.random.choice
        if depth <= 0:
            return self._expr(0)
        gap = self._inner_gap()
        inner = self._expr(depth - 1)
        return pick(
            [
                f"{self._name()}({gap}{inner}{gap})",
                f"{self._name()}({self._name()}={inner})",
                f"{self._name()}[{inner}{pick(['', ':', ',', ':1'])}]",
                f"[{gap}{inner},{gap}{inner}{gap}]",
                f"{{{inner}: {gap}{inner}}}",
                f"({inner} for a in {self._name()})",
                f"[{self._name()} for {self._name()} in {self._name()} if {self._name()}]",
                f"({inner}, )",
                f"{self._name()}.{self._name()}",
                f"(a := {inner})",
                f"(await {self._name()})",
                self._strings(depth),
            ]
        )

    # -- strings ------------------------------------------------------------------------------------------------------------

    def _strings(self, depth: int) -> str:
        """Return a string, sometimes several side by side."""
        if self.random.random() < 0.7:
            return self._fstring(depth, self.random.choice("fft"))
        template = self.random.random() < 0.3
        made = []
        for _ in range(self.random.randint(2, 3)):
            made.append(
                self._fstring(depth, "t")
                if template
                else self.random.choice([lambda: self._fstring(depth, "f"), self._plain_string])()
            )
        return self.random.choice([" ", "", "  ", " \\\n"]).join(made)

    def _plain_string(self) -> str:
        quote = self.random.choice(["'", '"', "'''", '"""'])
        text = self.random.choice(["", "a", "b c", "é", "{x}", "\\n", "#"])
        return self.random.choice(["", "", "r", "u", "R"]) + quote + text + quote

    def _fstring(self, depth: int, kind: str) -> str:
        quote = self.random.choice(["'", '"', "'''", '"""'])
        prefix = self.random.choice([kind, kind, kind.upper(), "r" + kind, kind + "R"])
        parts = []
        for _ in range(self.random.randint(0, 4)):
            if self.random.random() < 0.5:
                text = self.random.choice(_TEXTS)
                if len(quote) == 3 and self.random.random() < 0.2:
                    text += "\n"
                parts.append(text)
            else:
                parts.append(self._field(depth - 1, 0))
        return prefix + quote + "".join(parts) + quote

    def _field(self, depth: int, level: int) -> str:
        pick = self.random.choice
        gap = self._inner_gap() if self.random.random() < 0.2 else pick(["", "", "", " "])
        kind = self.random.random()
        inner = self._expr(depth)
        if kind < 0.05:
            inner = f"{inner}, {self._expr(0)}{pick(['', ',', ' , '])}"
        elif kind < 0.08:
            inner = pick(["yield", f"yield {inner}", f"*{self._name()}", f"*{self._name()}, {inner}"])
        elif kind < 0.11:
            inner = f"({inner})"
        if inner.startswith("{"):
            inner = " " + inner
        debug = pick(["", "", "", "", "=", " = ", "= ", f" ={self._inner_gap()}"])
        spec = ""
        if self.random.random() < 0.3:
            spec = ":" + pick(_SPECS)
            if level < 2 and self.random.random() < 0.3:
                spec += self._field(0, level + 1) + pick(["", ".2f", "x"])
        return f"{{{gap}{inner}{gap}{debug}{pick(_CONVERSIONS)}{spec}}}"

    # -- small things -------------------------------------------------------------------------------------------------------

    def _name(self) -> str:
        return self.random.choice(_NAMES)

    def _gap(self) -> str:
        return self.random.choice(["", "", "", " ", "\t", " \\\n  "])

    def _inner_gap(self) -> str:
        return self.random.choice(["", "", "", "", " ", "\n", " # é comment\n  ", "\n\n", "\\\n", "\n    "])

    def _comment(self) -> str:
        return self.random.choice(["", "", "", "  # comment 'quote", "\t# {x} f'"])
