import typing

class Base(typing.TypedDict):
    a: int
class Movie(Base, total=False):
    sequel: Movie | None
    later: Later
print(sorted(Movie.__required_keys__), sorted(Movie.__optional_keys__))
class Later: ...
print(Movie.__annotations__, typing.get_type_hints(Movie)["later"])
