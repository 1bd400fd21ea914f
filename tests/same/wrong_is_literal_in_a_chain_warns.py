import warnings
for s in ["x == 3 is y", 'x == "thing" is y', "x == 3 is 3"]:
    with warnings.catch_warnings(record=True) as w:
        warnings.simplefilter("always")
        compile(s, "a", "exec")
    print(s, [str(x.message) for x in w])
