"""Put the real nodes where the host parsed blanks.

Takes the tree of the blanked text and the `Plan`; changes the tree in place. Whatever of the plan finds no place in the
tree was not what it looked like (``x = type Y = 1``): `Ungrafted`, and the source is wrong.
"""

from __future__ import annotations

import ast
import re
from bisect import bisect_left
from collections.abc import Callable

from morrow.language import tree
from morrow.language.blanking import Plan, TypeParam
from morrow.language.fstrings import Field, FString, Hole, expression_text, fields, scan_fstring
from morrow.language.source import Source
from morrow.language.strings import BadEscape, decode
from morrow.language.tokens import TEMPLATE_PREFIXES, TOKEN, Wrong, end_of_string, split_opening

Position = tuple[int, int]


class Ungrafted(Exception):
    """A construct of the plan has no place in the tree.

    Attributes:
        offset: where it starts.
    """

    def __init__(self, offset: int) -> None:
        self.offset = offset
        super().__init__(offset)


class Grafter:
    """One source's grafting.

    Args:
        source: the real text.
        plan: what was found in it; its holes are parsed.
        parse_more: parses holes that were not parsed yet, of strings that the plan left to the host.
    """

    def __init__(self, source: Source, plan: Plan, parse_more: Callable[[list[Hole]], None]) -> None:
        self.source, self.plan, self.parse_more = source, plan, parse_more
        self.text = source.text

    def graft(self, root: ast.AST) -> None:
        """Graft everything of the plan into the tree of the whole text.

        Raises:
            Ungrafted: something of the plan has no place.
            Wrong: strings that may not stand side by side, or an escape that means nothing.
        """
        plan, position = self.plan, self.source.position
        strings = {position(s.start): s for s in plan.strings}
        others = {position(generic.start): generic for generic in plan.generics}
        others |= {position(alias.start): alias for alias in plan.aliases}
        others |= {position(handler.keyword): handler for handler in plan.excepts}
        left = {at for at, string in strings.items() if plan.is_ours(string)} | others.keys()
        self._graft_into(root, sorted(left), strings, others, left)
        if left:
            raise Ungrafted(self.source.offset(*min(left)))

    def _finished(self, hole: Hole) -> ast.expr:
        """Return the hole's node with the strings inside it grafted."""
        if hole.node is None:
            self.parse_more([hole])
        node = hole.node
        assert isinstance(node, ast.expr)
        if any(self.plan.is_ours(string) for string in hole.strings):
            strings = {self.source.position(s.start): s for s in hole.strings}
            left = {at for at, string in strings.items() if self.plan.is_ours(string)}
            top = ast.Expr(node)
            self._graft_into(top, sorted(left), strings, {}, left)
            if left:
                raise Ungrafted(self.source.offset(*min(left)))
            node = top.value
        return node

    def _graft_into(
        self,
        root: ast.AST,
        places: list[Position],
        strings: dict[Position, FString],
        others: dict[Position, object],
        left: set[Position],
    ) -> None:
        """Walk only where *places* (sorted) lie; take each place grafted out of *left*."""
        count = len(places)
        pending: list[ast.AST] = [root]
        while pending:
            parent = pending.pop()
            for name in parent._fields:
                value = getattr(parent, name, None)
                if type(value) is list:
                    for index, child in enumerate(value):
                        if not isinstance(child, ast.AST):
                            continue
                        start = _start(child)
                        if start is not None:
                            at = bisect_left(places, start)
                            if at == count or places[at] >= (child.end_lineno, child.end_col_offset):  # type: ignore[attr-defined]
                                continue
                            child = self._grafted(child, places, at, strings, others, left, pending)
                            value[index] = child
                        else:
                            pending.append(child)
                elif isinstance(value, ast.AST) and value._fields:
                    start = _start(value)
                    if start is None:
                        pending.append(value)
                        continue
                    at = bisect_left(places, start)
                    if at < count and places[at] < (value.end_lineno, value.end_col_offset):  # type: ignore[attr-defined]
                        setattr(parent, name, self._grafted(value, places, at, strings, others, left, pending))

    def _grafted(
        self,
        node: ast.AST,
        places: list[Position],
        at: int,
        strings: dict[Position, FString],
        others: dict[Position, object],
        left: set[Position],
        pending: list[ast.AST],
    ) -> ast.AST:
        """Return what stands for *node*, whose first place is places[at]; put what is to be walked on *pending*."""
        kind = type(node)
        if kind is ast.Constant or kind is ast.JoinedStr or kind is ast.Call and _is_stretched(node):
            end = (node.end_lineno, node.end_col_offset)  # type: ignore[attr-defined]
            while at < len(places) and places[at] < end:
                left.discard(places[at])
                at += 1
            return self._run(node, strings)
        here = others.get((node.lineno, node.col_offset))  # type: ignore[attr-defined]
        if here is not None and (node.lineno, node.col_offset) in left:  # type: ignore[attr-defined]
            if kind in (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef):
                node.type_params = self._params(here.params)  # type: ignore[attr-defined]
                left.discard((node.lineno, node.col_offset))  # type: ignore[attr-defined]
            elif kind is ast.AnnAssign and (alias := self._alias(node, here)) is not None:  # type: ignore[arg-type]
                left.discard((node.lineno, node.col_offset))  # type: ignore[attr-defined]
                node = alias
            elif kind is ast.ExceptHandler:
                node.type = self._except_types(here)  # type: ignore[attr-defined]
                left.discard((node.lineno, node.col_offset))  # type: ignore[attr-defined]
        pending.append(node)
        return node

    # -- statements -------------------------------------------------------------------------------------------------

    def _params(self, params: list[TypeParam]) -> list[ast.AST]:
        made: list[ast.AST] = []
        for param in params:
            default = None if param.default is None else self._finished(param.default)
            if param.stars == 0:
                bound = None if param.bound is None else self._finished(param.bound)
                node = tree.TypeVar(name=param.name, bound=bound, default_value=default)
            elif param.stars == 1:
                node = tree.TypeVarTuple(name=param.name, default_value=default)
            else:
                node = tree.ParamSpec(name=param.name, default_value=default)
            made.append(self._place(node, param.start, param.end))
        return made

    def _alias(self, node: ast.AnnAssign, alias: object) -> ast.AST | None:
        """Return the TypeAlias for ``typ. Name: value``, or None when there is more: ``typ. Name: value = more``."""
        if node.value is not None:
            return None
        start, end = alias.name_start, alias.name_end  # type: ignore[attr-defined]
        target = node.target.value if isinstance(node.target, ast.Subscript) else node.target
        if not isinstance(target, ast.Attribute):
            return None
        name = self._place(ast.Name(target.attr, ast.Store()), start, end)
        made = tree.TypeAlias(name=name, type_params=self._params(alias.params), value=node.annotation)  # type: ignore[attr-defined]
        return ast.copy_location(made, node)

    def _except_types(self, handler: object) -> ast.expr:
        elements = [self._finished(hole) for hole in handler.elements]  # type: ignore[attr-defined]
        return self._place(ast.Tuple(elements, ast.Load()), handler.start, handler.end)  # type: ignore[attr-defined]

    # -- strings ----------------------------------------------------------------------------------------------------

    def _run(self, node: ast.AST, strings: dict[Position, FString]) -> ast.expr:
        """Return the JoinedStr or TemplateStr for the strings side by side that *node* covers."""
        start = self.source.offset(node.lineno, node.col_offset)  # type: ignore[attr-defined]
        end = self.source.offset(node.end_lineno, node.end_col_offset)  # type: ignore[attr-defined]
        only = strings.get((node.lineno, node.col_offset))  # type: ignore[attr-defined]
        if only is not None and only.end == end:
            return self._joined(self._parts(only), only.template, start, end)
        parts: list[ast.expr] = []
        kinds: dict[str, int] = {}
        at = start
        while at < end:
            found = TOKEN(self.text, at)
            assert found is not None
            begin, at = found.start(), found.end()
            if found.lastgroup != "string":
                continue
            prefix, quote = split_opening(found.group())
            if prefix in TEMPLATE_PREFIXES:
                string = strings.get(self.source.position(begin)) or scan_fstring(self.text, begin, at)
                parts += self._parts(string)
                at = string.end
                kinds.setdefault("t" if string.template else "f", begin)
            else:
                at = end_of_string(self.text, at, quote)
                constant = ast.Constant(ast.literal_eval(self.text[begin:at].decode()))
                if found.group().startswith(b"u"):
                    constant.kind = "u"
                parts.append(self._place(constant, begin, at))
                kinds.setdefault("b" if b"b" in prefix else "s", begin)
        if "t" in kinds and len(kinds) > 1:
            raise Wrong("cannot mix t-string literals with string or bytes literals", start, end)
        if "b" in kinds:
            raise Wrong("cannot mix bytes and nonbytes literals", start, end)
        return self._joined(parts, "t" in kinds, start, end)

    def _joined(self, parts: list[ast.expr], template: bool, start: int, end: int) -> ast.expr:
        made = tree.TemplateStr(values=_merged(parts)) if template else ast.JoinedStr(_merged(parts))
        return self._place(made, start, end)

    def _parts(self, string: FString) -> list[ast.expr]:
        """Return the nodes of one string's parts; neighbouring constants are not merged yet."""
        made: list[ast.expr] = []
        self._add_parts(made, string, string.parts, False)
        return made

    def _add_parts(
        self, made: list[ast.expr], string: FString, parts: list[tuple[int, int] | Field], spec: bool
    ) -> None:
        text, place = self.text, self._place
        for part in parts:
            if type(part) is tuple:
                start, end = part
                literal = text[start:end]
                try:
                    value = decode(literal, string.raw, not spec)
                except BadEscape as error:
                    raise Wrong(str(error), start, end) from None
                if not value:
                    continue
                if literal.endswith(b"\\\n") and not string.raw:
                    end -= _empty_token(literal)
                made.append(place(ast.Constant(value), start, end))
                continue
            assert isinstance(part, Field)
            conversion, format_spec = part.conversion, None
            hole = part.hole
            value_node = self._finished(hole)
            if part.spec is not None:
                inner: list[ast.expr] = []
                self._add_parts(inner, string, part.spec, True)
                merged = _merged(inner)
                if len(merged) == 1 and type(merged[0]) is ast.Constant and self._is_several(string, part.spec):
                    format_spec = place(merged[0], part.colon, part.end - 1)
                else:
                    format_spec = place(ast.JoinedStr(merged), part.colon, part.end - 1)
            if part.debug >= 0:
                shown = expression_text(text, hole.start, part.debug)
                made.append(place(ast.Constant(shown), hole.start, part.debug))
                if conversion < 0 and format_spec is None:
                    conversion = ord("r")
            if string.template and not spec:
                if part.debug >= 0:
                    # 3.14 cuts the "=" off again, and does not find it when it took a # in a nested string for a comment.
                    shown = _EQUALS.sub("", shown)
                else:
                    shown = expression_text(text, hole.start, hole.end)
                node = tree.Interpolation(
                    value=value_node,
                    str=shown,
                    conversion=conversion,
                    format_spec=format_spec,
                )
            else:
                node = ast.FormattedValue(value_node, conversion, format_spec)
            made.append(place(node, part.start, part.end))

    def _is_several(self, string: FString, spec: list[tuple[int, int] | Field]) -> bool:
        """Does 3.14 read this spec, which is all text, as several tokens? Then it makes it a constant, no JoinedStr.

        A token ends after ``\\N{...}`` (see _PyPegen_setup_full_format_spec in Parser/action_helpers.c).
        """
        (start, end), *_ = spec  # type: ignore[misc]
        literal = self.text[start:end]
        if string.raw or b"\\N{" not in literal:
            return False
        pieces = [piece for piece in _NAMED.split(literal) if decode(piece, False, False)]
        return len(pieces) > 1

    def _place(self, node, start: int, end: int):  # type: ignore[no-untyped-def]
        position = self.source.position
        node.lineno, node.col_offset = position(start)
        node.end_lineno, node.end_col_offset = position(end)
        return node


_EQUALS = re.compile(r"=(?:\s|\\\n)*\Z")
_NAMED = re.compile(rb"((?:[^\\]|\\[^N])*?\\N\{[^}]*\})", re.S)
_EMPTY_TOKEN = re.compile(rb"(?:\{\{|\}\}|\\N\{[^}]*\})((?:\\\n)+)\Z").search


def _empty_token(literal: bytes) -> int:
    """Return the length of what CPython makes an empty token of, and drops, at the end of a literal part."""
    found = _EMPTY_TOKEN(literal)
    return len(found[1]) if found else 0


def _start(node: ast.AST) -> Position | None:
    """Return where a node starts, its decorators included; None for nodes without a place of their own."""
    line = getattr(node, "lineno", None)
    if line is None:
        return None
    decorators = getattr(node, "decorator_list", None)
    if decorators:
        return decorators[0].lineno, decorators[0].col_offset
    return line, node.col_offset  # type: ignore[attr-defined]


def _is_stretched(node: ast.AST) -> bool:
    """Is this `blanking.hide_strings`'s call of a string, which no program has a reason to write?"""
    function = node.func  # type: ignore[attr-defined]
    return type(function) is ast.Constant and function.value == "" and not node.args and not node.keywords  # type: ignore[attr-defined]


def _merged(parts: list[ast.expr]) -> list[ast.expr]:
    """Make neighbouring constants one; leave out what is empty then (_PyPegen_concatenate_strings)."""
    made: list[ast.expr] = []
    for part in parts:
        last = made[-1] if made else None
        if type(part) is ast.Constant and type(last) is ast.Constant:
            last.value += part.value
            last.end_lineno, last.end_col_offset = part.end_lineno, part.end_col_offset
        else:
            made.append(part)
    return [part for part in made if type(part) is not ast.Constant or part.value]
