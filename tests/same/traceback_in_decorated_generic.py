def deco(f):
    raise ValueError("from deco")
@deco
def f[T](x): pass
