# expect: nothing
import threading
state, changed = {"turn": 0}, threading.Condition()
def play(me):
    for _ in range(5):
        with changed:
            changed.wait_for(lambda: state["turn"] % 2 == me)
            state["turn"] += 1
            changed.notify_all()
threads = [threading.Thread(target=play, args=(n,)) for n in range(2)]
for t in threads: t.start()
for t in threads: t.join()
assert state["turn"] == 10
