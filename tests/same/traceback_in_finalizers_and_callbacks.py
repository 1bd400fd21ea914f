import atexit, gc, weakref
class Held:
    def __del__(self): self.close(1,
                                  2)
held = Held(); del held
class Kept: pass
kept = Kept()
def gone(ref): raise ValueError("gone")
ref = weakref.ref(kept, gone); del kept
def numbers():
    try: yield 1
    finally: 1 / 0
n = numbers(); next(n); del n
def collected(phase, info): raise LookupError
gc.callbacks.append(collected); gc.collect(); gc.callbacks.clear()
class Quiet(Exception):
    def __str__(self): raise TypeError
@atexit.register
def late(): raise Quiet()
@atexit.register
def empty(): raise ValueError
