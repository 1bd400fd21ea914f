"""Slices and swaps in short lists: pancake flips over all permutations."""


def flips(order):
    count = 0
    stack = order[:]
    while stack[0]:
        last = stack[0]
        i, j = 0, last
        while i < j:
            stack[i], stack[j] = stack[j], stack[i]
            i += 1
            j -= 1
        count += 1
    return count


def most(size):
    order, turns, best = list(range(size)), [0] * size, 0
    while True:
        best = max(best, flips(order))
        place = 1
        while True:
            if place == size:
                return best
            order.insert(place, order.pop(0))
            turns[place] += 1
            if turns[place] <= place:
                break
            turns[place] = 0
            place += 1


print([most(8) for _ in range(10)][-1])
