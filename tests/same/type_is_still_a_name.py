type = lambda x: "called"
print(type(3))
type.attr = 1 if False else None if False else 2
print(type.attr)
match = case = _ = 1
print(match, case, _)
