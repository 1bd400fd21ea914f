fs = []
for i in range(3):
    def f[T: i](): return i
    fs.append(f)
print([f.__type_params__[0].__bound__ for f in fs], len({f.__type_params__[0] for f in fs}))
