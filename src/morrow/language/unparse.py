"""Trees back to source, the nodes of 3.14 included: `ast.unparse` for a process under morrow.

    unparse(tree)  ->  "type X[T] = t'{T!r}'"

The host's own unparser does what it knows; the class here adds the nodes and fields it lacks, and writes f-strings as
PEP 701 allows them, which an older host refuses to do.
"""

from __future__ import annotations

import ast

from morrow.host import HERE
from morrow.language import tree as nodes

try:
    from ast import _Unparser  # type: ignore[attr-defined]
except ImportError:
    from _ast_unparse import Unparser as _Unparser  # type: ignore[import-not-found,no-redef]  # where it moved to

_QUOTES = ("'", '"', '"""', "'''")


def unparse(tree: ast.AST) -> str:
    """Return source whose tree is *tree*, as `ast.unparse` does."""
    if HERE is not None and HERE.parses_template_strings:
        return ast.unparse(tree)
    return Unparser().visit(tree)  # type: ignore[no-any-return]


class Unparser(_Unparser):  # type: ignore[misc]
    """The host's unparser, with what 3.14 adds."""

    # -- type parameters and aliases ------------------------------------------------------------------------------

    def visit_TypeVar(self, node) -> None:  # type: ignore[no-untyped-def]
        self.write(node.name)
        if node.bound:
            self.write(": ")
            self.traverse(node.bound)
        self._default(node)

    def visit_TypeVarTuple(self, node) -> None:  # type: ignore[no-untyped-def]
        self.write("*" + node.name)
        self._default(node)

    def visit_ParamSpec(self, node) -> None:  # type: ignore[no-untyped-def]
        self.write("**" + node.name)
        self._default(node)

    def _default(self, node) -> None:  # type: ignore[no-untyped-def]
        default = getattr(node, "default_value", None)
        if default is not None:
            self.write(" = ")
            self.traverse(default)

    def visit_TypeAlias(self, node) -> None:  # type: ignore[no-untyped-def]
        self.fill("type ")
        self.traverse(node.name)
        self._params(node)
        self.write(" = ")
        self.traverse(node.value)

    def _params(self, node) -> None:  # type: ignore[no-untyped-def]
        params = getattr(node, "type_params", None)
        if params:
            with self.delimit("[", "]"):
                self.interleave(lambda: self.write(", "), self.traverse, params)

    def visit_ClassDef(self, node) -> None:  # type: ignore[no-untyped-def]
        if not getattr(node, "type_params", None):
            super().visit_ClassDef(node)
            return
        self._decorators(node)
        self.fill("class " + node.name)
        self._params(node)
        if node.bases or node.keywords:
            with self.delimit("(", ")"):
                self.interleave(lambda: self.write(", "), self.traverse, [*node.bases, *node.keywords])
        with self.block():
            self._write_docstring_and_traverse_body(node)

    def _function_helper(self, node, fill_suffix: str) -> None:  # type: ignore[no-untyped-def]
        if not getattr(node, "type_params", None):
            super()._function_helper(node, fill_suffix)
            return
        self._decorators(node)
        self.fill(f"{fill_suffix} {node.name}")
        self._params(node)
        with self.delimit("(", ")"):
            self.traverse(node.args)
        if node.returns:
            self.write(" -> ")
            self.traverse(node.returns)
        with self.block(extra=self.get_type_comment(node)):
            self._write_docstring_and_traverse_body(node)

    def _decorators(self, node) -> None:  # type: ignore[no-untyped-def]
        self.maybe_newline()
        for decorator in node.decorator_list:
            self.fill("@")
            self.traverse(decorator)

    # -- f- and t-strings -----------------------------------------------------------------------------------------

    def visit_JoinedStr(self, node) -> None:  # type: ignore[no-untyped-def]
        self._write_string("f", node.values)

    def visit_TemplateStr(self, node) -> None:  # type: ignore[no-untyped-def]
        self._write_string("t", node.values)

    def visit_FormattedValue(self, node) -> None:  # type: ignore[no-untyped-def]
        self._write_string("f", [node])

    def visit_Interpolation(self, node) -> None:  # type: ignore[no-untyped-def]
        self._write_string("t", [node])

    def _write_string(self, prefix: str, values: list[ast.AST]) -> None:
        """Write a string with the first kind of quotes that need no escape, if there is one."""
        parts = [self._constant(v) if isinstance(v, ast.Constant) else self._field(v) for v in values]
        texts = [v for v, part in zip(values, parts, strict=True) if isinstance(v, ast.Constant)]
        quotes = [quote for quote in _QUOTES if not any(self._clashes(v.value, quote) for v in texts)]  # type: ignore[arg-type]
        fields = [part for v, part in zip(values, parts, strict=True) if not isinstance(v, ast.Constant)]
        if any("\n" in part for part in fields):
            quotes = [quote for quote in quotes if len(quote) == 3] or ['"""']
        # PEP 701 lets the quotes come again in a field; what reads better comes first.
        quotes = [quote for quote in quotes if not any(quote in part for part in fields)] or quotes
        if quotes:
            quote = quotes[0]
        else:
            quote = "'"
            parts = [
                p.replace("'", "\\'") if isinstance(v, ast.Constant) else p for v, p in zip(values, parts, strict=True)
            ]
        self.write(f"{prefix}{quote}{''.join(parts)}{quote}")

    @staticmethod
    def _clashes(text: str, quote: str) -> bool:
        return quote in text or len(quote) == 3 and text.endswith(quote[0])

    @staticmethod
    def _constant(node: ast.Constant) -> str:
        return _escaped(str(node.value)).replace("{", "{{").replace("}", "}}")

    def _field(self, node) -> str:  # type: ignore[no-untyped-def]
        if not isinstance(node, (ast.FormattedValue, nodes.Interpolation)):
            return self._buffered(node)
        if isinstance(node, ast.FormattedValue) or not isinstance(getattr(node, "str", None), str):
            inner = type(self)()
            inner.set_precedence(ast._Precedence.TEST.next(), node.value)  # type: ignore[attr-defined]
            expression = inner.visit(node.value)
        else:
            expression = node.str
        if expression.startswith("{"):
            expression = " " + expression  # "{ {" is a set or dict, "{{" a brace
        conversion = f"!{chr(node.conversion)}" if node.conversion != -1 else ""
        spec = ""
        if node.format_spec is not None:
            spec = ":" + self._spec(node.format_spec)
        return f"{{{expression}{conversion}{spec}}}"

    def _spec(self, spec: ast.AST) -> str:
        parts = spec.values if isinstance(spec, ast.JoinedStr) else [spec]
        return "".join(_escaped(p.value) if isinstance(p, ast.Constant) else self._field(p) for p in parts)  # type: ignore[arg-type]

    def _buffered(self, node: ast.AST) -> str:
        return type(self)().visit(node)  # type: ignore[no-any-return]


def _escaped(text: str) -> str:
    """Return text for between quotes: control characters and backslashes escaped, quotes left alone."""
    return "".join(
        character.encode("unicode_escape").decode() if character == "\\" or not character.isprintable() else character
        for character in text
    )
