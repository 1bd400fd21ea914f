names = {}
exec("x: Later = 1\ndef f(a: Later): ...\nclass C:\n    y: Later", names)
names["Later"] = int
print(names["__annotate__"](1), names["f"].__annotations__, names["C"].__annotations__)
