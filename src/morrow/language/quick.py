"""Compile a file from its text, which takes a fifth of the time that it takes from a tree.

    code = compile_text(source, filename, optimize, deferred)       None: it has to be parsed

The host's compiler reads annotations as text (PEP 563) and tells in its code where there are any. These alone are parsed,
and the code of what evaluates them (`features.deferred_annotations` says what that is) is put where the texts were:

    LOAD_CONST ('a', 'Later')         ->    LOAD_CONST ('return', <code f.__annotate__>)        of a function

    SETUP_ANNOTATIONS                 ->    NOP                                                 in a class
    LOAD_CONST 'Later'                      NOP
    LOAD_NAME __annotations__               NOP
    LOAD_CONST 'a'                          NOP
    STORE_SUBSCR                            NOP
    ...                                     __annotations__, __annotate_func__ = __morrow__.class_annotations(...)

    SETUP_ANNOTATIONS                 ->    __conditional_annotations__ = {*()}                 in a module
                                            __annotate__ = __morrow__.module_annotate(...)
    LOAD_CONST 'Later'                      LOAD_NAME __conditional_annotations__
    LOAD_NAME __annotations__               LOAD_CONST 0
    LOAD_CONST 'a'                          SET_ADD 1
    STORE_SUBSCR                            POP_TOP

Whatever is not that plain (a name of a class or a function around, a comprehension, type parameters) is `Unfit`: then
the whole file is parsed. So is a text that 3.14 may warn about; the host's own warnings are the sign.
"""

from __future__ import annotations

import ast
import functools
import opcode
import re
import warnings
from _thread import get_ident  # not threading, which a program would then find loaded
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from types import CodeType

from morrow.debuglog import log
from morrow.host import HERE
from morrow.language import features, headers, host_compile, syntax_errors
from morrow.language import source as sources
from morrow.language.features import build, deferred_annotations
from morrow.language.instructions import (
    EXTENDED_ARG,
    LOAD_CONST,
    LOAD_NAME,
    STORE_NAME,
    Sample,
    Unfit,
    argument_of,
    extend,
    has_jumps,
    put,
    put_at_end,
    put_at_start,
)
from morrow.language.syntax_errors import warned

_STRINGS = 0x1000000  # __future__.annotations
_NUMBER = opcode.opmap
_SETUP, _STORE_SUBSCR, _MAKE_FUNCTION = _NUMBER["SETUP_ANNOTATIONS"], _NUMBER["STORE_SUBSCR"], _NUMBER["MAKE_FUNCTION"]
_SET_ATTRIBUTE = _NUMBER.get("SET_FUNCTION_ATTRIBUTE", -1)
_NOP, _POP_TOP, _SET_ADD = _NUMBER["NOP"], _NUMBER["POP_TOP"], _NUMBER["SET_ADD"]
_ANNOTATED = 4  # what MAKE_FUNCTION or SET_FUNCTION_ATTRIBUTE says of a function with annotations
_OPTIMIZED, _NESTED = 0x1, 0x10  # CO_OPTIMIZED, CO_NESTED
_DEEP = 15
_CONDITIONAL = "__conditional_annotations__"
_RESERVED = re.compile(rb"__annot|__conditional|__morrow")


def compile_text(source: str | bytes, filename: str, optimize: int = -1, *, deferred: bool = True) -> CodeType | None:
    """Return the code of a file, as `morrow.language.compile` gives it; None if this way is not for it."""
    if HERE is None or HERE.words_warnings or not isinstance(filename, str):
        return None
    context = features.Context(filename, "exec", deferred=deferred, late=False)
    if any(feature.wanted(source, context) for feature in features.others("deferred_annotations")):
        return None
    text = source if isinstance(source, str) else source.decode("utf-8", "replace")
    if "\ufffd" in text or syntax_errors.may_be_refused(text, HERE) or warned.warns_beyond_the_host(text):
        return None
    heard: list[str] = []
    try:
        with _listening(heard):
            if not deferred or "__future__" in text and "annotations" in text:
                code = host_compile(source, filename, "exec", 0, True, optimize)
                if not deferred or code.co_flags & _STRINGS:
                    return None if heard else code
            code = host_compile(source, filename, "exec", _STRINGS, True, optimize)
            code = _Annotations(source, filename, optimize).put_into(code)
        return None if heard else code
    except (Unfit, SyntaxError, ValueError, MemoryError, RecursionError):
        return None  # the other way finds what is wrong as well, and says it in today's words
    except (LookupError, StopIteration, TypeError, AttributeError, AssertionError) as error:  # not foreseen: the other way needs nothing of this
        log("language", 1, f"{filename} is parsed: {error!r}")
        return None


# -- warnings ----------------------------------------------------------------------------------------------------------


@contextmanager
def _listening(heard: list[str]) -> Iterator[None]:
    """Write down the host's warnings in this thread, and let nobody else see them."""
    listener = _Listener(heard)
    line = ("ignore", listener, Warning, None, 0)
    filters = warnings.filters
    filters.insert(0, line)  # type: ignore[attr-defined,arg-type]
    warnings._filters_mutated()  # type: ignore[attr-defined]
    try:
        yield
    finally:
        # Another thread may have put a copy in place meanwhile (warnings.catch_warnings), or kept one to be put back.
        listener.thread = 0
        for each in (filters, warnings.filters):
            while line in each:  # type: ignore[comparison-overlap]
                each.remove(line)  # type: ignore[attr-defined,arg-type]
        warnings._filters_mutated()  # type: ignore[attr-defined]


class _Listener:
    """Stands in a warnings filter for a pattern, which is asked about every text."""

    def __init__(self, heard: list[str]) -> None:
        self.heard, self.thread = heard, get_ident()

    def match(self, text: str) -> bool:
        if get_ident() != self.thread:
            return False
        self.heard.append(text)
        return True


# -- annotations -------------------------------------------------------------------------------------------------------


class _Annotated:
    """Something with annotations.

    Attributes:
        line: of its ``def`` or ``class``.
        name: the qualified name of its annotate function.
        items: key, span of the annotation in the text, and in a module its number.
        nested: whether a function is around it.
        code: of its annotate function, once there is one.
    """

    __slots__ = ("line", "name", "items", "nested", "code")

    def __init__(self, line: int, name: str, items: list[tuple[str, headers.Span, int | None]], nested: bool) -> None:
        self.line, self.name, self.items, self.nested = line, name, items, nested
        self.code: CodeType | None = None


class _Edits:
    """What is to be done to one code object.

    Attributes:
        functions: (start and end of the instruction that loads the texts, index of its constant, what takes their place).
        own: its own annotations, if it is a module or class that has some.
        sites: (start, end, number, key and text) of the instructions for each of these.
    """

    __slots__ = ("functions", "own", "sites")

    def __init__(self) -> None:
        self.functions: list[tuple[int, int, int, _Annotated]] = []
        self.own: _Annotated | None = None
        self.sites: list[tuple[int, int, int, tuple[str, str]]] = []


class _Scope:
    """A code object that others are in, and what it is in itself."""

    __slots__ = ("code", "is_function", "outer", "_hidden", "_line")

    def __init__(self, code: CodeType, outer: _Scope | None) -> None:
        self.code, self.outer, self.is_function = code, outer, bool(code.co_flags & _OPTIMIZED)
        self._hidden: set[str] | None = None
        self._line = 0

    def hidden(self, text: sources.Source) -> set[str]:
        """Return the names that mean something else in here than in the module."""
        if self._hidden is None:
            names: set[str] = set()
            if not self.is_function and self.outer is not None:
                names |= _bound_in_class(self.code)
                self.line(text)
            around: _Scope | None = self
            while around is not None:
                names.update(around.code.co_varnames, around.code.co_cellvars, around.code.co_freevars)
                around = around.outer
            self._hidden = names
        return self._hidden

    def is_nested(self) -> bool:
        """Return whether this is a function, or in one."""
        return self.is_function or self.outer is not None and self.outer.is_nested()

    def line(self, text: sources.Source) -> int:
        """Return the line of a class statement, which must be one that leaves it no other names than those in its body."""
        if not self._line:
            code = self.code
            start = headers.of_class(text.text, text.starts[code.co_firstlineno - 1], code.co_name)
            self._line = text.position(start)[0]
        return self._line


def _bound_in_class(code: CodeType) -> set[str]:
    """Return the names that a class body binds or annotates."""
    if not _LOOKS_AROUND.isdisjoint(code.co_names):
        raise Unfit("a class body that asks for its names")
    names, words, argument = set(), code.co_code, 0
    for at in range(0, len(words), 2):
        argument = argument << 8 | words[at + 1]
        if words[at] == STORE_NAME:
            names.add(code.co_names[argument])
        if words[at] != EXTENDED_ARG:
            argument = 0
    return names


_LOOKS_AROUND = frozenset(("exec", "locals", "vars"))


class _Annotations:
    """The annotations of one file: found in its code, evaluated by new code, which is put in the place of the texts."""

    def __init__(self, source: str | bytes, filename: str, optimize: int) -> None:
        self.source, self.filename, self.optimize = source, filename, optimize
        self.edits: dict[int, _Edits] = {}
        self.known: dict[tuple[int, str], _Annotated] = {}

    def put_into(self, code: CodeType) -> CodeType:
        """Return a module's code with all its annotations evaluated when asked for."""
        self.look(_Scope(code, None))
        if self.known:
            self.evaluate()
        return self.finish(code)

    def __getattr__(self, name: str) -> sources.Source:
        # Read when there is something to look for: most files of some packages have no annotation.
        if name != "text":
            raise AttributeError(name)
        self.text = sources.read(self.source)
        if _RESERVED.search(self.text.text):
            raise Unfit("names of annotations' own")
        return self.text

    # -- finding -------------------------------------------------------------------------------------------------------

    def look(self, scope: _Scope, depth: int = 0) -> None:
        """Find what is annotated in *scope*."""
        code = scope.code
        inner = [each for each in code.co_consts if type(each) is CodeType]
        if depth == _DEEP:
            raise Unfit("deep in comprehensions, which 3.14 may find too many")
        words = code.co_code
        edits = _Edits()
        if not scope.is_function and _SETUP in words[::2]:
            self.look_at_statements(scope, words, edits)
        if inner:
            for start, at, index, function in _functions(code, words):
                edits.functions.append((start, at + 2, index, self.function(scope, function, code.co_consts[index])))
        if edits.functions or edits.own:
            self.edits[id(code)] = edits
        for each in inner:
            if not each.co_flags & _OPTIMIZED or any(type(constant) is CodeType for constant in each.co_consts):
                self.look(_Scope(each, scope), depth + 1)

    def function(self, scope: _Scope, code: CodeType, told: object) -> _Annotated:
        if type(told) is not tuple or not all(type(each) is str for each in told):
            raise Unfit("unknown annotations")
        text = self.text
        start, spans = headers.of_function(text.text, text.starts[code.co_firstlineno - 1], code.co_name, told)
        if scope.outer is not None:
            self.check(scope, spans.values())
        annotated = self.known.get((start, code.co_qualname))
        if annotated is None:
            items: list[tuple[str, headers.Span, int | None]] = [(key, span, None) for key, span in spans.items()]
            annotated = _Annotated(text.position(start)[0], f"{code.co_qualname}.__annotate__", items, scope.is_nested())
            self.known[start, code.co_qualname] = annotated
        return annotated

    def look_at_statements(self, scope: _Scope, words: bytes, edits: _Edits) -> None:
        code, text = scope.code, self.text
        is_module = scope.outer is None
        positions = list(code.co_positions())
        found: dict[int, tuple[str, headers.Span]] = {}
        sites = []
        for start, at, key, told in _statements(code, words):
            line, end_line, column, end_column = positions[at // 2]
            if line is None or end_line is None or column is None or end_column is None:
                raise Unfit("no positions")
            begin, end = text.offset(line, column), text.offset(end_line, end_column)
            if begin not in found:
                found[begin] = key, headers.of_statement(text.text, begin, end, key, told)
            stop = at + 2
            while words[stop] == 0:  # caches
                stop += 2
            sites.append((start, stop, begin, (key, told)))
        if not found:
            raise Unfit("annotations of what is no name")
        numbers = {begin: number for number, begin in enumerate(sorted(found))}
        items = [(*found[begin], number if is_module else None) for begin, number in numbers.items()]
        if is_module:
            edits.own = _Annotated(positions[words[::2].index(_SETUP)][0] or 1, "__annotate__", items, False)
        else:
            self.check(scope, [item[1] for item in items])
            if has_jumps(words) or len(sites) != len(found):
                raise Unfit("a class body with branches")
            edits.own = _Annotated(scope.line(text), f"{code.co_qualname}.__annotate__", items, scope.is_nested())
        edits.sites = [(start, stop, numbers[begin], both) for start, stop, begin, both in sites]
        self.known[-1 if is_module else edits.own.line, edits.own.name] = edits.own

    def check(self, scope: _Scope, spans: Iterable[headers.Span]) -> None:
        """Refuse annotations with names that mean something else in *scope* than in the module."""
        hidden, text = scope.hidden(self.text), self.text.text
        for span in spans:
            if not hidden.isdisjoint(headers.names(text, span)):
                raise Unfit("an annotation with a name of a scope around it")

    # -- evaluating ----------------------------------------------------------------------------------------------------

    def evaluate(self) -> None:
        """Compile what evaluates the annotations."""
        nodes = self.parse(sorted(span for each in self.known.values() for _, span, _ in each.items))
        waiting = list(self.known.values())
        body: list[ast.stmt] = []
        for number, each in enumerate(waiting):
            pairs: list[tuple[str, ast.expr, int | None]] = [(key, nodes[span], is_noted) for key, span, is_noted in each.items]
            place = ast.Pass(lineno=each.line, col_offset=0, end_lineno=each.line, end_col_offset=0)
            body.append(build.at(ast.Expr(deferred_annotations.annotate_function(pairs, f"{number} ")), place))
        made = host_compile(ast.Module(body, []), self.filename, "exec", 0, True, self.optimize)  # type: ignore[arg-type]
        for code in made.co_consts:
            if type(code) is CodeType:
                each = waiting[int(code.co_varnames[0].split()[1])]
                flags = code.co_flags | _NESTED * each.nested
                each.code = code.replace(co_name="__annotate__", co_qualname=each.name, co_varnames=("format",), co_flags=flags)

    def parse(self, spans: list[headers.Span]) -> dict[headers.Span, ast.expr]:
        """Return the nodes of pieces of the text, with the positions they have there."""
        text, at = self.text.text, 1
        pieces = [b"(\n" if text[:1] == b"\n" else b"("]
        for start, end in spans:
            if start < at:
                raise Unfit("annotations that overlap")
            lines = text.count(b"\n", at, start)
            pieces += (b"\n" * lines, b" " * (start - max(at, text.rfind(b"\n", 0, start) + 1)), text[start:end], b",")
            at = end + 1
            if text[end : end + 1] == b"\n":
                pieces.append(b"\n")
        pieces.append(b")")
        tree = host_compile(b"".join(pieces).decode(), self.filename, "eval", ast.PyCF_ONLY_AST, True)
        found: list[ast.expr] = tree.body.elts  # type: ignore[attr-defined]
        return dict(zip(spans, found, strict=True))

    # -- putting together ----------------------------------------------------------------------------------------------

    def finish(self, code: CodeType) -> CodeType:
        """Return *code* with the edits made to it and all in it, and without the mark of the future feature."""
        flags = code.co_flags & ~_STRINGS
        edits = self.edits.get(id(code))
        if edits is None and not any(type(each) is CodeType for each in code.co_consts):
            return code.replace(co_flags=flags)
        changes: dict[str, object] = {"co_flags": flags}
        consts = [self.finish(each) if type(each) is CodeType else each for each in code.co_consts]
        if edits is not None:
            words = bytearray(code.co_code)
            longer: list[tuple[int, int]] = []
            taken = _constants(words, {start for start, _, _, _ in edits.functions})
            for start, end, index, annotated in edits.functions:
                if index in taken:
                    index = len(consts)
                    consts.append(None)
                taken.add(index)
                consts[index] = ("return", annotated.code)
                made = bytearray()
                put(made, LOAD_CONST, index)
                if len(made) > end - start:
                    longer.append((start, index >> 8))
                    made = made[-2:]
                words[start:end] = bytes((_NOP, 0)) * ((end - start - len(made)) // 2) + made
            if edits.own is not None:
                self.finish_own(code, words, edits, consts, changes, longer)
            else:
                changes["co_code"], changes["co_linetable"] = extend(code, bytes(words), code.co_linetable, longer)
        return code.replace(co_consts=tuple(consts), **changes)  # type: ignore[arg-type]

    def finish_own(self, code: CodeType, words: bytearray, edits: _Edits, consts: list[object], changes: dict[str, object], longer: list[tuple[int, int]]) -> None:
        own = edits.own
        assert own is not None and own.code is not None
        is_module = own.items[0][2] is not None
        names = list(code.co_names)
        nothing = bytes((_NOP, 0))
        setup = next(at for at in range(0, len(words), 2) if words[at] == _SETUP)
        words[setup : setup + 2] = nothing
        if is_module:
            index = names.index("__annotations__")
            names[index] = _CONDITIONAL
        for start, end, number, _ in edits.sites:
            made = bytearray()
            if is_module:
                put(made, LOAD_NAME, index)
                put(made, LOAD_CONST, len(consts))
                consts.append(number)
                made += bytes((_SET_ADD, 1, _POP_TOP, 0))
            words[start:end] = made + nothing * ((end - start - len(made)) // 2)
        done, places = extend(code, bytes(words), code.co_linetable, longer)
        if is_module:
            sample = _module_sample()
            added = sample.make(consts, names, own.code)
            moved = put_at_start(done, places, code.co_exceptiontable, added)
            changes["co_code"], changes["co_linetable"], changes["co_exceptiontable"] = moved
        else:
            sample = _class_sample()
            added = sample.make(consts, names, own.code, tuple(both for _, _, _, both in edits.sites))
            changes["co_code"], changes["co_linetable"] = put_at_end(code, done, places, added, own.line)
        changes["co_names"] = tuple(names)
        changes["co_stacksize"] = max(code.co_stacksize, sample.stack)


def _functions(code: CodeType, words: bytes) -> Iterator[tuple[int, int, int, CodeType]]:
    """Yield for each function made with annotations: where these are loaded from start to instruction, what, and its code."""
    sign = _MAKE_FUNCTION if _SET_ATTRIBUTE < 0 else _SET_ATTRIBUTE
    at = -1
    while (at := words.find(sign, at + 1)) >= 0:
        if at & 1 or not words[at + 1] & _ANNOTATED:
            continue
        load_code = at
        while words[load_code] != _MAKE_FUNCTION:
            load_code -= 2
        load_code -= 2
        load = load_code
        while words[load] != LOAD_CONST or load == load_code:
            load -= 2
        start, index = argument_of(words, load)
        yield start, load, index, code.co_consts[argument_of(words, load_code)[1]]


def _statements(code: CodeType, words: bytes) -> Iterator[tuple[int, int, str, str]]:
    """Yield for each annotated name: where its instructions start, where STORE_SUBSCR is, the name and the text."""
    names = code.co_names
    if "__annotations__" not in names:
        return
    wanted = names.index("__annotations__")
    for at in range(2, len(words), 2):
        if words[at] != LOAD_NAME or argument_of(words, at)[1] != wanted:
            continue
        told_at = argument_of(words, at)[0] - 2
        start, told = argument_of(words, told_at)
        key_at = at + 2
        while words[key_at] == EXTENDED_ARG:
            key_at += 2
        key = argument_of(words, key_at)[1]
        if words[told_at] != LOAD_CONST or words[key_at] != LOAD_CONST or words[key_at + 2] != _STORE_SUBSCR:
            raise Unfit("__annotations__ used otherwise")
        yield start, key_at + 2, code.co_consts[key], code.co_consts[told]


def _constants(words: bytearray, without: set[int]) -> set[int]:
    """Return the indices of the constants that instructions use, but for those that start in *without*."""
    found, argument, start = set(), 0, 0
    for at in range(0, len(words), 2):
        argument = argument << 8 | words[at + 1]
        if words[at] == EXTENDED_ARG:
            continue
        if words[at] in _USES_CONSTANT and start not in without:
            found.add(argument)
        argument, start = 0, at + 2
    return found


_USES_CONSTANT = frozenset(opcode.hasconst)


@functools.cache
def _module_sample() -> Sample:
    source = f"{_CONDITIONAL} = {{*()}}\n__annotate__ = {build.RUNTIME}.module_annotate(lambda: 0)"
    return Sample(source, (_CONDITIONAL, build.RUNTIME, "module_annotate", "__annotate__"), 2)


@functools.cache
def _class_sample() -> Sample:
    source = f"class C:\n __annotations__, __annotate_func__ = {build.RUNTIME}.class_annotations(lambda: 0, .5)"
    return Sample(source, (build.RUNTIME, "class_annotations", "__annotations__", "__annotate_func__"))
