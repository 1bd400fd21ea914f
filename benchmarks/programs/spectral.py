"""Lists of floats and calls of small functions: a spectral norm."""

from math import sqrt


def element(row, column):
    return 1.0 / ((row + column) * (row + column + 1) // 2 + row + 1)


def multiply(vector, transposed):
    size = len(vector)
    result = [0.0] * size
    for row in range(size):
        total = 0.0
        for column in range(size):
            total += (element(column, row) if transposed else element(row, column)) * vector[column]
        result[row] = total
    return result


def norm(size):
    u = [1.0] * size
    v = u
    for _ in range(4):
        v = multiply(multiply(u, False), True)
        u = multiply(multiply(v, False), True)
    return sqrt(sum(a * b for a, b in zip(u, v)) / sum(b * b for b in v))


print(f"{[norm(110) for _ in range(12)][-1]:.9f}")
