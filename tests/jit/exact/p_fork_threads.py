"""Forks while other threads have code compiled: the child can go on compiling."""
import os
import threading


def make(number):
    scope = {}
    exec(compile(f"def work(n):\n    t = {number}\n    for i in range(n):\n        t += i * i % 7\n    return t", "p_made.py", "exec"), scope)
    return scope["work"]


def busy():
    for number in range(12):
        work = make(number)
        for _ in range(34):
            work(40)


ends = []
for turn in range(4):
    threads = [threading.Thread(target=busy) for _ in range(2)]
    for thread in threads:
        thread.start()
    child = os.fork()
    if child == 0:
        busy()
        os._exit(0 if not threads[0].is_alive() and make(1)(3) == 6 else 1)
    ends.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    for thread in threads:
        thread.join()
print(ends)
