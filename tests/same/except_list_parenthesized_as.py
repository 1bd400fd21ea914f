try:
    raise KeyError("k")
except (ValueError, KeyError) as error:
    print(repr(error))
