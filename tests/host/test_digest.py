"""The digest that needs no OpenSSL is the one that hashlib gives."""

import hashlib
import subprocess
import sys

import pytest

from morrow.host.digest import sha256


@pytest.mark.parametrize("data", [b"", b"abc", bytes(range(256)) * 1000])
def test_it_is_sha_256(data):
    assert sha256(data).hexdigest() == hashlib.sha256(data).hexdigest() and sha256(data).digest() == hashlib.sha256(data).digest()


def test_hashlib_is_not_imported_for_it():
    program = "import sys, morrow.host.digest; print('hashlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True).stdout == "False\n"
