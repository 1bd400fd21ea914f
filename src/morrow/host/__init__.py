"""Which Python is this? The only folder that knows version numbers.

``HERE`` is the running host's `Facts`; ``facts((3, 12))`` gives any other known host's, because a debugger asks about
its target, not about itself. `NoFacts` means the host is unknown: whoever needs a fact then switches itself off and
says so, everything else goes on.
"""

from __future__ import annotations

from morrow.host.facts import HERE, Facts, NoFacts, facts

__all__ = ["HERE", "Facts", "NoFacts", "facts"]
