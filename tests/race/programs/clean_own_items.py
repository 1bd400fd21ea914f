# expect: nothing
import threading
results, by_name = [None] * 4, {}
def work(n):
    results[n] = n * n
    by_name[f"t{n}"] = n
threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
for t in threads: t.start()
for t in threads: t.join()
assert sum(results) == 14 and len(by_name) == 4
