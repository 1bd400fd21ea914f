x = "\d"
print "y"
w = "\e"
