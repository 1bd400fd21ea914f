import copy, pickle
x = 5
t = t"a{x!r:>3}b"
for clone in (pickle.loads(pickle.dumps(t)), copy.copy(t), copy.deepcopy(t)):
    print(clone, clone.values)
