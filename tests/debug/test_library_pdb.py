"""What 3.14's pdb has and the host's lacks is there under morrow."""

from __future__ import annotations

import subprocess
import sys

from tests.support.same import clean_environment

PROGRAM = """
import asyncio, pdb
print(pdb.get_default_backend(), pdb.Pdb(backend="monitoring").backend, pdb.Pdb(mode="inline", colorize=True).mode)
pdb.set_default_backend("monitoring")
print(pdb.get_default_backend(), pdb.Pdb().backend, "set_default_backend" in pdb.__all__)
try: pdb.set_default_backend("x")
except ValueError as error: print(error)
def fail(): raise KeyError("lost")
async def main():
    x = 41
    pdb.set_trace(commands=["p x + 1"])
    print("on")
asyncio.run(main())
"""


def test_names_of_3_14():
    done = subprocess.run([sys.executable, "-m", "morrow", "-c", PROGRAM], input="p $_asynctask.get_name()\np $_frame.f_code.co_name\nc\n",
                          capture_output=True, text=True, env=clean_environment())  # fmt: skip
    said = done.stdout.splitlines()
    assert said[:3] == ["settrace monitoring inline", "monitoring monitoring True", "Invalid backend: x"], done
    assert "42" in said and "(Pdb) 'Task-1'" in said and "(Pdb) 'main'" in said and said[-1].endswith("on"), done.stdout


def test_post_mortem_knows_the_exception():
    program = "import pdb, sys\ndef f(): {}['lost']\nd = pdb.Pdb()\ntry: d.runcall(f)\nexcept KeyError: print('left')\n"
    done = subprocess.run([sys.executable, "-m", "morrow", "-c", program], input="n\np $_exception.args\nc\n",
                          capture_output=True, text=True, env=clean_environment())  # fmt: skip
    assert "('lost',)" in done.stdout and "left" in done.stdout, done.stdout + done.stderr
