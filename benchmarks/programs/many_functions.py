"""Two hundred lukewarm functions: compiling all of them would cost more than it gives."""

SOURCE = """
def function_{n}(a, b):
    if a > b:
        return [a, b, {n}]
    total = {n}
    for item in (a, b, total):
        total += item
    return {{"total": total, "parts": [a, b]}}
"""
space = {}
for number in range(200):
    exec(SOURCE.format(n=number), space)
functions = [space[f"function_{number}"] for number in range(200)]


def run(turns):
    size = 0
    for turn in range(turns):
        for function in functions:
            size += len(function(turn % 7, turn % 5))
    return size


print([run(700) for _ in range(12)][-1])
