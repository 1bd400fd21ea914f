# command: -W error wrong_warning_before_it_is_refused_as_error.py
x = "\d"
y = = 1
