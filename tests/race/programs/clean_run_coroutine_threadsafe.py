# expect: nothing
import asyncio, threading
class Box: n = 0
box = Box()
loop = asyncio.new_event_loop()
t = threading.Thread(target=loop.run_forever)
t.start()
async def work():
    box.n += 1
    return 1
for _ in range(3):
    box.n += 1
    asyncio.run_coroutine_threadsafe(work(), loop).result()
loop.call_soon_threadsafe(loop.stop)
t.join()
loop.close()
assert box.n == 6
