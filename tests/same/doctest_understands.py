import doctest
def f(x):
    """
    >>> t"{1 + 1}".values
    (2,)
    >>> type X = int
    >>> X.__value__
    <class 'int'>
    """
print(doctest.testmod())
