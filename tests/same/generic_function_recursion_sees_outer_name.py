def count[T](n):
    return n if n == 0 else count(n - 1)
real = count
def count(n):
    return "replaced"
print(real(3))
