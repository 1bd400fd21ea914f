# expect: nothing
from multiprocessing.pool import ThreadPool
class Box:
    def __init__(self): self.n = 0
def work(box):
    box.n += 1
    return box
with ThreadPool(2) as pool:
    boxes = [Box() for _ in range(6)]
    for box in pool.map(work, boxes): box.n += 1
    for box in pool.imap_unordered(work, boxes): box.n += 1
    assert pool.apply_async(work, (boxes[0],)).get().n == 5
