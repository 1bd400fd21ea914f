from contextlib import contextmanager
class Strict:
    def __enter__(self): pass
    def __exit__(self, kind, error, tb): raise KeyError("exit") from error
with Strict():
    [][0]
