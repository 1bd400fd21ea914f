import ast
print(ast.literal_eval("{'a': [1, 2.5, None]}"))
try:
    ast.literal_eval("t'a'")
except ValueError as e:
    print(str(e).split(":")[0].split(" at ")[0].split("<")[0])
