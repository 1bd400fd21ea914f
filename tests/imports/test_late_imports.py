"""Two modules may import names from each other when neither needs them at once, on every host."""

from __future__ import annotations

import pytest

from tests.support.same import run_morrow

# The two modules of the article that the product's brief quotes.
ARTICLE = {
    "ModuleA.py": """\
        from ModuleB import ClassB

        class ClassA:
            def method(self, b: ClassB) -> ClassB:
                return b
        """,
    "ModuleB.py": """\
        from ModuleA import ClassA

        class ClassB:
            def method(self, a: ClassA) -> ClassA:
                return a
        """,
}


def _run(same, files, program="app.py", *options):
    same.write(files)
    return run_morrow([*options, program], cwd=same.folder)


def test_the_articles_example_works_word_for_word(same):
    app = """\
        import typing, ModuleA, ModuleB
        print(typing.get_type_hints(ModuleA.ClassA.method)["b"] is ModuleB.ClassB)
        print(typing.get_type_hints(ModuleB.ClassB.method)["a"] is ModuleA.ClassA)
        print(ModuleB.ClassA is ModuleA.ClassA, ModuleA.ClassA().method(1))
        """
    for _ in range(2):  # compiled, then from the cache
        got = _run(same, {**ARTICLE, "app.py": app})
        assert (got.out, got.err, got.status) == ("True\nTrue\nTrue 1\n", "", 0)


def test_parameters_of_init_have_the_classes_as_hints(same):
    def module(own: str, other: str) -> str:
        return f"from {other.lower()} import {other}\n\nclass {own}:\n    def __init__(self, other: {other}):\n        self.other = other\n"

    app = """\
        import typing
        from module_a import ModuleA
        from module_b import ModuleB
        print(typing.get_type_hints(ModuleA.__init__), typing.get_type_hints(ModuleB.__init__))
        print(ModuleA(ModuleB(None)).other.other)
        """
    names = {"ModuleA": "module_a", "ModuleB": "module_b"}
    files = {f"{name}.py": module(own, other) for (own, name), other in zip(names.items(), reversed(names))}
    files = {path: text.replace("modulea", "module_a").replace("moduleb", "module_b") for path, text in files.items()}
    got = _run(same, {**files, "app.py": app})
    classes = "{'other': <class 'module_b.ModuleB'>} {'other': <class 'module_a.ModuleA'>}"
    assert (got.out, got.err, got.status) == (f"{classes}\nNone\n", "", 0)


def test_a_module_of_the_cycle_may_be_the_program(same):
    got = _run(same, {"ModuleA.py": ARTICLE["ModuleA.py"] + "\n        if __name__ == '__main__': print(ClassB().method(5))\n", "ModuleB.py": ARTICLE["ModuleB.py"]}, "ModuleA.py")
    assert (got.status, got.err) == (0, "") and got.out.endswith("5\n")


def test_three_modules_aliases_and_relative_imports(same):
    files = {
        "app.py": "import pkg.a\nprint(pkg.a.A().b().c().a(), pkg.b.CC is pkg.c.C)\n",
        "pkg/__init__.py": "",
        "pkg/a.py": "from .b import B\nclass A:\n    def b(self) -> B: return B()\n",
        "pkg/b.py": "from pkg.c import C as CC\nclass B:\n    def c(self) -> CC: return CC()\n",
        "pkg/c.py": "from .a import A\nfrom . import b\nclass C:\n    def a(self) -> A: return type(A()).__name__, b.B.__name__\n",
    }
    assert _run(same, files).out == "('A', 'B') True\n"


def test_a_package_that_exports_what_its_modules_define(same):
    files = {
        "app.py": "import pkg\nprint(pkg.Order().user())\n",
        "pkg/__init__.py": "from .user import User\nfrom .order import Order\n__all__ = ['User', 'Order']\n",
        "pkg/user.py": "from pkg import Order\nclass User:\n    def order(self) -> Order: return Order()\n",
        "pkg/order.py": "from . import User\nclass Order:\n    def user(self) -> User: return User().order().__class__.__name__\n",
    }
    assert _run(same, files).out == "Order\n"


@pytest.mark.parametrize(
    ("use", "line"),
    [("class B(A): pass", 3), ("@A\ndef f(): pass", 3), ("def f(x=A): pass", 3), ("x = [A]", 3), ("class C:\n    y = A", 4), ("print(f'{A}')", 3)],
)
def test_a_name_that_is_needed_at_once_stays_an_import_error_that_explains(same, use, line):
    got = _run(same, {"app.py": "import a\n", "a.py": "from b import B\nclass A: pass\n", "b.py": f"from a import A\n\n{use}\n"})
    assert got.status == 1
    assert "ImportError: cannot import name 'A' from partially initialized module 'a' (most likely due to a circular import)" in got.err
    assert f"a is still being imported, and 'A' is needed at line {line} of b at once" in got.err
    assert "morrow" not in got.err.replace(str(same.folder), "")


def test_a_name_that_never_comes_is_an_import_error(same):
    got = _run(same, {"app.py": "import a\n", "a.py": "import b\n", "b.py": "from a import Missing\ndef f(): Missing\n"})
    assert got.status == 1 and "cannot import name 'Missing' from 'a'" in got.err and "b imports it at line 1" in got.err


def test_switched_off_it_is_cpythons_import_error(same):
    same.write({**ARTICLE, "app.py": "import ModuleA\n"})
    same.command("-X", "late=0", "app.py", but=lambda text: text.partition(" from ")[0])  # 3.13 asks where the process began before it words the rest


def test_a_program_that_expects_the_error_still_gets_it(same):
    files = {
        "app.py": "import a\n",
        "a.py": "import b\nclass A: pass\n",
        "b.py": "try:\n    from a import A\nexcept ImportError:\n    A = None\nprint(A)\n",
    }
    same.command("app.py", files=files)


def test_eager_annotations_need_their_names_at_once(same):
    files = {**ARTICLE, "app.py": "import ModuleA\n"}
    got = _run(same, files, "app.py", "-X", "deferred=0")
    import morrow.host

    if morrow.host.HERE.defers_annotations:
        assert got.status == 0
    else:
        assert "'ClassA' is needed at line 4 of ModuleB at once" in got.err


def test_modules_that_miss_nothing_are_not_compiled_again(same):
    files = {
        "app.py": "import package\nprint(package.two.twice(2))\n",
        "package/__init__.py": "early = 1\nfrom . import one, two\n",
        "package/one.py": "from package import early\nfrom . import two\nfrom .two import twice\ndef name(): return 'one'\n",
        "package/two.py": "from package import early, one\ndef twice(n): return 2 * n\n",
    }
    same.write(files)
    env = {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(same.folder / "kept")}
    assert run_morrow(["app.py"], cwd=same.folder, env=env).out == "4\n"
    assert not [path for path in (same.folder / "kept").rglob("*-late*")]
