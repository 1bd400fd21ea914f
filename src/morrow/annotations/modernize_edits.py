"""Change the text of one module for `modernize`: only what has to change, so that formatting and comments stay."""

from __future__ import annotations

import ast
import builtins
import re

from morrow.annotations import modernize_proof as proof
from morrow.annotations.modernize_project import Module, Project, is_guard

# Lines as the parser counts them: a form feed ends none, though str.splitlines thinks so.
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
_PLAIN_STRING = re.compile(r"""(?:'''|\"\"\"|['"])(?P<text>[^\\]*?)(?:'''|\"\"\"|['"])\Z""", re.DOTALL)


class _Text:
    """The text of a module with edits to make, by position; positions are those of the original text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.lines = _LINE.findall(text)
        self._starts = [0]
        for line in self.lines:
            self._starts.append(self._starts[-1] + len(line))
        self._edits: dict[tuple[int, int], str] = {}

    def at(self, line: int, column: int) -> int:
        """Return the index of a position of ast: a line from 1, a column in UTF-8 bytes."""
        text = self.lines[line - 1] if line <= len(self.lines) else ""
        return self._starts[line - 1] + len(text.encode()[:column].decode())

    def span(self, node: ast.expr | ast.stmt | ast.alias) -> tuple[int, int]:
        return self.at(node.lineno, node.col_offset), self.at(node.end_lineno or 0, node.end_col_offset or 0)

    def replace(self, start: int, end: int, text: str) -> None:
        self._edits[start, end] = text

    def drop_lines(self, first: int, last: int) -> None:
        self.replace(self._starts[first - 1], self._starts[last], "")

    def done(self) -> str:
        out, at = [], 0
        for (start, end), text in sorted(self._edits.items()):
            if start < at:
                continue  # inside what has been dropped
            out += [self.text[at:start], text]
            at = end
        return "".join([*out, self.text[at:]])


def modernize_module(module: Module, project: Project, *, accept_late: bool = False) -> str:
    """Return the new text of a module; notes in ``module.kept`` what stays and why."""
    text = _Text(module.text)
    opened = _open_guards(module, project, text, accept_late)
    future = _future_import(module.tree)
    quoted = list(_strings(module))
    hidden: dict[int, str] = {}
    blocked = False
    if future is not None:
        for annotation in proof.annotations_of(module.tree):
            reason = proof.why_not_evaluate(annotation.node, annotation, module)
            if reason is None:
                continue
            if name := _shadowed_builtin(annotation, module):
                hidden[id(annotation.node)] = name
                continue
            blocked = True
            module.kept.append((future.lineno, f"`from __future__ import annotations`: line {annotation.node.lineno}: {reason[1]}"))
            break
        if not blocked:
            _drop_future(text, module, future)
            _qualify_builtins(text, module, hidden)
    for string, annotation in quoted:
        _unquote(text, module, string, annotation)
    if opened:
        _drop_type_checking(text, module)
    return text.done()


# -- guards ----------------------------------------------------------------------------------------------------------------


def _open_guards(module: Module, project: Project, text: _Text, accept_late: bool) -> bool:
    """Move imports out of the guards at module level; return whether a guard is gone for good."""
    gone = False
    for guard in module.tree.body:
        if not is_guard(guard):
            continue
        assert isinstance(guard, ast.If)
        stay: list[ast.stmt] = []
        for statement in guard.body:
            why = proof.HAS_ELSE if guard.orelse else proof.why_not_move(statement, module, project, accept_late=accept_late)
            if why is None and guard.body[0].lineno == guard.lineno:
                why = None if len(guard.body) == 1 else proof.NO_IMPORT
            if why is not None and not isinstance(statement, ast.Pass):
                stay.append(statement)
                module.kept.append((statement.lineno, why))
        for statement in guard.body:
            if isinstance(statement, (ast.Import, ast.ImportFrom)):
                for alias in statement.names:
                    name = (alias.asname or alias.name).partition(".")[0]
                    if statement in stay:
                        if name not in module.bound:
                            module.guarded.add(name)
                    else:
                        module.bound.setdefault(name, []).append(statement.lineno)
                        module.sure.add(name)
            else:
                for node in ast.walk(statement):
                    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                        module.guarded.add(node.id)
                    elif isinstance(node, ast.ClassDef):
                        module.guarded.add(node.name)
        if not stay:
            _open(text, guard)
            gone = True
        elif len(stay) < len(guard.body):
            _move_out(text, guard, [statement for statement in guard.body if statement not in stay])
    return gone


def _open(text: _Text, guard: ast.If) -> None:
    """Take the guard's line away and let its body stand where the guard stood."""
    first = guard.body[0]
    if first.lineno == guard.lineno:
        text.replace(text.at(guard.lineno, guard.col_offset), text.at(first.lineno, first.col_offset), "")
        return
    text.drop_lines(guard.lineno, guard.test.end_lineno or guard.lineno)
    depth = first.col_offset - guard.col_offset
    last = guard.end_lineno or guard.lineno
    # Comments after the last statement belong to the body while they are indented like it.
    while last < len(text.lines) and re.match(rf"[ \t]{{{first.col_offset},}}#", text.lines[last]):
        last += 1
    for number in range((guard.test.end_lineno or guard.lineno) + 1, last + 1):
        line = text.lines[number - 1]
        indent = len(line) - len(line.lstrip(" \t"))
        cut = min(depth, indent)
        start = text.at(number, 0)
        if cut and line.strip():
            text.replace(start, start + cut, "")


def _move_out(text: _Text, guard: ast.If, moved: list[ast.stmt]) -> None:
    """Write some statements before the guard instead of in it."""
    out = []
    for statement in moved:
        first, last = statement.lineno, statement.end_lineno or statement.lineno
        depth = statement.col_offset - guard.col_offset
        lines = text.lines[first - 1 : last]
        out += [line[min(depth, len(line) - len(line.lstrip(" \t"))) :] for line in lines]
        text.drop_lines(first, last)
    start = text.at(guard.lineno, 0)
    ending = "\r\n" if out[-1].endswith("\r\n") else "\n"
    text.replace(start, start, "".join([*out, ending]))
    # Blank lines that stood between what has gone and what stays.
    follow = moved[0].lineno
    if guard.body[0] in moved:
        while follow <= len(text.lines) and (follow in _lines_of(moved) or not text.lines[follow - 1].strip()):
            if follow not in _lines_of(moved):
                text.drop_lines(follow, follow)
            follow += 1


def _lines_of(statements: list[ast.stmt]) -> set[int]:
    return {line for each in statements for line in range(each.lineno, (each.end_lineno or each.lineno) + 1)}


def _drop_type_checking(text: _Text, module: Module) -> None:
    """Drop the import of TYPE_CHECKING if nothing refers to it any more."""
    kept_guards = {line for line, _ in module.kept}
    for node in ast.walk(module.tree):
        if isinstance(node, ast.If) and is_guard(node):
            inside = range(node.lineno, (node.end_lineno or 0) + 1)
            if node not in module.tree.body or any(line in inside for line in kept_guards):
                return
        elif isinstance(node, ast.Constant) and node.value == "TYPE_CHECKING":
            return  # in __all__, for example
    uses = [node for node in ast.walk(module.tree) if isinstance(node, ast.Name) and node.id == "TYPE_CHECKING"]
    if len(uses) != sum(isinstance(g, ast.If) and isinstance(g.test, ast.Name) and is_guard(g) for g in module.tree.body):
        return
    for statement in module.tree.body:
        if not (isinstance(statement, ast.ImportFrom) and statement.module == "typing" and not statement.level):
            continue
        names = [alias.name for alias in statement.names]
        if "TYPE_CHECKING" not in names or statement.names[names.index("TYPE_CHECKING")].asname:
            continue
        _drop_alias(text, statement, names.index("TYPE_CHECKING"))


def _drop_alias(text: _Text, statement: ast.ImportFrom, index: int) -> None:
    if len(statement.names) == 1:
        text.drop_lines(statement.lineno, statement.end_lineno or statement.lineno)
        return
    start, end = text.span(statement.names[index])
    if index + 1 < len(statement.names):
        follow = text.span(statement.names[index + 1])[0]
        between = text.text[end:follow]
        if "\n" in between:  # one name a line: the whole line goes
            line_start = text.at(statement.names[index].lineno, 0)
            if not text.text[line_start:start].strip() and "#" not in between:
                text.replace(line_start, end + between.index("\n") + 1, "")
                return
        text.replace(start, follow, "")
        return
    before = text.span(statement.names[index - 1])[1]
    if "#" not in text.text[before:start]:
        text.replace(before, end, "")


# -- the future import -----------------------------------------------------------------------------------------------------


def _future_import(tree: ast.Module) -> ast.ImportFrom | None:
    for statement in tree.body:
        if isinstance(statement, ast.ImportFrom) and statement.module == "__future__":
            if any(alias.name == "annotations" for alias in statement.names):
                return statement
    return None


def _drop_future(text: _Text, module: Module, statement: ast.ImportFrom) -> None:
    if len(statement.names) > 1:
        _drop_alias(text, statement, [alias.name for alias in statement.names].index("annotations"))
        return
    first, last = statement.lineno, statement.end_lineno or statement.lineno
    if text.lines[first - 1].count(";"):
        start, end = text.span(statement)
        text.replace(start, end, "pass")
        return
    blank_before = first == 1 or not text.lines[first - 2].strip()
    if blank_before and last < len(text.lines) and not text.lines[last].strip():
        last += 1  # of the blank lines around it, one is enough
    text.drop_lines(first, last)


def _shadowed_builtin(annotation: proof.Annotation, module: Module) -> str | None:
    """Return the built-in name that a class body hides from an annotation, if that is all that is in the way."""
    if annotation.class_ is None:
        return None
    for node in ast.walk(annotation.node):
        if isinstance(node, ast.Name) and hasattr(builtins, node.id) and node.id not in module.bound:
            without = [name for name in ast.walk(annotation.node) if isinstance(name, ast.Name) and name.id != node.id]
            if all(proof.why_not_evaluate(name, annotation, module) is None for name in without):
                if proof.why_not_evaluate(node, annotation, module) is not None:
                    return node.id
    return None


def _qualify_builtins(text: _Text, module: Module, hidden: dict[int, str]) -> None:
    """Write ``builtins.list`` where a class has a method called list."""
    if not hidden:
        return
    for annotation in proof.annotations_of(module.tree):
        name = hidden.get(id(annotation.node))
        for node in ast.walk(annotation.node):
            if name is not None and isinstance(node, ast.Name) and node.id == name:
                start, _ = text.span(node)
                text.replace(start, start, "builtins.")
    if "builtins" not in module.bound:
        for statement in module.tree.body:
            is_docstring = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
            is_future = isinstance(statement, ast.ImportFrom) and statement.module == "__future__"
            if not is_docstring and not is_future:
                start = text.at(statement.lineno, 0)
                text.replace(start, start, "import builtins\n")
                return


# -- quoted hints ----------------------------------------------------------------------------------------------------------


def _strings(module: Module):  # type: ignore[no-untyped-def]
    """Yield the texts inside annotations that stand for hints, with their annotation."""
    for annotation in proof.annotations_of(module.tree):
        waiting: list[ast.expr] = [annotation.node]
        while waiting:
            node = waiting.pop()
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node, annotation
            elif isinstance(node, ast.Subscript):
                waiting.append(node.value)
                hints = proof.holds_hints(node.value, module)
                if hints:
                    waiting.append(node.slice)
                elif hints is None and isinstance(node.slice, ast.Tuple):
                    waiting.append(node.slice.elts[0])
                elif origin := _text_in(node.slice):
                    if not (proof.origin_of(node.value, module) or "").endswith(".Literal"):
                        module.kept.append((origin.lineno, proof.NOT_A_HINT.format(base=ast.unparse(node.value))))
            elif not isinstance(node, (ast.Call, ast.Lambda)):
                waiting += [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)]


def _text_in(index: ast.expr) -> ast.Constant | None:
    for node in ast.walk(index):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            return node
    return None


def _unquote(text: _Text, module: Module, node: ast.Constant, annotation: proof.Annotation) -> None:
    start, end = text.span(node)
    match = _PLAIN_STRING.match(text.text[start:end])
    if match is None or match["text"] != node.value:
        module.kept.append((node.lineno, proof.NOT_PLAIN))
        return
    source = node.value.strip()
    try:
        expression = ast.parse(source, mode="eval").body
    except (SyntaxError, ValueError):
        module.kept.append((node.lineno, proof.NOT_AN_EXPRESSION))
        return
    if any(isinstance(inner, ast.Constant) and isinstance(inner.value, str) for inner in ast.walk(expression)):
        return  # text within text: Literal["a"], or a hint that was quoted twice
    if "#" in source:
        module.kept.append((node.lineno, proof.HAS_COMMENT))
        return
    for inner in ast.walk(expression):
        if isinstance(inner, (ast.NamedExpr, ast.Yield, ast.YieldFrom, ast.Await)):
            module.kept.append((node.lineno, proof.NOT_AN_EXPRESSION))
            return
    ast.copy_location(expression, node)
    reason = proof.why_not_evaluate(expression, annotation, module)
    if reason is not None:
        module.kept.append((node.lineno, reason[1]))
        return
    plain = isinstance(expression, (ast.Name, ast.Attribute, ast.Subscript, ast.Constant))
    whole = node is annotation.node and not isinstance(expression, (ast.Tuple, ast.Starred)) and "\n" not in source
    # Quotes end a word: in `"A"or B` something else has to.
    touches = re.match(r"\w", text.text[end : end + 1]) or re.match(r"\w", text.text[max(start - 1, 0) : start])
    text.replace(start, end, source if (plain or whole) and not touches else f"({source})")
