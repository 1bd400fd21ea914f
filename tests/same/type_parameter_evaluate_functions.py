def f[U: (int, str), T: int = str](): pass
type A = int
U, T = f.__type_params__
print(T.evaluate_bound(1), T.evaluate_default(1), U.evaluate_constraints(1), A.evaluate_value(1))
print(T.evaluate_constraints, U.evaluate_bound, U.evaluate_default)
for format in (3, 4):
    try:
        T.evaluate_bound(format)
    except NotImplementedError:
        print("not implemented", format)
