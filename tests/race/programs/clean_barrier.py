# expect: nothing
import threading
cells, sums, barrier = [0, 0, 0], [0, 0, 0], threading.Barrier(3)
def work(n):
    cells[n] += n
    barrier.wait()
    sums[n] = sum(cells)
    barrier.wait()
    cells[(n + 1) % 3] += 1
threads = [threading.Thread(target=work, args=(n,)) for n in range(3)]
for t in threads: t.start()
for t in threads: t.join()
assert sums == [3, 3, 3]
