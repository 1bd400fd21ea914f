def a():
    try: 1/0
    except ZeroDivisionError as e: raise TypeError("x") from e
def b():
    try: a()
    except TypeError: undefined
b()
