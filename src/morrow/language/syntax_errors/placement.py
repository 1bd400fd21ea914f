"""Errors about statements and expressions in the wrong place: what 3.14 finds while it generates code.

Takes a tree, raises `Misplaced` for the first error; collects the warnings 3.14 gives on the way. Order of visiting and
wording: Python/codegen.c and Python/compile.c of 3.14, by experiment.
"""

from __future__ import annotations

import ast

from morrow.language.syntax_errors.findings import Misplaced, Warned, fields
from morrow.language.syntax_errors.futures import check_futures
from morrow.language.syntax_errors.scopes import check_scopes
from morrow.language.tree import children

MAX_BLOCKS = 21  # CO_MAXBLOCKS


class _Code:
    """The code object being generated: what kind, and the blocks open in it."""

    def __init__(self, kind: str) -> None:
        self.kind = kind  # module, class, function, async, comprehension, expression
        self.blocks: list[str] = []
        self.generates = False


def check_placement(tree: ast.AST, *, await_anywhere: bool = False, optimize: int = 0) -> list[Warned]:
    """Raise `Misplaced` for the first error in *tree*; return the warnings of the compiler."""
    checker = _Checker(await_anywhere, optimize)
    checker.module(tree)
    return checker.warnings


def warnings_before_an_error(tree: ast.AST, *, await_anywhere: bool = False, optimize: int = 0) -> list[Warned]:
    """Return the warnings that the compiler has given when it comes to an error, none if the symbol table has found one before."""
    checker = _Checker(await_anywhere, optimize)
    try:
        check_futures(tree)
        check_scopes(tree, await_anywhere=await_anywhere)
        checker.module(tree)
    except Misplaced:
        pass
    return checker.warnings


class _Checker:
    def __init__(self, await_anywhere: bool, optimize: int) -> None:
        self.codes = [_Code("module")]
        self.warnings: list[Warned] = []
        self.await_anywhere = await_anywhere
        self.optimize = optimize
        self.leading_futures: list[ast.AST] = []

    @property
    def code(self) -> _Code:
        return self.codes[-1]

    def warn(self, message: str, node: ast.AST) -> None:
        self.warnings.append(Warned(message, node))

    def visit(self, node: ast.AST) -> None:
        method = getattr(self, type(node).__name__, None)
        if method is not None:
            method(node)
        else:
            self.visit_all(node, node._fields)

    def visit_all(self, node: ast.AST, names: tuple[str, ...]) -> None:
        for child in fields(node, names):
            self.visit(child)

    def push(self, kind: str, node: ast.AST) -> None:
        if len(self.code.blocks) >= MAX_BLOCKS:
            raise Misplaced("too many statically nested blocks", node)
        self.code.blocks.append(kind)

    def pop(self) -> None:
        self.code.blocks.pop()

    def module(self, tree: ast.AST) -> None:
        body = getattr(tree, "body", [])
        if isinstance(body, list):
            docstring = body and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant)
            for node in body[1 if docstring and isinstance(body[0].value.value, str) else 0 :]:
                if not (isinstance(node, ast.ImportFrom) and node.module == "__future__" and not node.level):
                    break
                self.leading_futures.append(node)
        self.visit_all(tree, ("body",))

    # -- statements --------------------------------------------------------------------------------------------------

    def FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self.visit_all(node, ("decorator_list",))
        self.visit_all(node.args, ("defaults", "kw_defaults"))
        self.type_parameters(node)
        self.codes.append(_Code("expression"))
        for argument in ast.walk(node.args):
            if isinstance(argument, ast.arg) and argument.annotation is not None:
                annotation = argument.annotation
                starred = isinstance(annotation, ast.Starred) and argument is node.args.vararg
                self.visit(annotation.value if starred else annotation)  # type: ignore[attr-defined]
        self.visit_all(node, ("returns",))
        self.codes.pop()
        self.codes.append(_Code("async" if isinstance(node, ast.AsyncFunctionDef) else "function"))
        self.code.generates = _generates(node.body)
        if self.code.generates or self.code.kind == "async":
            self.code.blocks.append("stop iteration")  # the handler around the body of a generator or coroutine
        self.visit_all(node, ("body",))
        self.codes.pop()

    AsyncFunctionDef = FunctionDef

    def type_parameters(self, node: ast.AST) -> None:
        seen_default = False
        for parameter in getattr(node, "type_params", ()):
            self.codes.append(_Code("expression"))
            if (bound := getattr(parameter, "bound", None)) is not None:
                self.visit(bound)
            default = getattr(parameter, "default_value", None)
            if default is not None:
                seen_default = True
                starred = isinstance(default, ast.Starred) and type(parameter).__name__ == "TypeVarTuple"
                self.visit(default.value if starred else default)
            elif seen_default:
                message = f"non-default type parameter '{parameter.name}' follows default type parameter"
                raise Misplaced(message, parameter)
            self.codes.pop()

    def ClassDef(self, node: ast.ClassDef) -> None:
        self.visit_all(node, ("decorator_list",))
        self.type_parameters(node)
        self.codes.append(_Code("class"))
        self.visit_all(node, ("body",))
        self.codes.pop()
        self.arguments(node.bases, node.keywords)

    def TypeAlias(self, node: ast.AST) -> None:
        self.type_parameters(node)
        self.codes.append(_Code("expression"))
        self.visit_all(node, ("value",))
        self.codes.pop()

    def Return(self, node: ast.Return) -> None:
        if self.code.kind not in ("function", "async"):
            raise Misplaced("'return' outside function", node)
        if node.value is not None and self.code.kind == "async" and self.code.generates:
            raise Misplaced("'return' with value in async generator", node)
        self.visit_all(node, ("value",))
        self.unwind(node.value or node, to_loop=False)

    def unwind(self, node: ast.AST, *, to_loop: bool) -> bool:
        """Go through the open blocks from inside; return whether there is a loop."""
        for block in reversed(self.code.blocks):
            if block == "except*":
                raise Misplaced("'break', 'continue' and 'return' cannot appear in an except* block", node)
            if to_loop and block == "loop":
                return True
        return False

    def Break(self, node: ast.Break) -> None:
        if not self.unwind(node, to_loop=True):
            raise Misplaced("'break' outside loop", node)

    def Continue(self, node: ast.Continue) -> None:
        if not self.unwind(node, to_loop=True):
            raise Misplaced("'continue' not properly in loop", node)

    def Delete(self, node: ast.Delete) -> None:
        self.visit_all(node, ("targets",))

    def Assign(self, node: ast.Assign) -> None:
        self.visit(node.value)
        self.visit_all(node, ("targets",))

    def AugAssign(self, node: ast.AugAssign) -> None:
        self.visit_all(node, ("target", "value"))

    def AnnAssign(self, node: ast.AnnAssign) -> None:
        self.visit_all(node, ("value", "target"))
        self.codes.append(_Code("expression"))
        self.visit(node.annotation)
        self.codes.pop()

    def For(self, node: ast.For | ast.AsyncFor) -> None:
        if isinstance(node, ast.AsyncFor):
            self.needs_async("'async for' outside async function", node)
        self.push("loop", node)
        self.visit_all(node, ("iter", "target", "body"))
        self.pop()
        self.visit_all(node, ("orelse",))

    AsyncFor = For

    def While(self, node: ast.While) -> None:
        self.push("loop", node)
        self.visit_all(node, ("test", "body"))
        self.pop()
        self.visit_all(node, ("orelse",))

    def needs_async(self, message: str, node: ast.AST) -> None:
        if self.code.kind != "async" and not (self.await_anywhere and self.code.kind == "module"):
            raise Misplaced(message, node)

    def With(self, node: ast.With | ast.AsyncWith) -> None:
        if isinstance(node, ast.AsyncWith):
            self.needs_async("'async with' outside async function", node)
        for item in node.items:
            self.visit(item.context_expr)
            self.push("with", item.context_expr)
            self.visit_all(item, ("optional_vars",))
        self.visit_all(node, ("body",))
        for _ in node.items:
            self.pop()

    AsyncWith = With

    def Try(self, node: ast.Try | ast.TryStar) -> None:
        star = type(node).__name__ == "TryStar"
        if node.finalbody:
            self.push("try", node)
        if node.handlers:
            self.push("try", node)
            self.visit_all(node, ("body",))
            self.pop()
            self.push("except*" if star else "handlers", node)
            for place, handler in enumerate(node.handlers):
                if handler.type is None and place < len(node.handlers) - 1:
                    raise Misplaced("default 'except:' must be last", handler)
                self.visit_all(handler, ("type",))
                self.push("handler", handler)
                self.visit_all(handler, ("body",))
                self.pop()
            self.pop()
            self.visit_all(node, ("orelse",))
        else:
            self.visit_all(node, ("body",))
        if node.finalbody:
            self.pop()
            self.push("finally", node)
            self.visit_all(node, ("finalbody",))
            self.pop()

    TryStar = Try

    def Assert(self, node: ast.Assert) -> None:
        constant = isinstance(node.test, ast.Constant) and isinstance(node.test.value, tuple)
        if isinstance(node.test, ast.Tuple) and node.test.elts or constant:
            self.warn("assertion is always true, perhaps remove parentheses?", node)
        if not self.optimize:
            self.visit_all(node, ("test", "msg"))

    def ImportFrom(self, node: ast.ImportFrom) -> None:
        if node.module == "__future__" and not node.level and node not in self.leading_futures:
            raise Misplaced("from __future__ imports must occur at the beginning of the file", node)

    # -- patterns ----------------------------------------------------------------------------------------------------

    def Match(self, node: ast.Match) -> None:
        self.visit(node.subject)
        for place, case in enumerate(node.cases):
            refutable = place == len(node.cases) - 1 or case.guard is not None
            names: list[str] = []
            if not (isinstance(case.pattern, ast.MatchAs) and case.pattern.pattern is None and place == len(node.cases) - 1):
                self.pattern(case.pattern, names, refutable)
            self.visit_all(case, ("guard", "body"))

    def pattern(self, node: ast.AST, names: list[str], irrefutable_is_fine: bool) -> None:
        """Check one pattern; *names* are those bound so far in the whole pattern."""
        if isinstance(node, ast.MatchValue):
            if isinstance(node.value, ast.JoinedStr) or isinstance(node.value, _TEMPLATES):
                raise Misplaced("patterns may only match literals and attribute lookups", node)
            self.visit(node.value)
        elif isinstance(node, ast.MatchSequence):
            stars = [place for place, part in enumerate(node.patterns) if isinstance(part, ast.MatchStar)]
            if len(stars) > 1:
                raise Misplaced("multiple starred names in sequence pattern", node)
            for part in node.patterns:
                self.pattern(part, names, True)
        elif isinstance(node, ast.MatchMapping):
            self.mapping_pattern(node, names)
        elif isinstance(node, ast.MatchClass):
            for place, name in enumerate(node.kwd_attrs):
                for other in range(place + 1, len(node.kwd_attrs)):
                    if node.kwd_attrs[other] == name:
                        raise Misplaced(f"attribute name repeated in class pattern: {name}", node.kwd_patterns[other])
            self.visit(node.cls)
            for part in (*node.patterns, *node.kwd_patterns):
                self.pattern(part, names, True)
        elif isinstance(node, ast.MatchStar):
            self.bind(node.name, names, node)
        elif isinstance(node, ast.MatchAs):
            if node.pattern is None:
                if not irrefutable_is_fine:
                    what = f"name capture '{node.name}'" if node.name else "wildcard"
                    raise Misplaced(f"{what} makes remaining patterns unreachable", node)
            else:
                self.pattern(node.pattern, names, irrefutable_is_fine)
            self.bind(node.name, names, node)
        elif isinstance(node, ast.MatchOr):
            self.alternatives(node, names, irrefutable_is_fine)

    def bind(self, name: str | None, names: list[str], node: ast.AST) -> None:
        if name is None:
            return
        if name in names:
            raise Misplaced(f"multiple assignments to name '{name}' in pattern", node)
        names.append(name)

    def mapping_pattern(self, node: ast.MatchMapping, names: list[str]) -> None:
        seen: set[object] = set()
        for key in node.keys:
            if isinstance(key, ast.Attribute):
                self.visit(key)
                continue
            if isinstance(key, ast.JoinedStr) or isinstance(key, _TEMPLATES):
                message = "mapping pattern keys may only match literals and attribute lookups"
                raise Misplaced(message, node)
            value = ast.literal_eval(key)
            if value in seen:
                raise Misplaced(f"mapping pattern checks duplicate key ({value!r})", node)
            seen.add(value)
        for part in node.patterns:
            self.pattern(part, names, True)
        self.bind(node.rest, names, node)

    def alternatives(self, node: ast.MatchOr, names: list[str], irrefutable_is_fine: bool) -> None:
        control: set[str] | None = None
        bound: list[str] = []
        for place, part in enumerate(node.patterns):
            last = place == len(node.patterns) - 1
            found: list[str] = []
            self.pattern(part, found, irrefutable_is_fine and last)
            if control is None:
                control, bound = set(found), found
            elif set(found) != control:
                raise Misplaced("alternative patterns bind different names", node)
        for name in bound:
            self.bind(name, names, node)

    # -- expressions -------------------------------------------------------------------------------------------------

    def Lambda(self, node: ast.Lambda) -> None:
        self.visit_all(node.args, ("defaults", "kw_defaults"))
        self.codes.append(_Code("function"))
        self.visit(node.body)
        self.codes.pop()

    def NamedExpr(self, node: ast.NamedExpr) -> None:
        self.visit(node.value)

    def Dict(self, node: ast.Dict) -> None:
        for key, value in zip(node.keys, node.values):
            if key is not None:
                self.visit(key)
            self.visit(value)

    def Starred(self, node: ast.Starred) -> None:
        if isinstance(node.ctx, ast.Store):
            raise Misplaced("starred assignment target must be in a list or tuple", node)
        raise Misplaced("can't use starred expression here", node)

    def Tuple(self, node: ast.Tuple | ast.List | ast.Set) -> None:
        if isinstance(getattr(node, "ctx", None), ast.Store):
            stars = 0
            for place, part in enumerate(node.elts):
                if isinstance(part, ast.Starred):
                    stars += 1
                    if stars > 1:
                        raise Misplaced("multiple starred expressions in assignment", node)
                    if place >= 256 or len(node.elts) - place - 1 >= 1 << 23:
                        raise Misplaced("too many expressions in star-unpacking assignment", node)
        for part in node.elts:
            starred = isinstance(part, ast.Starred) and not isinstance(getattr(node, "ctx", None), ast.Del)
            self.visit(part.value if starred else part)  # type: ignore[attr-defined]

    List = Set = Tuple

    def Call(self, node: ast.Call) -> None:
        self.keywords(node.keywords)
        function = node.func
        if isinstance(
            function,
            (ast.Constant, ast.Tuple, ast.List, ast.ListComp, ast.Dict, ast.DictComp, ast.Set, ast.SetComp,
             ast.GeneratorExp, ast.JoinedStr, ast.FormattedValue) + _TEMPLATES,
        ):  # fmt: skip
            self.warn(f"'{_type_of(function)}' object is not callable; perhaps you missed a comma?", function)
        self.visit(function)
        self.arguments(node.args, node.keywords, checked=True)

    def keywords(self, keywords: list[ast.keyword]) -> None:
        for place, keyword in enumerate(keywords):
            if keyword.arg is None:
                continue
            for other in keywords[place + 1 :]:
                if other.arg == keyword.arg:
                    raise Misplaced(f"keyword argument repeated: {keyword.arg}", other)

    def arguments(self, positional: list[ast.expr], keywords: list[ast.keyword], checked: bool = False) -> None:
        if not checked:
            self.keywords(keywords)
        for argument in positional:
            self.visit(argument.value if isinstance(argument, ast.Starred) else argument)
        for keyword in keywords:
            self.visit(keyword.value)

    def Compare(self, node: ast.Compare) -> None:
        left, left_is_name = node.left, _may_be_compared(node.left)
        for operator, right in zip(node.ops, node.comparators):
            right_is_name = _may_be_compared(right)
            if isinstance(operator, (ast.Is, ast.IsNot)) and not (left_is_name and right_is_name):
                literal = left if not left_is_name else right
                negated = isinstance(operator, ast.IsNot)
                what, instead = ("is not", "!=") if negated else ("is", "==")
                self.warn(f'"{what}" with \'{_type_of(literal)}\' literal. Did you mean "{instead}"?', node)
                break
            left, left_is_name = right, right_is_name
        self.visit_all(node, ("left", "comparators"))

    def Subscript(self, node: ast.Subscript) -> None:
        if isinstance(node.ctx, ast.Load):
            self.check_subscript(node)
        self.visit(node.value)
        self.visit(node.slice)

    def check_subscript(self, node: ast.Subscript) -> None:
        value = node.value
        wrong = isinstance(value, (ast.Set, ast.SetComp, ast.GeneratorExp, ast.Lambda) + _TEMPLATES)
        if isinstance(value, ast.Constant):
            wrong = value.value is None or value.value is ... or isinstance(value.value, (int, float, complex, frozenset))
        if wrong:
            self.warn(f"'{_type_of(value)}' object is not subscriptable; perhaps you missed a comma?", value)
        sequence = isinstance(value, (ast.Tuple, ast.List, ast.ListComp, ast.JoinedStr, ast.FormattedValue))
        if isinstance(value, ast.Constant):
            sequence = isinstance(value.value, (str, bytes, tuple))
        index = _type_of(node.slice)
        if not sequence or index is None or index in ("int", "bool", "slice"):
            return
        what = _type_of(value)
        self.warn(f"{what} indices must be integers or slices, not {index}; perhaps you missed a comma?", value)

    def Yield(self, node: ast.Yield | ast.YieldFrom | ast.Await) -> None:
        if self.code.kind not in ("function", "async", "comprehension"):
            word = "'yield from'" if isinstance(node, ast.YieldFrom) else "'yield'"
            raise Misplaced(f"{word} outside function", node)
        if isinstance(node, ast.YieldFrom) and self.code.kind == "async":
            raise Misplaced("'yield from' inside async function", node)
        self.visit_all(node, ("value",))

    YieldFrom = Yield

    def ListComp(self, node: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp) -> None:
        first, *others = node.generators
        generator = isinstance(node, ast.GeneratorExp)
        is_async = not generator and _awaits(node)
        allowed = self.code.kind in ("async", "comprehension") or self.await_anywhere and self.code.kind == "module"
        if is_async and not allowed:
            raise Misplaced("asynchronous comprehension outside of an asynchronous function", node)
        self.visit(first.iter)
        blocks = self.code.blocks
        # Only in a class, and for generators, is a comprehension a function of its own; else it is a block of this one.
        inlined = not generator and self.code.kind not in ("class", "expression")
        if inlined:
            self.push("comprehension", node)
        self.codes.append(_Code("comprehension"))
        if inlined:
            self.code.blocks = blocks
        self.visit(first.target)
        self.visit_all(first, ("ifs",))
        for clause in others:
            self.visit_all(clause, ("iter", "target", "ifs"))
        if isinstance(node, ast.DictComp) or not isinstance(node.elt, ast.Starred):
            self.visit_all(node, ("key", "value", "elt"))
        else:
            self.visit(node.elt)
        self.codes.pop()
        if inlined:
            self.pop()

    SetComp = DictComp = GeneratorExp = ListComp


_TEMPLATES: tuple[type, ...] = tuple(
    getattr(ast, name) for name in ("TemplateStr", "Interpolation") if hasattr(ast, name)
)


def _may_be_compared(node: ast.AST) -> bool:
    """Return whether ``is`` makes sense with this expression."""
    if isinstance(node, ast.Constant):
        return node.value is None or node.value is ... or isinstance(node.value, bool)
    return not isinstance(
        node, (ast.Tuple, ast.List, ast.Set, ast.Dict, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp, ast.JoinedStr)
    ) or not _is_literal(node)


def _is_literal(node: ast.AST) -> bool:
    # Only what the optimizer has turned into a constant counts: a tuple of constants.
    return isinstance(node, ast.Tuple) and all(
        isinstance(part, ast.Constant) or isinstance(part, ast.Tuple) and _is_literal(part) for part in node.elts
    )


def _type_of(node: ast.AST) -> str | None:
    kind = type(node).__name__
    if kind == "Constant":
        return type(node.value).__name__  # type: ignore[attr-defined]
    return {
        "Tuple": "tuple", "List": "list", "ListComp": "list", "Dict": "dict", "DictComp": "dict", "Set": "set",
        "SetComp": "set", "GeneratorExp": "generator", "Lambda": "function", "JoinedStr": "str", "FormattedValue": "str",
        "TemplateStr": "string.templatelib.Template", "Interpolation": "string.templatelib.Interpolation",
    }.get(kind)  # fmt: skip


def _generates(body: list[ast.stmt]) -> bool:
    """Return whether a function with this body is a generator."""
    pending: list[ast.AST] = list(body)
    while pending:
        node = pending.pop()
        if isinstance(node, (ast.Yield, ast.YieldFrom)):
            return True
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)):
            pending += list(fields(node, ("decorator_list", "bases", "keywords")))
            arguments = getattr(node, "args", None)
            if arguments is not None:
                pending += list(fields(arguments, ("defaults", "kw_defaults")))
            continue
        pending += children(node)
    return False


def _awaits(node: ast.AST) -> bool:
    """Return whether a comprehension is asynchronous: by its clauses, an await, or an asynchronous one within."""
    if any(clause.is_async for clause in node.generators):  # type: ignore[attr-defined]
        return True
    first = node.generators[0]  # type: ignore[attr-defined]
    pending = list(fields(node, ("elt", "key", "value")))
    pending += [first.target, *first.ifs]
    for clause in node.generators[1:]:  # type: ignore[attr-defined]
        pending += [clause.target, clause.iter, *clause.ifs]
    while pending:
        child = pending.pop()
        if isinstance(child, ast.Await):
            return True
        if isinstance(child, (ast.Lambda, ast.GeneratorExp)):
            if isinstance(child, ast.GeneratorExp):
                pending.append(child.generators[0].iter)
            continue
        if isinstance(child, (ast.ListComp, ast.SetComp, ast.DictComp)):
            if _awaits(child):
                return True
            pending.append(child.generators[0].iter)
            continue
        pending += children(child)
    return False
