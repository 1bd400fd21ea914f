# expect: changed-in-loop the items of jobs
import threading
jobs = [1, 2]
def run():
    for job in jobs: pass
def remove(): jobs.remove(2)
threads = [threading.Thread(target=run), threading.Thread(target=remove)]
for t in threads: t.start()
for t in threads: t.join()
