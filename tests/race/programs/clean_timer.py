# expect: nothing
import threading
class Job: n = 0
job = Job()
def work(): job.n += 1
t = threading.Timer(0, work)
job.n += 1
t.start()
t.join()
job.n += 1
