try:
    try:
        1 / 0
    except ValueError, 5:
        print("no")
except TypeError as e:
    print(e)
