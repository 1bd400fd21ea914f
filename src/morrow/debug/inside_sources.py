# mypy: ignore-errors
"""What code there is, inside the target: the lines that can have a breakpoint, the text of sources, the modules.

Its text is sent to the agent (attach/agent.py); nothing of morrow is imported there.
"""

import os
import sys

_stops = agent.parts["morrow stops"]


class Refused(Exception):
    """A request that cannot be done; the text is for the user."""


class Sources:
    """The part of a session (inside_editor.Session) that answers about code."""

    def _begin_sources(self):
        self.sources, self.source_keys = {}, {}  # number -> (code, names); what it is known by -> number
        self.code_lines = {}  # real path -> (time of its last change, blocks)

    def do_locations(self, path, first, last):
        """Return the lines from *first* to *last* that have code."""
        real = path if path.startswith("<") else os.path.realpath(path)
        blocks, why = self._code_lines(real)
        return {"lines": sorted({line for block in blocks for line in block[2] if first <= line <= last})}

    def _code_lines(self, real):
        """Return ([(first, last, lines)] of each block of code in a file, "") or ([], why not)."""
        try:
            stamp = os.stat(real).st_mtime_ns
        except OSError:
            return [], "%s is not there for the process" % real
        if self.code_lines.get(real, (0,))[0] == stamp:
            return self.code_lines[real][1], ""
        try:
            with open(real, "rb") as file:
                source = file.read()
            code = _compile(source, real)
        except (OSError, SyntaxError, ValueError) as error:
            return [], describe(error)
        blocks, codes = [], [code]
        while codes:
            code = codes.pop()
            lines = {line for _, _, line in code.co_lines() if line}
            if lines:
                blocks.append((min(lines), max(lines), lines))
            codes += [item for item in code.co_consts if type(item) is type(code)]
        self.code_lines[real] = stamp, blocks
        return blocks, ""

    def _source(self, code, names, path):
        """Return a number for the text of a piece of code that may not be a file for the editor."""
        key = path if not path.startswith("<") or path.startswith("<python-input") else (path, id(code))
        if key not in self.source_keys:
            self.source_keys[key] = len(self.sources) + 1
            self.sources[len(self.sources) + 1] = code, {"__loader__": names.get("__loader__"), "__name__": names.get("__name__")}
        return self.source_keys[key]

    def do_source(self, source):
        """Return the text of a piece of code: its file's, what linecache or its loader knows, else its instructions."""
        if source not in self.sources:
            raise Refused("no such source")
        code, names = self.sources[source]
        import linecache

        lines = linecache.getlines(code.co_filename, names)
        if lines:
            return {"text": "".join(lines), "kind": "text/x-python"}
        import dis
        import io

        out = io.StringIO()
        out.write("# %s has no source text here; these are its instructions\n\n" % code.co_filename)
        dis.dis(code, file=out)
        return {"text": out.getvalue(), "kind": "text/plain"}

    def do_modules(self):
        """Return the modules that are loaded."""
        found = []
        for name, module in sorted((str(name), module) for name, module in list(sys.modules.items()) if type(module) is type(sys)):
            path = module.__dict__.get("__file__")
            version = module.__dict__.get("__version__")
            mine = type(path) is str and not path.endswith((".so", ".pyd")) and _stops["_is_programs"](path, self.stops.real(path))
            if not name.startswith("_morrow"):
                found.append({"name": name, "path": path if type(path) is str else "", "version": version if type(version) is str else "", "mine": mine})
        return {"modules": found}


def describe(error):
    return "%s: %s" % (type(error).__name__, text_of(error)) if text_of(error) else type(error).__name__


def text_of(error):
    try:
        return str(error)
    except Exception:
        return "<its text cannot be shown>"


def _compile(source, path):
    """Compile a file; in a process that runs under morrow, today's grammar is known."""
    try:
        return compile(source, path, "exec", dont_inherit=True)
    except SyntaxError:
        language = sys.modules.get("morrow.language")
        if language is None:
            raise
        return language.compile(source, path, "exec")


def next_line(blocks, line):
    """Return the first line with code from *line* on: inside the innermost block that has it, else anywhere."""
    around = sorted((last - first, lines) for first, last, lines in blocks if first <= line <= last)
    for _, lines in around:
        later = [one for one in lines if one >= line]
        if later:
            return min(later)
    later = [one for _, _, lines in blocks for one in lines if one >= line]
    return min(later, default=None)
