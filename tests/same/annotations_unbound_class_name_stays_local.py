def outer():
    x = 1
    class C:
        x: int
        try:
            x
        except NameError as error:
            print(error)
    return C
print(outer().__annotations__)
