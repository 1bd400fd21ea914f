"""Everything morrow has, in one go: ``morrow examples/tour.py``. Each section is a function; a new system adds one."""

import sys
from string.templatelib import Template


class Basket[T]:
    """A generic class whose annotations name a class that comes later."""

    def __init__(self) -> None:
        self.items: list[T] = []

    def add(self, item: T, to: Shelf | None = None) -> Basket[T]:
        self.items.append(item)
        return self


class Shelf:
    pass


type Pair[A] = tuple[A, A]


def html(template: Template) -> str:
    """Escape what is put in, not what is written."""
    return "".join(part if isinstance(part, str) else str(part.value).replace("<", "&lt;") for part in template)


def language() -> None:
    print("generic class:   ", Basket[int]().add(1).items, Basket.__type_params__)
    print("late annotation: ", Basket.add.__annotations__["to"])
    print("type alias:      ", Pair.__value__)
    user = "<b>me</b>"
    print("template string: ", html(t"<p>{user}</p>"))
    print("nested f-string: ", f"{'quotes ' + f"{'in '}" + "quotes"}")
    try:
        int("x")
    except ValueError, TypeError:
        print("except A, B:      caught")


def children() -> None:
    import subprocess

    program = "print('child:            ', t'{1 + 1}'.values)"
    sys.stdout.flush()
    subprocess.run([sys.executable, "-c", program], check=True)


SECTIONS = (language, children)

if __name__ == "__main__":
    print(f"on Python {sys.version.split()[0]}")
    for section in SECTIONS:
        print(f"\n-- {section.__name__}")
        section()
