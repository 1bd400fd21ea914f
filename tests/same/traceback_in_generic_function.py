def outer[T](x):
    def inner():
        return x / 0
    return inner()
outer(1)
