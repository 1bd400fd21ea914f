def first[T](items: list[T], default: T = None) -> T:
    """Return the first."""
    return items[0] if items else default
print(first([1, 2]), first([]), first.__type_params__, first.__name__, first.__qualname__, first.__doc__)
T, = first.__type_params__
print(type(T).__name__, T.__name__, T.__bound__, T.__constraints__, T.__covariant__, T.__infer_variance__, repr(T))
print(first.__annotations__["items"] == list[T], first.__annotations__["return"] is T)
