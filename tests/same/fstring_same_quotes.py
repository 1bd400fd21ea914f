d = {"a": 1}
print(f"{d["a"]} {f"{f"{1 + 1}"}"}")
print(f'{'\n'.join(['x', 'y'])}')
