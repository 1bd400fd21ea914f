"""coverage.py for projects written in today's Python: ``plugins = ["morrow.coverage_plugin"]`` in its configuration.

Not needed under ``morrow -m coverage``. It starts morrow in the process that measures, and in the one that reports, which
has to parse the same files.
"""

from __future__ import annotations

import os


def coverage_init(registry: object, options: object) -> None:
    """Start what a program of the project around the current folder would find started."""
    from morrow import launch

    launch.start_systems(os.getcwd())
