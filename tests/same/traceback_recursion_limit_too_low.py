import sys
def f(n):
    if n: return f(n - 1)
    sys.setrecursionlimit(5)
for bad in (0, -1, "x", 2**40):
    try: sys.setrecursionlimit(bad)
    except Exception as e: print(type(e), e)
try: f(20)
except RecursionError as e: print(e)
try: f(20)
except RecursionError as e: raise
