class C:
    global x
    x: int = 1
