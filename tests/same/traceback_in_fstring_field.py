name, items = "x", []
print(f"name: {name}, first: {items[0]!r:>10}, rest: {items[1:]}")
