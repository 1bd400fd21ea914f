"""Tracebacks as 3.14 prints them, on hosts whose own are older.

`uncaught` is in place from the start and loads nothing; `errors.update` gives the host's ``traceback`` module the rest
when something is printed or the program imports it. `frames` -> `marks`, `suggestions` and `shadowing` -> `errors` is the way an
exception takes to its text; `colours` says whether it is coloured.
"""
