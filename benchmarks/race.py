"""How much longer a program runs under ``morrow --race``: python benchmarks/race.py [rounds]

Loops that do nothing but shared accesses, on two threads, plain and watched in turn; the CPU time of the fastest round counts.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

PROGRAMS = {
    "attributes and items": """
class P:
    def __init__(self, x): self.x, self.y = x, 0
p, d = P(1), [0] * 16
def work(n):
    for i in range(n):
        p.x = p.x + 1
        p.y = p.y + d[i & 15]
        d[i & 15] = p.x & 7
""",
    "methods of containers": """
items, table = [], {}
def work(n):
    for i in range(n):
        items.append(i)
        table["k"] = table.get("k", 0) + 1
        items.pop()
""",
    "a global and a closure": """
count = 0
def work(n):
    global count
    total = 0
    def add():
        nonlocal total
        for i in range(n): total += i
    add()
    for i in range(n): count += total & 1
""",
    "a lock each time": """
import threading
class P:
    def __init__(self): self.x, self.lock = 0, threading.Lock()
p = P()
def work(n):
    for i in range(n // 10):
        with p.lock: p.x += i
""",
}
END = """
import threading, time
spent = []
def timed():
    before = time.thread_time(); work(40000); spent.append(time.thread_time() - before)
threads = [threading.Thread(target=timed) for _ in range(2)]
for t in threads: t.start()
for t in threads: t.join()
print("seconds", sum(spent))
"""


def seconds(command: list[str]) -> float:
    """Run a program; return the CPU seconds that it says its threads took."""
    out = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    return float(out.rsplit("seconds", 1)[1])


def main() -> None:
    """Print one line per program."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    with tempfile.TemporaryDirectory() as folder:
        for name, text in PROGRAMS.items():
            path = Path(folder) / "app.py"
            path.write_text(text + END, encoding="utf-8")
            plain, watched = [], []
            for _ in range(rounds):
                plain.append(seconds([sys.executable, str(path)]))
                watched.append(seconds([sys.executable, "-m", "morrow", "--race", "--quiet", str(path)]))
            print(f"{name:24} {min(watched) / min(plain):5.1f}x  ({min(plain) * 1e3:.1f} -> {min(watched) * 1e3:.1f} ms)")


if __name__ == "__main__":
    main()
