"""3.14 source text -> source text for an older CPython, line for line.

Takes the bytes of a file, gives other bytes and a list of what was changed. The tree says what is there and where; the
text is edited at those places. Edits may lie inside each other (a t-string in a bound in a class header): `Text.render`
puts a stretch of text together with all edits in it.
"""

from __future__ import annotations

import ast
import builtins
import re
from collections import Counter
from collections.abc import Callable, Iterable

from morrow.host import Facts
from morrow.language import blanking, grammar
from morrow.language import source as sources
from morrow.language import tree as nodes
from morrow.language.features import build

_RUNTIME = build.RUNTIME
# Names of typing by the first version that has them; the runtime has the rest.
_TYPING_NAMES = {
    (3, 12): {"TypeAliasType", "override"},
    (3, 13): {"NoDefault", "ReadOnly", "TypeIs", "get_protocol_members", "is_protocol"},
}
_RUNTIME_MODULES = {"TypeAliasType": "type_parameters", "NoDefault": "type_parameters"}
_NOT_THERE = {
    "annotationlib": "needs annotationlib, which older Pythons lack",
    "__type_params__": "reads __type_params__, which the rewritten code does not have",
    "__annotate__": "reads __annotate__, which the rewritten code does not have",
    "__value__": None,
}


class Refused(Exception):
    """A construct that cannot be rewritten.

    Attributes:
        path, line: where it is.
        reason: why not.
    """

    def __init__(self, path: str, line: int, reason: str) -> None:
        self.path, self.line, self.reason = path, line, reason
        super().__init__(f"{path}:{line}: {reason}")


def rewrite(source: bytes, path: str, target: Facts) -> tuple[bytes, list[str]]:
    """Return the text for *target*, and what was changed: "2 template strings (lines 3, 9)" and so on.

    Raises:
        Refused: something cannot be rewritten.
        SyntaxError: the source is not Python 3.14.
    """
    tree = grammar.parse(source, path).tree
    text = Text(sources.read(source), path)
    rewriter = Rewriter(text, tree, target)
    rewriter.run()
    if not rewriter.changes:
        return source, []
    result = text.render(0, len(text.bytes))
    if text.inline_runtime:
        result = result.replace(_RUNTIME.encode() + b".", b"__import__('morrow_runtime').")
    left = blanking.plan(sources.Source(result), target)
    if left.wrong is not None or left.generics or left.aliases or left.excepts:
        raise Refused(path, 1, "could not be rewritten completely: please report this file")
    if result.count(b"\n") != text.bytes.count(b"\n"):
        raise Refused(path, 1, "would lose its line numbers: please report this file")
    return _encode(source, result), rewriter.report()


def _encode(source: bytes, result: bytes) -> bytes:
    """Return the text in the encoding and with the line ends of the original."""
    coding = sources.find_coding(source) or "utf-8"
    if b"\r\n" in source:
        result = result.replace(b"\n", b"\r\n")
    mark = b"\xef\xbb\xbf" if source.startswith(b"\xef\xbb\xbf") else b""
    return mark + (result if coding.lower().startswith("utf") else result.decode().encode(coding))


class Text:
    """A source text and the edits to it."""

    def __init__(self, source: sources.Source, path: str) -> None:
        self.source, self.bytes, self.path = source, source.text, path
        self.edits: dict[tuple[int, int], Callable[[], bytes]] = {}
        self.inline_runtime = False

    def start(self, node: ast.AST) -> int:
        return self.source.offset(node.lineno, node.col_offset)  # type: ignore[attr-defined]

    def end(self, node: ast.AST) -> int:
        return self.source.offset(node.end_lineno, node.end_col_offset)  # type: ignore[attr-defined]

    def edit(self, start: int, end: int, make: bytes | Callable[[], bytes]) -> None:
        """Replace text[start:end]; what *make* gives is asked for once everything is known."""
        before = self.edits.get((start, end))
        if before is not None and start == end:
            make_now = make if callable(make) else lambda: make
            self.edits[start, end] = lambda: before() + make_now()
            return
        self.edits[start, end] = make if callable(make) else lambda: make

    def render(self, start: int, end: int, without: tuple[int, int] | None = None) -> bytes:
        """Return text[start:end] with all edits inside made, but for one."""
        inside = sorted(
            (key for key in self.edits if key != without and start <= key[0] and key[1] <= end),
            key=lambda key: (key[0], key[0] != key[1], -key[1]),
        )
        pieces, at = [], start
        for key in inside:
            if key[0] < at:
                continue  # lies inside an edit that took care of it
            pieces += (self.bytes[at : key[0]], self.edits[key]())
            at = key[1]
        pieces.append(self.bytes[at:end])
        return b"".join(pieces)

    def refuse(self, node: ast.AST | int, reason: str) -> Refused:
        line = node if isinstance(node, int) else node.lineno  # type: ignore[attr-defined]
        return Refused(self.path, line, reason)


class Rewriter:
    """Goes over a tree once and writes down the edits."""

    def __init__(self, text: Text, tree: ast.AST, target: Facts) -> None:
        self.text, self.tree, self.target = text, tree, target
        self.changes: Counter[str] = Counter()
        self.lines: dict[str, list[int]] = {}
        self.definitions: list[Callable[[], bytes]] = []  # of type variables, for the header
        self.needs_runtime = False
        self.strings_needed = False
        self.parents: dict[ast.AST, ast.AST] = {}
        for node in ast.walk(tree):
            for child in ast.iter_child_nodes(node):
                self.parents[child] = node
        self.names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        bound = build.names_of(getattr(tree, "body", []))[0]
        self.taken = bound | {
            node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)
        }
        self.taken |= {each.arg for each in ast.walk(tree) if isinstance(each, ast.arg)} | set(dir(builtins))
        self.shared: dict[str, tuple[bytes, str]] = {}

    def run(self) -> None:
        """Write down all edits."""
        strings = [node for node in ast.walk(self.tree) if isinstance(node, (nodes.TemplateStr, ast.JoinedStr))]
        for node in ast.walk(self.tree):
            if isinstance(node, ast.ExceptHandler) and not self.target.parses_except_lists:
                self.except_list(node)
            elif isinstance(node, nodes.TypeAlias) and self.needs_type_parameters(node, alias=True):
                self.alias(node)
            elif isinstance(node, build.DEFINITIONS) and self.needs_type_parameters(node):
                self.generic(node)
            elif isinstance(node, ast.ImportFrom) and not node.level:
                self.import_from(node)
            elif isinstance(node, ast.Import) and any(a.name in ("annotationlib", "string.templatelib") for a in node.names):
                raise self.text.refuse(node, "imports a module that older Pythons lack; use `from ... import ...`")
            elif isinstance(node, (ast.Attribute, ast.Name)):
                reason = _NOT_THERE.get(node.attr if isinstance(node, ast.Attribute) else node.id)
                if reason and not self.target.parses_type_parameters:
                    raise self.text.refuse(node, reason)
        for node in strings:
            if not isinstance(self.parents.get(node), (ast.FormattedValue, nodes.Interpolation)) or self.is_value(node):
                self.string(node)
        self.annotations()
        self.header()

    def is_value(self, node: ast.AST) -> bool:
        """A string inside another one's field, not its format."""
        return getattr(self.parents[node], "value", None) is node

    def changed(self, what: str, node: ast.AST) -> None:
        self.changes[what] += 1
        self.lines.setdefault(what, []).append(node.lineno)  # type: ignore[attr-defined]

    def report(self) -> list[str]:
        """Return one phrase per kind of change."""
        return [
            f"{count} {what} (line{'s' * (len(lines) > 1)} {', '.join(map(str, lines[:8]))}{', ...' * (len(lines) > 8)})"
            for what, count in self.changes.items()
            if (lines := sorted(set(self.lines[what])))
        ]

    # -- except A, B: -> except (A, B): -------------------------------------------------------------------------------

    def except_list(self, node: ast.ExceptHandler) -> None:
        if not isinstance(node.type, ast.Tuple):
            return
        start, end = self.text.start(node.type), self.text.end(node.type)
        if not _in_parentheses(self.text.bytes[start:end]):
            self.text.edit(start, start, b"(")
            self.text.edit(end, end, b")")
            self.changed("except lists", node)

    # -- t"{x}" -> __morrow__.Template(__morrow__.Interpolation(x, 'x')) -------------------------------------------------

    def string(self, node: ast.AST) -> None:
        """t-strings become calls. f-strings become ``__morrow__.text(...)`` where the target refuses them.

        Line ends inside the string stay where they are, between the arguments of the call.
        """
        template = isinstance(node, nodes.TemplateStr)
        start, end = self.text.start(node), self.text.end(node)
        if template and self.target.parses_template_strings:
            return
        if not template:
            holds_template = any(isinstance(each, nodes.TemplateStr) for each in ast.walk(node)) and (
                not self.target.parses_template_strings
            )
            if not holds_template and (self.target.parses_nested_fstrings or not self.too_new(node)):
                return
        self.needs_runtime = True
        self.changed("template strings" if template else "f-strings", node)
        self.text.edit(start, end, lambda: self.call(node, start, end))

    def too_new(self, node: ast.AST) -> bool:
        """Return whether 3.11's grammar may refuse an f-string: no backslash, comment, own quote or line end in fields."""
        start, end = self.text.start(node), self.text.end(node)
        if any(isinstance(each, ast.JoinedStr) and each is not node for each in ast.walk(node)):
            inner = [each for each in ast.walk(node) if isinstance(each, ast.JoinedStr) and self.is_value(each)]
            if inner:
                return True
        opening = re.match(rb"[a-zA-Z]*('''|\"\"\"|'|\")", self.text.bytes[start:end])
        if opening is None:
            return True
        quote = opening.group(1)
        for each in ast.walk(node):
            if isinstance(each, ast.FormattedValue):
                field = self.text.bytes[self.text.start(each) : self.text.end(each)]
                if b"\\" in field or b"#" in field or len(quote) == 1 and b"\n" in field or quote[:1] in field:
                    return True
                if isinstance(each.format_spec, ast.JoinedStr) and any(
                    isinstance(part, ast.FormattedValue) and part.format_spec for part in each.format_spec.values
                ):
                    return True
        return False

    def call(self, node: ast.AST, start: int, end: int) -> bytes:
        template = isinstance(node, nodes.TemplateStr)
        out = _Lines(self.text.source.position(start)[0])
        out.add(f"{_RUNTIME}.{'Template' if template else 'text'}(".encode())
        self.parts(out, node.values, template)  # type: ignore[attr-defined]
        out.to_line(self.text.source.position(end)[0])
        out.add(b")")
        return out.text()

    def parts(self, out: _Lines, values: Iterable[ast.AST], template: bool) -> None:
        first = True
        for value in values:
            if not first:
                out.add(b", ")
            first = False
            out.to_line(value.lineno)  # type: ignore[attr-defined]
            if isinstance(value, ast.Constant):
                out.add(repr(value.value).encode("utf-8", "backslashreplace"))
                continue
            out.add(f"{_RUNTIME}.{'Interpolation' if template else 'field'}(".encode())
            inner = value.value  # type: ignore[attr-defined]
            out.to_line(inner.lineno)
            plain = isinstance(inner, (ast.Name, ast.Attribute, ast.Call, ast.Subscript, ast.Constant))
            out.add(b"" if plain else b"(")
            out.add(self.text.render(self.text.start(inner), self.text.end(inner)))
            out.add(b"" if plain else b")")
            if template:
                out.add(f", {value.str!r}".encode())  # type: ignore[attr-defined]
            conversion, spec = value.conversion, value.format_spec  # type: ignore[attr-defined]
            if conversion > 0 or spec is not None:
                out.add(f", {chr(conversion) if conversion > 0 else None!r}".encode())
            if spec is not None:
                out.add(f", {_RUNTIME}.text(".encode())
                self.parts(out, spec.values, False)
                out.add(b")")
            out.add(b")")

    # -- class C[T](Base) -> class C(Base, __morrow__.generic_base((T,))) ------------------------------------------------

    def needs_type_parameters(self, node: ast.AST, alias: bool = False) -> bool:
        params = getattr(node, "type_params", None) or []
        if not self.target.parses_type_parameters:
            return bool(params) or alias
        if self.target.parses_type_defaults:
            return False
        # This target also refuses a lambda or comprehension in such a scope inside a class.
        inner = [*params, *getattr(node, "bases", ()), *([node.value] if alias else [])]  # type: ignore[attr-defined]
        in_class = isinstance(self.parents.get(node), ast.ClassDef)
        return any(getattr(each, "default_value", None) for each in params) or (
            in_class and any(isinstance(each, build.SCOPES) for top in inner for each in ast.walk(top))
        )

    def generic(self, node: ast.AST) -> None:
        """Type parameters become variables of the module, as one writes them by hand for older Pythons.

        A variable has the parameter's own name if that is free in the whole file and always means the same; else a name
        of its own, and the places that mean it are renamed.
        """
        params = node.type_params  # type: ignore[attr-defined]
        variables = self.variables(node, params)
        opening = self.text.bytes.index(b"[", self.text.start(node) + self.text.bytes[self.text.start(node) :].index(node.name.encode()))  # type: ignore[attr-defined]
        closing = self.text.bytes.index(b"]", self.text.end(params[-1])) + 1
        lines = b"\n" * self.text.bytes[opening:closing].count(b"\n")
        after = re.compile(rb"(?:[ \t\f]|\\\n)*").match(self.text.bytes, closing)
        assert after is not None
        if self.text.bytes[after.end() : after.end() + 1] == b"(":
            self.text.edit(opening, after.end() + 1, b"(" + lines)
        else:
            self.text.edit(opening, closing, lambda: b"(" + lines + base + b")")
        base = f"{_RUNTIME}.generic_base(({', '.join(variables.values())},))".encode()
        if isinstance(node, ast.ClassDef):
            self.needs_runtime = True
            if self.text.bytes[after.end() : after.end() + 1] == b"(":
                self.add_base(node, after.end() + 1, base)
        self.changed("generic classes" if isinstance(node, ast.ClassDef) else "generic functions", node)

    def add_base(self, node: ast.ClassDef, opening: int, base: bytes) -> None:
        if node.keywords:
            first = min(self.text.start(each) for each in node.keywords)
            stars = self.text.bytes[:first].rstrip()
            place = len(stars) - 2 if stars.endswith(b"**") else first
            self.text.edit(place, place, base + b", ")
            return
        begin = max(map(self.text.end, node.bases), default=opening)
        header = re.compile(rb"(?:#[^\n]*|[^:#])*").match(self.text.bytes, begin)
        assert header is not None
        region = re.sub(rb"#[^\n]*", lambda match: b" " * len(match.group()), header.group())
        closing = begin + region.rindex(b")")
        separator = b"" if not node.bases or b"," in region else b", "
        self.text.edit(closing, closing, separator + base)

    def variables(self, node: ast.AST, params: list[ast.AST]) -> dict[str, str]:
        """Define a module variable per type parameter and rename what means it; return parameter -> variable."""
        found: dict[str, str] = {}
        owner = node.name.id if isinstance(node, nodes.TypeAlias) else node.name  # type: ignore[attr-defined]
        self.check_scope(node, params)
        for each in params:
            name: str = each.name  # type: ignore[attr-defined]
            shape = self.text.bytes[self.text.start(each) : self.text.end(each)]
            nested = any(
                name == other.name  # type: ignore[attr-defined]
                for around in self.around(node)
                for other in getattr(around, "type_params", ())
            )
            if name not in self.taken and not nested and self.shared.get(name, (shape,))[0] == shape:
                if name not in self.shared:
                    self.shared[name] = (shape, name)
                    self.define(each, name)
                found[name] = name
                continue
            variable, number = f"_{name}_{owner}".replace("__", "_"), 1
            while variable in self.taken or variable in self.names:
                number += 1
                variable = f"_{name}_{owner}_{number}".replace("__", "_")
            self.taken.add(variable)
            found[name] = variable
            self.define(each, variable)
        renamed = {name: variable for name, variable in found.items() if name != variable}
        if renamed:
            self.rename(node, params, renamed)
        return found

    def around(self, node: ast.AST) -> Iterable[ast.AST]:
        while (node := self.parents.get(node)) is not None:  # type: ignore[assignment]
            yield node

    def check_scope(self, node: ast.AST, params: list[ast.AST]) -> None:
        """Refuse bounds and defaults that mean names which the module does not have."""
        local: set[str] = set()
        for around in self.around(node):
            if isinstance(around, (ast.FunctionDef, ast.AsyncFunctionDef)):
                local |= build.names_of(around.body)[0] | {a.arg for a in ast.iter_child_nodes(around.args) if isinstance(a, ast.arg)}
            elif isinstance(around, ast.ClassDef):
                local |= build.names_of(around.body)[0]
        for each in params:
            for value in (getattr(each, "bound", None), getattr(each, "default_value", None)):
                for name in ast.walk(value) if value is not None else ():
                    if isinstance(name, ast.Name) and name.id in local:
                        raise self.text.refuse(
                            name, f"the bound or default of {each.name} uses {name.id!r}, which is not a name of the module"  # type: ignore[attr-defined]
                        )

    def define(self, param: ast.AST, variable: str) -> None:
        self.needs_runtime = True
        kind = {"TypeVar": "type_var", "ParamSpec": "param_spec", "TypeVarTuple": "type_var_tuple"}[type(param).__name__]

        def make() -> bytes:
            arguments = [repr(param.name)]  # type: ignore[attr-defined]
            bound, default = getattr(param, "bound", None), getattr(param, "default_value", None)
            if bound is not None:
                arguments.append(f"{'constraints' if isinstance(bound, ast.Tuple) else 'bound'}={self.on_one_line(bound)}")
            if default is not None:
                arguments.append(f"default={self.on_one_line(default)}")
            return f"{variable} = {_RUNTIME}.{kind}({', '.join(arguments)})".encode()

        self.definitions.append(make)

    def on_one_line(self, value: ast.AST) -> str:
        text = self.text.render(self.text.start(value), self.text.end(value)).decode()
        if "\n" in text:
            if "#" in text or '"""' in text or "'''" in text:
                raise self.text.refuse(value, "a bound or default over several lines, with comments or long strings")
            text = " ".join(part.strip() for part in text.replace("\\\n", "\n").split("\n"))
        if isinstance(value, ast.Starred):
            text = f"({text},)[0]"
        return f"lambda _=1: ({text})"

    def rename(self, node: ast.AST, params: list[ast.AST], renamed: dict[str, str]) -> None:
        inside: list[ast.AST] = list(params)
        if isinstance(node, nodes.TypeAlias):
            inside.append(node.value)  # type: ignore[attr-defined]
        elif isinstance(node, ast.ClassDef):
            inside += [*node.bases, *node.keywords, *node.body]
            for name in renamed:
                if name in build.names_of(node.body)[0]:
                    raise self.text.refuse(node, f"the class body gives its type parameter {name!r} another meaning")
        else:
            assert isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
            inside += [a.annotation for a in ast.walk(node.args) if isinstance(a, ast.arg) and a.annotation is not None]
            inside += [*node.body, *([node.returns] if node.returns else [])]
            for name in renamed:
                if name in build.names_of(node.body)[0] or any(a.arg == name for a in ast.walk(node.args) if isinstance(a, ast.arg)):
                    raise self.text.refuse(node, f"the function gives its type parameter {name!r} another meaning")
        for each in inside:
            self.rename_in(each, renamed)

    def rename_in(self, node: ast.AST, renamed: dict[str, str]) -> None:
        if isinstance(node, ast.Name) and node.id in renamed:
            self.text.edit(self.text.start(node), self.text.end(node), renamed[node.id].encode())
            return
        if isinstance(node, build.HAS_TYPE_PARAMETERS):
            renamed = {k: v for k, v in renamed.items() if all(each.name != k for each in getattr(node, "type_params", ()))}
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            own = {a.arg for a in ast.walk(node.args) if isinstance(a, ast.arg)}
            own |= build.names_of(node.body if isinstance(node.body, list) else [node.body])[0]
            renamed = {k: v for k, v in renamed.items() if k not in own}
        elif isinstance(node, (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)):
            own = {each.id for g in node.generators for each in ast.walk(g.target) if isinstance(each, ast.Name)}
            renamed = {k: v for k, v in renamed.items() if k not in own}
        for child in ast.iter_child_nodes(node):
            self.rename_in(child, renamed)

    # -- type X[T] = v -> X = __morrow__.alias('X', lambda _=1: v, (T,)) ---------------------------------------------------

    def alias(self, node: ast.AST) -> None:
        self.needs_runtime = True
        params, name, value = node.type_params, node.name.id, node.value  # type: ignore[attr-defined]
        for around in self.around(node):
            if isinstance(around, ast.ClassDef):
                used = {each.id for each in ast.walk(value) if isinstance(each, ast.Name)} & build.names_of(around.body)[0]
                if used:
                    raise self.text.refuse(node, f"the alias {name} uses {sorted(used)[0]!r} of the class around it")
            break
        variables = self.variables(node, params) if params else {}
        start, begin, end = self.text.start(node), self.text.start(value), self.text.end(node)
        lines = b"\n" * self.text.bytes[start:begin].count(b"\n")
        head = f"{name} = {_RUNTIME}.alias({name!r}, lambda _=1: (".encode() + lines
        tail = f"), ({', '.join(variables.values())},))".encode() if params else b"))"
        # Parentheses around the value lie between the equals sign and where the value starts: they stay where they are.
        opening = self.text.bytes[start:begin]
        kept = opening[opening.rindex(b"=") + 1 :].count(b"(") if b"=" in opening else 0
        self.text.edit(start, begin, head + b"(" * kept)
        self.text.edit(end, end, tail)
        self.changed("type aliases", node)

    # -- imports of names that the target lacks ---------------------------------------------------------------------------

    def import_from(self, node: ast.ImportFrom) -> None:
        if node.module == "annotationlib":
            raise self.text.refuse(node, _NOT_THERE["annotationlib"] or "")
        if node.module == "string.templatelib" and not self.target.parses_template_strings:
            begin = self.text.bytes.index(b"string.templatelib", self.text.start(node))
            self.text.edit(begin, begin + len(b"string.templatelib"), b"morrow_runtime.templates")
            self.changed("imports", node)
        if node.module == "typing":
            lacking = set().union(*(names for version, names in _TYPING_NAMES.items() if version > self.target.version))
            missing = [alias for alias in node.names if alias.name in lacking]
            if not missing:
                return
            if node.lineno != node.end_lineno:
                raise self.text.refuse(node, f"imports {missing[0].name} from typing over several lines: put it on a line of its own")
            parts = []
            there = [alias for alias in node.names if alias.name not in lacking]
            if there:
                parts.append(f"from typing import {', '.join(map(_written, there))}")
            for alias in missing:
                module = _RUNTIME_MODULES.get(alias.name, "typing_names")
                parts.append(f"from morrow_runtime.{module} import {_written(alias)}")
            self.text.edit(self.text.start(node), self.text.end(node), "; ".join(parts).encode())
            self.changed("imports", node)

    # -- annotations that name what comes later ---------------------------------------------------------------------------

    def annotations(self) -> None:
        """Let annotations be strings if one may name something that does not exist yet where it stands."""
        body: list[ast.stmt] = getattr(self.tree, "body", [])
        for statement in body:
            if isinstance(statement, ast.ImportFrom) and statement.module == "__future__":
                if any(alias.name == "annotations" for alias in statement.names):
                    return
        first: dict[str, int] = {}
        for statement in body:
            for name in build.names_of([statement])[0]:
                first.setdefault(name, statement.end_lineno or statement.lineno)
        for node in ast.walk(self.tree):
            annotation = getattr(node, "annotation", None) or getattr(node, "returns", None)
            if not isinstance(annotation, ast.expr):
                continue
            for name in ast.walk(annotation):
                if isinstance(name, ast.Name) and not hasattr(builtins, name.id):
                    own = any(
                        each.name == name.id  # type: ignore[attr-defined]
                        for around in (node, *self.around(node))
                        for each in getattr(around, "type_params", ())
                    )
                    if not own and first.get(name.id, 1 << 30) >= name.lineno:
                        self.strings_needed = True
                        self.changed("annotations kept as strings", node if hasattr(node, "lineno") else name)

    # -- the one line that brings the runtime in --------------------------------------------------------------------------

    def header(self) -> None:
        """Put the imports where they move no line: after the docstring, or on the first statement's line, or on an empty one."""
        if not (self.needs_runtime or self.strings_needed):
            return
        body: list[ast.stmt] = getattr(self.tree, "body", [])
        last: ast.stmt | None = None
        for statement in body:
            is_docstring = last is None and isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
            is_docstring = is_docstring and isinstance(statement.value.value, str)  # type: ignore[attr-defined]
            if is_docstring or isinstance(statement, ast.ImportFrom) and statement.module == "__future__":
                last = statement
            else:
                break

        def make() -> bytes:
            parts = [b"from __future__ import annotations"] if self.strings_needed else []
            if self.needs_runtime:
                parts.append(f"import morrow_runtime as {_RUNTIME}".encode())
            return b"; ".join([*parts, *(define() for define in self.definitions)])

        if last is not None:
            end = self.text.end(last)
            self.text.edit(end, end, lambda: b"; " + make())
            return
        first = body[0]
        decorated = getattr(first, "decorator_list", ())
        line = min([first.lineno, *(each.lineno for each in decorated)])
        if not hasattr(first, "body"):
            start = self.text.start(first)
            self.text.edit(start, start, lambda: make() + b"; ")
            return
        for number in range(line - 1, 0, -1):
            there = self.text.source.line(number).strip()
            if number <= 2 and (there.startswith("#!") or re.match(r"#.*coding[:=]", there)):
                break
            begin = self.text.source.offset(number, 0)
            self.text.edit(begin, begin, (lambda: make() + b"  ") if there else make)
            return
        if not (self.strings_needed or self.definitions):
            self.text.inline_runtime = True  # no line to import it on: import it wherever it is used
            return
        raise self.text.refuse(line, "there is no line for an import above this one: put a docstring or an empty line there")


class _Lines:
    """Text that is put together so that its pieces come to stand on given lines."""

    def __init__(self, line: int) -> None:
        self.line = line
        self.pieces: list[bytes] = []

    def add(self, piece: bytes) -> None:
        self.line += piece.count(b"\n")
        self.pieces.append(piece)

    def to_line(self, line: int) -> None:
        if line > self.line:
            self.add(b"\n" * (line - self.line))

    def text(self) -> bytes:
        return b"".join(self.pieces)


def _written(alias: ast.alias) -> str:
    return f"{alias.name} as {alias.asname}" if alias.asname else alias.name


def _in_parentheses(text: bytes) -> bool:
    """Return whether a tuple's text has parentheses around all of it, unlike ``(a), (b)``."""
    if not (text.startswith(b"(") and text.endswith(b")")):
        return False
    try:
        ast.parse(b"[" + text[1:-1] + b"]", mode="eval")
    except SyntaxError:
        return False
    return True
