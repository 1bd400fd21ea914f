# expect: nothing
import threading
def numbers(log):
    for n in range(5):
        log["n"] = log.get("n", 0) + n
        yield n
def work():
    log = {}
    assert sum(x * log["n"] for x in numbers(log)) == 80
threads = [threading.Thread(target=work) for _ in range(3)]
for t in threads: t.start()
for t in threads: t.join()
