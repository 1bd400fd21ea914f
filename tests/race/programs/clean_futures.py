# expect: nothing
from concurrent.futures import ThreadPoolExecutor, as_completed, wait
class Box:
    def __init__(self): self.n = 0
def work(box):
    box.n += 1
    return box
with ThreadPoolExecutor(3) as pool:
    futures = [pool.submit(work, Box()) for _ in range(10)]
    for future in as_completed(futures): future.result().n += 1
    again = [pool.submit(work, future.result()) for future in futures]
    wait(again)
    assert sum(future.result().n for future in again) == 30
    for box in pool.map(work, [future.result() for future in again]): box.n += 1
