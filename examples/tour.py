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


def annotations() -> None:
    import annotationlib

    def later(x: NotThere, y: list[int]) -> str: ...

    for format in (annotationlib.Format.STRING, annotationlib.Format.FORWARDREF):
        print(f"{format.name:17}", annotationlib.get_annotations(later, format=format))


def cycles() -> None:
    import cycle_a

    print("from each other: ", cycle_a.User.__name__, "and", cycle_a.Order.__name__)


def jit() -> None:
    import morrow.jit

    def work(n: int) -> int:
        total = 0
        for i in range(n):
            total += i * i % 7
        return total

    morrow.jit.start(mode="eager")  # at the first calls; `morrow -X jit=on` waits until something is hot
    print("worked:          ", [work(1000) for _ in range(50)][-1])
    print(morrow.jit.explain().splitlines()[0])
    morrow.jit.stop()


def attach() -> None:
    import subprocess

    if sys.platform != "linux":
        print("looking into live processes needs Linux for now")
        return
    program = "import time\ndef waiting():\n    print('ready', flush=True)\n    time.sleep(60)\nwaiting()"
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        sys.stdout.flush()
        subprocess.run([sys.executable, "-m", "morrow", "--dump", str(child.pid)], check=False)
        child.kill()


def interpreters() -> None:
    from concurrent import interpreters
    from concurrent.futures import InterpreterPoolExecutor

    interp = interpreters.create()
    print("interpreter:     ", interp, "says", interp.call(pow, 2, 64))
    try:
        interp.exec("1/0")
    except interpreters.ExecutionFailed as failed:
        print("its errors:      ", failed.excinfo.formatted)
    interp.close()
    with InterpreterPoolExecutor(2) as pool:
        print("pool:            ", list(pool.map(abs, range(-5, 0), chunksize=2)))


SECTIONS = (language, annotations, cycles, children, interpreters, jit, attach)

if __name__ == "__main__":
    print(f"on Python {sys.version.split()[0]}")
    for section in SECTIONS:
        print(f"\n-- {section.__name__}")
        section()
