type A = int
type G[T] = list[T]
for action in (lambda: A[int], lambda: A(), lambda: isinstance(1, A), lambda: setattr(A, "__name__", 1),
               lambda: setattr(type(A), "x", 1), lambda: A < A):
    try:
        print(action())
    except (TypeError, AttributeError) as e:
        print(type(e).__name__, e)
