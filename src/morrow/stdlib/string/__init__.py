"""The part of CPython's string package that hosts older than it lack."""
