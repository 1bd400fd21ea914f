"""The part of CPython's concurrent package that hosts older than it lack."""
