# expect: lost-update total
import threading
def run():
    total = 0
    def work():
        nonlocal total
        for i in range(10):
            total += i
    threads = [threading.Thread(target=work) for _ in range(2)]
    for t in threads: t.start()
    for t in threads: t.join()
    return total
run()
