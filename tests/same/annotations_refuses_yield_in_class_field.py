class C:
    x: list[(yield)] = 1
