# expect: nothing
import threading
results, names, pairs = [], set(), {}
def work(n):
    results.append(n)
    names.add(n)
    pairs.setdefault("x", n)
threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
for t in threads: t.start()
for t in threads: t.join()
assert sorted(results) == [0, 1, 2, 3] and len(names) == 4
