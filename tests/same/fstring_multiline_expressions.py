x = 3
s = f"""{
    x
    +
    1
:>{
    4
}}|"""
print(s)
