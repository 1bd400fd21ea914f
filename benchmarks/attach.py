"""Latencies of attaching, beside debugpy, py-spy and real 3.14's own ``pdb -p``, alternated in one run.

    python benchmarks/attach.py [--python PYTHON] [--states sleep,busy,...] [--times N]

Each round starts a process in a state and measures, in turn: morrow's command line from start to prompt, its dump, for how long
that stopped the process, how long a script takes to start over there, an editor from the start of ``morrow --dap`` to
``initialized``, `py-spy dump` and `debugpy --pid` until it listens (if installed beside this python; debugpy needs gdb, and is
given up after 20 s) and real 3.14's `pdb -p` into a 3.14 in the same state (if tests.support.hosts finds one; given up after
4 s). ``python`` is the start of this python alone, which is part of all of them. Prints medians in seconds.

At the end the speed of a program that has been debugged: alternately with a twin that has not, as a ratio to before.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import json
import os
import pty
import select
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "src")]
from morrow.attach.inject import Injection  # noqa: E402
from morrow.attach.target import find  # noqa: E402
from tests.debug.dap import Client  # noqa: E402
from tests.support.hosts import find_real_314  # noqa: E402
from tests.support.targets import running  # noqa: E402

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "TERM": "dumb"}


def to_prompt(command: list[str], limit: float) -> float | None:
    """Return the seconds from starting *command* at a terminal to its ``(Pdb)`` prompt, None after *limit*."""
    began = time.monotonic()
    pid, end = pty.fork()
    if pid == 0:
        os.execvpe(command[0], command, ENVIRONMENT)
    seen, found = b"", None
    while time.monotonic() < began + limit:
        if select.select([end], [], [], 0.01)[0]:
            try:
                seen += os.read(end, 4096)
            except OSError:
                break
            if b"(Pdb)" in seen:
                found = time.monotonic() - began
                break
    if found is not None:
        os.write(end, b"detach\n" if "morrow" in command else b"q\n")
        time.sleep(0.2)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    os.close(end)
    return found


def wall(command: list[str]) -> float:
    """Return the seconds a command takes."""
    began = time.monotonic()
    subprocess.run(command, env=ENVIRONMENT, capture_output=True, check=False)
    return time.monotonic() - began


def script_start(pid: int) -> float:
    """Return the seconds from the decision to run a script in a process to the script's first line."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "t")
        script = f"import time;t=time.monotonic();import posix;f=posix.open({path!r},posix.O_WRONLY|posix.O_CREAT,438);posix.write(f,b'%.6f'%t);posix.close(f)"
        with find(pid) as target:
            injection = Injection(target, script)
            began = time.monotonic()
            injection.run(10)
            while not injection.finished():
                time.sleep(0.001)
            injection.clean(2)
        with open(path, encoding="ascii") as file:
            return float(file.read()) - began


def to_editor(pid: str) -> float:
    """Return the seconds from starting an adapter to its word that it is in the process."""
    began = time.monotonic()
    with Client() as editor:
        editor.ask("initialize", adapterID="benchmark")
        editor.send("attach", processId=int(pid))
        editor.event("initialized")
        found = time.monotonic() - began
        editor.ask("disconnect")
    return found


def to_debugpy(pid: str, limit: float) -> float | None:
    """Return the seconds from starting debugpy's injection to its listener, None after *limit*."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    began = time.monotonic()
    with subprocess.Popen(
        [sys.executable, "-m", "debugpy", "--listen", f"127.0.0.1:{port}", "--pid", pid], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    ) as process:
        found = None
        while time.monotonic() < began + limit:
            if f"0100007F:{port:04X} 00000000:0000 0A" in Path("/proc/net/tcp").read_text(encoding="ascii"):
                found = time.monotonic() - began
                break
            time.sleep(0.01)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    return found


SPEED = """
import sys, time
def spin(n):
    t = 0
    for i in range(n): t += i & 3
    return t
print('ready', flush=True)
while sys.stdin.readline():
    best = 9.0
    for _ in range(10):
        began = time.process_time(); spin(100_000); best = min(best, time.process_time() - began)
    print(best, flush=True)
"""


class Spinner:
    """A program that says, when asked, how long its loop takes at best."""

    def __init__(self, python: str, path: str) -> None:
        self.process = subprocess.Popen([python, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.answer()

    def ask(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def answer(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline()

    def measure(self) -> float:
        self.ask()
        return float(self.answer())

    def end(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()


def after_detach(python: str) -> float:
    """Return the speed of a program after an editor's visit (breakpoint, step, exception filters), by that of a twin without.

    What the twins differ in anyway is divided out. The two are asked in turn: a machine whose speed changes changes both.
    """
    with tempfile.NamedTemporaryFile("w", suffix=".py") as file:
        file.write(SPEED)
        file.flush()
        visited, twin = Spinner(python, file.name), Spinner(python, file.name)

        def ratio() -> float:
            pairs = [(twin.measure(), visited.measure()) for _ in range(24)]
            return min(one for one, _ in pairs) / min(other for _, other in pairs)

        line = 1 + SPEED.split("\n").index("    return t")
        before = ratio()
        with Client() as editor:
            editor.begin("attach", {file.name: [{"line": line}]}, processId=visited.process.pid, filters=["raised", "uncaught"])
            visited.ask()
            editor.event("stopped")
            editor.ask("next", threadId=1)
            editor.event("stopped")
            editor.ask("disconnect")
        visited.answer()
        after = ratio()
        visited.end()
        twin.end()
    return after / before


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", default=sys.executable, help="the target's python (default: this one)")
    parser.add_argument("--states", default="sleep,busy,lock,hot,multijoin")
    parser.add_argument("--quick", action="store_true", help="only what needs no second process: not debugpy, pdb -p, editor, speed")
    parser.add_argument("--times", type=int, default=5)
    given = parser.parse_args()
    pyspy = shutil.which("py-spy", path=os.path.dirname(sys.executable) + os.pathsep + os.environ.get("PATH", ""))
    real = find_real_314()
    own = [sys.executable, "-m", "morrow"]
    names = ("python", "prompt", "dump", "paused", "script", "editor", "py-spy", "debugpy", "pdb -p")
    has_debugpy = importlib.util.find_spec("debugpy") is not None and shutil.which("gdb") is not None
    load = os.getloadavg()[0]
    print(f"from {sys.version.split()[0]} to {given.python}, {os.cpu_count()} cores, load average {load:.1f}")
    print(f"{'state':12} " + " ".join(f"{name:>8}" for name in names))
    for state in given.states.split(","):
        rows: dict[str, list[float | None]] = {name: [] for name in names}
        for _ in range(given.times):
            rows["python"].append(wall([sys.executable, "-c", "pass"]))
            with running(given.python, state) as target:
                pid = str(target.pid)
                rows["prompt"].append(to_prompt([*own, "-m", "pdb", "--attach", pid], 10))
                rows["dump"].append(wall([*own, "--dump", pid]))
                data = subprocess.run([*own, "--dump", "--json", pid], env=ENVIRONMENT, capture_output=True, text=True)
                rows["paused"].append(json.loads(data.stdout)["paused"])
                rows["script"].append(script_start(target.pid))
                if not given.quick:
                    rows["editor"].append(to_editor(pid))
                if pyspy:
                    rows["py-spy"].append(wall([pyspy, "dump", "--pid", pid]))
                assert target.alive
            if has_debugpy and not given.quick:
                with running(given.python, state) as other:  # of its own: it cannot be taken out again
                    rows["debugpy"].append(to_debugpy(str(other.pid), 20))
            if real and not given.quick:  # of its own: it takes 3.14 only, and where it gets no prompt it leaves its request behind
                with running(real, state) as other:
                    rows["pdb -p"].append(to_prompt([str(real), "-m", "pdb", "-p", str(other.pid)], 4))
        print(f"{state:12} " + " ".join(f"{_median(values):>8}" for values in rows.values()), flush=True)
    if given.times and not given.quick:
        ratios = ", ".join(f"{after_detach(given.python):.3f}" for _ in range(3))
        print(f"speed after an editor's visit, by a twin's: {ratios}")


def _median(values: list[float | None]) -> str:
    known = [value for value in values if value is not None]
    return "-" if not values else "never" if len(known) * 2 <= len(values) else f"{statistics.median(known):.4f}"


if __name__ == "__main__":
    main()
