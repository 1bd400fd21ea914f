"""Run one of CPython 3.14's own test modules on this host, under morrow's compiler. Started as a script, one per module.

    python runner.py LIB MODULE... [--plain] [--verbose]

LIB is the 3.14 host's library folder; MODULE is a name such as ``test.test_patma``. Prints one JSON object per module:
``{"module": ..., "methods": {"Class.method": ["ok" | "fail" | "skip", reason]}}``. ``--plain`` is for 3.14 itself: it
runs the module as it is. A method counts as failed if any of its subtests fails.

What the tests need besides the language is brought along here, in memory, from the 3.14 library: the helpers that
3.14's test.support has and this host's lacks. Nothing of it is kept.
"""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import io
import json
import os
import sys
import types
import unittest
import warnings

LIB = sys.argv[1]
MODULES = [name for name in sys.argv[2:] if not name.startswith("-")]
PLAIN = "--plain" in sys.argv
SKIPPED = frozenset(os.environ.get("MORROW_TEST_SKIPS", "").split())
VERBOSE = "--verbose" in sys.argv
DEFERRED = "--eager" not in sys.argv
OWN_INTERPRETERS = "--own-interpreters" in sys.argv  # morrow's, in place of the host's, where it has some
INTERPRETERS = any(name.startswith(("test.test_interpreters", "test.test_concurrent_futures")) for name in MODULES)

# Packages of test modules and of data that they import: taken from 3.14, compiled by morrow.
FROM_314 = ("_colorize", "test.typinganndata", "test.test_inspect", "test.test_string", "test.test_dataclasses", "test.test_import")
# What some of them import of 3.14's library only to have it: their tests of `python` itself are the ones that count here.
NEEDS = {"test.test_pyrepl": ("test.test_pyrepl", "_pyrepl")}
# Decorators of test.support about platforms and build options, which say nothing about the language.
HARMLESS = (
    "cpython_only requires_docstrings skip_emscripten_stack_overflow skip_wasi_stack_overflow requires_resource "
    "skip_if_unlimited_stack_size exceeds_recursion_limit skip_if_pgo_task "
    "force_colorized force_colorized_test_class requires_singlephase_init"
).split()


def main() -> None:
    if not PLAIN:
        prepare()
    for name in MODULES:
        print(json.dumps({"module": name, "methods": run(name)}), flush=True)


def run(name: str) -> dict[str, list[str]]:
    """Run a module; return what became of each method, or of the import as ``<import>``."""
    try:
        module = importlib.import_module(name)
    except unittest.SkipTest as reason:
        return {"<import>": ["skip", str(reason)]}
    except BaseException as error:
        if VERBOSE:
            import traceback

            traceback.print_exc()
        return {"<import>": ["fail", f"{type(error).__name__}: {error}"]}
    loader = unittest.TestLoader()
    suite = loader.loadTestsFromModule(module)
    result = Result(name)
    with warnings.catch_warnings():
        _without_skipped(suite, result).run(result)
    return result.methods


def _without_skipped(suite: unittest.TestSuite, result: Result) -> unittest.TestSuite:
    """Leave out methods that are not to be run at all: some would end the process."""
    kept = type(suite)()
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            kept.addTest(_without_skipped(test, result))
        elif result._id(test) not in SKIPPED:
            kept.addTest(test)
    return kept


class Result(unittest.TestResult):
    """Collects one line per method; doctests count by their name."""

    def __init__(self, module: str) -> None:
        super().__init__()
        self.module = module
        self.methods: dict[str, list[str]] = {}

    def _id(self, test: object) -> str:
        case = getattr(test, "test_case", test)
        return case.id().removeprefix(self.module + ".")  # type: ignore[attr-defined,no-any-return]

    def startTest(self, test: unittest.TestCase) -> None:
        super().startTest(test)
        self.methods.setdefault(self._id(test), ["ok", ""])

    def _bad(self, test: object, error: tuple) -> None:  # type: ignore[type-arg]
        import traceback

        if self.methods.get(self._id(test), ["ok"])[0] != "fail":
            shown = traceback.format_exception_only(error[0], error[1])
            self.methods[self._id(test)] = ["fail", "".join(shown).strip()[-400:]]
        if VERBOSE:
            print("-----", self._id(test), file=sys.stderr)
            traceback.print_exception(*error, limit=-8)

    def addError(self, test: object, error: tuple) -> None:  # type: ignore[type-arg,override]
        self._bad(test, error)

    def addFailure(self, test: object, error: tuple) -> None:  # type: ignore[type-arg,override]
        self._bad(test, error)

    def addSubTest(self, test: object, subtest: object, error: tuple | None) -> None:  # type: ignore[type-arg,override]
        if error is not None:
            self._bad(test, error)

    def addUnexpectedSuccess(self, test: unittest.TestCase) -> None:
        self.methods[self._id(test)] = ["fail", "unexpected success"]

    def addSkip(self, test: unittest.TestCase, reason: str) -> None:
        self.methods[self._id(test)] = ["skip", reason]


# -- this host, made ready for 3.14's tests ------------------------------------------------------------------------------


def prepare() -> None:
    """Install morrow's compiler, the doors, and what test.support lacks."""
    if INTERPRETERS:
        _prepare_interpreters()
        if OWN_INTERPRETERS:
            return
    from morrow.language import builtins_patch

    sys.meta_path.insert(0, Finder())
    builtins_patch.install(deferred=DEFERRED, is_program=_is_test)
    builtins_patch.complete_ast()
    _install_morrow()
    _start_children_under_morrow()
    _complete_test_case()
    _complete_support()
    _complete_children()
    if any(name.startswith(("test.test_pdb", "test.test_remote_pdb")) for name in MODULES):
        _complete_pdb()
    warnings.simplefilter("ignore")


def _complete_pdb() -> None:
    """Give pdb what a start under morrow gives it, and asyncio the private name that test_pdb takes its event loop away with."""
    import asyncio.events
    import pdb

    from morrow.debug import library_pdb

    library_pdb.complete(pdb)

    if not hasattr(asyncio.events, "_set_event_loop_policy"):
        asyncio.events._set_event_loop_policy = asyncio.events.set_event_loop_policy  # type: ignore[attr-defined]


def _prepare_interpreters() -> None:
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    import interpreters_314

    interpreters_314.install(LIB, OWN_INTERPRETERS)
    del sys.path[0]


def _install_morrow() -> None:
    """Do what `morrow` does at start as far as this build can: names of 3.14 in typing, types, functools, inspect."""
    for module, function in (
        ("morrow.language.library_names", "install"),
        ("morrow.language.tracebacks.uncaught", "install"),
        ("morrow.annotations", "install"),
    ):
        try:
            getattr(importlib.import_module(module), function)()
        except (ImportError, AttributeError) as error:
            if VERBOSE:
                print("without", module, error, file=sys.stderr)


def _is_test(frame: types.FrameType, path: str) -> bool:
    from morrow.language.builtins_patch import _is_program

    # Helpers of test.support compile what a test hands them.
    of_a_test = str(frame.f_globals.get("__name__")).startswith("test.")
    return of_a_test or frame.f_code.co_filename.startswith(LIB) or _is_program(frame, path)


class Loader(importlib.abc.InspectLoader):
    """Loads a file of 3.14's library through morrow's compiler."""

    def __init__(self, path: str) -> None:
        self.path = path

    def get_filename(self, name: str) -> str:
        return self.path

    def is_package(self, name: str) -> bool:
        return self.path.endswith("__init__.py")

    def get_source(self, name: str) -> str:
        with open(self.path, encoding="utf-8") as file:
            return file.read()

    def get_code(self, name: str) -> types.CodeType:
        from morrow import language

        with open(self.path, "rb") as file:
            return language.compile(file.read(), self.path, deferred=DEFERRED, late=False)

    def exec_module(self, module: types.ModuleType) -> None:
        module.__file__ = self.path
        exec(self.get_code(module.__name__), module.__dict__)


class Finder(importlib.abc.MetaPathFinder):
    """Finds test modules and their data in 3.14's library, doors in morrow, missing support modules in 3.14's library."""

    def find_spec(self, name, path, target=None):  # type: ignore[no-untyped-def,override]
        place = None
        if name in MODULES or name.startswith(FROM_314) or any(module.startswith(user) and name.startswith(needs) for user, needs in NEEDS.items() for module in MODULES):
            place = _file(name)
        elif name.startswith("test.support."):
            import test.support

            here = os.path.join(test.support.__path__[0], name.rpartition(".")[2])
            if name == "test.support.pty_helper" or not os.path.exists(here + ".py") and not os.path.isdir(here):
                place = _file(name)
        elif name in ("annotationlib", "string.templatelib"):
            return self._door(name)
        if place is None:
            return None
        folders = [os.path.dirname(place)] if place.endswith("__init__.py") else None
        return importlib.util.spec_from_file_location(name, place, loader=Loader(place), submodule_search_locations=folders)

    def _door(self, name: str):  # type: ignore[no-untyped-def]
        import morrow.stdlib

        path = os.path.join(os.path.dirname(morrow.stdlib.__file__), *name.split(".")) + ".py"
        if os.path.exists(path):
            return importlib.util.spec_from_file_location(name, path)
        return None


def _file(name: str) -> str | None:
    stem = os.path.join(LIB, *name.split("."))
    for candidate in (stem + ".py", os.path.join(stem, "__init__.py")):
        if os.path.exists(candidate):
            return candidate
    return None


def _complete_support() -> None:
    """Add to this host's test.support what 3.14's defines at its top level and this one lacks."""
    import ast
    import string

    import test.support as support

    if not hasattr(string, "__path__"):
        string.__path__ = []  # type: ignore[attr-defined]
    for name in HARMLESS:
        if not hasattr(support, name):
            setattr(support, name, _pass)
    if not hasattr(support, "force_not_colorized"):
        support.force_not_colorized = _force_not_colorized
    if not hasattr(support, "force_not_colorized_test_class"):
        support.force_not_colorized_test_class = _force_not_colorized_test_class
    _add_missing(support, "test/support/__init__.py", ast)
    for name in ("import_helper", "script_helper", "os_helper", "warnings_helper"):
        _add_missing(importlib.import_module(f"test.support.{name}"), f"test/support/{name}.py", ast)
    if any(module.startswith("test.test_pyrepl") for module in MODULES):
        _add_missing(importlib.import_module("site"), "site.py", ast)
    # What 3.14 changed in helpers that both have, and its tests rely on.
    for name in ("run_code", "check_syntax_error", "run_no_yield_async_fn", "check_sanitizer", "skip_if_sanitizer"):
        _add_missing(support, "test/support/__init__.py", ast, replace={name})


def _start_children_under_morrow() -> None:
    """Let `sys.executable`, which tests start children with, be morrow on this host.

    The script that is goes into the folder of whoever runs us, who takes it away: we may be killed.
    """
    import shlex
    import tempfile

    import morrow

    script = os.path.join(os.environ.get("MORROW_TEST_FOLDER") or tempfile.mkdtemp(prefix="morrow-runner-"), "python")
    command = shlex.join([sys.executable, os.path.dirname(os.path.abspath(morrow.__file__))])
    with open(script, "w", encoding="utf-8") as file:
        file.write(f'#!/bin/sh\nexec {command} "$@"\n')
    os.chmod(script, 0o755)
    sys.executable = script


def _complete_children() -> None:
    """Give children that import test.support, which is this host's there, what 3.14's has: before their code, on a line more."""
    import ast

    from test import support
    from test.support import script_helper

    with open(os.path.join(LIB, "test/support/__init__.py"), encoding="utf-8") as file:
        source = file.read()
    found = {node.name: node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef) and not node.decorator_list}
    lacking = {name: node for name, node in found.items() if getattr(support, name, _pass).__code__.co_filename != support.__file__}

    def completed(arguments: tuple[object, ...]) -> list[object]:
        made = list(arguments)
        at = made.index("-c") + 1 if "-c" in made else 0
        code = made[at] if 0 < at < len(made) else ""
        if isinstance(code, str) and "from test import support" in code:
            helpers = [ast.get_source_segment(source, node) for name, node in lacking.items() if f"support.{name}" in code]
            if helpers:
                text = "\n".join(map(str, helpers))
                made[at] = f"import test.support; exec({text!r}, test.support.__dict__)\n{code}"
        return made

    for name in ("run_python_until_end", "spawn_python"):
        function = getattr(script_helper, name)
        setattr(script_helper, name, lambda *arguments, _function=function, **options: _function(*completed(arguments), **options))


def _complete_test_case() -> None:
    """The assertions that unittest gained after this host."""

    def starts_with(self, s, prefix, msg=None):  # type: ignore[no-untyped-def]
        self.assertTrue(s.startswith(prefix), msg or f"{s!r} doesn't start with {prefix!r}")

    def not_starts_with(self, s, prefix, msg=None):  # type: ignore[no-untyped-def]
        self.assertFalse(s.startswith(prefix), msg or f"{s!r} starts with {prefix!r}")

    def ends_with(self, s, suffix, msg=None):  # type: ignore[no-untyped-def]
        self.assertTrue(s.endswith(suffix), msg or f"{s!r} doesn't end with {suffix!r}")

    def not_ends_with(self, s, suffix, msg=None):  # type: ignore[no-untyped-def]
        self.assertFalse(s.endswith(suffix), msg or f"{s!r} ends with {suffix!r}")

    def has_attr(self, obj, name, msg=None):  # type: ignore[no-untyped-def]
        self.assertTrue(hasattr(obj, name), msg or f"{obj!r} has no attribute {name!r}")

    def not_has_attr(self, obj, name, msg=None):  # type: ignore[no-untyped-def]
        self.assertFalse(hasattr(obj, name), msg or f"{obj!r} has attribute {name!r}")

    def is_subclass(self, cls, superclass, msg=None):  # type: ignore[no-untyped-def]
        self.assertTrue(issubclass(cls, superclass), msg or f"{cls!r} is not a subclass of {superclass!r}")

    def not_is_subclass(self, cls, superclass, msg=None):  # type: ignore[no-untyped-def]
        self.assertFalse(issubclass(cls, superclass), msg or f"{cls!r} is a subclass of {superclass!r}")

    for name, function in {
        "assertStartsWith": starts_with,
        "assertNotStartsWith": not_starts_with,
        "assertEndsWith": ends_with,
        "assertNotEndsWith": not_ends_with,
        "assertHasAttr": has_attr,
        "assertNotHasAttr": not_has_attr,
        "assertIsSubclass": is_subclass,
        "assertNotIsSubclass": not_is_subclass,
    }.items():
        if not hasattr(unittest.TestCase, name):
            setattr(unittest.TestCase, name, function)


def _force_not_colorized(function):  # type: ignore[no-untyped-def]
    import functools

    @functools.wraps(function)
    def without_colours(*arguments, **keywords):  # type: ignore[no-untyped-def]
        before = os.environ.get("NO_COLOR")
        os.environ["NO_COLOR"] = "1"
        try:
            return function(*arguments, **keywords)
        finally:
            del os.environ["NO_COLOR"]
            if before is not None:
                os.environ["NO_COLOR"] = before

    return without_colours


def _force_not_colorized_test_class(cls):  # type: ignore[no-untyped-def]
    cls.setUp = _force_not_colorized(cls.setUp)
    for name in dir(cls):
        if name.startswith("test"):
            setattr(cls, name, _force_not_colorized(getattr(cls, name)))
    return cls


def _pass(*arguments, **keywords):  # type: ignore[no-untyped-def]
    return arguments[0] if arguments and callable(arguments[0]) else (lambda made: made)


def _add_missing(module: types.ModuleType, path: str, ast: types.ModuleType, replace: set[str] = frozenset()) -> None:  # type: ignore[assignment]
    from morrow import language

    with open(os.path.join(LIB, path), encoding="utf-8") as file:
        tree = language.parse(file.read(), path)
    for node in tree.body:  # type: ignore[attr-defined]
        if isinstance(node, ast.Import) and not replace:
            for alias in node.names:
                if not hasattr(module, alias.asname or alias.name) and "." not in alias.name:
                    try:
                        setattr(module, alias.asname or alias.name, importlib.import_module(alias.name))
                    except ImportError:
                        pass  # a module of 3.14: helpers that use it say so
        names = [node.name] if isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.AsyncFunctionDef)) else []
        if isinstance(node, ast.Assign):
            names = [target.id for target in node.targets if isinstance(target, ast.Name)]
        wanted = [name for name in names if name in replace or not replace and not hasattr(module, name)]
        if not wanted:
            continue
        try:
            exec(language.compile(ast.Module([node], []), path, deferred=DEFERRED, late=False), module.__dict__)
        except Exception as error:
            # A helper that this host cannot even define is one whose tests will say so.
            if VERBOSE:
                print("test.support lacks", wanted, error, file=sys.stderr)


if __name__ == "__main__":
    sys.stdout = io.TextIOWrapper(os.fdopen(os.dup(1), "wb"), encoding="utf-8", line_buffering=True)
    # What the tests themselves print is not part of the report.
    os.dup2(2, 1)
    report, sys.stdout = sys.stdout, sys.stderr
    print = __builtins__.print  # type: ignore[attr-defined]
    _print = print

    def print(*values, **options):  # type: ignore[no-untyped-def]
        options.setdefault("file", report)
        _print(*values, **options)

    main()
