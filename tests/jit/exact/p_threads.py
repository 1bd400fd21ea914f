"""Threads in the same hot functions, with small stacks too."""
import threading

results = {}


def crunch(seed, n):
    t = seed
    for i in range(n):
        t = (t * 31 + part(i)) % 1000003
    return t


def part(k):
    return k * k


def deep(n):
    return 0 if n == 0 else deep(n - 1) + 1


def job(seed):
    results[seed] = [crunch(seed, n) for n in (10, 40, 500, 2000)] + [deep(200) for _ in range(40)][-1:]


for size in (0, 256 * 1024):
    threading.stack_size(size)
    threads = [threading.Thread(target=job, args=(seed,)) for seed in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(sorted(results.items()))
