"""Pydantic models of several modules refer to each other, with no guard, no quotes and no model_rebuild(), on every host."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.compat.test_libraries import SOURCE, environment
from tests.support.same import clean_environment

pytestmark = [pytest.mark.long, pytest.mark.timeout(1800)]

SHOP = {
    "users.py": """
from pydantic import BaseModel
from orders import Order

class User(BaseModel):
    name: str
    orders: list[Order] = []
""",
    "orders.py": """
from pydantic import BaseModel
from users import User
from items import Item

class Order(BaseModel):
    id: int
    owner: User | None = None
    items: list[Item] = []
""",
    "items.py": """
from pydantic import BaseModel
from users import User

class Item(BaseModel):
    name: str
    seen_by: User | None = None
""",
}
PACKAGE = {
    "pkg/__init__.py": "from .a import A\nfrom .b import B\nfrom .c import C\n__all__ = ['A', 'B', 'C']\n",
    **{
        f"pkg/{own.lower()}.py": f"from pydantic import BaseModel\nfrom pkg import {other}\nclass {own}(BaseModel):\n    other: {other} | None = None\n"
        for own, other in ("AB", "BC", "CA")
    },
}


def _run(folder, files, program):
    for name, text in {**files, "app.py": program}.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    env = {**clean_environment(), "PYTHONPATH": str(SOURCE)}
    done = subprocess.run(
        [environment(sys.executable), "-m", "morrow", "app.py"], cwd=folder, capture_output=True, text=True, env=env
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("first", ["users", "orders", "items"])
def test_three_modules_in_a_circle(tmp_path, first):
    program = f"""
import {first}
from orders import Order
print(Order(id="1", owner={{"name": "b", "orders": [{{"id": 2}}]}}, items=[{{"name": "i", "seen_by": {{"name": "c"}}}}]))
print(sorted(Order.model_json_schema()["$defs"]))
"""
    assert _run(tmp_path, SHOP, program) == (
        "id=1 owner=User(name='b', orders=[Order(id=2, owner=None, items=[])]) "
        "items=[Item(name='i', seen_by=User(name='c', orders=[]))]\n['Item', 'Order', 'User']\n"
    )


def test_a_package_that_exports_what_its_modules_define(tmp_path):
    program = "import pkg\nprint(pkg.A(other={'other': {'other': {}}}))\n"
    assert _run(tmp_path, PACKAGE, program) == "other=B(other=C(other=A(other=None)))\n"
