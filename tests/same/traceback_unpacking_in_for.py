for key, (first, *rest) in {"a": [1, 2], "b": []}.items():
    print(key, first, rest)
