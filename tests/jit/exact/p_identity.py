"""Numbers keep their identity where code asks for it, and a NaN is found again."""


def same(a, b):
    return a is b, a is not b


def found(x, items):
    return x in items, x is items[0], items.count(x)


def first_is(items, x, n):
    hits = 0
    for i in range(n):
        if items[i] is x:
            hits += 1
        x = x + 0.0 if i == 99 else x
    return hits


def through(x, n):
    t = 0.0
    for _ in range(n):
        t += x
    return x in [x], [x].index(x), t != t


nan, big, real = float("nan"), 10**15, 1e300
for _ in range(40):
    same(1.5, 2.5), found(1.5, [1.5]), first_is([1.5, 2.5], 3.5, 2), through(1.5, 3)
print(same(real, real), same(nan, nan), same(big, big), same(big, big + 0), same(3, 3), same(True, 1))
print(found(nan, [nan]), found(real, [real]), found(big, [big]), found(big, [big * 1]))
print(first_is([real, real * 1, nan], real, 3), first_is([nan] * 3, nan, 3), through(nan, 3))
