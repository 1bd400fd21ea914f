"""Read a project for `modernize`: its modules, what each imports when it is imported, and what each binds."""

from __future__ import annotations

import ast
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Module:
    """One file.

    Attributes:
        name: as other modules import it.
        kept: (line, reason) of what could not be changed.
        bound: names bound at module level outside guards, with the lines that bind them.
        guarded: names that only a guard which stays binds.
    """

    name: str
    path: Path
    text: str
    encoding: str
    tree: ast.Module
    is_package: bool
    kept: list[tuple[int, str]] = field(default_factory=list)
    bound: dict[str, list[int]] = field(default_factory=dict)
    guarded: set[str] = field(default_factory=set)


@dataclass
class Project:
    """The modules of a project, and which imports which when it is imported.

    Attributes:
        edges: module name -> names of the project's modules it imports at once.
        always: top-level names of foreign packages that some module imports at once, outside any guard or try.
    """

    modules: dict[str, Module] = field(default_factory=dict)
    by_path: dict[Path, Module] = field(default_factory=dict)
    unreadable: dict[Path, str] = field(default_factory=dict)
    edges: dict[str, set[str]] = field(default_factory=dict)
    always: set[str] = field(default_factory=set)

    def find_path(self, start: str, goal: str) -> list[str] | None:
        """Return the shortest chain of imports from one module to another, or None."""
        before: dict[str, str] = {}
        waiting = [start]
        seen = {start}
        for name in waiting:
            if name == goal:
                chain = [name]
                while name in before:
                    name = before[name]
                    chain.append(name)
                return chain[::-1]
            for other in sorted(self.edges.get(name, ())):
                if other not in seen:
                    seen.add(other)
                    before[other] = name
                    waiting.append(other)
        return None

    def resolve(self, module: Module, node: ast.Import | ast.ImportFrom) -> list[str]:
        """Return the modules that an import statement runs, outermost package first; foreign ones by their full name."""
        found: list[str] = []
        if isinstance(node, ast.Import):
            for alias in node.names:
                found += _with_parents(alias.name)
            return found
        base = node.module or ""
        if node.level:
            parts = module.name.split(".")
            keep = len(parts) - node.level + (1 if module.is_package else 0)
            base = ".".join([*parts[: max(keep, 0)], *([node.module] if node.module else [])])
        found += _with_parents(base)
        found += [f"{base}.{alias.name}" for alias in node.names if f"{base}.{alias.name}" in self.modules]
        return found


def read_project(paths: list[Path]) -> Project:
    """Read every Python file below *paths*."""
    project = Project()
    for path in paths:
        for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            _read(project, file)
    for module in project.modules.values():
        _note_imports(project, module)
        module.bound = _bound_at_top(module.tree)
    return project


def is_guard(node: ast.stmt) -> bool:
    """Return whether a statement is ``if TYPE_CHECKING:`` (or ``typing.TYPE_CHECKING``)."""
    if not isinstance(node, ast.If):
        return False
    test = node.test
    return isinstance(test, ast.Name) and test.id == "TYPE_CHECKING" or (
        isinstance(test, ast.Attribute) and test.attr == "TYPE_CHECKING" and isinstance(test.value, ast.Name)
    )


def import_time_statements(body: list[ast.stmt], *, inside_try: bool = False) -> Iterator[tuple[ast.stmt, bool]]:
    """Yield the statements that run when a module is imported, and whether they stand in a try or under a condition."""
    for statement in body:
        yield statement, inside_try
        if is_guard(statement):
            yield from import_time_statements(statement.orelse, inside_try=True)  # type: ignore[attr-defined]
        elif isinstance(statement, ast.ClassDef):
            yield from import_time_statements(statement.body, inside_try=inside_try)
        elif not isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)):
            for name in ("body", "orelse", "finalbody"):
                yield from import_time_statements(getattr(statement, name, []), inside_try=True)
            for part in (*getattr(statement, "handlers", ()), *getattr(statement, "cases", ())):
                yield from import_time_statements(part.body, inside_try=True)


def _read(project: Project, path: Path) -> None:
    try:
        with tokenize.open(path) as file:
            text, encoding = file.read(), file.encoding
        # tokenize.open translates line ends, which the edits must keep.
        text = path.read_bytes().decode(encoding)
        tree = ast.parse(text, str(path))
    except (SyntaxError, UnicodeDecodeError, ValueError) as error:
        project.unreadable[path] = f"it cannot be parsed on this Python: {error}"
        return
    is_package = path.name == "__init__.py"
    module = Module(_name_of(path), path, text, encoding, tree, is_package)
    project.modules[module.name] = module
    project.by_path[path] = module


def _name_of(path: Path) -> str:
    parts = [] if path.name == "__init__.py" else [path.stem]
    folder = path.resolve().parent
    while (folder / "__init__.py").exists():
        parts.insert(0, folder.name)
        folder = folder.parent
    return ".".join(parts) or path.resolve().parent.name


def _note_imports(project: Project, module: Module) -> None:
    edges = project.edges.setdefault(module.name, set())
    parent = module.name.rpartition(".")[0]
    if parent in project.modules:
        edges.add(parent)
    for statement, conditional in import_time_statements(module.tree.body):
        if not isinstance(statement, (ast.Import, ast.ImportFrom)):
            continue
        for name in project.resolve(module, statement):
            if name in project.modules:
                edges.add(name)
            elif not conditional:
                project.always.add(name.partition(".")[0])
    edges.discard(module.name)


def _with_parents(name: str) -> list[str]:
    parts = name.split(".")
    return [".".join(parts[: index + 1]) for index in range(len(parts))] if name else []


def _bound_at_top(tree: ast.Module) -> dict[str, list[int]]:
    bound: dict[str, list[int]] = {}

    def note(name: str, line: int) -> None:
        bound.setdefault(name, []).append(line)

    def visit(body: list[ast.stmt]) -> None:
        for statement in body:
            if is_guard(statement):
                visit(statement.orelse)  # type: ignore[attr-defined]
                continue
            if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                note(statement.name, statement.lineno)
                continue
            if isinstance(statement, (ast.Import, ast.ImportFrom)):
                for alias in statement.names:
                    note((alias.asname or alias.name).partition(".")[0], statement.lineno)
                continue
            for name in ("body", "orelse", "finalbody"):
                visit(getattr(statement, name, []))
            for part in (*getattr(statement, "handlers", ()), *getattr(statement, "cases", ())):
                visit(part.body)
            for node in ast.walk(statement):
                if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                    note(node.id, node.lineno)
                elif type(node).__name__ == "TypeAlias":
                    note(node.name.id, node.lineno)  # type: ignore[attr-defined]

    visit(tree.body)
    return bound
