"""Slots, properties and inheritance: particles bounce in a box."""


class Particle:
    __slots__ = ("place", "speed", "hits")

    def __init__(self, place, speed):
        self.place, self.speed, self.hits = place, speed, 0

    @property
    def energy(self):
        return self.speed * self.speed / 2

    def step(self, dt):
        self.place += self.speed * dt
        if not 0.0 <= self.place <= 10.0:
            self.speed = -self.speed
            self.hits += 1


class Heavy(Particle):
    __slots__ = ()

    def step(self, dt):
        super().step(dt)
        self.speed *= 0.999999


def run(particles, steps):
    total = 0.0
    for _ in range(steps):
        for particle in particles:
            particle.step(0.01)
        total += particles[0].energy
    return total


particles = [(Heavy if k % 5 == 0 else Particle)(float(k), 1.0 + k / 3) for k in range(10)]
print(f"{[run(particles, 12_000) for _ in range(14)][-1]:.6f} {sum(p.hits for p in particles)}")
