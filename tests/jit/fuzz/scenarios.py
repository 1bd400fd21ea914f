"""What a random program may do besides arithmetic and calls: one method of `Scenarios` per subject.

Each writes functions around random statements (`generate.Program`), drives them until they are compiled, changes something
at a random moment, and prints what came out. Everything printed must be the same in every run of the host itself: no
addresses, no order of sets, no counts that depend on time, on when garbage happens to be collected, or on thread switches.
"""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.jit.fuzz.generate import Program

#: numbers next to the places where representations change
EDGES = [
    "2**30 - 1", "2**30", "-(2**30)", "2**31 - 1", "2**53", "2**53 + 1", "2**60 - 1", "2**60", "2**62 - 1", "2**62", "-(2**62) - 1", "2**63 - 2",
    "2**63 - 1", "2**63", "-(2**63)", "-(2**63) - 1", "2**64 - 1", "0", "1", "-1", "True", "3",
]  # fmt: skip
MIXED = ["0.5", "-0.0", "float('inf')", "float('nan')", "1e308", "5e-324", "1.5", "2.0**53", "3", "-7", "True", "10**20", "2j", "None", "'s'"]
TURNS = ["4", "9", "35", "70"]


#: a class whose every method notes the frame it is called from
EYE = """
    import array, collections, itertools, random
    SEEN = []
    def look(what, *others):
        f, names = sys._getframe(2), []
        if len(SEEN) < 400:
            local = {k: show(v) for k, v in sorted(f.f_locals.items()) if k not in ("self", "c", "cs")}
            SEEN.append((what, f.f_lineno, local) if f.f_code.co_name == "work" else (what, f.f_code.co_name))
            while f and len(names) < 3:
                names.append(f.f_code.co_name)
                f = f.f_back
            SEEN.append(names)
    class Eye:
        def __init__(self, n): self.n = n
        def __repr__(self): return f"Eye({self.n!r})"
        def __eq__(self, other): look("eq", other); return self is other or type(other) is Eye and other.n == self.n
        def __hash__(self): look("hash"); return 1000003
        def __lt__(self, other): look("lt"); return True
        def __index__(self): look("index"); return 1
        def __int__(self): look("int"); return 2
        def __float__(self): look("float"); return 2.5
        def __bool__(self): look("bool"); return False
        def __len__(self): look("len"); return 2
        def __getitem__(self, key): look("getitem"); return [1, 2][key]
        def __setitem__(self, key, value): look("setitem")
        def __delitem__(self, key): look("delitem")
        def __contains__(self, key): look("contains"); return True
        def __iter__(self): look("iter"); yield 1; look("next"); yield self
        def __add__(self, other): look("add"); return 5
        def __radd__(self, other): look("radd"); return 6
        def __iadd__(self, other): look("iadd"); return self
        def __mod__(self, other): look("mod"); return 7
        def __rmul__(self, other): look("rmul"); return 8
        def __neg__(self): look("neg"); return 9
        def __str__(self): look("str"); return "eye"
        def __format__(self, how): look("format"); return "formatted"
        def __call__(self, *args): look("call"); return 3
        def __getattr__(self, name): look("getattr"); raise AttributeError(name)
        @property
        def both(self): look("property"); return self.n
        @both.setter
        def both(self, value): look("setter"); self.n = value
        def append(self, value): look("append")
        def get(self, key, other=None): look("get"); return other
    class Plain:
        n = 1
        def __repr__(self): return "Plain()"
        def get(self, key, other=None): look("get"); return other
    class List(list):
        def __getitem__(self, key): look("list getitem"); return list.__getitem__(self, key)
        def __iter__(self): look("list iter"); return list.__iter__(self)
        def append(self, value): look("list append"); list.append(self, value)
    class Just(list): pass
    class Dict(dict):
        def __missing__(self, key): look("missing"); return 4
    class Int(int):
        def __add__(self, other): look("int add"); return int(self) + other
        def __eq__(self, other): look("int eq"); return int(self) == other
        def __hash__(self): look("int hash"); return 2000003
    class Factory:
        def __repr__(self): return "factory"
        def __call__(self): look("factory"); return [0]
    factory = Factory()
    def stream(*items):
        for item in items: look("resumed"); yield item
    """
CONTAINERS = [
    "array.array('d', [1.0, 2.5, 3.0])", "array.array('i', [1, 2, 3, 4])", "array.array('b')", "collections.deque([1, 2, 3])", "collections.deque([Eye(1), 2])",
    "collections.OrderedDict([(1, 2), ('a', 3)])", "collections.OrderedDict([(Eye(1), 2)])", "collections.defaultdict(list, {1: [1]})", "collections.defaultdict(factory)",
    "collections.Counter('abca')", "bytearray(b'abcdef')", "b'abcdef'", "[1, 2, 3]", "[1.5, 'a', None]", "[Eye(1), Eye(2), 3]", "(1, 2, 3)", "(Eye(1), 2, 1)", "{1, 2, 3}",
    "frozenset([1, 'a'])", "{Eye(1), 2}", "{1: 2, 'a': 3, None: 4}", "{Eye(1): 2, 3: 4}", "{(1, 2): 3, 1: 4}", "'abcdef'", "'12'", "'\\u20ac12'", "range(5)", "memoryview(bytearray(b'abc'))",
    "Eye(4)", "List([1, 2, 3])", "Just([1, 2, 3])", "Dict({1: 2})", "Plain()", "iter([1, 2, 3])", "stream(1, 2, 3)", "[[1], [2]]", "[(1, 2), (1, 3)]", "list(range(50))", "{}.keys()",
]  # fmt: skip
ITEMS = [
    "0", "1", "2", "-1", "7", "True", "None", "1.0", "2.5", "2**70", "-(2**65)", "'a'", "'1'", "b'a'", "'%s'", "(1, 2)", "(1, 2)", "(Eye(1), 2)", "slice(0, 2)", "slice(Eye(1), None)", "Eye(1)",
    "Eye(2)", "Int(1)", "Plain()", "[1, 2]", "[Eye(1)]", "bytearray(b'x')", "array.array('d', [5.0])", "{1: 2}", "2j", "factory", "Eye", "int", "len", "float('nan')",
]  # fmt: skip
ON_CONTAINERS = [
    "t = c[k]", "t = c[i % 3]", "t = c[1]", "c[k] = v", "c[i % 3] = v", "c[1] = k", "del c[k]", "t = k in c", "t = v not in c", "t = len(c)", "t = c + v", "t = c * 2", "c += v if i < 3 else k",
    "t = c == v", "t = k == v", "t = k != v", "t = k < v", "t = (k, v) == (v, k)", "t = [k, v] < [v, k]", "t = k + v", "t = k * v if i < 2 else k", "t = k % v", "t = k - v", "t = -k", "t = ~k", "t = not c",
    "u = 1 if k else 2", "t = [x for x in c]", "for x in c: t = x", "for j, x in enumerate(c): u = x", "for x, y in zip(c, c): u = y", "for x in reversed(c): t = x", "t = c[:2]", "t = c[k:]", "c[1:2] = v",
    "c.append(v)", "t = c.pop()", "t = c.pop(0)", "c.insert(k, v)", "t = c.get(k)", "t = c.get(k, v)", "t = c.setdefault(k, v)", "c.add(k)", "c.discard(k)", "c.extend(v)", "t = c.index(v)", "t = c.count(v)",
    "t = c.popleft()", "c.appendleft(v)", "c.rotate(1)", "c.move_to_end(k)", "t = c.copy()", "t = c.isdigit()", "t = c.find(v)", "t = '%s,%s' % (k, v)", "t = '%s' % k", "t = f'{k}|{v!r}'", "t = f'{v:>5}'",
    "t = isinstance(v, Eye)", "t = isinstance(k, int)", "t = getattr(v, 'n', None)", "t = hasattr(v, 'nothing')", "t = v.n", "t = v.both", "v.n = i", "v.both = i", "t = c.real", "t = int(k)", "t = float(v)",
    "t = str(v)", "t = min(k, v)", "t = list(c)", "t = tuple(c)", "t = hash(k) == hash(k)", "m = c.append; m(v)", "t = k ** 2", "t = next(iter(c), None)", "t = ''.join(c)", "t = k | v", "t = k & 255", "t = 'x'.join(v)",
    "t = {x for x in c}", "t = {x: k for x in c}", "t = len(v)", "t = abs(k)", "t = divmod(k, 3)", "t = bool(v)", "t = type(v).__name__", "t = Eye(i).n", "u = u + k", "u = u * 31 + 7", "u = (u * 31 + 7) & 65535", "u = k",
    "t = c.items(); u = len(t)", "for x, y in c.items(): u = y", "t = k(v)", "t = v()", "t = max(c)", "t = sorted(c)", "t = sum(c)", "t = random.random() < 2", "t = list(map(str, c))", "t = list(itertools.chain(c, [k]))",
]  # fmt: skip


class Scenarios:
    """The subjects; mixed into `generate.Program`."""

    def write(self: Program, text: str) -> None:
        """Add a piece of program text."""
        self.lines += textwrap.dedent(text).strip("\n").splitlines()

    def body(self: Program, names: str, level: int = 1, budget: int = 2, generator: bool = False) -> str:
        """Return random statements over these names, indented."""
        kept = self.lines, self.names, self.in_generator, self.loops
        self.lines, self.names, self.in_generator = [], names.split(), generator
        for _ in range(self.r.randint(1, 2)):
            self.statement(level, budget)
        lines = self.lines
        self.lines, self.names, self.in_generator, self.loops = kept
        return "\n".join(lines)

    def some(self: Program, names: str, depth: int = 1) -> str:
        """Return a random expression over these names."""
        kept, self.names = self.names, names.split()
        text = self.expression(depth)
        self.names = kept
        return text

    # -- numbers ---------------------------------------------------------------------------------------------------------

    def on_edges(self: Program) -> None:
        """Sums, products, shifts and quotients that cross the borders of digits, words and floats."""
        r = self.r
        op = r.choice(["s + k", "s - k", "s * k", "s * 3 - k", "(s << 1) ^ k", "s // (k | 1)", "s % (k + 7)", "-s + k", "~s + i", "s * s % (k | 1)",
                       "abs(s) + k", "s + (k >> i % 70)", "(s & k) | i", "divmod(s, k or 1)[0] + i", "s + k if s <= k else s - i", "max(s, k) + 1",
                       "min(s + 1, k)", "s + k / 2", "int(s) + k", "round(s) + k", "s + float(k)", "s ** 2 - k", "s + k * 1.0 // 1"])  # fmt: skip
        self.write(f"""
            def edge(s, k, n):
                seen = 0
                for i in range(n):
                    s = {op}
                    if s {r.choice(["<", "<=", ">", ">=", "==", "!="])} {r.choice(EDGES + MIXED[:8])}:
                        seen += {r.choice(["1", "i", "s"])}
                return s, seen
            """)
        same = r.choice(EDGES), r.choice(EDGES)
        for _ in range(r.randint(3, 7)):
            self.emit(f"run(edge, {same[0]}, {same[1]}, {r.choice(TURNS)})", 0)
        for _ in range(r.randint(2, 6)):
            self.emit(f"run(edge, {r.choice(EDGES + MIXED)}, {r.choice(EDGES + MIXED)}, {r.choice(TURNS)})", 0)

    def comparisons(self: Program) -> None:
        """Chains, identities and membership with mixed numbers, NaN and -0.0."""
        r = self.r
        chain = r.choice(["a < b <= c", "a == b == c", "a != b < c", "a <= b is not c", "a in (b, c)", "a not in [b, c]", "b in {a: 1, c: 2}",
                          "not a == b", "a is b or b is c", "(a, b) < (b, c)", "[a, b] == [b, c]", "a < b > c != a", "min(a, b, c) == max(a, b)"])  # fmt: skip
        self.write(f"""
            def chain(a, b, c):
                hits = []
                for i in range({r.choice(TURNS)}):
                    if {chain}:
                        hits.append(i)
                    {r.choice(["a, b, c = b, c, a", "a = b", "c = a", "b = -b", "a = +a", "b = (c := a)", "pass"])}
                return hits[:9], len(hits), a, b, c
            """)
        values = EDGES[:10] + MIXED[:9] + ["nan"]
        self.emit("nan = float('nan')", 0)
        kinds = [r.choice(values) for _ in range(3)]
        for _ in range(5):
            self.emit(f"run(chain, {', '.join(kinds)})", 0)
        for _ in range(5):
            self.emit(f"run(chain, {', '.join(r.choice(values + MIXED) for _ in range(3))})", 0)

    # -- generators, closures, calls --------------------------------------------------------------------------------------

    def generators(self: Program) -> None:
        """Generators driven by loops, next, send, throw and close."""
        r = self.r
        self.emit("def gen(a, b):", 0)
        self.emit("got = None", 1)
        self.emit("try:", 1)
        self.emit(f"for i in range({r.choice(['3', '12', '40'])}):", 2)
        self.lines += self.body("a b got i", 3, 1, generator=True).splitlines()
        self.emit(f"got = yield {self.some('a b i got')}", 3)
        self.emit(r.choice(["a = a + i", "b = got", "pass", "yield from (a, b)"]), 3)
        self.emit(r.choice(["except ValueError as e:", "except (ValueError, TypeError) as e:"]), 1)
        self.emit("yield 'caught', type(e).__name__", 2)
        self.emit("finally:", 1)
        self.emit("print('closing', show(b))", 2)
        self.emit(f"return {self.some('a b')}", 1)
        self.write(f"""
            def drive(a, b, how):
                g, out = gen(a, b), []
                for turn in range({r.choice(["5", "20"])}):
                    try:
                        if how == 1 and turn == 3:
                            out.append(g.throw(ValueError('in')))
                        elif how == 2 and turn:
                            out.append(g.send(turn))
                        elif how == 3 and turn == 4:
                            g.close()
                        else:
                            out.append(next(g))
                    except StopIteration as stop:
                        out.append(('stop', stop.value))
                        break
                return out
            def chained(a, b):
                def outer():
                    value = yield from gen(a, b)
                    yield ('value', value)
                return list(outer())
            def squares(n):
                return sum(v * v for v in range(n) if v % 3), [v for v in (w + 1 for w in range(n))][-3:], {{v: v * v for v in range(n % 7)}}
            """)
        for _ in range(r.randint(3, 5)):
            self.emit(f"run(drive, {self.value('small')}, {self.value(r.choice(['small', 'float', 'list']))}, {r.randint(0, 3)})", 0)
        self.emit(f"run(chained, {self.value('small')}, {self.value('small')})", 0)
        self.emit(f"for n in range({r.choice(TURNS)}): squares(n)", 0)
        self.emit("run(squares, 40); run(squares, 'x')", 0)

    def slices(self: Program) -> None:
        """Parts of lists, text and odd containers, read and replaced; ``and`` and ``or`` as values."""
        r = self.r
        part = lambda: r.choice(["i:", ":i", "i::-1", "::2", "-i:n", ":", "a:i", "None:i", "i:a:1", "::-1", "i:2**70", ":i:-1", "::i"])  # noqa: E731
        self.write(f"""
            class Odd:
                def __init__(self, v): self.v = v
                def __bool__(self):
                    {r.choice(["return self.v > 1", "print('asked', self.v); return True", "raise KeyError(self.v)", "return 1"])}
                def __getitem__(self, k): return k if self.v else [k]
                def __setitem__(self, k, v): self.v = (k, show(v))
                def __index__(self): return {r.choice(["self.v", "2", "'x'"])}
                def __repr__(self): return f'Odd({{self.v}})'
            def parts(items, a, n):
                out = []
                for i in range(n):
                    out.append(items[{part()}])
                    out.append({r.choice(["items and a", "items or a", "a and items[i:]", "(a or i) and items", "i and a or items", "not (a and i) or i"])})
                    if i {r.choice(["> 2", "% 5 == 4", "== n - 1"])}:
                        items[{part()}] = {r.choice(["out[-2]", "items[::-1]", "reversed(items[:3])", "(i, a)", "'xy'", "a", "range(i)"])}
                    {r.choice(["pass", "del items[:1]", "x = a and i", "a = a or i", "if a and (i or items): out.append(i)"])}
                return out[-5:], items
            """)
        for n in (3, 4, 5, 36):
            self.emit(f"run(parts, {r.choice(['list(range(9))', '[1.5, 2, None, 4]'])}, {r.choice(['2', '0', 'None', '1.5'])}, {n})", 0)
        for items in ("'some text'", "bytearray(b'abcdef')", "(1, 2, 3)", "Odd(0)", "Odd(3)", "{1: 2}", "[]", "None"):
            self.emit(f"run(parts, {items}, {r.choice(['1', 'Odd(1)', 'Odd(3)', '[]', '-2', chr(34) * 2])}, {r.choice(['4', '7'])})", 0)

    def closures(self: Program) -> None:
        """Functions that share cells, and change each other's variables."""
        r = self.r
        self.write(f"""
            def make(start, step=1):
                count, log = start, []
                def up(k):
                    nonlocal count
                    {r.choice(["count += step * k", "count = count + k", "count *= k", "count -= k if k else count", "count = k or count"])}
                    {r.choice(["log.append(count)", "return count", "step", "pass", "if k == 5: del log[:]"])}
                    return count
                def look():
                    {r.choice(["return count, len(log)", "return count + step", "return [up(1) for _ in range(2)]", "return (lambda: count)()"])}
                def change(value):
                    nonlocal step, count
                    {r.choice(["step = value", "count = value", "del count", "step, count = count, step"])}
                return up, look, change
            def spin(start, n):
                up, look, change = make(start)
                total = []
                for i in range(n):
                    total.append(up(i))
                    if i == {r.choice(["3", "20", "99"])}:
                        change({r.choice(["2", "1.5", "2**62", "'x'", "None"])})
                return total[-4:], look()
            def late():
                return [f() for f in [lambda: i for i in range(4)]], [f() for f in [lambda i=i: i for i in range(4)]]
            """)
        for _ in range(4):
            self.emit(f"run(spin, {r.choice(['0', '1', '2.5', '2**61'])}, {r.choice(TURNS)})", 0)
        self.emit(f"run(spin, {r.choice(MIXED)}, {r.choice(TURNS)}); run(late); run(late)", 0)
        self.write("""
            def countdown(n):
                def down(k):
                    return n if k <= 0 else down(k - 1) + (n if k % 2 else 1)
                return down(n)
            for n in range(12): run(countdown, n)
            """)

    def keywords(self: Program) -> None:
        """Every way to give arguments to a function with every kind of parameter."""
        r = self.r
        signature, calls = r.choice([
            ("a, b=2", ["f(i)", "f(i, 3)", "f(a=i)", "f(b=i, a=1)", "f(*pair)", "f(**both)", "f(i, b=i)", "f(i, c=1)", "f()", "f(1, 2, 3)"]),
            ("a, /, b=1", ["f(i)", "f(i, b=2)", "f(a=i)", "f(i, i)", "f(*pair)"]),
            ("a, *rest", ["f(i)", "f(i, 1, 2)", "f(*pair, i)", "f(*[], i)", "f(rest=1, a=2)", "f(i, *pair)"]),
            ("a, *, b=3", ["f(i)", "f(i, b=i)", "f(b=i, a=0)", "f(i, 4)", "f(**both)"]),
            ("a, **more", ["f(i)", "f(i, c=2)", "f(i, **both)", "f(a=1, z=i)", "f(*pair)"]),
            ("a, b=1, *rest, c=2, **more", ["f(i)", "f(i, 2, 3)", "f(i, c=5)", "f(i, d=6)", "f(*pair, **{'q': i})", "f(c=1, a=i)", "f(**both)"]),
        ])  # fmt: skip
        answer = r.choice(["(a, locals().get('b'), locals().get('rest'), sorted((locals().get('more') or {}).items()))", "a", "helper(a)"])
        self.write(f"""
            def f({signature}):
                {r.choice(["pass", "a = a", "a += 1", "for _ in range(2): a = a + 0"])}
                return {answer}
            pair, both = (7, 8), {{"a": 1, "b": 2}}
            def call(i):
                return {r.choice(calls)}
            def calls(n):
                out = []
                for i in range(n):
                    out.append({r.choice(calls)})
                return out[-2:]
            """)
        for _ in range(6):
            self.emit("run(call, 1)", 0)
        self.emit(f"run(calls, 3); run(calls, {r.choice(TURNS)})", 0)
        self.emit(r.choice(["f.__defaults__ = (9,)", "f.__defaults__ = None", "f.__kwdefaults__ = {'b': 11, 'c': 12}", "pair = [1]", "both = {'b': 4}", "f.__code__ = call.__code__"]), 0)
        self.emit(f"run(call, {r.choice(MIXED)}); run(calls, {r.choice(TURNS)})", 0)
        for call in r.sample(calls, min(4, len(calls))):
            self.emit(f"i = 5; run(lambda: {call})", 0)

    def functions_as_values(self: Program) -> None:
        """Compiled functions called by C code: sort keys, map, reduce, partial, methods made by hand, copies with other globals."""
        r = self.r
        self.write(f"""
            import functools, types, operator
            def key(v, w=0):
                return {r.choice(["-v", "v % 5", "v * v + w", "(v % 3, v)", "str(v)", "v & 6", "v + g_int", "helper(v)"])}
            def cmp(a, b):
                return (a > b) - (a < b){r.choice(["", " + 0", " if a != 3 else 0"])}
            values = [{", ".join(r.choice(["3", "1", "2.5", "-4", "True", "2**40"]) for _ in range(14))}]
            def use(n):
                out = [sorted(values, key=key), sorted(values, key=functools.cmp_to_key(cmp)), list(map(key, values)), min(values, key=key)]
                out.append(functools.reduce(lambda a, b: a + b, values))
                out.append(functools.partial(key, w=2)(n))
                out.append(types.MethodType(cmp, n)(2))
                return out
            for n in range(5): run(use, n)
            other = types.FunctionType(key.__code__, {{"g_int": 1000, "helper": lambda v: ("other", v), "str": lambda v: "no", "__builtins__": __builtins__}}, "key", (5,))
            for n in range(4): run(other, n)
            for n in range(4): run(key, n); run(other, n + 0.5)
            {r.choice(["values.append('x')", "values[3] = None", "values.clear()", "g_int = 'gone'", "key.__defaults__ = ('w',)"])}
            run(use, {r.choice(MIXED)})
            """)

    # -- classes ----------------------------------------------------------------------------------------------------------

    def classes(self: Program) -> None:
        """A hierarchy used by one loop, changed while the loop runs."""
        r = self.r
        slots = r.random() < 0.3
        base = '__slots__ = ("v", "w")' if slots else r.choice(["kind = 'base'", "total = 0", "pass"])
        # too many names to share, or names in another order for each: attributes are in dicts of the instances' own
        first = "pass" if slots else r.choice(["pass", "for k in range(32): setattr(self, f'z{k}', k)", "if v: self.w = 0", "vars(self)", "vars(self)['w'] = 0; self.z = 1"])
        self.write(f"""
            from dataclasses import dataclass
            class Base:
                {base}
                def __init__(self, v, w=1):
                    {first}
                    self.v = v
                    {r.choice(["self.w = w", "self.w = [w]", "self.w = w + 1"])}
                def area(self):
                    return self.v {r.choice(["+", "*", "-"])} {r.choice(["1", "self.v", "2.5"])}
                def grow(self, k):
                    self.v {r.choice(["+=", "=", "-="])} k
                    return self
                @property
                def double(self):
                    return self.v * 2
                @classmethod
                def named(cls):
                    return cls.__name__
                @staticmethod
                def fixed(k):
                    return k + 1
                def __eq__(self, other):
                    return isinstance(other, Base) and self.v == other.v
                __hash__ = None
                def __repr__(self):
                    return f"{{type(self).__name__}}:{{self.v!r}}"
            class Child(Base):
                {"__slots__ = ()" if slots and r.random() < 0.6 else r.choice(["kind = 'child'", "pass", "total = 5"])}
                def area(self):
                    return super().area() + {r.choice(["1", "self.v", "0.5"])}
            class Other(Base):
                def __init__(self, v):
                    super().__init__(v, {r.choice(["v", "3"])})
                    self.extra = {r.choice(["v", "'e'", "0"])}
                def grow(self, k):
                    {r.choice(["self.extra = k", "self.v = k", "self.new = k", "super().grow(k)"])}
                    return self
            @dataclass{r.choice(["", "(frozen=True)", "(order=True)", "(slots=True)"])}
            class Data:
                v: int = 1
                w: float = 2.0
                def area(self):
                    return self.v + self.w
                def grow(self, k):
                    return Data(self.v + k, self.w)
            def walk(things, n, event):
                out = 0
                for i in range(n):
                    thing = things[i % len(things)]
                    out += thing.area()
                    {r.choice(["thing.grow(1)", "thing.v = i", "out += thing.v", "things[i % len(things)] = thing.grow(2)", "out += isinstance(thing, Child)"])}
                    if i == event:
                        change(things[0])
                return out
            def build(n):
                return [Base(i) for i in range(n)][-1].area() + Child(n).v + sum(Data(i).v for i in range(3))
            def change(thing):
                {self.class_change()}
            """)
        things = ["Base(1)", "Child(2)", "Other(3)", "Data()", "Base(1.5)", "Base(2**62)"]
        few = r.sample(things, r.randint(1, 3))
        for _ in range(r.randint(3, 5)):
            self.emit(f"run(walk, [{', '.join(few)}], {r.choice(['5', '12', '40'])}, -1)", 0)
        self.emit(f"for n in range({r.choice(['4', '33'])}): run(build, n)", 0)
        for event in r.sample(["2", "7", "31"], 2):
            self.emit(f"run(walk, [{', '.join(few)}], 36, {event})", 0)
        self.emit(f"run(walk, [{', '.join(things)}], 14, 3); run(build, 5)", 0)

    def class_change(self: Program) -> str:
        """Return a statement that changes a class or an instance under running code."""
        return self.r.choice([
            "Base.area = lambda self: 100", "Child.area = Base.area", "thing.__class__ = Child", "thing.__dict__['v'] = 50", "thing.area = lambda: -1",
            "del Base.grow", "Base.v = property(lambda self: 7, lambda self, value: None)", "Base.__getattr__ = lambda self, name: name",
            "Base.__setattr__ = lambda self, name, value: object.__setattr__(self, name, 9)", "type(thing).kind = 3", "thing.__dict__ = {'v': 3, 'w': 4}",
            "Base.__getattribute__ = lambda self, name: object.__getattribute__(self, name)", "del thing.v", "Child.__bases__ = (Other,)",
            "thing.one, thing.two = 1, 2", "Base.__eq__ = lambda self, other: True", "object.__setattr__(thing, 'v', 2**70)", "globals()['Base'] = Child",
            "Child.grow = lambda self, k, Base=Base: Base.grow(self, k + 1)", "Base.area.__code__ = (lambda self: 'code').__code__", "Base.total = Base.total + 1 if hasattr(Base, 'total') else 0",
        ])  # fmt: skip

    def special_methods(self: Program) -> None:
        """A class with operators of its own inside hot loops."""
        r = self.r
        self.write(f"""
            class Num:
                def __init__(self, n): self.n = n
                def __add__(self, o): return Num(self.n + (o.n if isinstance(o, Num) else o))
                def __radd__(self, o): return Num(o + self.n)
                def __mul__(self, o): return NotImplemented if isinstance(o, str) else Num(self.n * 2)
                def __lt__(self, o): return {r.choice(["self.n < getattr(o, 'n', o)", "NotImplemented", "[]"])}
                def __eq__(self, o): return self.n == getattr(o, 'n', None)
                def __hash__(self): return 3
                def __len__(self): return {r.choice(["3", "-1", "abs(self.n) % 4", "2"])}
                def __bool__(self): return {r.choice(["self.n > 2", "True", "1"])}
                def __getitem__(self, k):
                    if k > 4: raise IndexError(k)
                    return self.n + k
                def __setitem__(self, k, v): self.n = v
                def __contains__(self, k): return k == self.n
                def __call__(self, k=1): return self.n - k
                def __index__(self): return 2
                def __float__(self): return 0.25
                def __neg__(self): return Num(-self.n)
                def __enter__(self): self.n += 1; return self
                def __exit__(self, *a): return {r.choice(["True", "None", "a[0] is ValueError"])}
                def __repr__(self): return f"Num({{self.n}})"
            class Fake(int):
                def __add__(self, o): return 'fake'
                def __mul__(self, o): return 1.5
                def __lt__(self, o): return True
            class Words(str):
                def __eq__(self, o): return True
                __hash__ = str.__hash__
            def mix(x, n):
                out = []
                for i in range(n):
                    {r.choice(["y = x + i", "y = i + x", "y = x * 2", "y = -x", "y = x[i % 3]", "y = x(i)", "y = len(x)", "y = float(x)", "y = [9, 8, 7][x]", "y = i in x", "y = x < i", "y = not x", "y = x == i", "y = [v for v in x]", "y = (x and i)", "y = i << x", "y = {x: i}[x]", "y = max(x, i)"])}
                    {r.choice(["out.append(y)", "x[i] = y", "with x as z: out.append(z.n); raise ValueError(i)", "if y: out.append(i)", "x = y", "out.append(y is x)"])}
                return out[-5:], x
            """)
        usual = r.choice(["Num(1)", "3", "Fake(3)", "2.5", "[1, 2]", "'abc'"])
        for _ in range(5):
            self.emit(f"run(mix, {usual}, 8)", 0)
        for _ in range(4):
            self.emit(f"run(mix, {r.choice(['Num(1)', '3', 'Fake(3)', '2.5', '[1, 2]', 'Num(0)', 'True', 'Words(3)', 'None', '2**63'])}, {r.choice(TURNS)})", 0)

    # -- names that change ----------------------------------------------------------------------------------------------

    def changing_names(self: Program) -> None:
        """Globals, builtins, code, defaults and imports that change at some turn of a running loop."""
        r = self.r
        change = r.choice([
            "globals()['part'] = lambda k: -k", "part.__code__ = (lambda k: k * 100).__code__", "part.__defaults__ = (4,)", "globals()['len'] = lambda v: 42",
            "builtins.abs = lambda v: 'patched'", "globals()['g_int'] = 2.5", "del globals()['g_float']", "globals().update({f'n{j}': j for j in range(40)})",
            "math.sqrt = lambda v: 'root'", "globals()['math'] = 7", "part.__dict__['x'] = 1", "globals()['g_list'] = (9,)", "g_list.append('s')", "g_list.clear()",
            "builtins.range = lambda *a: [1, 2]", "globals().pop('part')", "part.__globals__['g_int'] = None", "builtins.g_float = 'b'",
        ])  # fmt: skip
        self.write(f"""
            import builtins
            kept = abs, range, math.sqrt
            def part(k=1):
                return {r.choice(["k + g_int", "k", "g_float + k", "len(g_list) + k", "abs(k)"])}
            def steady(n, when):
                total = 0
                for i in range(n):
                    total += {r.choice(["part(i)", "part()", "part(i) + abs(-i)", "len(g_list) + part(i)", "math.sqrt(i) + g_int", "g_float * i", "sum(g_list) + i"])}
                    if i == when:
                        swap()
                return total
            def nested(n, when):
                return [steady(n, when if k == 2 else -1) for k in range(4)]
            def swap():
                {change}
            for n in (3, 4, 40, 41): run(steady, n, -1)
            run({r.choice(["steady", "nested"])}, {r.choice(TURNS)}, {r.choice(["1", "3", "30"])})
            run(steady, 6, -1)
            builtins.abs, builtins.range, math.sqrt = kept
            run(steady, 6, -1)
            """)

    def unpacking(self: Program) -> None:
        """Star unpacking, swaps, del, walrus, match, global and nonlocal, locals that are not set."""
        r = self.r
        self.write(f"""
            def take(items, n):
                out = 0
                for i in range(n):
                    {r.choice(["a, *b = items", "a, b = items", "(a, b), c = items, i", "*a, b = items", "a, b = b, a = items", "[a, [b, *c]] = i, items", "a = b = items", "a, _, b = items"])}
                    {r.choice(["out += len(items)", "out = (a, b)", "a, b = b, a", "del a", "if (c := i) > 2: out = c", "out = [*items, *items]", "out = {**{'k': i}}"])}
                    {r.choice(["pass", "del b", "items = (i, i + 1)", "out = b", "continue"])}
                return out, a
            def shape(v):
                match v:
                    case int() | float() if v: return 'number', v
                    case [x, *rest]: return 'list', x, rest
                    case {{'a': x}}: return 'map', x
                    case A(x=q): return 'A', q
                    case None: return 'none'
                    case _: return 'other'
            """)
        usual = r.choice(["(1, 2)", "[1, 2]", "'ab'", "{3: 4, 5: 6}", "(1, 2, 3)", "range(2)"])
        for _ in range(5):
            self.emit(f"run(take, {usual}, 5)", 0)
        for _ in range(3):
            self.emit(f"run(take, {r.choice(['(1, 2)', '[1.5]', '3', 'None', '(1, 2, 3)', '[[1, 2], 3]', 'iter([1, 2])'])}, {r.choice(TURNS)})", 0)
        self.emit("for v in [1, 2.5, [1, 2], (3,), {'a': 1}, A(5), None, 'x', 0] * 4: run(shape, v)", 0)

    # -- exceptions -------------------------------------------------------------------------------------------------------

    def exceptions(self: Program) -> None:
        """Raising through try, finally and with, at any place, with break, continue and return inside."""
        r = self.r
        bad = r.choice(["[1, 2][i % 4]", "10 // (i % 5 - 3)", "{'a': 1}['a' if i % 3 else 'b']", "None + i if i == 4 else i", "int('x' if i == 6 else '5')",
                        "math.sqrt(3 - i)", "(i, i)[i % 3]", "g_none.x if i == 3 else 1", "undefined if i == 5 else 2", "1.0 / (i % 4)", "'ab'[i % 3] * 2", "1 << (i - 5)"])  # fmt: skip
        self.emit("def risky(v, n):", 0)
        self.emit("log = []", 1)
        self.emit("for i in range(n):", 1)
        self.emit("try:", 2)
        opened = r.choice(["try:", "with Ctx(True):", "with Ctx(False) as c, Ctx(i % 2):", "if v:", "while True:"])
        self.emit(opened, 3)
        self.emit(f"log.append({bad})", 4)
        self.emit(r.choice(["pass", "if i == 2: continue", "if i == 7: break", "if i == 8: return 'inner', log", "assert i != 4, i", "raise KeyError(i)"]), 4)
        if opened == "while True:":
            self.emit("break", 4)
        if opened == "try:":
            self.emit("finally:", 3)
            self.emit(r.choice(["log.append('f')", "v = i", "if i == 9: raise OSError(i)", "if i == 3: return log"]), 4)
        caught = r.choice(["(IndexError, KeyError)", "ZeroDivisionError", "Exception", "(TypeError, ValueError)", "LookupError"])
        self.emit(f"except {caught} as e:", 2)
        self.emit("log.append(type(e).__name__)", 3)
        self.emit(r.choice(["pass", "raise", "raise RuntimeError(i) from e", "raise ValueError(i)", "del e", "return i",
                            "log.append(e.__traceback__.tb_lineno - risky.__code__.co_firstlineno)"]), 3)  # fmt: skip
        self.emit("else:", 2)
        self.emit("log.append('else')", 3)
        self.emit("finally:", 2)
        self.emit(f"log.append({r.choice(['i', repr('fin'), 'len(log)'])})", 3)
        self.emit(r.choice(["pass", "if i == 11: break", "v = log", "if i == 13: return 'fin', i"]), 3)
        self.emit("return log[-6:], v", 1)
        self.write("""
            def through(v, n):
                try:
                    return risky(v, n)
                except Exception as e:
                    return type(e).__name__, str(e), type(e.__context__).__name__, type(e.__cause__).__name__
            def group(n):
                caught = []
                try:
                    raise ExceptionGroup('g', [ValueError(n), TypeError(n)] + ([KeyError(n)] if n % 2 else []))
                except* ValueError as e:
                    caught.append(len(e.exceptions))
                except* TypeError:
                    caught.append('t')
                return caught
            """)
        self.lines = [line for line in self.lines if line.strip() != "#"]
        for _ in range(4):
            self.emit(f"run(risky, 1, {r.choice(['2', '3'])})", 0)
        self.emit(f"run(risky, 1, {r.choice(TURNS)}); run(through, 0, {r.choice(TURNS)}); run(through, 2, 5)", 0)
        self.emit("for n in range(4): run(group, n)", 0)

    def recursion(self: Program) -> None:
        """Recursion of several shapes; how deep it goes before RecursionError must be the host's number."""
        r = self.r
        self.write(f"""
            def deep(n, acc=0):
                return {r.choice(["n + deep(n - 1) if n else 0", "deep(n - 1, acc + n) if n > 0 else acc", "1 + max(deep(n - 1), deep(n - 2)) if n > 0 else 0", "[deep(n - 1), n][1] if n else 0"])}
            def even(n): return n == 0 or odd(n - 1)
            def odd(n): return n != 0 and even(n - 1)
            class Node:
                def __init__(self, depth):
                    self.next = Node(depth - 1) if depth else None
                def length(self):
                    return 1 + (self.next.length() if self.next else 0)
            def endless(n):
                global reached
                reached = n
                return endless(n + 1){r.choice(["", " + 1", " * 2"])}
            def silent(n):
                return silent(n + 1) + 1
            def limit(f):
                try:
                    return f(0)
                except RecursionError as e:
                    tb, count = e.__traceback__, 0
                    while tb: tb, count = tb.tb_next, count + 1
                    return str(e), count
            for n in (3, 5, 8, 9, 10): run(deep, n); run(even, n * 3)
            run(deep, 12); run(even, 301)
            for n in (5, 40, 60): run(Node(n).length)
            old = sys.getrecursionlimit()
            sys.setrecursionlimit({r.choice(["150", "400", "90"])} + len_of_stack())
            for _ in range(4): run(limit, silent); run(limit, endless)
            print(reached)
            sys.setrecursionlimit(old)
            """)

    # -- what looks at the program ------------------------------------------------------------------------------------------

    def frames(self: Program) -> None:
        """Callees that look at their callers: _getframe, locals, inspect, warnings, tracebacks."""
        r = self.r
        look = r.choice([
            "sorted(f.f_locals)", "f.f_lineno - f.f_code.co_firstlineno", "f.f_code.co_name, f.f_back.f_code.co_name", "{k: show(v) for k, v in sorted(f.f_locals.items())}",
            "[x.function for x in inspect.stack(0)[1:4]]", "[(s.name, s.lineno - f.f_code.co_firstlineno) for s in traceback.extract_stack(f, 2)]", "f.f_lasti > 0 and f.f_globals is globals()",
        ])  # fmt: skip
        self.write(f"""
            import inspect, traceback, warnings
            def look(k):
                f = sys._getframe({r.choice(["1", "1", "2"])})
                return {look}
            def between(k):
                return look(k)
            def hot(a, n):
                out = []
                t = 1
                for i in range(n):
                    t = t * {r.choice(["2", "3", "a"])} + i
                    if i {r.choice(["== n - 1", "% 7 == 3", "> n - 3"])}:
                        out.append({r.choice(["look(i)", "between(i)", "sorted(locals())", "(lambda: look(i))()", "[look(j) for j in range(1)]", "warn(i)"])})
                return out[-2:], t
            def warn(k):
                with warnings.catch_warnings(record=True) as caught:
                    warnings.simplefilter('always')
                    warnings.warn('w', stacklevel={r.choice(["1", "2", "3"])})
                return [(w.lineno - hot.__code__.co_firstlineno, str(w.message)) for w in caught]
            for n in (3, 4, 5, 35, 36): run(hot, 2, n)
            run(hot, 1.5, 12); run(hot, 2**40, 9)
            """)

    def finalisers(self: Program) -> None:
        """The moment at which objects end: __del__, weak references, callbacks."""
        r = self.r
        self.write(f"""
            import weakref, gc
            gc.disable()
            events = []
            class Mortal:
                def __init__(self, n): self.n = n
                def __del__(self): events.append(('del', self.n))
                def step(self, k): return self.n + k
            def live(n, keep):
                last = total = 0
                refs = []
                for i in range(n):
                    {r.choice(["m = Mortal(i)", "m = [Mortal(i)][0]", "m, o = Mortal(i), None", "m = keep and Mortal(i) or Mortal(-i)"])}
                    events.append(('turn', i))
                    {r.choice(["refs.append(weakref.ref(m, lambda _, i=i: events.append(('dead', i))))", "refs.append(m)", "del m", "m = None", "keep = m", "total += Mortal(i).step(1)", "last = m.step(i)", "refs = [m]", "keep, m = m, keep"])}
                    {r.choice(["pass", "if i == 4: raise ValueError(i)", "if i % 3 == 1: continue", "m = total", "total += i"])}
                    events.append(('end', i))
                return len(refs), total, last
            def passes(m, n):
                for i in range(n):
                    m = Mortal(i) if i % 2 else m
                events.append('done')
                return n
            for n in (2, 3, 6, 34): run(live, n, None); print(events[-8:], len(events)); events.clear()
            for n in (2, 3, 6): run(passes, Mortal(99), n); print(events); events.clear()
            x = Mortal(5)
            ref = weakref.ref(x)
            run(passes, x, 3); print(events, ref() is x); events.clear()
            del x; print(events, ref()); events.clear()
            gc.enable()
            """)

    def collecting(self: Program) -> None:
        """Reference cycles made in hot loops, and collections asked for."""
        r = self.r
        self.write(f"""
            import gc, weakref
            class Ring:
                def __init__(self, n): self.n, self.me = n, self
            def rings(n, when):
                made, refs = [], []
                for i in range(n):
                    ring = Ring(i)
                    {r.choice(["made.append(ring)", "ring.other = made", "made = [ring, made]", "made = ring", "ring.f = lambda: ring"])}
                    refs.append(weakref.ref(ring))
                    if i == when:
                        ring = None
                        gc.collect()
                gc.collect()
                return sum(ref() is not None for ref in refs), n
            gc.disable()
            for n in (3, 4, 5, 36): run(rings, n, {r.choice(["1", "2", "30"])})
            gc.enable()
            gc.set_threshold({r.choice(["5", "50"])})
            for n in (3, 36): run(rings, n, -1)
            gc.set_threshold(700)
            """)

    def watchers(self: Program) -> None:
        """A tracer, profiler or monitoring tool that is switched on while hot code runs."""
        r = self.r
        self.write(f"""
            seen = []
            base = work_line = 0
            def tracer(frame, event, arg):
                if frame.f_code.co_name in ('part', 'hot'):
                    seen.append((frame.f_code.co_name, event, frame.f_lineno - frame.f_code.co_firstlineno))
                    return tracer
            def profiler(frame, event, arg):
                if frame.f_code.co_name in ('part', 'hot'):
                    seen.append((frame.f_code.co_name, event))
            def part(k):
                if k > 2:
                    k -= 1
                return k * 2
            def hot(n, on, off):
                total = 0
                for i in range(n):
                    total += part(i)
                    if i == on:
                        switch(True)
                    if i == off:
                        switch(False)
                return total
            def switch(on):
                {r.choice(["sys.settrace(tracer if on else None)", "sys.setprofile(profiler if on else None)", "sys.settrace(tracer if on else None); sys._getframe(1).f_trace = tracer if on else None", "monitor(on)"])}
            def monitor(on):
                m = getattr(sys, 'monitoring', None)
                if m is None:
                    return
                if on:
                    m.use_tool_id(2, 'fuzz')
                    m.register_callback(2, m.events.LINE, lambda code, line: seen.append((code.co_name, line - code.co_firstlineno)) if code.co_name in ('part', 'hot') else None)
                    m.register_callback(2, m.events.PY_RETURN, lambda code, offset, value: seen.append((code.co_name, show(value))) if code.co_name in ('part', 'hot') else None)
                    m.set_events(2, m.events.LINE | m.events.PY_RETURN)
                else:
                    m.set_events(2, 0)
                    m.free_tool_id(2)
            for n in (4, 5, 34, 35): run(hot, n, -1, -1)
            for on, off in (({r.choice(["3, 6", "10, 12", "31, 33"])}), (1, 2)):
                run(hot, 36, on, off)
                print(len(seen), seen[:12], seen[-4:]); seen.clear()
            for n in (5, 35): run(hot, n, -1, -1)
            """)

    def threads(self: Program) -> None:
        """Several threads in the same hot functions, with results that do not depend on who comes first."""
        r = self.r
        self.write(f"""
            import threading
            lock, shared = threading.Lock(), {{}}
            def crunch(seed, n):
                total = seed
                for i in range(n):
                    total = {r.choice(["total * 3 + i", "total + i / 2", "total ^ (i << 40)", "(total * 31 + i) % 1000003", "total + part(i)"])}
                    if i % 50 == 0:
                        with lock:
                            shared[seed] = shared.get(seed, 0) + 1
                return total
            def part(k): return k * k
            results = {{}}
            def job(seed):
                for n in (3, 4, 200, {r.choice(["400", "900"])}):
                    try:
                        results[seed, n] = crunch(seed, n)
                    except Exception as e:
                        results[seed, n] = repr(e)
            jobs = [threading.Thread(target=job, args=(s,)) for s in ({r.choice(["1, 2, 3", "1, 2.5", "2**62, 1, 0", "1, 'x'"])},)]
            for t in jobs: t.start()
            {r.choice(["", "globals()['part'] = lambda k: k * k", "sys.setswitchinterval(0.0001)"])}
            for t in jobs: t.join()
            print(sorted((str(k), show(v)) for k, v in results.items()), sorted((str(k), v) for k, v in shared.items()))
            """)

    def signals(self: Program) -> None:
        """A signal handler that runs, or raises, while hot code runs."""
        r = self.r
        self.write(f"""
            import signal, time
            hits = []
            def on_signal(number, frame):
                hits.append(frame is not None)
                {r.choice(["pass", "raise KeyboardInterrupt(len(hits))", "globals()['part'] = lambda k: k"])}
            def part(k): return k + 1
            def spin(n):
                i = total = 0
                try:
                    while not hits and i < n:
                        i += 1
                        total += {r.choice(["part(i)", "i", "i * i % 7"])}
                except KeyboardInterrupt as e:
                    return 'interrupted', e.args
                return 'ended', bool(hits)
            def spins(n):
                try:
                    return spin(n)
                except KeyboardInterrupt as e:  # where exactly it lands is anybody's guess
                    return 'interrupted', e.args
            for n in (3, 4, 40): run(spin, n)
            old = signal.signal(signal.SIGUSR1, on_signal)
            for _ in range(1):
                hits.clear()
                threading_timer = __import__('threading').Timer(0.15, lambda: __import__('os').kill(__import__('os').getpid(), signal.SIGUSR1))
                threading_timer.start()
                run(spins, 10**9)
                threading_timer.join()
            signal.signal(signal.SIGUSR1, old)
            """)

    # -- containers and text ------------------------------------------------------------------------------------------------

    def containers(self: Program) -> None:
        """Lists, dicts, sets, arrays and text used, and changed while they are gone through."""
        r = self.r
        use = r.choice([
            "c[i % 3] = i", "c.append(i)", "c.insert(0, i)", "c += [i]", "c[1:2] = [i, i]", "del c[0]", "c.extend(c[:1])", "c.sort()", "c.reverse()", "x = c.pop()",
            "c[i] = i", "c.setdefault(i, []).append(i)", "x = c.get(i, -1)", "c.update({i: x})", "del c[i]", "x = c.popitem()", "c |= {i: 1}", "x = list(c)[-1]",
            "c.add(i)", "c.discard(i)", "c ^= {i, 3}", "x = len(c) + (i in c)", "c = c + c[:1]", "x = c[-1]", "x = c[i:i + 2]", "x = sum(c)", "c = c * 2", "x = sorted(c, reverse=True)",
            "x = c[::-1]", "x = max(c)", "c = type(c)(c)", "x = [*c, i]", "x = {**c}", "x = c.index(2)", "x = c.count(1)", "x = c == [1, 2]", "x = bytes(c[:2])", "c[0] = c",
        ])  # fmt: skip
        self.write(f"""
            import array, collections
            def fill(c, n):
                x = 0
                for i in range(n):
                    {use}
                    {r.choice(["pass", "x = i", "if len(c) > 60: break", "if i == 6: c = type(c)()"])}
                return len(c), x if not isinstance(x, (set, dict)) else len(x)
            def walk(c, n):
                out = []
                for v in c:
                    out.append(v)
                    {r.choice(["pass", "if len(out) < n: c.append(v)", "if len(out) == 2: c.pop()", "if len(out) == 2: c[99] = 1", "c[0] = n", "if v == 1: c.remove(2)", "if len(out) > 40: break"])}
                return out[:12]
            """)
        kinds = ["[1, 2, 3]", "{1: 2, 2: 3}", "{1, 2, 3}", "(1, 2, 3)", "'abc'", "b'abc'", "bytearray(b'abc')", "array.array('i', [1, 2, 3])", "array.array('d', [1.5, 2])",
                 "collections.deque([1, 2])", "collections.defaultdict(list, {1: [2]})", "memoryview(bytearray(b'abcdef'))", "range(5)", "[]", "[[1], [2]]", "[1.5, 2, None]"]  # fmt: skip
        usual = r.choice(kinds)
        for _ in range(5):
            self.emit(f"run(fill, {usual}, 4); run(walk, {usual}, 6)", 0)
        for _ in range(5):
            self.emit(f"run(fill, {r.choice(kinds)}, {r.choice(TURNS)}); run(walk, {r.choice(kinds)}, 9)", 0)

    def text_work(self: Program) -> None:
        """Strings, bytes and formatting in loops."""
        r = self.r
        line = r.choice([
            "out += s[i % len(s)]", "out = f'{i:>4}|{s!r:.6}|{i + 0.5:{i % 5}.2f}'", "out = '%s-%d-%5.1f' % (s, i, i)", "out = s.replace('a', str(i))", "out = '-'.join([s] * (i % 3))",
            "out = s.split('b')", "out = s.upper() + s[1:]", "out = s.encode() + bytes([i % 256])", "out = ord(s[0]) + i", "out = chr(97 + i % 26) + s", "out = s * (i % 3)",
            "out = s < 'b' or s.startswith('a')", "out = s.find('c', i % 4)", "out = '{}{x}'.format(i, x=s)", "out = s[::-1] if i % 2 else s", "out = int(s, 16) + i", "out = 'abc' in s",
            "out = s + s if len(s) < 9 else s", "out = repr(s) + str(i) + str(i * 1.5)", "out = {c: s.count(c) for c in s}", "out = s.strip('a').lower().title()", "out = hash(s) == hash(s + '')",
        ])  # fmt: skip
        self.write(f"""
            def words(s, n):
                out = {r.choice(["''", "s", "0"])}
                for i in range(n):
                    {line}
                    {r.choice(["pass", "if not out: break", "s = s + 'x' if len(s) < 20 else s", "for c in s: pass"])}
                return out if not isinstance(out, str) else out[:60]
            """)
        values = ["'abc'", "'a'", "'\\u20acab'", "''", "b'ab'", "'1f'", "3", "None", "'ab' * 9", "'\\U0001f600a'", "['a', 'b']"]
        usual = r.choice(values[:4])
        for _ in range(5):
            self.emit(f"run(words, {usual}, 4)", 0)
        for _ in range(5):
            self.emit(f"run(words, {r.choice(values)}, {r.choice(TURNS)})", 0)

    def coroutines(self: Program) -> None:
        """async functions run by hand and by asyncio."""
        r = self.r
        self.write(f"""
            import asyncio, types
            @types.coroutine
            def pause(v):
                got = yield v
                return got
            async def worker(a, n):
                total = a
                for i in range(n):
                    total += {r.choice(["await pause(i) or 1", "i", "(await pause(total)) or i"])}
                    {r.choice(["pass", "if i == 5: raise ValueError(total)", "async with Gate() as g: total += g"])}
                return total
            class Gate:
                async def __aenter__(self): return await pause(2) or 3
                async def __aexit__(self, *a): return False
            async def numbers(n):
                for i in range(n):
                    yield i * {r.choice(["2", "1.5"])}
            async def gather(n):
                return [v async for v in numbers(n)], sum([v async for v in numbers(n)])
            def drive(a, n, send):
                c, out = worker(a, n), []
                try:
                    v = c.send(None)
                    while True:
                        out.append(v)
                        v = c.send(send)
                except StopIteration as stop:
                    return out[-3:], stop.value
            for n in (2, 3, 4, 35): run(drive, 1, n, 2)
            run(drive, {r.choice(MIXED)}, 7, {r.choice(["None", "1.5"])})
            for n in (3, 30): run(lambda: asyncio.run(gather(n)))
            """)

    def loops_at_module_level(self: Program) -> None:
        """Loops outside any function, in a class body and in exec, whose names live in dicts."""
        r = self.r
        body = self.some("s i g_int")
        self.write(f"""
            s = 1
            for i in range({r.choice(TURNS)}):
                try:
                    s = {body}
                except Exception as e:
                    s = type(e).__name__
                    {r.choice(["break", "s = 2", "pass"])}
            print(show(s), i)
            class Holder:
                rows = []
                for j in range({r.choice(TURNS)}):
                    rows.append(j * 2)
            print(Holder.rows[-3:], Holder.j)
            scope = {{"k": 1}}
            exec("for q in range(40): k = (k * 3 + q) % 1009", scope)
            print(scope["k"], eval("sum(x * x for x in range(k % 50))", scope))
            while s:
                try:
                    s = {self.some("s i")}
                except Exception as e:
                    print(type(e).__name__); break
                i += 1
                if i > {r.choice(TURNS)}: break
            print(show(s), i)
            """)

    def long_loops(self: Program) -> None:
        """One call that goes round so often that it is entered while it runs."""
        r = self.r
        self.emit("def long(a, n):", 0)
        self.emit(f"t, v = {r.choice(['0, 1', '0.5, a', '1, [1, 2, 3]', '[], 0', repr('') + ', 1'])}", 1)
        self.emit("i = 0", 1)
        self.emit(r.choice(["for i in range(n):", "while i < n:", "for i, u in enumerate(range(n)):", "for i in list(range(n)):"]), 1)
        self.lines += self.body("a t i v", 2, 1).splitlines()
        self.emit("i += 1", 2)
        self.emit(f"if i == n - {r.choice(['1', '5'])}: a = {r.choice(MIXED)}", 2)
        self.emit("if i > 3 * n: break", 2)
        self.emit("return a, t if not isinstance(t, (list, str)) else len(t), i", 1)
        for _ in range(2):
            self.emit(f"run(long, {self.value(r.choice(['small', 'float', 'list', 'A', 'S']))}, {r.choice(['50', '300'])})", 0)

    def who_looks(self: Program) -> None:
        """Builtin containers and numbers with keys and items that look at who calls them: a frame left out would be missed."""
        r = self.r
        self.write(EYE)
        operations = r.sample(ON_CONTAINERS, r.choice([1, 2, 3, 4]))
        caught = r.random() < 0.5
        # out of lists, so that the compiler does not know what they are
        self.emit("def work(cs, ks, vs, n):", 0)
        self.emit("t = u = 0", 1)
        self.emit("for i in range(n):", 1)
        self.emit("c, k, v = cs[i % len(cs)], ks[i % len(ks)], vs[i * 7 % len(vs)]", 2)
        if caught:
            self.emit("try:", 2)
        for operation in operations:
            for line in operation.split("; "):
                self.emit(line, 2 + caught)
        if caught:
            self.emit("except Exception as e: t = type(e).__name__, str(e)", 2)
        self.emit("return t, u, show(cs)", 1)
        some = lambda things: f"[{', '.join(r.choice(things) for _ in range(r.choice([1, 1, 2, 3])))}]"
        same = some(CONTAINERS), some(ITEMS), some(ITEMS)
        for _ in range(r.randint(4, 9)):
            self.emit(f"run(work, {', '.join(same)}, {r.choice(TURNS)})", 0)
        for _ in range(r.randint(4, 12)):
            other = some(CONTAINERS), some(ITEMS), some(ITEMS)
            kept = r.randint(0, 3)
            given = [a if place == kept else b for place, (a, b) in enumerate(zip(other, same, strict=True))] if r.random() < 0.6 else other
            self.emit(f"run(work, {', '.join(given)}, {r.choice(TURNS)})", 0)
        self.emit("print(len(SEEN), *SEEN[:80], sep='\\n')", 0)


SUBJECTS = tuple(
    name for name in vars(Scenarios) if not name.startswith("_") and name not in ("write", "body", "some", "function_of", "class_change")
)
