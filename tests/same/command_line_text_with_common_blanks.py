# command: -c "    import sys; print(sys.argv); 1/0" a b
