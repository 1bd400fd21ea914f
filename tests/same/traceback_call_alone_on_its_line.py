def f(x):
    return g(x)
def g(x):
    h = k(x)
    return h
def k(x):
    x.missing(
        1,
        2,
    )
f(3)
