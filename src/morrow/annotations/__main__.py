"""``python -m morrow.annotations MODULE...``: the annotations of everything in a module, and what cannot be evaluated."""

from __future__ import annotations

import argparse
import importlib
import inspect
import sys
from collections.abc import Iterator
from typing import Any

from morrow_runtime.read import get_annotations

VALUE, FORWARDREF, STRING = 1, 3, 4


def main(arguments: list[str] | None = None) -> int:
    """Print the report; return 0, or 1 if something cannot be evaluated, or 2 if a module cannot be imported."""
    parser = argparse.ArgumentParser(
        prog="python -m morrow.annotations",
        description="Print the annotations of the functions and classes of a module in the three formats, and what cannot "
        "be evaluated and why. Run it as `morrow -m morrow.annotations` to import the module as morrow does.",
    )
    parser.add_argument("MODULE", nargs="+", help="the name of a module, as in import")
    parser.add_argument("--problems", action="store_true", help="print only what cannot be evaluated")
    options = parser.parse_args(arguments)
    sys.path.insert(0, "")
    status = 0
    for name in options.MODULE:
        try:
            module = importlib.import_module(name)
        except ImportError as error:
            print(f"{name}: cannot be imported: {error}", file=sys.stderr)
            return 2
        problems = 0
        for where, obj in annotated_objects(module):
            lines, wrong = report(where, obj)
            problems += wrong
            if lines and (wrong or not options.problems):
                print("\n".join(lines))
        print(f"{name}: {problems} annotations cannot be evaluated" if problems else f"{name}: every annotation can be evaluated")
        status = status or int(problems > 0)
    return status


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


def report(where: str, obj: Any) -> tuple[list[str], int]:
    """Return the lines about one object, and how many of its annotations cannot be evaluated."""
    try:
        strings = get_annotations(obj, format=STRING)
        references = get_annotations(obj, format=FORWARDREF)
    except Exception as error:
        return [f"{where}: its annotations cannot be read: {type(error).__name__}: {error}"], 1
    if not strings:
        return [], 0
    try:
        values, failed = get_annotations(obj, format=VALUE), None
    except Exception as error:
        values, failed = {}, error
    lines, problems = [where], 0
    for name, text in strings.items():
        lines.append(f"    {name}: {text}")
        if name in values:
            lines.append(f"        value       {values[name]!r}")
        else:
            why = _why_not(references.get(name))
            problems += why is not None
            lines.append(f"        value       cannot be evaluated: {why}" if why else "        value       can be evaluated alone")
        lines.append(f"        forwardref  {references.get(name)!r}")
        lines.append(f"        string      {text!r}")
    if failed is not None:
        lines.append(f"    as a whole: {type(failed).__name__}: {failed}")
    return lines, problems


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
