"""``morrow --modernize``: drop what programs did for want of deferred annotations, where that provably changes nothing.

    from __future__ import annotations         gone
    if TYPE_CHECKING: from b import B          from b import B
    def f(b: "B | None") -> "list[B]": ...     def f(b: B | None) -> list[B]: ...

The steps, each in a file of its own: `modernize_project` reads the project and says what its modules import and bind,
`modernize_proof` decides what is safe, `modernize_edits` changes the text and nothing but what has to change,
`modernize_verify` compares what readers of annotations see before and after.
"""

from __future__ import annotations

import argparse
import ast
import difflib
import errno
import os
import shutil
import sys
from pathlib import Path

from morrow.annotations.modernize_edits import modernize_module
from morrow.annotations.modernize_proof import NOT_A_MODULE
from morrow.annotations.modernize_project import Project, read_project
from morrow.messages import say


def main(arguments: list[str]) -> int:
    """Run the command; return its exit status: 0 done or nothing to do, 1 something to do or changed, 2 wrong use."""
    options = _parser().parse_args(arguments)
    paths = [Path(name) for name in options.SRC]
    for path in paths:
        if not path.exists():
            print(say("modernize-missing", path=path), file=sys.stderr)
            return 2
    project = read_project(paths, progress=_progress if sys.stderr.isatty() else None)
    changed = modernize(project, accept_late=options.late)
    for module in project.modules.values():
        for line, why in sorted(module.kept):
            print(f"{module.path}:{line}: kept: {why}")
    for path, why in project.unreadable.items():
        print(f"{path}: left alone: {why}")
    status = 0
    if options.verify and changed:
        from morrow.annotations.modernize_verify import verify

        if sys.stderr.isatty():
            _progress(f"importing {len(project.modules)} modules, before and after")
        problems = verify(project, changed, python=options.python)
        for problem in problems:
            print(f"verify: {problem}")
        if problems:
            print(say("modernize-differs", number=len(problems)), file=sys.stderr)
            return 1
        print(f"verify: what readers of annotations see is the same or more in all of {len(project.modules)} modules")
    if not options.diff and not options.check:
        try:
            write({path: text.encode(project.by_path[path].encoding) for path, text in changed.items()})
        except OSError as error:
            print(say("modernize-unwritten", path=error.filename, error=error.strerror), file=sys.stderr)
            return 2
    for path, text in changed.items():
        if options.diff:
            _print_diff(path, project, text)
        elif options.check:
            print(f"{path}: would be changed")
            status = 1
        else:
            print(f"{path}: changed")
    verb = "would be changed" if options.check or options.diff else "changed"
    kept = sum(len(module.kept) for module in project.modules.values())
    print(f"{len(changed)} of {len(project.modules)} files {verb}, {kept} places kept")
    return status


def _progress(what: str) -> None:
    """Show what is being done, on one line of the terminal."""
    print(f"\r\x1b[K{what}", end="\r", file=sys.stderr, flush=True)


def modernize(project: Project, *, accept_late: bool = False) -> dict[Path, str]:
    """Return the new text of each file that changes; what was kept, and why, is noted in each module's ``kept``.

    Args:
        project: as read by `read_project`.
        accept_late: also close import cycles that late binding (morrow only) can open again.
    """
    changed = {}
    for module in project.modules.values():
        text = modernize_module(module, project, accept_late=accept_late)
        try:
            ast.parse(text)
        except SyntaxError as error:
            # Not known to happen; a file that no longer runs would be worse than one that stays as it is.
            module.kept.append((error.lineno or 1, NOT_A_MODULE))
            continue
        if text != module.text:
            changed[module.path] = text
    return changed


def write(contents: dict[Path, bytes]) -> None:
    """Replace files by new contents: all of them or, if one cannot be written, none. Permissions stay.

    Raises:
        OSError: a file cannot be written; ``filename`` says which.
    """
    new: list[tuple[Path, Path]] = []
    try:
        for path, content in contents.items():
            beside = path.with_name(f"{path.name}.morrow-new")
            new.append((beside, path.resolve()))  # what a link points to is replaced, not the link
            beside.write_bytes(content)
            shutil.copymode(path, beside)
            if not os.access(path, os.W_OK):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
    except OSError:
        for beside, _ in new:
            beside.unlink(missing_ok=True)
        raise
    for beside, path in new:
        os.replace(beside, path)


def _print_diff(path: Path, project: Project, text: str) -> None:
    before = project.by_path[path].text
    lines = difflib.unified_diff(
        before.splitlines(keepends=True), text.splitlines(keepends=True), f"a/{path}", f"b/{path}"
    )
    sys.stdout.writelines(lines)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="morrow --modernize",
        description="Drop `from __future__ import annotations`, unquote hints and turn TYPE_CHECKING guards into plain "
        "imports, where that is proven to change nothing. What cannot be proven stays, with the reason.",
    )
    parser.add_argument("SRC", nargs="+", help="files and folders; a folder is read as a whole project")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--check", action="store_true", help="change nothing; exit with 1 if something would change")
    what.add_argument("--diff", action="store_true", help="change nothing; print what would change")
    parser.add_argument("--verify", action="store_true", help="compare hints and signatures of every public object first")
    parser.add_argument("--late", action="store_true", help="accept import cycles that only run under morrow (late binding)")
    parser.add_argument("--python", default=sys.executable, help="the python that --verify imports the project with")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
