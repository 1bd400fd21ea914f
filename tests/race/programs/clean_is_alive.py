# expect: nothing
import threading
class Job: n = 0
job = Job()
def work(): job.n += 1
t = threading.Thread(target=work)
t.start()
while t.is_alive(): pass
job.n += 1
