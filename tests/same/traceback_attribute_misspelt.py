class Point:
    def __init__(self, x, y): self.x_value, self.y_value = x, y
p = Point(1, 2)
print(p.x_value + p.y_valeu)
