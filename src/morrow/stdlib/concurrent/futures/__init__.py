"""The part of CPython's concurrent.futures package that hosts older than it lack."""
