"""Another interpreter in the process runs hot code by itself, before and after the main one does."""
program = '''
def work(n):
    t = 0
    for i in range(n):
        t += i * 3
    return t
for _ in range(50):
    work(100)
print(work(1000))
'''
import importlib
import sys

names = [n for n in ("_interpreters", "_xxsubinterpreters") if importlib.util.find_spec(n)] if hasattr(importlib, "util") else []
exec(program)
for name in names[:1]:
    module = importlib.import_module(name)
    one = module.create()
    write = f"import os; print = lambda text: os.write({sys.__stdout__.fileno()}, b'') and None"
    module.run_string(one, write + program.replace("print(work(1000))", "assert work(1000) == 1498500"))
    module.destroy(one)
exec(program)
print("done")
