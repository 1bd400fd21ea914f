ts = [t"{i}" for i in range(3)]
print([t.values for t in ts])
print((lambda y: t"{y} {(lambda z: z)(y)}")(4).values)
