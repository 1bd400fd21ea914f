"""Latencies of attaching, beside debugpy, py-spy and real 3.14's own ``pdb -p``, alternated in one run.

    python benchmarks/attach.py [--python PYTHON] [--states sleep,busy,...] [--times N]

Each round starts a process in a state and measures, in turn: morrow's command line from start to prompt, its dump, how long a
script takes to start over there, an editor from the start of ``morrow --dap`` to ``initialized``, `py-spy dump` and `debugpy
--pid` until it listens (if installed; debugpy needs gdb, and is given up after 20 s) and, for a 3.14 target, `python3.14 -m pdb -p` (given up after
4 s). Prints medians in seconds. At the end: the speed of a program after it has been debugged, as a ratio to before.
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
ready()
while True:
    if not sys.stdin.readline(): break
    best = 9.0
    for _ in range(30):
        began = time.process_time(); spin(100_000); best = min(best, time.process_time() - began)
    print(best, flush=True)
"""


def after_detach(python: str) -> float:
    """Return the speed of a program after an editor's visit (breakpoint, step, exception filters) by its speed before."""
    prelude = "def ready(): print('ready', flush=True)\n"
    with tempfile.NamedTemporaryFile("w", suffix=".py") as file:
        file.write(prelude + SPEED)
        file.flush()
        process = subprocess.Popen([python, file.name], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert process.stdin is not None and process.stdout is not None
        process.stdout.readline()

        def measure() -> float:
            process.stdin.write("\n")  # type: ignore[union-attr]
            process.stdin.flush()  # type: ignore[union-attr]
            return float(process.stdout.readline())  # type: ignore[union-attr]

        line = str(1 + (prelude + SPEED).split("\n").index("    return t"))
        before = min(measure() for _ in range(3))
        with Client() as editor:
            editor.begin("attach", {file.name: [{"line": int(line)}]}, processId=process.pid, filters=["raised", "uncaught"])
            process.stdin.write("\n")
            process.stdin.flush()
            editor.event("stopped")
            editor.ask("next", threadId=1)
            editor.event("stopped")
            editor.ask("disconnect")
        process.stdout.readline()
        ratio = before / min(measure() for _ in range(3))
        process.stdin.close()
        process.wait()
    return ratio


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", default=sys.executable, help="the target's python (default: this one)")
    parser.add_argument("--states", default="sleep,busy,lock,multijoin")
    parser.add_argument("--times", type=int, default=5)
    given = parser.parse_args()
    pyspy = shutil.which("py-spy")
    version = subprocess.run(
        [given.python, "-c", "import sys; print(*sys.version_info[:2])"], capture_output=True, text=True
    ).stdout.split()
    own = [sys.executable, "-m", "morrow"]
    names = ("prompt", "dump", "paused", "script", "editor", "py-spy", "debugpy", "pdb -p")
    has_debugpy = importlib.util.find_spec("debugpy") is not None and shutil.which("gdb") is not None
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores, target {given.python}")
    print(f"{'state':12} " + " ".join(f"{name:>8}" for name in names))
    for state in given.states.split(","):
        rows: dict[str, list[float | None]] = {name: [] for name in names}
        for _ in range(given.times):
            with running(given.python, state) as target:
                pid = str(target.pid)
                rows["prompt"].append(to_prompt([*own, "-m", "pdb", "--attach", pid], 10))
                rows["dump"].append(wall([*own, "--dump", pid]))
                data = json.loads(
                    subprocess.run(
                        [*own, "--dump", "--json", pid], env=ENVIRONMENT, capture_output=True, text=True
                    ).stdout
                )
                rows["paused"].append(data["paused"])
                rows["script"].append(script_start(target.pid))
                rows["editor"].append(to_editor(pid))
                if pyspy:
                    rows["py-spy"].append(wall([pyspy, "dump", "--pid", pid]))
                assert target.alive
                if has_debugpy:
                    with running(given.python, state) as other:  # of its own: it cannot be taken out again
                        rows["debugpy"].append(to_debugpy(str(other.pid), 20))
                if version == ["3", "14"]:  # last: where it gets no prompt it leaves its request behind
                    rows["pdb -p"].append(to_prompt([given.python, "-m", "pdb", "-p", pid], 4))
        shown = []
        for values in rows.values():
            known = [value for value in values if value is not None]
            shown.append(
                "-" if not values else "never" if len(known) * 2 <= len(values) else f"{statistics.median(known):.3f}"
            )
        print(f"{state:12} " + " ".join(f"{text:>8}" for text in shown), flush=True)
    print("speed after an editor's visit, by before: " + ", ".join(f"{after_detach(given.python):.3f}" for _ in range(3)))


if __name__ == "__main__":
    main()
