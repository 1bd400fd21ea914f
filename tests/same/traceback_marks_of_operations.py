import traceback, contextlib, asyncio
class Boom(Exception): pass
def boom(*a, **k): raise Boom("b")
class X:
    def __enter__(self): return self
    def __exit__(self, *a): raise Boom("exit")
    def __getattr__(self, n): raise AttributeError(n)
    def __iter__(self): raise Boom("iter")
    def __bool__(self): raise Boom("bool")
    def __eq__(self, o): raise Boom("eq")
    def __lt__(self, o): raise Boom("lt")
    def __neg__(self): raise Boom("neg")
    def __add__(self, o): raise Boom("add")
    def __iadd__(self, o): raise Boom("iadd")
    def __getitem__(self, o): raise Boom("getitem")
    def __setitem__(self, o, v): raise Boom("setitem")
    def __delitem__(self, o): raise Boom("delitem")
    def __contains__(self, o): raise Boom("contains")
    def __call__(self, *a): raise Boom("call")
    def __format__(self, s): raise Boom("format")
    def __hash__(self): raise Boom("hash")
    def __matmul__(self, o): raise Boom("matmul")
    def __index__(self): raise Boom("index")
    def __set_name__(self, o, n): raise Boom("set_name")
    def __repr__(self): raise Boom("repr")
x = X()
d = {}
cases = []
def case(f): cases.append(f); return f
@case
def c1():
    with x:
        pass
@case
def c2():
    with x as a, \
         x as b:
        return 3
@case
def c3():
    for i in x:
        pass
@case
def c4():
    if x:
        pass
@case
def c5():
    while not x: pass
@case
def c6():
    a = 1 if x else 2
@case
def c7():
    a = x and 1
@case
def c8():
    return x == 1 and 3
@case
def c9():
    return 1 < 2 < x < 3
@case
def c10():
    return -x
@case
def c11():
    y = x
    y += 1
@case
def c12():
    x[1]
@case
def c13():
    x[1] = 2
@case
def c14():
    x[1][2].a = 3
@case
def c15():
    del x[1], x[2]
@case
def c16():
    return 3 in x
@case
def c17():
    return x.foo.bar
@case
def c18():
    x.foo.bar()
@case
def c19():
    a, b = x
@case
def c20():
    a, b = 1, 2, 3
@case
def c21():
    a, *b, c = [1]
@case
def c22():
    {x: 1}
@case
def c23():
    {1: 2, **x}
@case
def c24():
    [*x]
@case
def c25():
    boom(*x)
@case
def c26():
    boom(**x)
@case
def c27():
    f"{x}"
@case
def c28():
    f"abc {x!r:>{10}} def"
@case
def c29():
    assert x
@case
def c30():
    assert 1 == 2, "msg"
@case
def c31():
    assert boom(
        1), 3
@case
def c32():
    raise ValueError from 3
@case
def c33():
    raise boom()
@case
def c34():
    raise X
@case
def c35():
    import nothing.at.all
@case
def c36():
    from os import nothing_there
@case
def c37():
    from os import (path,
        nothing_there2)
@case
def c38():
    class A(boom()):
        pass
@case
def c39():
    class A:
        a = boom()
@case
def c40():
    class A(metaclass=boom): pass
@case
def c41():
    @boom
    def f(): pass
@case
def c42():
    @boom
    class f: pass
@case
def c43():
    @boom(
       1)
    def f(): pass
@case
def c44():
    def f(a=boom()): pass
@case
def c45():
    lambda a=boom(): a
@case
def c46():
    return [i for i in x]
@case
def c47():
    return [i / 0 for i in range(3) if i]
@case
def c48():
    return {k: v for k, v in [1]}
@case
def c49():
    return list(i / 0 for i in range(3))
@case
def c50():
    return undefined_name
@case
def c51():
    del undefined_local
    undefined_local = 1
@case
def c52():
    undefined_local
    undefined_local = 1
@case
def c53():
    match x:
        case 1: pass
@case
def c54():
    match 3:
        case int(a, b): pass
@case
def c55():
    match 3:
        case a if boom(): pass
@case
def c56():
    try:
        1/0
    except boom():
        pass
@case
def c57():
    try:
        1/0
    finally:
        boom()
@case
def c58():
    try:
        1/0
    except ZeroDivisionError as e:
        boom()
@case
def c59():
    try: 1/0
    except 3: pass
@case
def c60():
    a = b = x[2]
@case
def c61():
    (1)(2)
@case
def c62():
    x @ 1
@case
def c63():
    [1,2][x]
@case
def c64():
    [1,2,3][x:]
@case
def c65():
    x <= 1
@case
def c66():
    (yield_ := boom)(1)
@case
def c67():
    super().foo
@case
def c68():
    print(  boom( 1 ) + 2  )
@case
def c69():
    a = (1 +
      boom(
        2
      )
     * 3)
@case
def c70():
    x.attr = 3; x.__class__ = 3
@case
def c71():
    async def f():
        await 3
    asyncio.run(f())
@case
def c72():
    async def f():
        async with 3: pass
    asyncio.run(f())
@case
def c73():
    async def f():
        async for a in 3: pass
    asyncio.run(f())
@case
def c74():
    with 3: pass
@case
def c75():
    "a" + 1
@case
def c76():
    "a%d" % "x"
@case
def c77():
    not x
@case
def c78():
    global qq
    del qq
@case
def c79():
    boom(1, a=2, a2=3, *[4], **{"z": 4})
@case
def c80():
    x.foo(boom(1), 2)
@case
def c81():
    "".join(str(i / 0)
      for i in range(3))
@case
def c82():
    1 if boom() else 2
@case
def c83():
    def g():
        yield from x
    list(g())
@case
def c84():
    def g():
        yield 1
    g().throw(ValueError("thrown"))
@case
def c85():
    {x}
@case
def c86():
    {1, *x}
@case
def c87():
    print(*x, sep=3)
@case
def c88():
    dict(a=1)["ключ"] + "日本" * boom("日本")
@case
def c89():
    é = "日本"; return é + 1 + "日本"
for f in cases:
    try: f()
    except BaseException as e:
        if e.__traceback__ is None: print("?")
        e.__traceback__ = e.__traceback__ and e.__traceback__.tb_next
        print("--", f.__name__)
        for tb in traceback.TracebackException.from_exception(e).stack.format(): 
            if "asyncio" in tb or "contextlib" in tb: continue
            print(tb, end="")
        print(type(e).__name__)
    else: print(f.__name__, "no error")
