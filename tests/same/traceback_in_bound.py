def f[T: 1 / 0](): pass
f.__type_params__[0].__bound__
