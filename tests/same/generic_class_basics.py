from typing import Generic
class Box[T]:
    """A box."""
    content: T
    def get(self) -> T: return T
print(Box.__type_params__, Box.__parameters__, Box.__orig_bases__, Box.__mro__, Box.__doc__, Box.__qualname__, Box.__name__)
print(Box[int], Box[int].__origin__ is Box, Box().get() is Box.__type_params__[0], Box.get.__qualname__)
