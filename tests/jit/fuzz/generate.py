"""Make a random program from a seed: the same seed gives the same program on every host.

A program has classes, globals and a few functions, calls each function many times with the same kind of arguments (so
that it is compiled for them) and then with others (so that what was assumed fails), and prints every result or error
with the lines and locals of its traceback. Everything printed is the same in every run: no addresses, no set order.
"""

from __future__ import annotations

import random

from tests.jit.fuzz.scenarios import SUBJECTS, Scenarios

HEADER = '''\
import math, sys
g_int, g_float, g_list, g_dict, g_none = 3, 1.5, [1, 2, 3], {"a": 1, "b": 2}, None
class A:
    kind = 1
    def __init__(self, x, y=2):
        self.x = x
        self.y = y
    def get(self, k):
        return self.x + k
    def put(self, v):
        self.y = v
        return self
    @property
    def both(self):
        return (self.x, self.y)
    def __repr__(self):
        return f"{type(self).__name__}({self.x!r}, {self.y!r})"
class B(A):
    kind = 2.5
    def get(self, k):
        return super().get(k) * 2
class S:
    __slots__ = ("x", "y")
    def __init__(self, x, y=0):
        self.x = x
        self.y = y
    def get(self, k):
        return k - self.x
    def put(self, v):
        self.y = v
        return self
    def __add__(self, other):
        return S(self.x, other)
    def __repr__(self):
        return f"S({self.x!r}, {self.y!r})"
class Ctx:
    def __init__(self, swallow):
        self.swallow = swallow
    def __enter__(self):
        return 7
    def __exit__(self, t, v, tb):
        return self.swallow and t is not None
def helper(p, q=1):
    return p + q
def show(v, depth=0):
    if isinstance(v, float) and v != v:
        return "nan"
    if depth < 3 and type(v) in (list, tuple):
        return f"{type(v).__name__}[{', '.join(show(x, depth + 1) for x in v[:40])}]"
    if type(v) in (set, frozenset):
        return f"set{sorted(map(repr, v))}"
    if type(v) is int and v.bit_length() > 400:
        return f"int({v.bit_length()} bits, {v % 1000003})"
    text = repr(v)
    return f"{type(v).__name__}:{text if ' at 0x' not in text else 'object'}"[:300]
def run(f, *args, **kw):
    try:
        result = f(*args, **kw)
        print(f.__name__, "->", show(result))
    except Exception as e:
        frames = []
        tb = e.__traceback__.tb_next
        while tb:
            local = {k: show(v) for k, v in sorted(tb.tb_frame.f_locals.items()) if k not in ("self",)}
            # 3.11 reports the line of the first half when the second half of two instructions run as one finds no value
            line = 0 if isinstance(e, UnboundLocalError) and not hasattr(sys, "monitoring") else tb.tb_lineno
            frames.append((tb.tb_frame.f_code.co_name, line, local))
            tb = tb.tb_next
        if isinstance(e, RecursionError):
            frames = frames[:2]  # how deep C may call itself is counted otherwise (3.12)
        print(f.__name__, "!!", type(e).__name__, e, frames, "context", type(e.__context__).__name__)
'''

INTS = ["0", "1", "2", "3", "-1", "7", "10", "63", "64", "255", "1000", "-5", "2**30", "2**31", "-(2**31)", "2**62", "2**63 - 1", "-(2**63)", "2**63", "2**64", "10**25"]
SMALL = ["0", "1", "2", "3", "4", "5", "-1", "-2"]
FLOATS = ["0.0", "1.0", "0.5", "-0.0", "2.5", "-1.5", "1e308", "1e-308", "float('inf')", "float('nan')", "3.0", "1e16"]
STRINGS = ["''", "'a'", "'abc'", "'\\xe9t\\xe9'", "'1'", "'\\u20ac' * 3"]
KINDS = ["int", "int", "int", "small", "small", "float", "float", "bool", "str", "list", "floats", "tuple", "dict", "A", "B", "S", "none", "bytes"]


class Program(Scenarios):
    """Builds one program; `text` is its source."""

    def __init__(self, seed: int) -> None:
        self.r = random.Random(seed)
        self.lines: list[str] = []
        self.depth = 0
        self.loops = 0
        self.names: list[str] = []
        self.functions: list[str] = []
        self.counter = 0
        self.in_generator = False
        self.numeric = self.r.random() < 0.55

    # -- values ---------------------------------------------------------------------------------------------------------

    def value(self, kind: str) -> str:
        r = self.r
        if kind == "int":
            return r.choice(INTS)
        if kind == "small":
            return r.choice(SMALL)
        if kind == "float":
            return r.choice(FLOATS)
        if kind == "bool":
            return r.choice(["True", "False"])
        if kind == "str":
            return r.choice(STRINGS)
        if kind == "bytes":
            return r.choice(["b''", "b'abc'", "bytearray(b'xyz')"])
        if kind == "list":
            return "[" + ", ".join(r.choice(SMALL if r.random() < 0.8 else INTS) for _ in range(r.randint(0, 5))) + "]"
        if kind == "floats":
            return "[" + ", ".join(r.choice(FLOATS) for _ in range(r.randint(0, 4))) + "]"
        if kind == "tuple":
            return "(" + "".join(f"{r.choice(SMALL)}, " for _ in range(r.randint(0, 4))) + ")"
        if kind == "dict":
            return "{" + ", ".join(f"{r.choice(STRINGS)}: {r.choice(SMALL)}" for _ in range(r.randint(0, 3))) + "}"
        if kind in ("A", "B", "S"):
            return f"{kind}({r.choice(SMALL + FLOATS[:5])}, {r.choice(SMALL)})"
        return "None"

    # -- expressions ----------------------------------------------------------------------------------------------------

    def name(self) -> str:
        return self.r.choice(self.names) if self.names else "1"

    def expression(self, depth: int = 0) -> str:
        r = self.r
        if depth > 2 or r.random() < 0.25:
            return r.choice([self.name(), self.name(), self.name(), r.choice(SMALL), r.choice(INTS), r.choice(FLOATS), "g_int", "g_float"])
        sub = lambda: self.expression(depth + 1)  # noqa: E731
        pick = r.choice([0, 0, 0, 0, 11, 12, 13, 14, 15, 16, 17, 18, 21, 22, 26, 27, 24]) if self.numeric and r.random() < 0.95 else r.randint(0, 35)
        if pick <= 10:
            op = r.choice(["+", "+", "-", "-", "*", "*", "//", "%", "/", "&", "|", "^"])
            return f"({sub()} {op} {sub()})"
        if pick == 11:
            return f"({sub()} {r.choice(['<<', '>>'])} {r.choice(SMALL + ['31', '62', '63', '64'])})"
        if pick == 12:
            return f"({sub()} ** {r.choice(['2', '3', '0', '-1', '0.5'])})"
        if pick in (13, 14):
            return f"({sub()} {r.choice(['<', '<=', '==', '!=', '>', '>=', 'is', 'is not'])} {sub()})"
        if pick == 15:
            return f"({r.choice(['-', '+', '~', 'not '])}{sub()})"
        if pick == 16:
            return f"({sub()} {r.choice(['and', 'or'])} {sub()})"
        if pick == 17:
            return f"({sub()} if {sub()} else {sub()})"
        if pick in (18, 19):
            return f"{self.name()}[{r.choice(SMALL + [self.name(), self.name()])}]"
        if pick == 20:
            return f"{self.name()}[{r.choice(['', *SMALL])}:{r.choice(['', *SMALL])}{r.choice(['', '', ':2', ':-1'])}]"
        if pick == 21:
            return f"{self.name()}.{r.choice(['x', 'y', 'both', 'kind', 'nothing'])}"
        if pick == 22:
            return f"{self.name()}.{r.choice(['get', 'put'])}({sub()})"
        if pick == 23:
            return f"{r.choice(['len', 'abs', 'int', 'float', 'bool', 'str', 'repr', 'sum', 'min', 'max', 'sorted', 'list', 'tuple', 'type', 'ord', 'hash', 'round'])}({sub()})".replace("type(", "type_name(").replace("hash(", "bool(")
        if pick == 24:
            return f"{r.choice(['min', 'max', 'divmod', 'isinstance_int'])}({sub()}, {sub()})"
        if pick == 25:
            return f"math.{r.choice(['sqrt', 'floor', 'sin', 'fabs', 'log'])}({sub()})"
        if pick == 26:
            return f"helper({sub()}{r.choice(['', ', ' + sub(), ', q=' + sub()])})"
        if pick == 27 and self.functions:
            return f"{r.choice(self.functions)}({sub()}, {sub()})" if self.depth < 2 else self.name()
        if pick == 28:
            return f"[{sub()} for i in range({r.choice(['2', '3', '0', '5'])})]"
        if pick == 29:
            return f"({sub()}, {sub()})"
        if pick == 30:
            return f"[{sub()}, {sub()}]"
        if pick == 31:
            return "f'{" + self.name() + "}-{" + self.name() + "!r}'"
        if pick == 32:
            return f"{{{r.choice(STRINGS)}: {sub()}}}"
        if pick == 33:
            return f"sum(v for v in ({sub()}, {sub()}))"
        if pick == 34:
            return f"({sub()} in {self.name()})"
        return f"{self.name()}.get({r.choice(STRINGS)}, {sub()})"

    # -- statements -----------------------------------------------------------------------------------------------------

    def emit(self, text: str, level: int) -> None:
        self.lines.append("    " * level + text)

    def block(self, level: int, budget: int) -> None:
        for _ in range(self.r.randint(1, max(1, budget))):
            self.statement(level, budget - 1)

    def new_name(self) -> str:
        name = self.r.choice(["x", "y", "z", "t", "u", "w"])
        return name

    def statement(self, level: int, budget: int) -> None:
        r = self.r
        pick = r.choice([0, 0, 0, 5, 5, 8, 9, 10, 13, 13, 13, 18, 23, 25, 26]) if self.numeric and r.random() < 0.93 else r.randint(0, 31)
        if budget <= 0 or level > 4:
            pick = min(pick, 9)
        if pick <= 4:
            value = self.expression()
            name = self.new_name()
            self.emit(f"{name} = {value}", level)
            if name not in self.names:
                self.names.append(name)
        elif pick <= 7:
            self.emit(f"{self.name()} {r.choice(['+=', '-=', '*=', '+=', '//=', '%=', '&=', '|='])} {self.expression(1)}", level)
        elif pick == 8:
            self.emit(f"{self.name()}[{r.choice(SMALL)}] = {self.expression(1)}", level)
        elif pick == 9:
            self.emit(f"{self.name()}.{r.choice(['x', 'y', 'extra'])} {r.choice(['=', '='])} {self.expression(1)}", level)
        elif pick <= 12:
            self.emit(f"if {self.expression()}:", level)
            self.block(level + 1, budget)
            if r.random() < 0.5:
                self.emit("else:", level)
                self.block(level + 1, budget)
        elif pick <= 17:
            self.loop(level, budget)
        elif pick <= 20:
            self.emit("try:", level)
            self.block(level + 1, budget)
            self.emit(f"except {r.choice(['Exception', '(TypeError, ValueError)', 'ZeroDivisionError', 'IndexError', 'AttributeError as e'])}:", level)
            self.block(level + 1, budget - 1)
            if r.random() < 0.3:
                self.emit("else:", level)
                self.block(level + 1, budget - 1)
            if r.random() < 0.4:
                self.emit("finally:", level)
                self.block(level + 1, budget - 1)
        elif pick == 21:
            self.emit(f"with Ctx({r.choice(['True', 'False'])}) as w:", level)
            self.block(level + 1, budget)
        elif pick == 22:
            self.emit(f"print({self.name()!r}, show({self.name()}))", level)
        elif pick == 23:
            self.emit(f"{r.choice(['x, y', 'x, *y', 'y, x'])} = {r.choice([self.name(), '(' + self.expression(1) + ', ' + self.expression(1) + ')'])}", level)
            self.names += [name for name in ("x", "y") if name not in self.names]
        elif pick == 24:
            self.emit(f"{self.name()}.append({self.expression(1)})", level)
        elif pick == 25 and self.loops:
            self.emit(f"if {self.expression(1)}: {r.choice(['break', 'continue'])}", level)
        elif pick == 26:
            self.emit(f"if {self.expression(1)}: return {self.expression(1)}" if not self.in_generator else f"yield {self.expression(1)}", level)
        elif pick == 27:
            self.emit(f"if {self.expression(1)}: raise {r.choice(['ValueError', 'KeyError', 'RuntimeError'])}({self.name()!r})", level)
        elif pick == 28:
            self.emit(f"set_global({r.choice(['g_int', 'g_float'])!r}, {self.expression(2)})", level)
        elif pick == 29:
            self.emit(f"{self.name()} = (lambda v, k={self.name()}: v + k)({self.expression(1)})", level)
        elif pick == 30:
            self.emit(f"mutate({self.name()}, {r.randint(0, 6)})", level)
        else:
            self.emit(f"del {self.name()}" if r.random() < 0.15 and len(self.names) > 3 else f"assert {self.expression(1)} or True", level)

    def loop(self, level: int, budget: int) -> None:
        r = self.r
        self.loops += 1
        if r.random() < 0.35:
            self.counter += 1
            counter = f"n{self.counter}"
            self.emit(f"{counter} = 0", level)
            self.emit(f"while {counter} < {r.choice(['3', '5', '20', '40'])}{r.choice(['', '', ' and ' + self.expression(2)])}:", level)
            self.emit(f"{counter} += 1", level + 1)
            if r.random() < 0.5:
                self.names.append(counter)
            self.block(level + 1, budget)
        else:
            target = r.choice(["i", "j", "k"])
            source = f"range({r.choice(['3', '7', '30'])})" if self.numeric and r.random() < 0.7 else r.choice([
                f"range({r.choice(['3', '7', '30', '10'])})", f"range({r.choice(SMALL)}, {r.choice(['5', '12'])}, {r.choice(['1', '2', '-1'])})",
                self.name(), "g_list", f"enumerate({self.name()})", f"zip({self.name()}, range(9))", "reversed(g_list)", "g_dict.items()",
                f"[{self.expression(2)}, {self.expression(2)}, {self.expression(2)}]", "'abc'", "(1, 2.5, 3)",
            ])  # fmt: skip
            if source.startswith(("enumerate", "zip")) or "items" in source:
                target = f"{target}, u"
                if "u" not in self.names:
                    self.names.append("u")
            self.emit(f"for {target} in {source}:", level)
            if target[0] not in self.names:
                self.names.append(target[0])
            self.block(level + 1, budget)
        if r.random() < 0.2:
            self.emit("else:", level)
            self.block(level + 1, budget - 1)
        self.loops -= 1

    # -- functions ------------------------------------------------------------------------------------------------------

    def function(self, name: str) -> None:
        r = self.r
        self.names = ["a", "b"]
        self.depth = r.randint(0, 3)
        self.loops = 0
        style = r.random()
        self.in_generator = style > 0.92
        signature = "a, b" if style < 0.75 else r.choice(["a, b=2", "a, b, *rest", "a, b=1, *, c=3", "a, b, **more"])
        self.emit(f"def {name}({signature}):", 0)
        if r.random() < 0.25:
            self.emit("global g_int", 1)
            self.names.append("g_int")
        closure = r.random() < 0.12
        if closure:
            self.emit("def inner(v):", 1)
            self.emit("nonlocal b", 2)
            self.emit(f"b = {r.choice(['b', 'a', 'v', '1'])}", 2)
            self.emit("return v + a", 2)
            self.names.append("inner(a)")
            self.names = [n for n in self.names if n != "inner(a)"]
        for _ in range(r.randint(2, 5)):
            self.statement(1, 3)
        if closure:
            self.emit(f"inner({self.name()})", 1)
        self.emit(f"{'yield' if self.in_generator else 'return'} {r.choice([self.expression(), '(' + ', '.join(sorted(set(self.names))[:4]) + ',)'])}", 1)

    def text(self) -> str:
        """Return the program's source."""
        r = self.r
        if r.random() < 0.65:
            for subject in r.sample(SUBJECTS, r.choice([1, 1, 2])):
                getattr(self, subject)()
            return HEADER + EXTRA + "\n".join(self.lines) + "\n"
        count = r.randint(1, 2)
        for number in range(count):
            name = f"f{number}"
            self.function(name)
            self.functions.append(name)
        for name in self.functions:
            kinds = r.choice(KINDS), r.choice(KINDS)
            if self.numeric:
                kinds = r.choice(["small", "float", "list", "floats", "A", "S", "int"]), r.choice(["small", "float", "small", "int"])
            for _ in range(r.randint(1, 3)):
                first, second = (self.value(kind) for kind in kinds)
                self.emit(f"for _ in range({r.choice(['3', '6', '14', '30'])}): run({name}, {first}, {second})", 0)
            for _ in range(r.randint(1, 6)):
                other = r.choice(KINDS), r.choice(KINDS)
                first, second = (self.value(kind) for kind in (other if r.random() < 0.6 else kinds))
                change = r.random()
                if change < 0.08:
                    self.emit(f"mutate({first}, {r.randint(0, 6)})", 0)
                elif change < 0.13 and len(self.functions) > 1:
                    self.emit(f"{self.functions[0]}.__code__ = {r.choice(['helper', self.functions[-1]])}.__code__ if not {self.functions[0]}.__closure__ else {self.functions[0]}.__code__", 0)
                elif change < 0.18:
                    self.emit(f"{name}.__defaults__ = (5,)", 0)
                elif change < 0.24:
                    self.emit(f"run({name}, {first})", 0)
                elif change < 0.30:
                    self.emit(f"run({name}, b={first}, a={second})", 0)
                elif change < 0.36:
                    self.emit(f"g_int = {self.value(r.choice(['int', 'float', 'str']))}; g_float = {self.value(r.choice(['int', 'float']))}", 0)
                self.emit(f"run({name}, {first}, {second})", 0)
            self.emit(f"list(map(lambda a, b: run({name}, a, b), [1, 2.0, 'x', None] * 3, [3, True, 2**63, 0.5] * 3))", 0)
        return HEADER + EXTRA + "\n".join(self.lines) + "\n"


EXTRA = '''\
def type_name(v):
    return type(v).__name__
def isinstance_int(v, w):
    return isinstance(v, int)
def len_of_stack():
    f, n = sys._getframe(), 0
    while f:
        f, n = f.f_back, n + 1
    return n
def set_global(name, value):
    globals()[name] = value
def mutate(v, how):
    global helper
    if how == 0:
        A.get = lambda self, k: ("changed", k)
    elif how == 1 and type(v) is A:
        v.__class__ = B
    elif how == 2:
        B.kind = "other"
    elif how == 3:
        helper = lambda p, q=4: (q, p)
    elif how == 4 and isinstance(v, A):
        v.__dict__["x"] = "replaced"
    elif how == 5 and isinstance(v, list) and v:
        v.pop()
    elif how == 6:
        A.y = property(lambda self: "from class", lambda self, value: None)
'''


def generate(seed: int) -> str:
    """Return the program of a seed."""
    return Program(seed).text()
