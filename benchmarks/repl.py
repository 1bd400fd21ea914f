"""How the prompt feels: time to the first prompt against the host's own, and from a key press to its echo.

    python benchmarks/repl.py [--rounds 10]

Prints the CPU time until the first prompt stands there, and until it has taken its first key and ended (alternated
with the host's), the echo of a key with 10,000 entries of history, and the time to paste and run 2,000 lines. Needs
Linux (/proc) and pyte (``pip install '.[test]'``).
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.support.terminal import Terminal  # noqa: E402

MORROW = [sys.executable, "-m", "morrow"]
PLAIN = [sys.executable, "-i"]


def cpu_to_first_prompt(command: list[str], folder: Path) -> tuple[float, float]:
    """Return the CPU seconds until a prompt stands there, and until it has taken a first key and ended."""
    before = _children()
    with Terminal(command, cwd=folder, env={"HOME": str(folder), "PYTHON_HISTORY": str(folder / "history")}) as terminal:
        terminal.wait(">>>")
        shown = int(Path(f"/proc/{terminal.pid}/schedstat").read_text().split()[0]) / 1e9
        terminal.send("C-d")
        terminal.wait_for_end()
    return shown, _children() - before


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def echo_times(folder: Path) -> list[float]:
    """Return the seconds from key to echo, for each of thirty keys with 10,000 entries of history."""
    (folder / "history").write_text("".join(f'x{i} = compute({i}, "abc")\n' for i in range(10_000)))
    found = []
    with Terminal(MORROW, cwd=folder, env={"HOME": str(folder), "PYTHON_HISTORY": str(folder / "history")}) as terminal:
        terminal.wait(">>>")
        typed = ""
        for key in "abcdefghijklmnopqrstuvwxyz0123":
            typed += key
            start = time.perf_counter()
            terminal.send(key)
            while f">>> {typed}" not in terminal.screen.display[terminal.screen.cursor.y]:
                if time.perf_counter() - start > 10:
                    raise SystemExit(f"no echo of {key!r}:\n{terminal.text}")
                terminal._read(0.001)
            found.append(time.perf_counter() - start)
    return found[1:]  # the first one waits for the editor itself


def paste_time(folder: Path) -> tuple[float, float]:
    """Return the seconds until 2,000 pasted lines stand there, and until they have run."""
    with Terminal(MORROW, cwd=folder, env={"HOME": str(folder), "PYTHON_HISTORY": str(folder / "other")}) as terminal:
        terminal.wait(">>>")
        terminal.wait(lambda _: b"\x1b[?2004h" in terminal.raw)
        start = time.perf_counter()
        terminal.paste("\n".join(["def f(x):", *(f"    y{i} = [x, {i}]" for i in range(1998)), "    return y1997"]))
        terminal.wait("return y1997")
        pasted = time.perf_counter() - start
        terminal.send("Enter", "Enter", "f(3)[1]", "Enter")
        terminal.wait("\n1997\n", 60)
        return pasted, time.perf_counter() - start


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=10)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ours, plain = [], []
        for _ in range(rounds):
            plain.append(cpu_to_first_prompt(PLAIN, folder))
            ours.append(cpu_to_first_prompt(MORROW, folder))
        print(f"host: {sys.version.split()[0]} on {os.uname().machine}, {rounds} rounds, medians")
        for index, what in enumerate(("until the first prompt is there", "until its first key is taken, and out")):
            theirs, mine = (statistics.median(pair[index] for pair in pairs) * 1e3 for pairs in (plain, ours))
            print(f"CPU {what}: python {theirs:.0f} ms, morrow {mine:.0f} ms, {mine - theirs:+.0f} ms")
        echo = sorted(echo_times(folder))
        print(f"key to echo, 10,000 entries of history: median {statistics.median(echo) * 1e3:.1f} ms, worst {echo[-1] * 1e3:.1f} ms")
        pasted, ran = paste_time(folder)
        print(f"2,000 lines: pasted in {pasted:.2f} s, pasted and run in {ran:.2f} s")


if __name__ == "__main__":
    main()
