class Base:
    @property
    def area(self):
        return self.width * self.height
class Square(Base):
    def __init__(self, side): self.width = side
print(Square(3).area)
