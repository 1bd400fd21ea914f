def check(total, parts):
    assert total == sum(parts) and total > 0, f"{total} is not the sum of {parts}"
check(3, [1, 1])
