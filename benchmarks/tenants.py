"""The web service of examples/tenants.py under load: do tenants that behave notice those that do not?

    python benchmarks/tenants.py [--seconds 6] [--backend auto|own-gil|shared-gil|process]

Ten tenants are asked a few times a second each, by clients that do not wait for one another. First eight of them, quietly; then
all ten: one of the other two loops for ever in every call, one keeps every megabyte it gets (in a process with a limit). Both
again, in turns. Prints the times of the eight: median, 99th percentile, and what the bad company makes of the latter.
"""

from __future__ import annotations

import argparse
import importlib.util
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from http.server import ThreadingHTTPServer
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "src"))

GOOD = "seen = 0\ndef handle(path):\n    global seen\n    seen += 1\n    return f'{seen} ' + ','.join(str(n * n) for n in range(300))"
LOOPS = "def handle(path):\n    while True:\n        pass"
LEAKS = "kept = []\ndef handle(path):\n    kept.append(bytearray(1 << 20))\n    return len(kept)"
ROUNDS = 3
EVERY = 0.1  # seconds between a tenant's requests


def ask(url: str, end: float, times: list[float], statuses: dict[int, int]) -> None:
    """Ask every so often until *end*; a late answer does not move the next question."""
    following = time.perf_counter()
    while following < end:
        time.sleep(max(0.0, following - time.perf_counter()))
        start = time.perf_counter()
        try:
            with urllib.request.urlopen(url, timeout=60) as answer:
                status = answer.status
                answer.read()
        except urllib.error.HTTPError as error:
            status = error.code
            error.read()
        times.append(time.perf_counter() - start)
        statuses[status] = statuses.get(status, 0) + 1
        following = max(following + EVERY, time.perf_counter() - EVERY)


def load(url: str, tenants: list[str], seconds: float) -> tuple[dict[str, list[float]], dict[str, dict[int, int]]]:
    """Return each tenant's times and how often it answered with which status."""
    times: dict[str, list[float]] = {name: [] for name in tenants}
    statuses: dict[str, dict[int, int]] = {name: {} for name in tenants}
    end = time.perf_counter() + seconds
    threads = [threading.Thread(target=ask, args=(f"{url}/{name}/x", end, times[name], statuses[name])) for name in tenants]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return times, statuses


def part(times: list[float], share: float) -> float:
    """Return a percentile in milliseconds."""
    ordered = sorted(times)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1e3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=6)
    parser.add_argument("--backend", default="auto")
    given = parser.parse_args()
    from morrow.interpreters import PluginHost

    spec = importlib.util.spec_from_file_location("tenants", ROOT / "examples" / "tenants.py")
    assert spec is not None and spec.loader is not None
    example = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(example)
    good = [f"good{number}" for number in range(8)]
    with tempfile.TemporaryDirectory() as folder:
        policies: dict[str, dict[str, object]] = {}
        for name, source in [*((name, GOOD) for name in good), ("loops", LOOPS), ("leaks", LEAKS)]:
            path = Path(folder, f"{name}.py")
            path.write_text(source, encoding="utf-8")
            policies[name] = {"module": str(path), "time_limit": 0.5, "backend": given.backend}
        policies["leaks"].update(memory_limit=50 << 20, backend="auto")
        with PluginHost(policies) as example.Handler.host:
            server = ThreadingHTTPServer(("127.0.0.1", 0), example.Handler)
            threading.Thread(target=server.serve_forever).start()
            url = f"http://127.0.0.1:{server.server_address[1]}"
            load(url, good, 1)
            quiet: list[float] = []
            loud: list[float] = []
            bad: dict[str, dict[int, int]] = {"loops": {}, "leaks": {}}
            for _ in range(ROUNDS):
                quiet += sum(load(url, good, given.seconds)[0].values(), [])
                times, statuses = load(url, [*good, "loops", "leaks"], given.seconds)
                loud += sum((times[name] for name in good), [])
                for name, seen in bad.items():
                    for status, number in statuses[name].items():
                        seen[status] = seen.get(status, 0) + number
            server.shutdown()
            server.server_close()
            backends = {name: row["backend"] for name, row in example.Handler.host.health().items()}
    print(f"{sys.version.split()[0]}: {backends['good0']}; the one that leaks: {backends['leaks']}; statuses {bad}")
    for name, times in (("quiet", quiet), ("all ten", loud)):
        print(f"{name:8} {len(times):6} answers  median {part(times, 0.5):7.1f} ms  p99 {part(times, 0.99):7.1f} ms")
    print(f"p99, all ten over quiet: {part(loud, 0.99) / part(quiet, 0.99):.2f}x")


if __name__ == "__main__":
    main()
