class C:
    a: int
    if False:
        b: int
    else:
        c: str
    with open(__file__) as file:
        d: float
    match 3:
        case 3: e: bytes
        case _: f: bytes
    a: str
print(C.__annotations__, "__conditional_annotations__" in C.__dict__)
