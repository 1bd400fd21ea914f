# expect: nothing
import asyncio, threading
class Box: n = 0
box = Box()
async def main():
    loop, done = asyncio.get_running_loop(), asyncio.Event()
    def back():
        box.n += 1
        done.set()
    def work():
        box.n += 1
        loop.call_soon_threadsafe(back)
    box.n += 1
    t = threading.Thread(target=work)
    t.start()
    await done.wait()
    box.n += 1
    t.join()
asyncio.run(main())
assert box.n == 4
