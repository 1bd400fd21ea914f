# expect: nothing
import threading
class Job:
    def __init__(self): self.n = 0
    def run(self): self.n += 1
job = Job()
for _ in range(5):
    job.n += 1
    t = threading.Thread(target=job.run)
    t.start()
    t.join()
assert job.n == 10
