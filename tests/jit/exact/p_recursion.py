"""RecursionError comes at the host's depth, and recursion the host can do is done, also through code that is left each time."""
import sys


def plain(n):
    global reached
    reached = n
    return plain(n + 1) + 1


def silent(n):
    return silent(n + 1) + 1


def leaves(n, acc):
    acc = [*acc][:2]
    if n == 0:
        return 0
    t = 0
    for k in {1: 2}:
        t += leaves(n - 1, acc)
    return t + 1


def even(n):
    return n == 0 or odd(n - 1)


def odd(n):
    return n != 0 and even(n - 1)


def limit(f, *a):
    try:
        return f(*a)
    except RecursionError as e:
        tb, count = e.__traceback__, 0
        while tb:
            tb, count = tb.tb_next, count + 1
        return str(e), count


for _ in range(40):
    leaves(5, [1])
    even(20)
sys.setrecursionlimit(400)
for _ in range(5):
    print(limit(plain, 0), reached, limit(silent, 0), limit(leaves, 300, [1]), limit(leaves, 500, [1]), limit(even, 300), limit(even, 500))
sys.setrecursionlimit(3000)
print(limit(leaves, 2500, [1]), limit(even, 2501), limit(silent, 0))
if hasattr(sys, "monitoring"):  # under eager, 3.11 evaluates frames through us, which takes C stack
    sys.setrecursionlimit(60000)
    print(limit(leaves, 50000, [1]), limit(even, 50001), limit(leaves, 70000, [1]))
