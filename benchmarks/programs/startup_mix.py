"""A short program with a little of everything, over before anything is worth compiling: what the jit must not slow down."""

import json


def build(size):
    return {"rows": [{"id": k, "name": f"row {k}", "tags": [str(t) for t in range(k % 5)]} for k in range(size)]}


def crunch(table):
    return sum(len(row["name"]) + len(row["tags"]) for row in table["rows"] if row["id"] % 3)


print([crunch(json.loads(json.dumps(build(900)))) for _ in range(40)][-1])
