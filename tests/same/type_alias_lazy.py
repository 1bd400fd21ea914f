type A = Later | None
try:
    A.__value__
except NameError as e:
    print(e, e.name)
class Later: pass
print(A.__value__, A.__value__ is A.__value__)
