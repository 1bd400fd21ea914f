# expect: note same-value Flags.seen
import threading
class Flags: seen = False
flags = Flags()
def work(): flags.seen = True
threads = [threading.Thread(target=work) for _ in range(2)]
for t in threads: t.start()
for t in threads: t.join()
