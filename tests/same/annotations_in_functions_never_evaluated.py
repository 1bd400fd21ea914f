def f():
    a: print("never") = 1
    b: Missing
    try:
        b
    except UnboundLocalError as error:
        print(error)
    return a
print(f())
