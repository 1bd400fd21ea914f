# -*- coding: utf-8 -*-
x = t'{1}'
y = 'abcé'
