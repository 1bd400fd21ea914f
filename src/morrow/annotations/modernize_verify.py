"""Compare what readers of annotations see before and after `modernize`: type hints and signatures of public objects."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from morrow.annotations.modernize_project import Project
from morrow.host import HERE

_READER = '''
import importlib, inspect, json, re, sys, types, typing

def shown(read):
    try:
        return ["value", re.sub(" at 0x[0-9a-f]+", "", repr(read()))]
    except Exception as error:
        return ["error", type(error).__name__ + ": " + str(error)]

def told(hint):
    # typing keeps what it has made: Union[str, X] may come out as an earlier Union[X, str], which is the same.
    origin = typing.get_origin(hint)
    if origin is None:
        return repr(hint)
    parts = [told(part) for part in typing.get_args(hint)]
    if origin is typing.Union or origin is types.UnionType:
        return "Union" + repr(sorted(parts))
    return repr(origin) + repr(parts)

def hints(obj):
    found = typing.get_type_hints(obj, include_extras=True)
    return {name: told(hint) for name, hint in found.items()}

def parameters(obj):
    # Without annotations, which the hints show: a hint quoted twice is text here, before.
    signature = inspect.signature(obj)
    return [(each.name, each.kind.name, repr(each.default)) for each in signature.parameters.values()]

def look(name, obj, out, depth=0):
    if isinstance(obj, type) or inspect.isfunction(obj):
        out[name + " hints"] = shown(lambda: hints(obj))
        out[name + " signature"] = shown(lambda: parameters(obj))
        if isinstance(obj, type) and depth < 2:
            for key, value in list(vars(obj).items()):
                value = getattr(value, "__func__", value)
                if not key.startswith("__") or key in ("__init__", "__call__"):
                    if isinstance(value, type) and value.__qualname__.startswith(obj.__qualname__ + ".") or inspect.isfunction(value):
                        look(name + "." + key, value, out, depth + 1)

results = {}
for name in json.loads(sys.argv[1]):
    try:
        module = importlib.import_module(name)
    except BaseException as error:
        results[name] = ["error", type(error).__name__ + ": " + str(error)]
        continue
    results[name] = ["value", "imported"]
    for key, value in list(vars(module).items()):
        if not key.startswith("_") and getattr(value, "__module__", None) == name:
            look(name + ":" + key, value, results)
print("RESULT" + json.dumps(results))
'''


def verify(project: Project, changed: dict[Path, str], *, python: str) -> list[str]:
    """Import every module of the project before and after the change, and say what got worse.

    A hint that could not be evaluated before and can be now is what the change is for. Anything else that differs is
    reported.

    Args:
        changed: new text by path.
        python: the interpreter; runs the project under morrow if it does not defer annotations itself.
    """
    with tempfile.TemporaryDirectory(prefix="morrow-modernize-") as folder:
        before, after = Path(folder, "before"), Path(folder, "after")
        for place in (before, after):
            for module in project.modules.values():
                parts = module.name.split(".")
                target = place.joinpath(*parts, "__init__.py") if module.is_package else place.joinpath(*parts).with_suffix(".py")
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(module.path, target)
                _copy_data(module.path.parent, target.parent)
                if place is after and module.path in changed:
                    target.write_bytes(changed[module.path].encode(module.encoding))
        names = sorted(name for name in project.modules if not name.endswith("__main__"))
        seen = [_look(python, place, names) for place in (before, after)]
    return _compare(*seen)


def _copy_data(source: Path, target: Path) -> None:
    for path in source.iterdir():
        if path.is_file() and path.suffix not in (".py", ".pyc") and not (target / path.name).exists():
            shutil.copyfile(path, target / path.name)


def _look(python: str, place: Path, names: list[str]) -> dict[str, list[str]]:
    reader = place / "_morrow_reader.py"
    reader.write_text(_READER, encoding="utf-8")
    runs_natively = HERE is not None and HERE.defers_annotations
    command = [python, *([] if runs_natively else ["-m", "morrow"]), str(reader), json.dumps(names)]
    root = str(Path(__file__).parents[2])
    path = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")]))
    done = subprocess.run(command, cwd=place, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": path})
    for line in done.stdout.splitlines():
        if line.startswith("RESULT"):
            return json.loads(line.removeprefix("RESULT").replace(str(place), "..."))  # type: ignore[no-any-return]
    return {"the whole project": ["error", done.stderr[-500:]]}


def _compare(before: dict[str, list[str]], after: dict[str, list[str]]) -> list[str]:
    problems = []
    for name, (kind, value) in before.items():
        new_kind, new_value = after.get(name, ["error", "is gone"])
        if kind == "error" and (new_kind == "value" or name.count(":") and new_kind == "error"):
            continue
        if (kind, value) != (new_kind, new_value):
            problems.append(f"{name}: before {value[:200]}; after {new_value[:200]}")
    return problems
