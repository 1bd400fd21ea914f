n = 3
whille n:
    n -= 1
