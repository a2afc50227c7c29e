"""The learner's wallet as a page on the learner's own machine: server-rendered, for one browser, on loopback alone.

`serving` holds the socket, `gate` decides who gets in, `app` puts the routes together; the routes do what the
commands of `rootseal wallet` do, with the same modules.
"""
