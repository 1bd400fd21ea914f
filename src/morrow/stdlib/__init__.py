"""Doors: standard-library names that older hosts lack, at the paths they have in CPython's Lib."""
