"""Installing: what a program can see of a compiled function."""

import copy
import ctypes
import functools
import gc
import inspect
import pickle
import types
import weakref

import pytest

from morrow.host import HERE

pytestmark = pytest.mark.skipif(HERE is None or not HERE.jit_supported, reason="the jit has no structures for this host")
if HERE is not None and HERE.jit_supported:
    from morrow.jit import install

@functools.cache
def entry():
    """Machine code that answers 'native' for one positional argument and interprets everything else, as entries must."""
    binding = pytest.importorskip("llvmlite.binding")
    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    text = f"""
    declare ptr @Py_BuildValue(ptr, ...)
    @word = constant [7 x i8] c"native\\00"
    @format = constant [2 x i8] c"s\\00"
    define ptr @entry(ptr %function, ptr %arguments, i64 %flags, ptr %keywords) {{
      %count = and i64 %flags, 9223372036854775807
      %one = icmp eq i64 %count, 1
      %none = icmp eq ptr %keywords, null
      %fits = and i1 %one, %none
      br i1 %fits, label %native, label %stock
    native:
      %answer = call ptr (ptr, ...) @Py_BuildValue(ptr @format, ptr @word)
      ret ptr %answer
    stock:
      %target = inttoptr i64 {install.STOCK} to ptr
      %result = tail call ptr %target(ptr %function, ptr %arguments, i64 %flags, ptr %keywords)
      ret ptr %result
    }}"""
    module = binding.parse_assembly(text)
    binding.add_symbol("Py_BuildValue", ctypes.cast(ctypes.pythonapi.Py_BuildValue, ctypes.c_void_p).value)
    machine = binding.Target.from_default_triple().create_target_machine(jit=True)
    engine = binding.create_mcjit_compiler(module, machine)
    engine.finalize_object()
    KEEP.append(engine)
    return engine.get_function_address("entry")


KEEP = []


def plain(a, b=2):
    """Doc."""
    return ("interpreted", a, b)


@pytest.fixture
def compiled():
    install.install(plain, entry())
    yield plain
    install.remove(plain)


def test_every_way_of_calling_reaches_the_entry(compiled):
    def caller(f):
        return f(1)

    for _ in range(50):
        assert caller(compiled) == "native"
    assert compiled(1) == list(map(compiled, [1]))[0] == compiled(*[1]) == functools.partial(compiled, 1)() == "native"
    assert types.MethodType(compiled, 1)() == "native"


def test_a_call_site_that_was_warm_before_reaches_the_entry_too():
    def caller(f):
        return f(1)

    for _ in range(100):
        caller(plain)
    install.install(plain, entry())
    try:
        assert caller(plain) == "native"
    finally:
        install.remove(plain)
    assert caller(plain) == ("interpreted", 1, 2)


def test_other_arguments_are_interpreted(compiled):
    assert compiled(1, 3) == ("interpreted", 1, 3)
    assert compiled(b=4, a=5) == ("interpreted", 5, 4)
    with pytest.raises(TypeError, match=r"plain\(\) missing 1 required positional argument: 'a'"):
        compiled()


def test_methods_reach_the_entry():
    class Class:
        def method(self):
            return "interpreted"

        def __getitem__(self, key):
            return "item"

    def caller(item):
        return item.method()

    item = Class()
    for _ in range(50):
        caller(item)
    install.install(Class.method, entry())
    assert caller(item) == item.method() == "native"
    for _ in range(100):
        assert item[1] == "item"
    install.install(Class.__getitem__, entry())
    for _ in range(100):
        assert item[1] == "item"  # two arguments: the entry interprets


def test_the_function_looks_the_same(compiled):
    assert isinstance(compiled, types.FunctionType) and inspect.isfunction(compiled)
    assert type(compiled).__name__ == "function" and repr(compiled).startswith("<function plain at")
    assert str(inspect.signature(compiled)) == "(a, b=2)" and compiled.__doc__ == "Doc."
    assert inspect.getsource(compiled).startswith("def plain")
    assert functools.wraps(compiled)(lambda: 0).__wrapped__ is compiled
    assert pickle.loads(pickle.dumps(compiled)) is compiled
    assert copy.copy(compiled) is compiled and copy.deepcopy(compiled) is compiled and copy.deepcopy([compiled])[0] is compiled
    assert callable(compiled) and weakref.ref(compiled)() is compiled and weakref.ref(type(compiled))() is type(compiled)
    assert functools.singledispatch(lambda x: "object").register(types.FunctionType, lambda x: "function")
    compiled.note = 5
    assert compiled.note == 5 and compiled.__dict__ == {"note": 5}
    del compiled.note


def test_a_function_that_cannot_be_pickled_says_so_as_before():
    function = lambda a: a  # noqa: E731
    before = pytest.raises((AttributeError, pickle.PicklingError), pickle.dumps, function)
    install.install(function, entry())
    after = pytest.raises((AttributeError, pickle.PicklingError), pickle.dumps, function)
    assert (before.type, str(before.value)) == (after.type, str(after.value))


def test_removing_leaves_no_trace(compiled):
    assert install.is_installed(compiled) and compiled in install.installed()
    assert install.remove(compiled)
    assert type(compiled) is types.FunctionType and compiled(1) == ("interpreted", 1, 2)
    assert not install.remove(compiled) and not install.is_installed(compiled)


def test_installing_again_replaces_the_code(compiled):
    assert install.install(compiled, entry())
    assert compiled(1) == "native"
    assert install.remove_all() >= 1
    assert compiled(1) == ("interpreted", 1, 2)


def test_a_changed_code_is_no_longer_installed():
    def function(a):
        return 1

    install.install(function, entry())
    function.__code__ = (lambda a: 2).__code__
    assert not install.is_installed(function)


def test_compiled_functions_die_when_dropped():
    def make():
        def function(a):
            return a

        install.install(function, entry())
        return weakref.ref(function)

    before = len(list(install.installed()))
    dropped = [make() for _ in range(100)]
    gc.collect()
    assert all(reference() is None for reference in dropped)
    assert len(list(install.installed())) == before


def test_another_owner_of_the_vectorcall_is_respected():
    def function(a):
        return a

    install._put(function, entry())
    assert not install.install(function, entry() + 1)
    install._take_out(function)
