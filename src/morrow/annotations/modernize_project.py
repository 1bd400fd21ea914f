"""Read a project for `modernize`: its modules, what each imports when it is imported, and what each binds."""

from __future__ import annotations

import ast
import tokenize
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Module:
    """One file.

    Attributes:
        name: as other modules import it.
        kept: (line, reason) of what could not be changed.
        bound: names bound at module level outside guards, with the lines that bind them.
        sure: those of them that are bound on every way through the module when it is imported.
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
    sure: set[str] = field(default_factory=set)
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


def read_project(paths: list[Path], progress: Callable[[str], None] | None = None) -> Project:
    """Read every Python file below *paths*; *progress* is told what is being read."""
    project = Project()
    for path in paths:
        for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            if progress is not None:
                progress(f"reading {file}")
            _read(project, file)
    for module in project.modules.values():
        _note_imports(project, module)
        module.bound = _bound_at_top(module.tree)
        module.sure = _surely_bound(module.tree.body)
    return project


def is_guard(node: ast.stmt) -> bool:
    """Return whether a statement is ``if TYPE_CHECKING:`` (or ``typing.TYPE_CHECKING``)."""
    if not isinstance(node, ast.If):
        return False
    test = node.test
    return isinstance(test, ast.Name) and test.id == "TYPE_CHECKING" or (
        isinstance(test, ast.Attribute) and test.attr == "TYPE_CHECKING" and isinstance(test.value, ast.Name)
    )


def is_main_block(node: ast.stmt) -> bool:
    """Return whether a statement is ``if __name__ == "__main__":``, which no importer runs."""
    return isinstance(node, ast.If) and not node.orelse and ast.unparse(node.test) in ("__name__ == '__main__'", "'__main__' == __name__")


def import_time_statements(body: list[ast.stmt], *, inside_try: bool = False) -> Iterator[tuple[ast.stmt, bool]]:
    """Yield the statements that run when a module is imported, and whether they stand in a try or under a condition."""
    for statement in body:
        if is_main_block(statement):
            continue
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
            if is_main_block(statement):
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


def _surely_bound(body: list[ast.stmt]) -> set[str]:
    """Return the names that are bound once a body has run to its end, whichever way it took."""
    bound: set[str] = set()
    for statement in body:
        if isinstance(statement, ast.If):
            if not is_guard(statement):
                branches = [_surely_bound(branch) for branch in (statement.body, statement.orelse) if not _leaves(branch)]
                bound |= set.intersection(*branches) if branches else set()
                bound |= _walrus(statement.test)
        elif isinstance(statement, (ast.Try, getattr(ast, "TryStar", ast.Try))):
            ways = [_surely_bound([*statement.body, *statement.orelse])]
            ways += [_surely_bound(handler.body) for handler in statement.handlers if not _leaves(handler.body)]
            bound |= set.intersection(*ways) | _surely_bound(statement.finalbody)
        elif isinstance(statement, (ast.With, ast.AsyncWith)):
            bound |= {node.id for item in statement.items for node in ast.walk(item) if _stores(node)}  # type: ignore[attr-defined]
            bound |= _surely_bound(statement.body)
        elif isinstance(statement, (ast.For, ast.AsyncFor, ast.While, ast.Match)):
            continue  # may not run at all
        elif isinstance(statement, ast.Delete):
            bound -= {target.id for target in statement.targets if isinstance(target, ast.Name)}
        elif not (isinstance(statement, ast.AnnAssign) and statement.value is None):
            bound |= _bound_at_top(ast.Module([statement], [])).keys()
    return bound


def _leaves(body: list[ast.stmt]) -> bool:
    return bool(body) and isinstance(body[-1], (ast.Raise, ast.Return, ast.Continue, ast.Break))


def _stores(node: ast.AST) -> bool:
    return isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)


def _walrus(expression: ast.expr) -> set[str]:
    return {node.target.id for node in ast.walk(expression) if isinstance(node, ast.NamedExpr)}
