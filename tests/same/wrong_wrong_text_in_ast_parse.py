import ast
try:
    ast.parse('def f(:\n  pass')
except SyntaxError as e:
    print(type(e).__name__, e, e.offset, e.end_offset)
