if 1:
    pass
else1:
    pass
