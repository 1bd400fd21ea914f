"""Door: `concurrent.interpreters._crossinterp`: what stands for items whose interpreter is gone."""

from morrow.interpreters.unbound import FLAGS as _UNBOUND_CONSTANT_TO_FLAG
from morrow.interpreters.unbound import UNBOUND, UNBOUND_ERROR, UNBOUND_REMOVE, ItemInterpreterDestroyed, UnboundItem

__all__ = ["UNBOUND", "UNBOUND_ERROR", "UNBOUND_REMOVE", "ItemInterpreterDestroyed", "UnboundItem", "_UNBOUND_CONSTANT_TO_FLAG"]
