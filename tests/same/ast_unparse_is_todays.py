import ast

x: int = 3
print(ast.unparse(ast.parse("type X[T: int = str, *Ts, **P] = t'{T!r}'\ndef f[*Ts](a): return f'{a['b']}'\nclass C[T]: x = t'{a:{b}}'")))
print(ast.unparse(ast.parse("try: pass\nexcept A, B: pass\nx = f'{\"\\n\".join(a)}' f\"it's {a!r}\"")))
print(hasattr(ast, "TemplateStr"), ast.unparse.__module__, ast.unparse.__name__)
try:
    ast.unparse(3)
except AttributeError as error:
    print(error)
