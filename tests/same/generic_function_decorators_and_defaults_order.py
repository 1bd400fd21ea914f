def note(x):
    print("eval", x)
    return x
def deco(tag):
    note(tag)
    def inner(f):
        print("apply", tag, f.__type_params__)
        return f
    return inner
@deco("outer")
@deco("inner")
def f[T: note("bound")](a=note("default"), *, k=note("kwdefault")): pass
print(f.__defaults__, f.__kwdefaults__)
print(f.__type_params__[0].__bound__)
