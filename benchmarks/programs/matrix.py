"""Lists of lists: matrix products, by index and by comprehension."""


def product(a, b):
    size = len(a)
    result = []
    for i in range(size):
        row, left = [0.0] * size, a[i]
        for j in range(size):
            total = 0.0
            for k in range(size):
                total += left[k] * b[k][j]
            row[j] = total
        result.append(row)
    return result


def trace(a):
    return sum(row[i] for i, row in enumerate(a))


m = [[(i * 7 + j * 3) % 11 / 10.0 for j in range(90)] for i in range(90)]
n = m
for _ in range(14):
    n = product(m, n)
    biggest = max(max(row) for row in n)
    n = [[x / biggest for x in row] for row in n]
print(f"{trace(n):.6f}")
