class Outer:
    class Inner:
        def method(self):
            def closure(): return self.value[0]
            return (lambda: closure())()
        value = {}
Outer.Inner().method()
