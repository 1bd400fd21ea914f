"""Look at what the compiler makes of a function: ``python -m morrow.jit FILE::FUNCTION [--stage bytecode|ir|llvm|asm]``.

The file is run as a program first, so that the host has specialised what it calls and globals are what they would be; a
file that calls its function a few dozen times shows the most.
"""

from __future__ import annotations

import argparse
import runpy
import sys
from types import FunctionType

from morrow.host import HERE

STAGES = ("bytecode", "ir", "llvm", "asm")


def main(arguments: list[str] | None = None) -> int:
    """Print one stage of compiling a function; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m morrow.jit", description=__doc__.split("\n\n")[0])
    parser.add_argument("target", metavar="FILE::FUNCTION", help="e.g. app.py::main or app.py::Class.method")
    parser.add_argument("--stage", choices=STAGES, default="ir")
    parser.add_argument("--level", type=int, choices=(0, 1, 2), default=1, help="optimisation: 0 none, 1 quick, 2 everything")
    parser.add_argument("--name", default="__morrow__", help="what the file sees as __name__ (default %(default)s)")
    given = parser.parse_args(arguments)
    file, separator, path = given.target.partition("::")
    if not separator:
        parser.error(f"{given.target!r} names no function: write {given.target}::FUNCTION")
    if HERE is None or not HERE.jit_supported:
        print(f"the jit does not know this Python ({sys.version.split()[0]})", file=sys.stderr)
        return 1
    from morrow.jit import compile as pipeline

    function: object = None
    for number, part in enumerate(path.split(".")):
        if number == 0:
            function = runpy.run_path(file, run_name=given.name).get(part)
        else:
            function = getattr(function, part, None)
    if not isinstance(function, FunctionType):
        parser.error(f"{file} has no function {path}")
    pipeline.LEAST_GAIN = 0
    made = pipeline.compile_function(pipeline.Request(function, level=given.level), stages=(given.stage,))
    if isinstance(made, pipeline.Declined):
        print(made, file=sys.stderr)
        return 1
    print(made.texts[given.stage])
    print(f"# {made}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
