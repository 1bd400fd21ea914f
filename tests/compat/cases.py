"""Small programs over libraries that read annotations. Run as a script: prints, for each case, what came out of it.

    python cases.py [--json]

A case gives a value that says what the library made of annotations; anything it raises is its outcome too. The judge is
real 3.14: whatever a case does there it has to do under morrow on every host (test_libraries.py). Names that are used
before they are defined are the point of most cases.
"""

import dataclasses
import enum
import functools
import inspect
import json
import sys
import typing
from typing import Annotated, Any, ClassVar, Generic, Literal, NamedTuple, Optional, Protocol, TypedDict, TypeVar

CASES = []


def case(function):
    CASES.append(function)
    return function


# -- pydantic ------------------------------------------------------------------------------------------------------------


@case
def pydantic_forward_global():
    import pydantic

    class Parent(pydantic.BaseModel):
        children: list[Child] = []

    globals()["Child"] = pydantic.create_model("Child", x=(int, ...))
    return Parent(children=[{"x": "3"}]).model_dump()


@case
def pydantic_self_reference():
    import pydantic

    class Node(pydantic.BaseModel):
        value: int
        children: list[Node] = []

    return Node(value="1", children=[{"value": "2"}]).model_dump()


@case
def pydantic_local_forward_without_rebuild():
    import pydantic

    class First(pydantic.BaseModel):
        items: list[Second]

    class Second(pydantic.BaseModel):
        x: int

    return First(items=[{"x": "3"}]).model_dump()


@case
def pydantic_local_forward_with_rebuild():
    import pydantic

    class First(pydantic.BaseModel):
        items: list[Second]

    class Second(pydantic.BaseModel):
        x: int

    First.model_rebuild()
    return First(items=[{"x": "3"}]).model_dump()


@case
def pydantic_mutual():
    import pydantic

    class Author(pydantic.BaseModel):
        name: str
        books: list[Book] = []

    class Book(pydantic.BaseModel):
        title: str
        author: Author | None = None

    Author.model_rebuild()
    return Author(name="a", books=[{"title": "t", "author": {"name": "b"}}]).model_dump()


@case
def pydantic_missing_name_is_reported():
    import pydantic

    class Broken(pydantic.BaseModel):
        x: Missing

    try:
        Broken(x=1)
    except pydantic.errors.PydanticUserError as error:
        return error.code


@case
def pydantic_constraints_and_classvar():
    import pydantic

    class Item(pydantic.BaseModel):
        count: ClassVar[int] = 3
        x: Annotated[int, pydantic.Field(gt=3)]

    try:
        Item(x=1)
    except pydantic.ValidationError as error:
        return error.errors()[0]["type"], list(Item.model_fields)


@case
def pydantic_class_name_shadows_type():
    import pydantic

    class Item(pydantic.BaseModel):
        values: list[int] = []

        def list(self):
            return self.values

    return Item(values=["1"]).list()


@case
def pydantic_generic():
    import pydantic

    T = TypeVar("T")

    class Box(pydantic.BaseModel, Generic[T]):
        value: T
        other: Box[T] | None = None

    return Box[int](value="3", other={"value": "4"}).model_dump()


@case
def pydantic_schema():
    import pydantic

    class Item(pydantic.BaseModel):
        x: int
        next: Item | None = None

    return sorted(Item.model_json_schema()["$defs"]["Item"]["properties"])


@case
def pydantic_validate_call():
    import pydantic

    @pydantic.validate_call
    def double(x: int, *rest: float, **named: str) -> int:
        return x * 2, rest, named

    return double("3", "1.5", a="b")


@case
def pydantic_dataclass():
    import pydantic.dataclasses

    @pydantic.dataclasses.dataclass
    class Item:
        x: int
        next: Item | None = None

    return Item("3", Item("4")).next.x


@case
def pydantic_inherits():
    import pydantic

    class Base(pydantic.BaseModel):
        x: int

    class Derived(Base):
        y: str = "d"

    return list(Derived.model_fields), Derived(x=1).model_dump()


@case
def pydantic_type_adapter():
    import pydantic

    class Movie(TypedDict):
        title: str
        sequel: Movie | None

    return pydantic.TypeAdapter(list[int]).validate_python(["1"])


# -- attrs, cattrs -------------------------------------------------------------------------------------------------------


@case
def attrs_forward():
    import attrs

    @attrs.define
    class A:
        b: Later
        c: list[Later] = attrs.field(factory=list)

    class Later: ...

    return A(1).c, [field.name for field in attrs.fields(A)]


@case
def attrs_types():
    import attrs

    @attrs.define
    class A:
        x: int
        y: list[str] = []

    return [str(field.type) for field in attrs.fields(A)]


@case
def attrs_resolve_types():
    import attrs

    @attrs.define
    class A:
        b: Later
        c: Optional[Later] = None

    class Later: ...

    attrs.resolve_types(A, globals(), locals())
    return [attrs.fields(A).b.type is Later, attrs.fields(A).c.type == Optional[Later]]


@case
def attrs_classvar_and_order():
    import attrs

    @attrs.define(order=True)
    class A:
        kind: ClassVar[str] = "k"
        x: int = 0

    return A(1) < A(2), [field.name for field in attrs.fields(A)]


@case
def attrs_frozen_slots_inherit():
    import attrs

    @attrs.frozen
    class A:
        x: int

    @attrs.frozen
    class B(A):
        y: A | None = None

    return repr(B(1, A(2))).replace("attrs_frozen_slots_inherit.<locals>.", "")


@case
def attrs_auto_attribs_old_names():
    import attr

    @attr.s(auto_attribs=True)
    class A:
        x: int
        y: Later = None

    class Later: ...

    return [field.name for field in attr.fields(A)]


@case
def attrs_init_signature():
    import attrs

    @attrs.define
    class A:
        x: int
        y: str = "a"

    return str(inspect.signature(A))


@case
def cattrs_structure():
    import attrs
    import cattrs

    @attrs.define
    class A:
        a: int
        b: list[int]

    return cattrs.structure({"a": "1", "b": ["2"]}, A) == A(1, [2])


@case
def cattrs_nested_dataclass():
    import cattrs

    @dataclasses.dataclass
    class Inner:
        x: int

    @dataclasses.dataclass
    class Outer:
        inner: Inner
        many: list[Inner]

    made = cattrs.structure({"inner": {"x": "1"}, "many": [{"x": 2}]}, Outer)
    return cattrs.unstructure(made)


@case
def cattrs_forward_global():
    import attrs
    import cattrs

    @attrs.define
    class A:
        b: CattrsLater

    @attrs.define
    class B:
        x: int

    globals()["CattrsLater"] = B
    return cattrs.structure({"b": {"x": "3"}}, A).b.x


@case
def cattrs_self_reference():
    import attrs
    import cattrs

    @attrs.define
    class Node:
        x: int
        next: Node | None = None

    globals()["Node"] = Node
    return cattrs.structure({"x": 1, "next": {"x": 2}}, Node).next.x


@case
def cattrs_typed_dict():
    import cattrs

    class Movie(TypedDict):
        title: str
        year: int

    return cattrs.structure({"title": "t", "year": "3"}, Movie)


# -- msgspec -------------------------------------------------------------------------------------------------------------


@case
def msgspec_struct():
    import msgspec

    class S(msgspec.Struct):
        a: int
        b: list[int] = []

    return msgspec.json.decode(b'{"a":1,"b":[2]}', type=S).b


@case
def msgspec_forward_global():
    import msgspec

    class S(msgspec.Struct):
        a: int
        n: MsgspecLater

    class N(msgspec.Struct):
        x: int

    globals()["MsgspecLater"] = N
    return msgspec.json.decode(b'{"a":1,"n":{"x":2}}', type=S).n.x


@case
def msgspec_self_reference():
    import msgspec

    class MsgspecNode(msgspec.Struct):
        x: int
        next: MsgspecNode | None = None

    globals()["MsgspecNode"] = MsgspecNode
    return msgspec.json.decode(b'{"x":1,"next":{"x":2}}', type=MsgspecNode).next.x


@case
def msgspec_inheritance_and_defaults():
    import msgspec

    class A(msgspec.Struct):
        x: int = 1

    class B(A, kw_only=True):
        y: str

    return msgspec.json.encode(B(y="q")).decode(), B.__struct_fields__


@case
def msgspec_dataclass():
    import msgspec

    @dataclasses.dataclass
    class A:
        x: int
        y: Literal["a", "b"] = "a"

    try:
        msgspec.json.decode(b'{"x":1,"y":"c"}', type=A)
    except msgspec.ValidationError as error:
        return str(error)


@case
def msgspec_typed_dict_and_named_tuple():
    import msgspec

    class T(TypedDict):
        x: int

    class N(NamedTuple):
        a: int
        b: str

    return msgspec.json.decode(b'{"x":1}', type=T), tuple(msgspec.json.decode(b'[1,"b"]', type=N))


@case
def msgspec_classvar():
    import msgspec

    class S(msgspec.Struct):
        k: ClassVar[int] = 3
        a: int

    return S.__struct_fields__


# -- typeguard, beartype -------------------------------------------------------------------------------------------------


@case
def typeguard_decorator():
    import typeguard

    @typeguard.typechecked
    def f(a: int) -> str:
        return str(a)

    try:
        f("x")
    except typeguard.TypeCheckError as error:
        return f(1), str(error)


@case
def typeguard_forward():
    import typeguard

    def f(a: Later) -> int:
        return 1

    class Later: ...

    return typeguard.check_type([1], list[int]), typing.get_type_hints(f) == {"a": Later, "return": int}


@case
def beartype_decorator():
    import beartype

    @beartype.beartype
    def f(a: int) -> str:
        return str(a)

    try:
        f("x")
    except beartype.roar.BeartypeCallHintParamViolation:
        return f(1)


@case
def beartype_forward_global():
    import beartype

    @beartype.beartype
    def f(a: BeartypeLater) -> int:
        return 1

    class Later: ...

    globals()["BeartypeLater"] = Later
    return f(Later())


@case
def beartype_class():
    import beartype

    @beartype.beartype
    class A:
        def __init__(self, x: int) -> None:
            self.x = x

        def twin(self) -> A:
            return A(self.x)

    globals()["A"] = A
    return A(3).twin().x


@case
def beartype_door():
    from beartype.door import is_bearable

    return is_bearable([1], list[int]), is_bearable(["a"], list[int])


# -- fastapi, sqlalchemy, typer ------------------------------------------------------------------------------------------


@case
def fastapi_route():
    import fastapi
    import pydantic

    class Item(pydantic.BaseModel):
        x: int

    app = fastapi.FastAPI()

    @app.post("/x")
    def handle(item: Item, q: int = 1) -> dict[str, int]:
        return {}

    return sorted(app.openapi()["components"]["schemas"])


@case
def fastapi_depends():
    import fastapi
    from fastapi.testclient import TestClient

    app = fastapi.FastAPI()

    def limit(n: int = 3) -> int:
        return n * 2

    @app.get("/x")
    def handle(n: Annotated[int, fastapi.Depends(limit)]) -> dict[str, int]:
        return {"n": n}

    return TestClient(app).get("/x?n=4").json()


@case
def fastapi_response_model():
    import fastapi
    import pydantic
    from fastapi.testclient import TestClient

    class Out(pydantic.BaseModel):
        a: int
        sub: Out | None = None

    app = fastapi.FastAPI()

    @app.get("/x")
    async def handle() -> Out:
        return Out(a=1, sub=Out(a=2))

    return TestClient(app).get("/x").json()


@case
def fastapi_name_defined_later():
    import fastapi

    app = fastapi.FastAPI()

    @app.post("/x")
    def handle(item: NotYetDefined) -> dict[str, int]:
        return {}

    return "reached"


@case
def sqlalchemy_mapped():
    from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

    class Base(DeclarativeBase): ...

    class User(Base):
        __tablename__ = "u"
        id: Mapped[int] = mapped_column(primary_key=True)
        name: Mapped[str | None]

    return User.__table__.c.name.nullable, str(User.__table__.c.id.type)


@case
def sqlalchemy_relationship_forward():
    from sqlalchemy import ForeignKey, create_engine
    from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship

    class Base(DeclarativeBase): ...

    class Team(Base):
        __tablename__ = "t"
        id: Mapped[int] = mapped_column(primary_key=True)
        members: Mapped[list[Member]] = relationship(back_populates="team")

    class Member(Base):
        __tablename__ = "m"
        id: Mapped[int] = mapped_column(primary_key=True)
        team_id: Mapped[int] = mapped_column(ForeignKey("t.id"))
        team: Mapped[Team] = relationship(back_populates="members")

    engine = create_engine("sqlite://")
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add(Team(members=[Member(), Member()]))
        session.commit()
        return len(session.query(Team).one().members)


@case
def sqlalchemy_mapped_as_dataclass():
    from sqlalchemy.orm import DeclarativeBase, Mapped, MappedAsDataclass, mapped_column

    class Base(MappedAsDataclass, DeclarativeBase): ...

    class User(Base):
        __tablename__ = "u"
        id: Mapped[int] = mapped_column(primary_key=True, init=False)
        name: Mapped[str] = mapped_column(default="n")

    return User().name


@case
def sqlalchemy_type_annotation_map():
    import datetime

    from sqlalchemy import String
    from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

    text = Annotated[str, "short"]

    class Base(DeclarativeBase):
        type_annotation_map = {text: String(7)}

    class Row(Base):
        __tablename__ = "r"
        id: Mapped[int] = mapped_column(primary_key=True)
        name: Mapped[text]
        when: Mapped[datetime.date]

    return [str(column.type) for column in Row.__table__.c]


@case
def typer_command():
    import typer
    from typer.testing import CliRunner

    app = typer.Typer()

    @app.command()
    def main(name: str, count: int = 1, loud: bool = False) -> None:
        print(name.upper() * count if loud else name * count)

    return CliRunner().invoke(app, ["ab", "--count", "2", "--loud"]).output


@case
def typer_enum_and_annotated():
    import typer
    from typer.testing import CliRunner

    class Color(str, enum.Enum):
        red = "red"

    app = typer.Typer()

    @app.command()
    def main(color: Color, n: Annotated[int, typer.Option(min=1)] = 2) -> None:
        print(color.value, n)

    return CliRunner().invoke(app, ["red"]).output


# -- others --------------------------------------------------------------------------------------------------------------


@case
def dacite_from_dict():
    import dacite

    @dataclasses.dataclass
    class A:
        x: int
        next: A | None = None

    globals()["A"] = A
    return dacite.from_dict(A, {"x": 1, "next": {"x": 2}}).next.x


@case
def dacite_forward():
    import dacite

    @dataclasses.dataclass
    class A:
        b: Later

    @dataclasses.dataclass
    class Later:
        x: int

    return dacite.from_dict(A, {"b": {"x": 2}}, dacite.Config(forward_references={"Later": Later})).b.x


@case
def mashumaro_mixin():
    import mashumaro

    @dataclasses.dataclass
    class A(mashumaro.DataClassDictMixin):
        x: int
        y: list[str] = dataclasses.field(default_factory=list)

    return A.from_dict({"x": 1, "y": ["a"]}).to_dict()


@case
def mashumaro_self_reference():
    import mashumaro

    @dataclasses.dataclass
    class MashumaroNode(mashumaro.DataClassDictMixin):
        x: int
        next: MashumaroNode | None = None

    globals()["MashumaroNode"] = MashumaroNode
    return MashumaroNode.from_dict({"x": 1, "next": {"x": 2}}).to_dict()


@case
def strawberry_schema():
    import strawberry

    @strawberry.type
    class Query:
        @strawberry.field
        def hello(self, name: str = "x") -> str:
            return name

    return str(strawberry.Schema(Query))


@case
def injector_inject():
    import injector

    class Service:
        x = 3

    class Client:
        @injector.inject
        def __init__(self, service: Service) -> None:
            self.service = service

    return injector.Injector().get(Client).service.x


@case
def hypothesis_from_type():
    from hypothesis import strategies as st

    @dataclasses.dataclass
    class A:
        x: int
        y: str

    return type(st.from_type(A).example()).__name__


@case
def hypothesis_given_annotations():
    import hypothesis
    from hypothesis import strategies as st

    seen = []

    @hypothesis.settings(max_examples=3, database=None)
    @hypothesis.given(...)
    def f(x: int, y: bool):
        seen.append((type(x), type(y)))

    f()
    return set(seen) == {(int, bool)}


@case
def plum_dispatch():
    import plum

    dispatch = plum.Dispatcher()

    @dispatch
    def f(x: int):
        return "int"

    @dispatch
    def f(x: str):
        return "str"

    return f(1), f("a")


@case
def jsonargparse_function():
    import jsonargparse

    def main(x: int, names: list[str] = []):
        return x, names

    return jsonargparse.auto_cli(main, args=["3", "--names", '["a"]'])


@case
def typing_extensions_typed_dict():
    import typing_extensions

    class T(typing_extensions.TypedDict):
        x: int
        y: typing_extensions.NotRequired[int]

    return sorted(T.__required_keys__), sorted(T.__optional_keys__)


@case
def typing_extensions_protocol():
    import typing_extensions

    @typing_extensions.runtime_checkable
    class P(typing_extensions.Protocol):
        x: int

    class Q:
        x = 1

    return isinstance(Q(), P), isinstance(1, P)


@case
def typing_extensions_get_annotations():
    import typing_extensions

    def f(a: int, b: Missing): ...

    return typing_extensions.get_annotations(f, format=typing_extensions.Format.STRING)


# -- the standard library ------------------------------------------------------------------------------------------------


@case
def signature_forward():
    def f(a: Later, b: list[Later] = ()) -> Later: ...

    class Later: ...

    return str(inspect.signature(f)).count("Later")


@case
def signature_undefined():
    def f(a: Missing): ...

    return str(inspect.signature(f))


@case
def signature_as_text():
    def f(a: Missing, *b: list[Missing]) -> None: ...

    return str(inspect.signature(f, annotation_format=4))


@case
def get_type_hints_forward():
    def f(a: Later) -> Later: ...

    class Later: ...

    return typing.get_type_hints(f) == {"a": Later, "return": Later}


@case
def wraps_before_definition():
    def decorator(fn):
        @functools.wraps(fn)
        def wrapper(*a, **k):
            return fn(*a, **k)

        return wrapper

    @decorator
    def f(a: Later) -> Later:
        return a

    class Later: ...

    return f.__annotations__ == {"a": Later, "return": Later}, str(inspect.signature(f)).count("Later")


@case
def dict_operations():
    import copy
    import pickle

    def f(a: int, b: str): ...

    found = f.__annotations__
    same = dict(found) == {**found} == (found | {}) == copy.copy(found) == found.copy() == pickle.loads(pickle.dumps(found))
    return same, len(found), [*found], isinstance(found, dict), json.dumps({k: str(v) for k, v in found.items()})


@case
def dataclass_forward():
    @dataclasses.dataclass
    class A:
        b: B
        c: list[B] = dataclasses.field(default_factory=list)
        d: ClassVar[int] = 3

    class B: ...

    return [field.name for field in dataclasses.fields(A)], A(1).b, typing.get_type_hints(A)["b"] is B


@case
def dataclass_init_var_and_kw_only():
    @dataclasses.dataclass
    class A:
        x: int = 0
        _: dataclasses.KW_ONLY
        z: dataclasses.InitVar[int] = 2

    return str(inspect.signature(A)), [field.name for field in dataclasses.fields(A)]


@case
def named_tuple_forward():
    class P(NamedTuple):
        a: int
        b: Later = None

    class Later: ...

    return P(1).b, P._fields, typing.get_type_hints(P)["b"] is Later


@case
def protocol_with_missing_names():
    @typing.runtime_checkable
    class P(Protocol):
        def m(self) -> Missing: ...

    class Q:
        def m(self): ...

    return isinstance(Q(), P), isinstance(3, P)


@case
def enum_with_annotations():
    class E(enum.Enum):
        _x: Missing
        A = 1

    return E.A.value, list(E.__members__)


@case
def singledispatch():
    @functools.singledispatch
    def f(x):
        return "other"

    @f.register
    def _(x: int, y: Missing = None):
        return "int"

    return f(1), f("")


@case
def inheritance():
    class A:
        x: int

    class B(A): ...

    class C(A):
        y: Later

    class Later: ...

    return typing.get_type_hints(C) == {"x": int, "y": Later}, B.__annotations__, C.__annotations__ == {"y": Later}


@case
def annotationlib_formats():
    import annotationlib

    def f(a: Missing, b: int): ...

    text = annotationlib.get_annotations(f, format=annotationlib.Format.STRING)
    reference = annotationlib.get_annotations(f, format=annotationlib.Format.FORWARDREF)["a"]
    return text, type(reference).__name__, reference.__forward_arg__


@case
def lru_cache_and_partial_method():
    class A:
        @functools.lru_cache
        def f(self, a: Later) -> int:
            return 1

        g = functools.partialmethod(f, 1)

    class Later: ...

    return A().g(), typing.get_type_hints(A.f) == {"a": Later, "return": int}


@case
def any_is_used():
    def f(a: Any) -> Any: ...

    return typing.get_type_hints(f) == {"a": Any, "return": Any}


def outcome(function):
    """Return what a case came to, as text without addresses and module paths of the machine."""
    try:
        return "gives " + repr(function())
    except Exception as error:
        return f"raises {type(error).__name__}"


def main():
    wanted = [word for word in sys.argv[1:] if not word.startswith("-")]
    results = {function.__name__: outcome(function) for function in CASES if not wanted or function.__name__ in wanted}
    if "--json" in sys.argv:
        print(json.dumps(results))
    else:
        for name, result in results.items():
            print(f"{name:45} {result}")


if __name__ == "__main__":
    main()
