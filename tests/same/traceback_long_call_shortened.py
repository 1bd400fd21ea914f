def total(*numbers, scale):
    return sum(numbers) / scale
print(
    "total",
    total(
        1,
        2,
        3,
        4,
        5,
        scale=0,
    ),
)
