"""Small classes of named values:     @record          x: int; y: int = 0     ->     Point(1), Point(x=1, y=2)
                                      class Point:

What `dataclasses.dataclass` gives, in a hundredth of the time: importing that brings inspect, ast and tokenize along, which is
a quarter of what ``morrow --dump`` costs. ``frozen`` makes a record hashable; that nobody sets its values is left to the
type checker, for which this is `dataclass`.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dataclasses import asdict
    from dataclasses import dataclass as record
else:

    def record(cls=None, *, frozen=False, slots=False):
        """Decorate a class; its annotations are its values, in order."""
        if cls is None:
            return lambda cls: record(cls, frozen=frozen, slots=slots)
        names = tuple(cls.__annotations__)
        defaults = {name: vars(cls)[name] for name in names if name in vars(cls)}
        given = ", ".join(f"{name}=_{name}" if name in defaults else name for name in names)
        text = f"def __init__(self, {given}):\n" + "".join(f" self.{name} = {name}\n" for name in names)
        made = {}
        exec(text, {f"_{name}": value for name, value in defaults.items()}, made)

        def __repr__(self):
            return f"{type(self).__qualname__}({', '.join(f'{name}={getattr(self, name)!r}' for name in names)})"

        def __eq__(self, other):
            if type(other) is not type(self):
                return NotImplemented
            return all(getattr(self, name) == getattr(other, name) for name in names)

        def __hash__(self):
            return hash(tuple(getattr(self, name) for name in names))

        body = {"__repr__": __repr__, "__eq__": __eq__, "__hash__": __hash__ if frozen else None, **vars(cls)}
        body["__init__"], body["__match_args__"] = made["__init__"], names
        if slots:
            body = {name: value for name, value in body.items() if name not in defaults and name not in ("__dict__", "__weakref__")}
            return type(cls)(cls.__name__, cls.__bases__, {**body, "__slots__": names, "__qualname__": cls.__qualname__})
        for name, value in body.items():
            if name not in ("__dict__", "__weakref__", "__doc__"):
                setattr(cls, name, value)
        return cls

    def asdict(value):
        """Return a record, and what it consists of, as dicts."""
        names = type(value).__match_args__
        return {name: _plain(getattr(value, name)) for name in names}

    def _plain(value):
        if isinstance(value, list):
            return [_plain(one) for one in value]
        return asdict(value) if hasattr(type(value), "__match_args__") else value
