width, precision, v = 10, 4, 12.34567
print(f"{v:{width}.{precision}}|{v:{'>'}{f'{width}'}}|")
