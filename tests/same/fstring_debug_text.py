value = 1
print(f"{value=}", f"{value = }", f"{ value=!s:^5}|", f"{value+1=}")
