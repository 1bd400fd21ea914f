# command: -W error::SyntaxWarning wrong_warning_as_error.py
print('never')
x = '\d'
