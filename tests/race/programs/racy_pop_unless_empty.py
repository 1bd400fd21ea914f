# expect: check-then-act the items of stack
import threading
stack = [1, 2, 3, 4]
def take():
    while stack:
        stack.pop()
threads = [threading.Thread(target=take) for _ in range(2)]
for t in threads: t.start()
for t in threads: t.join()
