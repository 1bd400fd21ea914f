# expect: nothing
import asyncio
class Box: n = 0
box = Box()
def work():
    box.n += 1
    return box
async def main():
    box.n += 1
    (await asyncio.to_thread(work)).n += 1
    loop = asyncio.get_running_loop()
    (await loop.run_in_executor(None, work)).n += 1
    box.n += 1
asyncio.run(main())
assert box.n == 6
