try:
    raise ExceptionGroup("several", [ValueError(1), TypeError(2), OSError(3)])
except* (ValueError, OSError) as group:
    print(group.exceptions)
except* KeyError, IndexError:
    pass
