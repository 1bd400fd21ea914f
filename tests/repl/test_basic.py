"""The plain prompt ends when nobody is there any more."""

import os
import subprocess
import sys


def test_it_ends_when_its_input_and_its_reader_are_gone(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-m", "morrow", "-i"], cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    process.stdout.close()
    process.stderr.close()
    process.stdin.write(b"1 + 1\n")
    process.stdin.close()
    assert process.wait(30) is not None


def test_it_runs_what_is_piped_in(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "morrow", "-q", "-i"], cwd=tmp_path, input="x = 6\nx * 7\n", capture_output=True, text=True, timeout=30
    )
    assert done.stdout == "42\n"


def test_a_closed_input_is_the_end(tmp_path):
    command = f"exec {sys.executable} -m morrow -q -i <&-"
    done = subprocess.run(["sh", "-c", command], cwd=tmp_path, capture_output=True, text=True, timeout=30, env=os.environ)
    assert done.returncode == 0
