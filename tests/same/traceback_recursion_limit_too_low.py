import sys
def f(n):
    if n: return f(n - 1)
    try: sys.setrecursionlimit(5)
    except RecursionError as e: raise ValueError(str(e).partition(" depth ")[0]) from None  # 3.11 counts one more: calls of C
for bad in (0, -1, "x", 2**40):
    try: sys.setrecursionlimit(bad)
    except Exception as e: print(type(e), e)
try: f(20)
except ValueError as e: print(e)
try: f(20)
except ValueError as e: raise
