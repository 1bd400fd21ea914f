import pickle
type A = int
type G[T] = list[T]
print(pickle.loads(pickle.dumps(A)) is A, pickle.loads(pickle.dumps(G[int])) == G[int])
