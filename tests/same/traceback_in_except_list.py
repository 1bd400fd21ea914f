try:
    [][1]
except KeyError, undefined_error:
    pass
