import asyncio
async def v():
    return 9
async def main():
    t = t"{await v()} {[i async for i in agen()]}"
    print(t.values)
async def agen():
    yield 1
    yield 2
asyncio.run(main())
