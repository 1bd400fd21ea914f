"""Structures: the tables say what the headers say, and what the running interpreter does."""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from morrow.host import HERE, NoFacts, probe
from morrow.host.structs import Structs, structs

known = pytest.mark.skipif(HERE is None or not HERE.jit_supported, reason="the jit has no structures for this host")


@known
@pytest.mark.parametrize("subject", list(probe.SUBJECTS))
def test_the_running_host_is_as_its_table_says(subject):
    assert probe.check_structs(structs(), subject) == []


@known
def test_the_proof_looks_at_most_of_what_the_jit_reads():
    assert probe.count_checks(structs()) > 200


@known
@pytest.mark.parametrize(
    ("name", "subject"),
    [
        ("PyListObject.allocated", "containers"),
        ("PyFunctionObject.func_code", "functions"),
        ("_PyInterpreterFrame.localsplus", "frames"),
        ("PyFloatObject.ob_fval", "numbers"),
        ("PyDictObject.ma_used", "dicts"),
    ],
)
def test_a_wrong_offset_is_found_and_named(name, subject):
    here = structs()
    # Never past the object's end: what lies there may happen to look right.
    shift = -8 if name in ("PyListObject.allocated", "PyFloatObject.ob_fval") else 8
    spoiled = Structs(here.version, {**here.values, name: here[name] + shift})
    assert probe.check_structs(spoiled, subject)[0].name == name


@known
def test_a_missing_field_is_a_wrong_table():
    here = structs()
    spoiled = Structs(here.version, {k: v for k, v in here.values.items() if k != "PySliceObject.start"})
    assert "PySliceObject.start" in str(probe.check_structs(spoiled, "containers")[0])


def test_an_unknown_version_has_no_structures():
    with pytest.raises(NoFacts):
        structs((3, 99))


@known
def test_a_name_that_is_not_there_is_named_with_the_host():
    with pytest.raises(KeyError, match="PyListObject.no_such_field"):
        structs()["PyListObject.no_such_field"]


@known
def test_the_proof_is_remembered_per_build(tmp_path, monkeypatch):
    monkeypatch.setenv("MORROW_CACHE", str(tmp_path))
    assert probe.is_proven() == (True, "")
    [stored] = tmp_path.glob("host-*.txt")
    monkeypatch.setattr(probe, "check_structs", lambda table: pytest.fail("looked again"))
    assert probe.is_proven() == (True, "")
    stored.write_text("another version\n")
    monkeypatch.setattr(probe, "check_structs", lambda table: [probe.Wrong("PyObject.ob_type", 8, 16)])
    proven, why = probe.is_proven()
    assert not proven and "PyObject.ob_type" in why
    assert probe.is_proven() == (False, why)  # from the file


@pytest.mark.slow
def test_the_report_runs():
    done = subprocess.run([sys.executable, "-m", "morrow.host"], capture_output=True, text=True, env={**os.environ, "PYTHONPATH": "src"})
    assert "structures:" in done.stdout


_INCLUDES = """
#define Py_BUILD_CORE 1
#include <Python.h>
#include <frameobject.h>
#include <structmember.h>
#include <stddef.h>
#include <stdio.h>
"""
_NOT_IN_HEADERS = re.compile(
    r"^(PyRangeObject|PyEnumObject|zipobject|reversedobject|listreviterobject|dictiterobject|arrayobject|arraydescr|superobject)\b|STATE_|VALUES_|MANAGED_DICT_OFFSET"
)


@known
@pytest.mark.slow
@pytest.mark.skipif(shutil.which("gcc") is None, reason="no C compiler")
def test_the_table_agrees_with_this_hosts_headers(tmp_path):
    include = Path(sysconfig.get_path("include"))
    internal = include / "internal"
    if not (internal / "pycore_frame.h").exists():
        pytest.skip("no internal headers installed")
    headers = sorted(path.name for path in internal.glob("pycore_*.h"))
    wanted = [h for h in headers if re.match(r"pycore_(object|frame|code|dict|long|interp|pystate|runtime|tuple|list|range|genobject|ceval|function|typeobject|descrobject|moduleobject|interpframe|stackref|global_objects|cell|gc|unicodeobject)\w*\.h", h) and not h.endswith("_init.h")]
    source = _INCLUDES + "".join(f"#include <internal/{name}>\n" for name in wanted) + "typedef struct _dictkeysobject PyDictKeysObject_;\nint main() {\n"
    first = source.count("\n") + 1
    names = [name for name in structs().values if not _NOT_IN_HEADERS.search(name)]
    for name in names:
        owner, _, field = name.partition(".")
        owner = {"PyDictKeysObject": "PyDictKeysObject_"}.get(owner, owner)
        value = f"sizeof({owner})" if field == "sizeof" else f"offsetof({owner}, {field})" if field else f"({owner})"
        source += f'printf("{name} %lld\\n", (long long){value});\n'
    file = tmp_path / "offsets.c"
    file.write_text(source + "return 0; }\n")
    flags = ["-w", "-fmax-errors=0", f"-I{include}", f"-I{internal}", "-idirafter", str(include.parent), "-I/usr/include/" + str(sysconfig.get_config_var("MULTIARCH")) + "/" + include.name]
    done = subprocess.run(["gcc", *flags, str(file), "-o", str(tmp_path / "offsets")], capture_output=True, text=True)
    if done.returncode:
        # what this host's headers do not show (structures that older headers leave in the .c file) is for the probe alone
        hidden = {int(line) - first for line in re.findall(r"offsets\.c:(\d+):\d+: error", done.stderr)}
        assert hidden and min(hidden) >= 0 and len(hidden) < 20, done.stderr[:2000]
        lines = source.splitlines(keepends=True)
        for number in hidden:
            lines[first - 1 + number] = "\n"
        file.write_text("".join(lines) + "return 0; }\n")
        subprocess.run(["gcc", *flags, str(file), "-o", str(tmp_path / "offsets")], check=True)
    printed = subprocess.run([tmp_path / "offsets"], capture_output=True, text=True, check=True).stdout
    wrong = [f"{line}, table: {structs()[line.split()[0]]}" for line in printed.splitlines() if structs()[line.split()[0]] != int(line.split()[1])]
    assert not wrong
    assert len(printed.splitlines()) > 400
