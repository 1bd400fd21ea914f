def g(x):
    return f"abc {x} {x / 0} def"
try:
    g(1)
except ZeroDivisionError as e:
    tb = e.__traceback__.tb_next
    print(list(tb.tb_frame.f_code.co_positions())[tb.tb_lasti // 2])
