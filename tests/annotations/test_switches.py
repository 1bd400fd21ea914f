"""Where annotations are deferred: the option, the variable, the project's table, and the future import."""

from __future__ import annotations

import pytest

from morrow.host import HERE
from tests.support.same import run_morrow

pytestmark = pytest.mark.skipif(HERE is None or HERE.defers_annotations, reason="the host defers annotations itself")

LATER = "def f(x: Later): ...\nclass Later: ...\nprint(f.__annotations__['x'].__name__)\n"
REFUSED = "NameError: name 'Later' is not defined"


@pytest.mark.parametrize("options, env", [(["-X", "deferred=0"], {}), ([], {"MORROW_DEFERRED": "0"})])
def test_switched_off_annotations_are_evaluated_where_they_stand(same, options, env):
    same.write({"app.py": LATER})
    assert run_morrow(["app.py"], cwd=same.folder).out == "Later\n"
    got = run_morrow([*options, "app.py"], cwd=same.folder, env=env)
    assert got.status == 1 and got.err.splitlines()[-1].startswith(REFUSED)


def test_switched_off_the_hosts_attributes_stay_what_they_are(same):
    program = "def f(x: int): ...\nprint(hasattr(f, '__annotate__'), hasattr(type, '__annotate__'), f.__annotations__)\n"
    same.write({"app.py": program})
    assert run_morrow(["-X", "deferred=0", "app.py"], cwd=same.folder).out == "False False {'x': <class 'int'>}\n"


def test_a_project_switches_it_off_for_itself(same):
    same.write({"pyproject.toml": "[tool.morrow]\ndeferred = '0'\n", "app.py": LATER})
    got = run_morrow(["app.py"], cwd=same.folder)
    assert got.status == 1 and got.err.splitlines()[-1].startswith(REFUSED)


def test_a_package_that_is_not_the_programs_is_left_to_the_host(same):
    same.write({"pyproject.toml": "[tool.morrow]\nexclude = ['old']\n", "old.py": LATER, "new.py": LATER, "app.py": "import new, old\n"})
    got = run_morrow(["app.py"], cwd=same.folder)
    assert got.out == "Later\n" and got.err.splitlines()[-1].startswith(REFUSED)


def test_the_future_import_keeps_its_meaning(same):
    program = "from __future__ import annotations\ndef f(x: Later): ...\nclass C:\n    y: Later\nprint(f.__annotations__, C.__annotations__, f.__annotate__(1), C.__annotate__)\n"
    same.write({"app.py": program})
    got = run_morrow(["app.py"], cwd=same.folder)
    assert (got.out, got.err) == ("{'x': 'Later'} {'y': 'Later'} {'x': 'Later'} None\n", "")
