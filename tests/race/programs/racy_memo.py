# expect: check-then-act item 3
import threading
cache = {}
def square(n):
    if n not in cache:
        cache[n] = n * n
    return cache[n]
threads = [threading.Thread(target=square, args=(3,)) for _ in range(2)]
for t in threads: t.start()
for t in threads: t.join()
