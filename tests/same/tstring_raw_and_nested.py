x = "v"
print(rt"\n{x}\d".strings, tr"\t".strings, Rt"\{x}".strings)
print(t"{t'{x}'}".values[0].values)
print(t"{f'{x!r}'}".values, f"{t'{x}'.values}")
