"""Arithmetic that meets ints where it was made for floats, and the other way round; then objects that are neither."""


class Place:
    def __init__(self, x, y, z):
        self.x, self.y, self.z = x, y, z

    def dot(self, other):
        return self.x * other.x + self.y * other.y - self.z * other.z

    def before(self, other):
        return self.x < other.x, self.y <= other.y, self.z == other.z


def attempt(function, *given):
    try:
        return function(*given)
    except (TypeError, ZeroDivisionError, OverflowError) as error:
        return f"{type(error).__name__}: {error}"


def divide(a, b):
    return a.x / b.y, a.y // b.z, a.y % b.z


def power(a, b):
    return a.y**b.z


def look(places):
    out = []
    for a in places:
        for b in places:
            out += [a.dot(b), a.before(b), attempt(divide, a, b), attempt(power, a, b)]
    return out


places = [Place(1.5, 2.5, 3.5), Place(0.1, 0.2, 0.3)]
for more in (
    Place(1, 2.5, 3),
    Place(1.5, 2, 3),
    Place(2, 3, 4),
    Place(True, 2.5, 1),
    Place(2**53 + 1, 1, 1.5),
    Place(-(2**53), 0, 0.0),
    Place(2**70, 1.0, 3),
    Place(float("nan"), -0.0, float("inf")),
    Place(1j, 2, 1.5),
):
    for _ in range(40):
        found = attempt(look, places)
    print(found if isinstance(found, str) else [(type(value).__name__, value) for value in found])
    places.append(more)
places.append(Place("a", 2, 3))
print(attempt(look, places))
