"""What rewritten code calls: each function looks in the thread's ``seen`` first, and only then goes into the detector.

`install` makes them known to all code of the process under names that no program can write (``.race_attribute``). All
take the number of a site, and ``seen`` of the thread, and give back their first argument, or what the program goes on with.
"""

from __future__ import annotations

import builtins
import gc
from types import FunctionType, MemberDescriptorType, ModuleType

from morrow.race import containers, shadow
from morrow.race.clocks import CHANGED, ITEMS_READ, ITEMS_WRITTEN, LOCK, TAKEN, Timeline, get_ident, joined, timelines
from morrow.race.shadow import CONTENTS
from morrow.race.sites import CONSTANT, LOOK, MUTATE, READ, UPDATE, WALK, WRITE, Site, sites

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Seen = list[Any]


_NOT_GIVEN = object()
_PLAIN_KEYS = (int, str)


def attribute(owner: Any, number: int, seen: Seen) -> Any:
    """``owner.name``, read or written as the site says: return *owner*."""
    if id(owner) not in seen[sites[number].place]:
        _attribute(owner, sites[number], seen)
    return owner


def name(token: int, number: int, seen: Seen) -> bool:
    """A global of the program or a variable that functions share: return True."""
    site = sites[number]
    if token not in seen[site.place]:
        _name(token, site, seen)
    return True


def stored(value: Any, token: int, number: int, seen: Seen) -> Any:
    """The same, about to be bound to *value*, which is returned."""
    site = sites[number]
    if token not in seen[site.place]:
        _name(token, site, seen)
    return value


def key(container: Any, index: Any, number: int, seen: Seen) -> Any:
    """``container[index]``: return *index*."""
    kind = type(index)
    if kind is int or kind is str:
        site = sites[number]
        if (id(container), index) not in seen[site.place]:
            _item(container, index, site, seen)
    elif type(container) in containers.TRACKED:
        _item(container, index, sites[number], seen)
    return index


def holder(container: Any, index: Any, number: int, seen: Seen) -> Any:
    """``container[index]``, ``index in container``: return *container*."""
    kind = type(index)
    if kind is int or kind is str:
        site = sites[number]
        if (id(container), index) not in seen[site.place]:
            _item(container, index, site, seen)
    elif type(container) in containers.TRACKED:
        _item(container, index, sites[number], seen)
    return container


def method(owner: Any, number: int, seen: Seen, index: Any = _NOT_GIVEN) -> Any:
    """``owner.append(...)`` and the like: return *owner*."""
    kind = type(owner)
    if kind in containers.TRACKED:
        site = sites[number]
        if kind in site.changes:
            if id(owner) in seen[TAKEN if site.name in containers.TAKING else CHANGED]:
                return owner
        elif site.name == "get" and type(index) in _PLAIN_KEYS and (id(owner), index) in seen[ITEMS_READ]:
            return owner
        _method(owner, index, site, seen)
        return owner
    if id(owner) not in seen[sites[number].place] and not containers.learn(kind):
        _attribute(owner, sites[number], seen)
    return owner


def contents(container: Any, number: int, seen: Seen) -> Any:
    """``len(container)``, ``if container``, ``for x in container``: return *container*."""
    site = sites[number]
    if id(container) not in seen[site.place] and (type(container) in containers.TRACKED or containers.learn(type(container))):
        _contents(container, site, seen)
    return container


class Cell:
    """Stands for the variables that one call of a function shares with functions inside it."""

    __slots__ = ("__weakref__",)


def finalizer_begins() -> None:
    """From here on, accesses of this thread are not looked at: whatever a finalizer touches, nobody else has any more."""
    timelines[get_ident()][0].off += 1


def finalizer_ends() -> None:
    """The finalizer is over."""
    timelines[get_ident()][0].off -= 1


# -- which attributes are variables -------------------------------------------------------------------------------------

_SKIP, _INSTANCE, _MODULE, _CLASS = range(4)
_kinds: dict[tuple[type, str], int] = {}
modules: dict[int, str] = {}
"""id of the namespace of a rewritten module -> the module's name."""
tokens: dict[int, str] = {}
"""Token of a rewritten module's globals -> the module's name."""
_imported: dict[str, dict[int, int]] = {}
"""Module -> the clock at the end of its import: whoever has a module is ordered after that."""


def module_begins(namespace: dict[str, object], token: int) -> None:
    """A rewritten module starts to run."""
    modules[id(namespace)] = tokens[token]


def module_ends(token: int) -> None:
    """A rewritten module has run."""
    if tokens[token] != "__main__":  # which nobody waits for
        _imported[tokens[token]] = timelines[get_ident()][0].release()


def _kind_of(kind: type, attribute_name: str) -> int:
    known = _kinds.get((kind, attribute_name))
    if known is None:
        known = _kinds[kind, attribute_name] = _find_kind(kind, attribute_name)
    return known


def _find_kind(kind: type, attribute_name: str) -> int:
    """Tell a variable from what only looks like one: methods, properties, whatever runs code of its own."""
    if issubclass(kind, ModuleType):
        return _MODULE
    if attribute_name.startswith("__") and attribute_name.endswith("__"):
        return _SKIP
    if issubclass(kind, type):
        own = kind.__getattribute__ is type.__getattribute__ and kind.__setattr__ is type.__setattr__
        return _CLASS if own and kind.__module__ != "enum" else _SKIP
    if kind.__getattribute__ is not object.__getattribute__ or kind.__setattr__ is not object.__setattr__:
        return _SKIP  # threading.local, proxies, mocks: what they do is theirs
    for base in kind.__mro__:
        if attribute_name in base.__dict__:
            value = base.__dict__[attribute_name]
            if isinstance(value, MemberDescriptorType):
                return _INSTANCE
            if isinstance(value, (FunctionType, property, staticmethod, classmethod)) or hasattr(type(value), "__get__"):
                return _SKIP
            return _INSTANCE  # a default that instances may replace
    if not kind.__dictoffset__ and kind.__flags__ & (1 << 9) == 0:
        return _SKIP  # an attribute that C code answers for
    return _INSTANCE


def _enter(timeline: Timeline) -> bool:
    timeline.off += 1
    LOCK.acquire()
    # A collection here could run finalizers that wait for a thread which waits for us.
    if gc.isenabled():
        gc.disable()
        return True
    return False


def _leave(timeline: Timeline, collecting: bool) -> None:
    if collecting:
        gc.enable()
    LOCK.release()
    timeline.off -= 1
    if shadow._going:
        shadow.let_go()


def _attribute(owner: Any, site: Site, seen: Seen) -> None:
    timeline: Timeline = seen[0]
    if timeline.off:
        return
    kind = _kind_of(type(owner), site.name)
    if kind == _SKIP:
        timeline.saw(site.place, id(owner))
        return
    if kind == _MODULE:
        module = modules.get(id(owner.__dict__))
        if module is None or site.name not in owner.__dict__:
            timeline.saw(site.place, id(owner))
            return
        timeline.acquire(_imported.get(module))
        _check_named(f"globals of {module}", site.name, site, timeline, site.mode)
        timeline.saw(site.place, id(owner))
        return
    watched = owner
    mode = READ if site.mode == WALK else site.mode
    if kind == _CLASS:
        watched = _class_with(owner, site.name) if mode == READ else owner
        value = watched.__dict__.get(site.name) if watched is not None else None
        if watched is None or value is not None and hasattr(type(value), "__get__"):
            timeline.saw(site.place, id(owner))
            return
    in_place = mode == UPDATE and _holds_container(owner, site.name)
    collecting = _enter(timeline)
    try:
        record = shadow.record_of(watched, timeline)
        if not record.variables and mode != READ and site.function.endswith(("__init__", "__new__")):
            record.born = True
        shadow.touch(record, id(watched), timeline)
        shadow.access(record, site.name, site, timeline, READ if in_place else mode, 2)
    finally:
        _leave(timeline, collecting)
    timeline.saw(site.place, id(owner))
    if mode != READ:
        timeline.saw(site.place - 1, id(owner))


def _class_with(kind: type, attribute_name: str) -> Any:
    for base in kind.__mro__:
        if attribute_name in base.__dict__:
            return base
    return None


def _holds_container(owner: Any, attribute_name: str) -> bool:
    """Whether ``owner.name += ...`` changes a list or set in place, and stores what is there already."""
    try:
        value = object.__getattribute__(owner, attribute_name)
    except AttributeError:  # the program is about to hear of it
        return False
    return type(value) in containers.TRACKED


def _name(token: int, site: Site, seen: Seen) -> None:
    timeline: Timeline = seen[0]
    if timeline.off:
        return
    module = tokens.get(token)
    # A variable shared with inner functions belongs to one call, whose Cell has that id.
    owner = f"globals of {module}" if module is not None else f"call {token}"
    if module is not None:
        timeline.acquire(_imported.get(module))
    _check_named(owner, site.name, site, timeline, site.mode)
    timeline.saw(site.place, token)
    if site.mode != READ:
        timeline.saw(site.place - 1, token)


def _check_named(owner: str, variable: str, site: Site, timeline: Timeline, mode: int) -> None:
    collecting = _enter(timeline)
    try:
        record = shadow.record_named(owner, timeline)
        shadow.access(record, variable, site, timeline, mode, 3)
    finally:
        _leave(timeline, collecting)


def _item(container: Any, index: Any, site: Site, seen: Seen) -> None:
    kind = type(container)
    family = containers.TRACKED.get(kind) or (containers.learn(kind) and containers.TRACKED[kind])
    if not family:
        if type(index) in _PLAIN_KEYS:
            seen[0].saw(site.place, (id(container), index))
        return
    timeline: Timeline = seen[0]
    if timeline.off:
        return
    if type(index) not in _PLAIN_KEYS:
        if not _is_simple(index):
            return  # a slice, or a key with an __eq__ of its own
    elif family is list and index < 0:
        index += len(container)
    mode = site.mode
    if family is list and mode == LOOK:  # `x in numbers` looks at all of them
        _contents(container, site, seen)
        return
    # What is not there yet is added: the dict itself changes. CPython does it as a whole.
    grows = family is dict and mode in (WRITE, CONSTANT, UPDATE) and index not in container
    collecting = _enter(timeline)
    try:
        record = shadow.record_of(container, timeline)
        shadow.touch(record, id(container), timeline)
        shadow.access(record, index, site, timeline, mode, 2)
        if grows:
            shadow.access(record, CONTENTS, site, timeline, MUTATE, 2, checks=False)
    finally:
        _leave(timeline, collecting)
    if type(index) in _PLAIN_KEYS:
        timeline.saw(ITEMS_READ, (id(container), index))
        if mode not in (READ, LOOK):
            timeline.saw(ITEMS_WRITTEN, (id(container), index))


def _is_simple(index: Any) -> bool:
    kind = type(index)
    if kind is tuple:
        return all(_is_simple(part) for part in index)
    return kind in (int, str, bytes, float, bool, type(None))


def _method(owner: Any, index: Any, site: Site, seen: Seen) -> None:
    timeline: Timeline = seen[0]
    if timeline.off:
        return
    family = containers.TRACKED[type(owner)]
    operation = containers.OPERATIONS[family].get(site.name)
    if operation is None:
        return
    collecting = _enter(timeline)
    try:
        record = shadow.record_of(owner, timeline)
        shadow.touch(record, id(owner), timeline)
        if operation.takes and record.shared:
            timeline.acquire(record.handed)
            # From now on, what the others do after they have put something in matters to us.
            record.taken = True
            shadow.unsee_elsewhere(CHANGED, id(owner), seen)
        if operation.by_key and index is not _NOT_GIVEN and _is_simple(index):
            shadow.access(record, index, site, timeline, operation.mode, 2)
        if operation.whole:
            mode = WALK if site.mode == WALK and operation.mode == LOOK else operation.mode
            # What is looked at by key does not depend on which other items there are.
            shadow.access(record, CONTENTS, site, timeline, mode, 2, checks=not operation.by_key)
        if operation.gives:
            record.handed = joined(record.handed, timeline.known)
            shadow.unsee_elsewhere(TAKEN, id(owner), seen)
            if record.taken:
                record.taken = False
                timeline.tick()
        if operation.by_key:
            if operation.mode == LOOK and type(index) in _PLAIN_KEYS:
                timeline.saw(ITEMS_READ, (id(owner), index))
        elif operation.mode == MUTATE:
            timeline.saw(TAKEN if operation.takes else CHANGED, id(owner))
    finally:
        _leave(timeline, collecting)


def _contents(container: Any, site: Site, seen: Seen) -> None:
    timeline: Timeline = seen[0]
    if timeline.off:
        return
    collecting = _enter(timeline)
    try:
        record = shadow.record_of(container, timeline)
        shadow.touch(record, id(container), timeline)
        shadow.access(record, CONTENTS, site, timeline, site.mode, 2)
        timeline.saw(site.place, id(container))
    finally:
        _leave(timeline, collecting)


NAMES = {
    ".race_threads": timelines,
    ".race_ident": get_ident,
    ".race_id": id,
    ".race_attribute": attribute,
    ".race_name": name,
    ".race_stored": stored,
    ".race_key": key,
    ".race_holder": holder,
    ".race_method": method,
    ".race_contents": contents,
    ".race_cell": Cell,
    ".race_finalizer_begins": finalizer_begins,
    ".race_finalizer_ends": finalizer_ends,
    ".race_globals": globals,
    ".race_module": module_begins,
    ".race_module_ends": module_ends,
}


def install() -> None:
    """Make the functions known to rewritten code."""
    for text, function in NAMES.items():
        setattr(builtins, text, function)


def retire() -> None:
    """Let rewritten code run on without a detector: at exit, when modules are about to be emptied.

    CPython then also puts ``builtins`` back to what it was at start, from a copy that only the garbage collector can find
    (pylifecycle.c, finalize_restore_builtins_dict). A ``__del__`` that runs after that needs our names to be there.
    """
    idle = {
        ".race_attribute": lambda owner, number, seen: owner,
        ".race_name": lambda token, number, seen: True,
        ".race_stored": lambda value, token, number, seen: value,
        ".race_key": lambda container, index, number, seen: index,
        ".race_holder": lambda container, index, number, seen: container,
        ".race_method": lambda owner, number, seen, index=None: owner,
        ".race_contents": lambda container, number, seen: container,
        ".race_module": lambda namespace, token: None,
        ".race_module_ends": lambda token: None,
        ".race_finalizer_begins": lambda: None,
        ".race_finalizer_ends": lambda: None,
    }
    names = {**NAMES, **idle}
    vars(builtins).update(names)
    for found in gc.get_referrers(builtins.abs):
        if type(found) is dict and found.get("__name__") == "builtins":
            found.update(names)
