"""Lists of bools: the primes below a limit."""


def primes(limit):
    crossed = [False] * (limit + 1)
    found = 0
    number = 2
    while number <= limit:
        if not crossed[number]:
            found += 1
            multiple = number * number
            while multiple <= limit:
                crossed[multiple] = True
                multiple += number
        number += 1
    return found


print([primes(400_000) for _ in range(25)][-1])
