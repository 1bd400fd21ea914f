"""``python -m morrow.annotations MODULE...``: the annotations of everything in a module, and what cannot be evaluated."""

from __future__ import annotations

import argparse
import importlib
import inspect
import json
import os
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from morrow.messages import say
from morrow_runtime.read import get_annotations

VALUE, FORWARDREF, STRING = 1, 3, 4


@dataclass(frozen=True)
class Annotation:
    """One annotation in the three formats.

    Attributes:
        string, forwardref, value: its source text, and the repr of what the other two formats give; value is None where
            the annotations of its object cannot be evaluated as a whole.
        problem: why it cannot be evaluated itself, or None.
    """

    string: str
    forwardref: str
    value: str | None
    problem: str | None


@dataclass(frozen=True)
class Annotated:
    """A module, class or function.

    Attributes:
        where: its dotted name.
        annotations: by name.
        problem: what evaluating them all says, or reading them, or None.
    """

    where: str
    annotations: dict[str, Annotation]
    problem: str | None

    def problems(self) -> int:
        """Return how many annotations cannot be evaluated, at least 1 if something is wrong with the object."""
        return sum(each.problem is not None for each in self.annotations.values()) or int(self.problem is not None)

    def __str__(self) -> str:
        if not self.annotations:
            return f"{self.where}: its annotations cannot be read: {self.problem}"
        lines = [self.where]
        for name, each in self.annotations.items():
            value = each.value if each.value is not None else "can be evaluated alone"
            lines.append(f"    {name}: {each.string}")
            lines.append(f"        value       {value if each.problem is None else f'cannot be evaluated: {each.problem}'}")
            lines += [f"        forwardref  {each.forwardref}", f"        string      {each.string!r}"]
        if self.problem is not None:
            lines.append(f"    as a whole: {self.problem}")
        return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    """Print the report; return 0, or 1 if something cannot be evaluated, or 2 if a module cannot be imported."""
    options = _parser().parse_args(arguments)
    sys.path.insert(0, "")
    status, all_found = 0, {}
    for name in options.MODULE:
        module = _import(name)
        if module is None:
            status = 2
            continue
        found = [each for where, obj in annotated_objects(module) if (each := look(where, obj)) is not None]
        problems = sum(each.problems() for each in found)
        status = max(status, int(problems > 0))
        if options.problems:
            found = [each for each in found if each.problems()]
        all_found[name] = found
        if not options.json:
            print(*found, sep="\n", end="\n" if found else "")
            print(f"{name}: {problems} annotations cannot be evaluated" if problems else f"{name}: every annotation can be evaluated")
    if options.json:
        json.dump({name: [asdict(each) for each in found] for name, found in all_found.items()}, sys.stdout, indent=2)
        print()
    return status


def _import(name: str) -> Any:
    """Return a module, or None once it has been said why there is none."""
    if os.sep in name or name.endswith(".py"):
        guess = os.path.relpath(name).removesuffix(".py").replace(os.sep, ".").removesuffix(".__init__")
        print(say("annotations-file", module=name, guess=guess), file=sys.stderr)
        return None
    try:
        return importlib.import_module(name)
    except (Exception, SystemExit) as error:
        print(say("annotations-import", module=name, error=f"{type(error).__name__}: {error}"), file=sys.stderr)
        return None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m morrow.annotations",
        description="Print the annotations of the functions and classes of a module in the three formats, and what cannot "
        "be evaluated and why. Run it as `morrow -m morrow.annotations` to import the module as morrow does. "
        "Exit status: 0 everything can be evaluated, 1 something cannot, 2 a module cannot be imported.",
    )
    parser.add_argument("MODULE", nargs="+", help="the name of a module, as in import")
    parser.add_argument("--problems", action="store_true", help="print only what cannot be evaluated")
    parser.add_argument("--json", action="store_true", help="print one JSON object: for each module a list of objects")
    return parser


def annotated_objects(module: Any) -> Iterator[tuple[str, Any]]:
    """Yield the module, and the functions and classes defined in it with the name they are found under."""
    yield module.__name__, module
    seen: set[int] = set()

    def inside(prefix: str, obj: Any) -> Iterator[tuple[str, Any]]:
        for name, value in sorted(vars(obj).items()):
            value = inspect.unwrap(getattr(value, "__func__", getattr(value, "fget", value)) or value)
            if not inspect.isfunction(value) and not inspect.isclass(value):
                continue
            if getattr(value, "__module__", None) != module.__name__ or id(value) in seen:
                continue
            if name in ("__annotate__", "__annotate_func__"):
                continue
            seen.add(id(value))
            yield f"{prefix}.{name}", value
            if inspect.isclass(value):
                yield from inside(f"{prefix}.{name}", value)

    yield from inside(module.__name__, module)


def look(where: str, obj: Any) -> Annotated | None:
    """Return what there is to say about an object, or None if it is not annotated."""
    try:
        strings = get_annotations(obj, format=STRING)
        references = get_annotations(obj, format=FORWARDREF)
    except Exception as error:
        return Annotated(where, {}, f"{type(error).__name__}: {error}")
    if not strings:
        return None
    values: dict[str, Any] = {}
    problem = None
    try:
        values = get_annotations(obj, format=VALUE)
    except Exception as error:
        problem = f"{type(error).__name__}: {error}"
    found = {
        name: Annotation(
            text,
            repr(references.get(name)),
            repr(values[name]) if name in values else None,
            None if name in values else _why_not(references.get(name)),
        )
        for name, text in strings.items()
    }
    return Annotated(where, found, problem)


def _why_not(value: Any) -> str | None:
    """Return why a value in the FORWARDREF format is not whole, or None if it is."""
    if type(value).__name__ == "ForwardRef":
        try:
            value.evaluate()
        except Exception as error:
            return f"{type(error).__name__}: {error}"
        return None
    parts = value if isinstance(value, (list, tuple)) else getattr(value, "__args__", None) or ()
    for part in parts:
        if part is not value and (why := _why_not(part)):
            return why
    return None


if __name__ == "__main__":
    sys.exit(main())
