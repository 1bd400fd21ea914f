"""A small web service that runs each tenant's handler in an interpreter of its own: ``morrow examples/tenants.py``.

Two tenants behave, one loops for ever; the others do not notice. With an argument it keeps serving on that port.
"""

import json
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from morrow.interpreters import ExecutionFailed, Interrupted, PluginHost

HANDLERS = {
    "alice": "def handle(path):\n    return 'alice has ' + path",
    "bob": "seen = 0\ndef handle(path):\n    global seen\n    seen += 1\n    return f'bob has seen {seen}'",
    "eve": "def handle(path):\n    while True:\n        pass",
}


class Handler(BaseHTTPRequestHandler):
    """``/TENANT/PATH`` is answered by the tenant's ``handle(PATH)``."""

    host: PluginHost

    def do_GET(self) -> None:
        tenant, _, path = self.path.strip("/").partition("/")
        try:
            status, text = 200, str(self.host[tenant].call("handle", path))
        except KeyError:
            status, text = 404, f"there is no tenant {tenant!r}"
        except Interrupted as error:
            status, text = 504, str(error)
        except ExecutionFailed as error:
            status, text = 500, error.excinfo.formatted
        data = text.encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Nothing: the example prints what it got."""


def load(url: str, number: int) -> list[tuple[int, float]]:
    """Ask *number* times; return status and seconds of each answer."""
    answers = []
    for _ in range(number):
        start = time.perf_counter()
        try:
            with urllib.request.urlopen(url, timeout=30) as answer:
                status = answer.status
                answer.read()
        except urllib.error.HTTPError as error:
            status = error.code
            error.read()
        answers.append((status, time.perf_counter() - start))
    return answers


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        policies = {}
        for name, source in HANDLERS.items():
            path = Path(folder, f"{name}.py")
            path.write_text(source, encoding="utf-8")
            policies[name] = {"module": str(path), "time_limit": 0.3}
        with PluginHost(policies) as Handler.host:
            server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1]) if len(sys.argv) > 1 else 0), Handler)
            url = f"http://127.0.0.1:{server.server_address[1]}"
            if len(sys.argv) > 1:
                print(f"{url}/alice/anything (Ctrl-C ends)")
                server.serve_forever()
            threading.Thread(target=server.serve_forever).start()
            got: dict[str, list[tuple[int, float]]] = {}
            threads = [
                threading.Thread(target=lambda name=name, number=number: got.update({name: load(f"{url}/{name}/x", number)}))
                for name, number in (("alice", 50), ("bob", 50), ("eve", 2))
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            for name, answers in sorted(got.items()):
                print(f"{name:6} {len(answers)} answers, status {sorted({status for status, _ in answers})}")
            print(json.dumps({name: [row["calls"], row["interrupted"]] for name, row in Handler.host.health().items()}))
            server.shutdown()
            server.server_close()


if __name__ == "__main__":
    main()
