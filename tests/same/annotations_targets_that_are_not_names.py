class Box: ...
box = Box()
items = {}
box.x: print("not evaluated") = 1
items["a"]: print("not evaluated") = 2
(name): print("not evaluated") = 3
def index():
    print("the target is")
    return "b"
items[index()]: int
box.missing: int
print(box.x, items, name)
