# mypy: ignore-errors
"""What a value looks like in an editor, inside the target: one line, and its parts, page by page.

Its text is sent to the agent (attach/agent.py); nothing of morrow is imported there. Nothing of the program runs to list
the parts of a value: containers are read with the built-in types' own methods, attributes from where they are stored;
properties are shown as lazy parts, which run when they are opened. Only ``repr`` of an object runs the program's code.

    show(value) -> "{'a': 1, 'b': [1, 2, ...]}"
    count(value) -> (named parts, indexed parts)
    parts(value, path, ...) -> [Part(name, value, how to write it, how to set it)]
"""

import sys

_WIDTH = 200  # characters of one line
_WIDE = 20  # items of a container shown on one line
_PLAIN = (int, float, complex, bool, type(None), str, bytes, type(...))


class Part:
    """One thing inside another: an item, an attribute, a variable.

    Attributes:
        name: as shown. value: the thing itself; for a lazy part what computes it.
        path: the expression that stands for it, None where there is none.
        set: a function that puts another value in its place, None where that is impossible.
        lazy: it is computed when it is opened. kind: DAP's presentation hint, "property", "class", ...
        private: whether it is shown as an implementation detail.
    """

    __slots__ = ("name", "value", "path", "set", "lazy", "kind", "private")

    def __init__(self, name, value, path=None, set=None, lazy=False, kind="property", private=False):
        self.name, self.value, self.path, self.set = name, value, path, set
        self.lazy, self.kind, self.private = lazy, kind, private


class Lazy:
    """A property that has not been computed."""

    __slots__ = ("owner", "name")

    def __init__(self, owner, name):
        self.owner, self.name = owner, name


# -- one line ----------------------------------------------------------------------------------------------------------


def show(value, width=_WIDTH, hexed=False, depth=3):
    """Return a value on one line, *width* characters at most, whatever its ``__repr__`` does."""
    try:
        text = _show(value, width, hexed, depth)
    except RecursionError:
        text = "<%s object, nested too deeply to show>" % _name(type(value))
    text = text.replace("\n", "\\n") if type(value) is not str and len(text) > width else text
    return text if len(text) <= width else text[: width - 3] + "..."


def _show(value, width, hexed, depth):
    kind = type(value)
    if kind is str or kind is bytes or kind is bytearray:
        return repr(value) if len(value) <= width else repr(value[:width])[:width] + "..."
    if kind is int:
        if hexed or value.bit_length() > 2000:  # str() refuses or takes long
            return hex(value)
        return repr(value)
    if kind in (list, tuple, set, frozenset, dict):
        if not value:
            return repr(value)
        if depth <= 0:
            return {list: "[...]", tuple: "(...)", dict: "{...}"}.get(kind, kind.__name__ + "({...})")
        return _container(value, kind, width, hexed, depth - 1)
    try:
        text = repr(value)
    except Exception as error:
        return "<%s object; its repr raised %s>" % (_name(kind), type(error).__name__)
    return text if type(text) is str else "<%s object>" % _name(kind)


def _container(value, kind, width, hexed, depth):
    items, used = [], 0
    try:
        for item in kind.items(value) if kind is dict else value:
            if len(items) >= _WIDE or used > width:
                items.append("...")
                break
            if kind is dict:
                text = show(item[0], width, hexed, depth) + ": " + show(item[1], width, hexed, depth)
            else:
                text = show(item, width, hexed, depth)
            used += len(text) + 2
            items.append(text)
    except RuntimeError:
        items.append("...")  # another thread changed it meanwhile
    inner = ", ".join(items)
    if kind is list:
        return "[" + inner + "]"
    if kind is tuple:
        return "(" + inner + ("," if len(value) == 1 else "") + ")"
    return ("frozenset({%s})" if kind is frozenset else "{%s}") % inner


def _name(kind):
    module = getattr(kind, "__module__", None)
    name = getattr(kind, "__qualname__", None) or getattr(kind, "__name__", "?")
    return name if module in (None, "builtins", "__main__") or type(module) is not str else module + "." + name


# -- its parts -----------------------------------------------------------------------------------------------------------


def base_of(value):
    """Return which built-in container a value is read as, or None."""
    for kind in (dict, list, tuple, set, frozenset):
        if issubclass(type(value), kind):
            return kind
    deque = getattr(sys.modules.get("collections"), "deque", None)
    if deque is not None and issubclass(type(value), deque):
        return deque
    kind = type(value)
    return kind if kind in (range, bytearray) or kind.__name__ == "array" and kind.__module__ == "array" else None


def count(value):
    """Return how many named and indexed parts a value has; (0, 0) for what has nothing inside."""
    if type(value) in _PLAIN:
        return 0, 0
    if isinstance(value, Lazy):
        return 1, 0
    base = base_of(value)
    indexed = base.__len__(value) if base is not None else 0
    return len(_attributes(value)), indexed


def parts(value, path, which="", start=0, number=0):
    """Return the parts of a value.

    Args:
        value: the thing.
        path: the expression that stands for it, or None.
        which: "indexed", "named" or "" for both.
        start, number: which of the indexed ones; 0 for all, a thousand at most.
    """
    found = []
    if which != "indexed":
        found += _named(value, path)
    if which != "named":
        base = base_of(value)
        if base is not None:
            found += _indexed(value, base, path, start, number or 1000)
    return found


def _indexed(value, base, path, start, number):
    if base in (dict, set, frozenset):
        for _ in range(5):
            try:
                items = _slice(dict.items(value) if base is dict else base.__iter__(value), start, number)
                break
            except RuntimeError:
                items = []  # another thread changed it meanwhile: again
        if base is dict:
            return [_entry(value, key, item, path) for key, item in items]
        return [Part("{%d}" % at, item) for at, item in enumerate(items, start)]
    size = base.__len__(value)
    found = []
    for at in range(start, min(size, start + number)):
        try:
            item = base.__getitem__(value, at)
        except IndexError:
            break  # it has shrunk
        setter = None
        if hasattr(base, "__setitem__"):
            setter = _setter(base.__setitem__, value, at)
        found.append(Part("[%d]" % at, item, None if path is None else "%s[%d]" % (path, at), setter))
    return found


def _slice(items, start, number):
    found = []
    for at, item in enumerate(items):
        if at >= start + number:
            break
        if at >= start:
            found.append(item)
    return found


def _entry(value, key, item, path):
    written = _literal(key)
    inner = None if path is None or written is None else "%s[%s]" % (path, written)
    return Part(show(key, 80), item, inner, _setter(dict.__setitem__ if type(value) is dict else type(value).__setitem__, value, key))


def _literal(key):
    """Return a key as it is written in a program, None where it cannot be."""
    if type(key) in (str, bytes, int, bool, type(None)):
        return repr(key)
    if type(key) is tuple:
        items = [_literal(item) for item in key]
        return None if None in items else "(%s%s)" % (", ".join(items), "," if len(items) == 1 else "")
    return None


def _setter(function, owner, key):
    return lambda new: function(owner, key, new)


def _attributes(value):
    """Return {name: (value or Lazy, kind)} of what an object itself holds, without running anything of the program."""
    if isinstance(value, Lazy):
        return {}
    kind, found = type(value), {}
    try:
        if issubclass(kind, type):
            own = dict(type.__dict__["__dict__"].__get__(value))
        else:
            own = object.__getattribute__(value, "__dict__")
    except Exception:
        own = {}  # no __dict__, or one that is computed and fails
    # Methods of a class are as good as its text; what it holds besides is of interest.
    is_namespace = issubclass(kind, (type, type(sys)))
    for name, item in list(own.items()) if isinstance(own, dict) else ():
        if type(name) is str and not (is_namespace and name.startswith("__")):
            found[name] = item, "method" if callable(item) and not isinstance(item, type) else "property"
    if issubclass(kind, type):
        return found
    for owner in type.mro(kind) if kind is not type else ():
        for name, item in list(vars(owner).items()):
            if name in found or name.startswith("__"):
                continue
            if type(item) is _MEMBER:
                try:
                    found[name] = item.__get__(value), "property"
                except AttributeError:
                    continue  # a slot that holds nothing
            elif isinstance(item, property) or type(item).__name__ == "cached_property":
                found[name] = Lazy(value, name), "property"
    if issubclass(kind, BaseException):
        for name in ("args", "__cause__", "__context__", "__notes__"):
            item = getattr(BaseException, name, None)
            item = item.__get__(value) if hasattr(item, "__get__") else own.get(name) if isinstance(own, dict) else None
            if item is not None:
                found[name] = item, "property"
    return found


class _Slotted:
    __slots__ = ("x",)


_MEMBER = type(_Slotted.x)


def _named(value, path):
    if isinstance(value, Lazy):
        return [Part(value.name, getattr(value.owner, value.name), path)]  # now it runs
    fields = getattr(type(value), "_fields", ()) if isinstance(value, tuple) else ()
    found = []
    if isinstance(fields, tuple):
        for at, name in enumerate(fields):
            if type(name) is str and at < tuple.__len__(value):
                found.append(Part(name, tuple.__getitem__(value, at), _dotted(path, name)))
    for name, (item, kind) in sorted(_attributes(value).items(), key=lambda pair: (pair[0].startswith("_"), pair[0])):
        if name in fields:
            continue
        lazy = isinstance(item, Lazy)
        setter = None if isinstance(value, type(sys)) and name == "__builtins__" else _setter(setattr, value, name)
        found.append(Part(name, item, _dotted(path, name), setter, lazy, kind, name.startswith("_")))
    return found


def _dotted(path, name):
    return None if path is None or not name.isidentifier() else "%s.%s" % (path, name)


def type_name(value):
    """Return the name of a value's type as a person would write it."""
    return "property" if isinstance(value, Lazy) else _name(type(value))
