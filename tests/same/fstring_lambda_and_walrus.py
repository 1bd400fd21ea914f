print(f"{(lambda x: x * 2)(3)} {(y := 5)} {y:=+5}")
