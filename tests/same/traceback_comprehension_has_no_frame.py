def ratios(pairs):
    return [a / b for a, b in pairs]
def table(rows):
    return {name: ratios(pairs) for name, pairs in rows}
print(table([("x", [(1, 2), (1, 0)])]))
