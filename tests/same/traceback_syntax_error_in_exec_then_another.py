try:
  exec("clas A: pass")
finally:
  1/0
