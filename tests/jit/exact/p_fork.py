"""A fork in the middle of hot code: both processes go on."""
import os


def work(n):
    t = 0
    for i in range(n):
        t += i * i % 7
        if i == 50 and n == 101:
            fork()
    return t


def fork():
    child = os.fork()
    if child == 0:
        try:
            ok = work(100) == expected and work(40) == 117
            for _ in range(40):
                ok = ok and new(20) == 190
        finally:
            os._exit(7 if ok else 1)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))


def new(n):
    return sum(i for i in range(n))


expected = work(100)
print(expected, work(40))
for _ in range(40):
    work(30)
print(work(101), work(100))
print(work(101), work(100))
