import traceback, asyncio, contextlib
class Boom(Exception): pass
def boom(*a, **k): raise Boom("b")
class CM:
    def __init__(self, e=0): self.e = e
    def __enter__(self):
        if self.e == 1: boom()
    def __exit__(self, *a):
        if self.e == 2: boom()
    async def __aenter__(self):
        if self.e == 1: boom()
    async def __aexit__(self, *a):
        if self.e == 2: boom()
class It:
    def __init__(self, e): self.e = e
    def __iter__(self): return self
    def __next__(self): boom()
    def __aiter__(self): return self
    async def __anext__(self): boom()
cases = []
def case(f): cases.append(f); return f
@case
def w1():
    with CM(1) as a, CM(0) as b, CM(0):
        pass
@case
def w2():
    with CM(0) as a, CM(1) as b, CM(0):
        pass
@case
def w3():
    with (
      CM(0) as a,
      CM(0) as b,
      CM(1)):
        pass
@case
def w4():
    with CM(0) as a, CM(0) as b, CM(2):
        pass
@case
def w5():
    with CM(0) as a, CM(2) as b, CM(0):
        pass
@case
def w6():
    with CM(2) as a, CM(0) as b, CM(0):
        print("x")
@case
def w7():
    with CM(2) as a, CM(0) as b, CM(0):
        return 3
@case
def w8():
    with CM(2) as a, CM(0) as b, CM(0):
        boom()
@case
def w9():
    with CM(0) as a, CM(0) as b, CM(2):
        boom()
@case
def w10():
    for i in range(3):
        with CM(0) as a, CM(2): continue
@case
def w11():
    async def f():
        async with CM(1) as a, CM(0) as b: pass
    asyncio.run(f())
@case
def w12():
    async def f():
        async with CM(0) as a, CM(2) as b: pass
    asyncio.run(f())
@case
def w13():
    async def f():
        async with CM(2) as a, CM(0) as b: boom()
    asyncio.run(f())
@case
def f1():
    for x in It(1): pass
@case
def f2():
    return [x for x in It(1)]
@case
def f3():
    d = {1: 2}
    for k in d:
        d[k + 1] = 3
@case
def f4():
    async def f():
        async for a in It(1): pass
    asyncio.run(f())
@case
def f5():
    async def f():
        return [a async for a in It(1)]
    asyncio.run(f())
@case
def f6():
    for a, b in [(1, 2, 3)]:
        print(a)
@case
def f7():
    for a.b in [1]: pass
@case
def f8():
    for x in [
        1, 2
    ]:
        for y in [3, boom(
             x)]: pass
@case
def f9():
    return [[x / 0 for x in [1]] for y in [2]]
@case
def f10():
    return [x for x in [1] if x / 0]
@case
def f11():
    return {x: boom(x) for x in [1]}
@case
def f12():
    return [lambda: x / 0 for x in [1]][0]()
class Q:
    def __bool__(self): boom()
q = Q()
@case
def i1():
    if 1 and q: pass
@case
def i2():
    if q or 1:
        pass
    else: pass
@case
def i3():
    if 0: pass
    elif q:
        pass
@case
def i4():
    while 1 and not q: pass
@case
def i5():
    x = (1 if 1 and q else 3) if 1 else 3
@case
def i6():
    assert 1 and (2 or 3) and q, "foo"
@case
def i7():
    assert 1 and (2 and 0), "foo"
@case
def i8():
    assert (
        1 and 0), "foo" + \
        "bar"
@case
def i9():
    x = 3; assert 0
@case
def i10():
    if 1: assert 0, boom()
@case
def i11():
    return [x for x in [q] if x]
@case
def i12():
    return [x for x in [q] if not x]
@case
def i13():
    return 1 < q.foo < 3
@case
def i14():
    match q:
        case Q(foo=1): pass
        case [1, 2]: pass
        case {"a": boom.x}: pass
        case z if q: pass
@case
def s1():
    f = f"{1/0}"
@case
def s2():
    f = f"abc {1} {boom(1)!r:>{10}} {3}"
@case
def s3():
    f = (f"abc {1} "
         f"{boom(1):x}"
         f" xx {3}")
@case
def s4():
    f = f"""
    {1}
    {boom(
      1)}
    """
@case
def s5():
    f = f"{'a' + 1}" + f"{None.foo}"
@case
def s6():
    return f"{[x / 0 for x in [1]]}"
@case
def s7():
    return f"{(lambda: 1 / 0)()}"
@case
def s8():
    return f"é日本 {'é' + 1} {{"
@case
def s9():
    return f"{1:{'x' + 1}}"
@case
def s10():
    return f"{'a':d}"
@case
def s11():
    return f"{1/0=}"
@case
def s12():
    return t"{1} {1/0}"
@case
def s13():
    return "abc" f"{boom():10}" "def"
for f in cases:
    try: f()
    except BaseException as e:
        e.__traceback__ = e.__traceback__ and e.__traceback__.tb_next
        print("--", f.__name__)
        for tb in traceback.TracebackException.from_exception(e).stack.format(): 
            if "asyncio" in tb or "contextlib" in tb: continue
            print(tb, end="")
        print(type(e).__name__)
    else: print(f.__name__, "no error")
