"""pydoc as in 3.14: a page about a class does not list where its annotations come from."""

from __future__ import annotations

import functools

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def update(pydoc: Any) -> None:
    """Bring the module *pydoc* of the host up to date."""
    host_visiblename = pydoc.visiblename

    @functools.wraps(host_visiblename)
    def visiblename(name: str, *arguments: Any, **named: Any) -> Any:
        return 0 if name in ("__annotate_func__", "__annotations__") else host_visiblename(name, *arguments, **named)

    pydoc.visiblename = visiblename
