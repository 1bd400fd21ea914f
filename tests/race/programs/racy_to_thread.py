# expect: lost-update Stats.done
import asyncio, threading
barrier = threading.Barrier(2)
class Stats:
    def __init__(self): self.done = 0
stats = Stats()
def work():
    barrier.wait()
    stats.done += 1
async def main():
    await asyncio.gather(asyncio.to_thread(work), asyncio.to_thread(work))
asyncio.run(main())
