"""classmethod and staticmethod do not evaluate annotations, however they are applied."""
import abc
import functools


def both(function):
    return classmethod(function)


class Base(abc.ABC):
    @classmethod
    def make(cls, x: Later) -> Base: ...

    @staticmethod
    def help(x: Later) -> list[Later]: ...

    @both
    def through(cls, x: Later): ...

    @classmethod
    @functools.cache
    def cached(cls, x: Later): ...

    @classmethod
    @abc.abstractmethod
    def must(cls, x: Later): ...

    @property
    def value(self) -> Later: ...

    other = staticmethod(lambda: None)


try:
    Base.make.__annotations__
except NameError as error:
    print(error)


class Later: ...


for name in ("make", "help", "through", "must"):
    print(name, getattr(Base, name).__annotations__ == getattr(Base, name).__annotate__(1), list(getattr(Base, name).__annotations__.items()))
    print(dict(Base.__dict__[name].__annotations__))
print(Base.value.fget.__annotations__)
print(hasattr(Base.make, "__annotations__"), getattr(Base.help, "__annotations__"))
