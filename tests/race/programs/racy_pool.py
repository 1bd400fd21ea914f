# expect: lost-update Stats.done
from concurrent.futures import ThreadPoolExecutor
class Stats:
    def __init__(self): self.done = 0
stats = Stats()
barrier = __import__("threading").Barrier(2)
def work(n):
    barrier.wait()
    stats.done += 1
with ThreadPoolExecutor(2) as pool:
    list(pool.map(work, range(2)))
