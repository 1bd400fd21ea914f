print('x', end=)
