"""Objects with float attributes: planets pull at each other."""


class Body:
    def __init__(self, x, y, z, vx, vy, vz, mass):
        self.x, self.y, self.z = x, y, z
        self.vx, self.vy, self.vz = vx, vy, vz
        self.mass = mass

    def pull(self, other, dt):
        dx, dy, dz = self.x - other.x, self.y - other.y, self.z - other.z
        force = dt / (dx * dx + dy * dy + dz * dz) ** 1.5
        self.vx -= dx * other.mass * force
        self.vy -= dy * other.mass * force
        self.vz -= dz * other.mass * force
        other.vx += dx * self.mass * force
        other.vy += dy * self.mass * force
        other.vz += dz * self.mass * force

    def move(self, dt):
        self.x += dt * self.vx
        self.y += dt * self.vy
        self.z += dt * self.vz


def run(bodies, steps, dt):
    for _ in range(steps):
        for index, body in enumerate(bodies):
            for other in bodies[index + 1 :]:
                body.pull(other, dt)
        for body in bodies:
            body.move(dt)


bodies = [Body(k * 2.0, k * k * 0.5, 1.0 / (k + 1), 0.1 * k, 0.3 - 0.1 * k, 0.01 * k, 1.0 / (1 + k * k)) for k in range(5)]
for _ in range(20):
    run(bodies, 2000, 0.001)
print(f"{bodies[0].x:.9f} {bodies[4].vy:.9f}")
