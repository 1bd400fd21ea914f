x = 1
print(t"a{x}" t"b" t"{x}c")
print(t"a" + t"{x}")
try:
    t"a" + "b"
except TypeError as e:
    print(e)
try:
    "b" + t"a"
except TypeError as e:
    print(e)
