# expect: last-write Result.value
import threading
class Result: value = None
result = Result()
def work(n): result.value = n * 2
threads = [threading.Thread(target=work, args=(n,)) for n in range(2)]
for t in threads: t.start()
for t in threads: t.join()
