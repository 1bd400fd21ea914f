import asyncio, inspect
async def co[T](x): return x, T
def gen[T](x): yield x, T
async def ag[T](x): yield x
print(asyncio.run(co(1)), list(gen(2)), inspect.iscoroutinefunction(co), inspect.isasyncgenfunction(ag))
