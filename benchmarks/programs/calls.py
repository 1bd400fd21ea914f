"""Calls: a function that calls itself twice, and one with a default."""


def fibonacci(number):
    if number < 2:
        return number
    return fibonacci(number - 1) + fibonacci(number - 2)


def ackermann(m, n, depth=0):
    if m == 0:
        return n + 1
    if n == 0:
        return ackermann(m - 1, 1, depth + 1)
    return ackermann(m - 1, ackermann(m, n - 1, depth + 1), depth + 1)


print([(fibonacci(24), ackermann(2, 60)) for _ in range(40)][-1])
