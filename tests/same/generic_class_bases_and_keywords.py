class Base:
    def __init_subclass__(cls, tag=None, **kw):
        print("init_subclass", cls.__name__, cls.__qualname__, tag, cls.__type_params__)
        super().__init_subclass__(**kw)
class C[T](Base, tag="x"): pass
class D[T](C[T], tag=list[int]): pass
print(D.__orig_bases__, D.__mro__, D.__parameters__)
