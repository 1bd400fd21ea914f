# expect: nothing
from concurrent.futures import ThreadPoolExecutor
import threading
state, done = {"n": 0}, threading.Event()
def work():
    state["n"] += 1
    return 1
def after(future):
    state["n"] += future.result()
    done.set()
with ThreadPoolExecutor(2) as pool:
    pool.submit(work).add_done_callback(after)
    done.wait()
    state["n"] += 1
assert state["n"] == 3
