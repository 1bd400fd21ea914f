def f[T](x=undefined_name):
    pass
