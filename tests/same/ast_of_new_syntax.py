import ast
tree = ast.parse("type X[T: int = str] = t'{x!r:>{w}}'\nclass C[*Ts, **P]: pass\ntry: pass\nexcept A, B: pass")
for node in ast.walk(tree):
    where = (node.lineno, node.col_offset, node.end_lineno, node.end_col_offset) if hasattr(node, "lineno") else ()
    print(type(node).__name__, where, [k for k, v in ast.iter_fields(node) if v not in (None, [])])
print(type(tree.body[0]).__name__, isinstance(tree.body[0], ast.TypeAlias), ast.TemplateStr, ast.Interpolation._fields)
