if True:
    a: int
else:
    b: int
for i in range(2):
    c: str = "c"
while False:
    d: str
try:
    e: float
    raise ValueError
except ValueError:
    f: bytes
else:
    g: bytes
finally:
    h: complex
print(__annotate__(1))
