# expect: lost-update Counter.value
import threading
class Counter:
    value = 0
counter = Counter()
def work(): counter.value = counter.value + 1
threads = [threading.Thread(target=work) for _ in range(2)]
for t in threads: t.start()
for t in threads: t.join()
