def g():
    return t"ok {1} {1 / 0!r}"
try:
    g()
except ZeroDivisionError as e:
    tb = e.__traceback__.tb_next
    print(tb.tb_lineno, tb.tb_frame.f_code.co_name)
    pos = list(tb.tb_frame.f_code.co_positions())[tb.tb_lasti // 2]
    print(pos)
