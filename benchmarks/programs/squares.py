"""Integers in a tight loop: sums of squares and bit tricks."""


def sum_of_squares(count):
    total = 0
    for number in range(count):
        total += number * number
    return total


def mixed_bits(count):
    state, ones = 12345, 0
    for _ in range(count):
        state = (state * 1103515245 + 12345) & 0x7FFFFFFF
        if state & 64:
            ones += 1
    return ones


for _ in range(12):
    result = sum_of_squares(1_000_000), mixed_bits(600_000)
print(result)
