import asyncio
class Stream:
    async def __aenter__(self): return self
    async def __aexit__(self, *error): raise OSError("close")
    def __aiter__(self): return self
    async def __anext__(self): raise StopAsyncIteration
async def main():
    async with Stream() as stream, Stream():
        async for item in stream:
            print(item)
try:
    coroutine = main()
    coroutine.send(None)
finally:
    print("end")
