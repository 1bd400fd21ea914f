"""Floats and comparisons: how long points of the plane stay small."""


def steps(real, imaginary, most):
    x = y = 0.0
    count = 0
    while x * x + y * y <= 4.0 and count < most:
        x, y = x * x - y * y + real, 2.0 * x * y + imaginary
        count += 1
    return count


def picture(width, height, most):
    total = 0
    for row in range(height):
        for column in range(width):
            total += steps(3.0 * column / width - 2.0, 2.0 * row / height - 1.0, most)
    return total


print([picture(120, 90, 200) for _ in range(12)][-1])
