"""A relay before a centre: HTTP with one port, for edges that cannot reach the centre itself; and a centre of files.

`app` serves it, `client` is the centre that edges open by URL, `folder` is one that needs no server. What goes over the
wire is `wire`'s; who vouches for it, `answer`'s. Nothing here decides.
"""
