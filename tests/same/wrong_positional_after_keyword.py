print(end='', 1)
