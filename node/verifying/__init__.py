"""`/verify/form` and `/v1/verify`: files judged on the server, under the one policy that trusts this node's own issuer.

What is sent is judged and forgotten: nothing of it is stored or logged. Whoever can should check on a computer of
their own, with the page that uploads nothing (`/verify`) or `rootseal verify`.
"""
