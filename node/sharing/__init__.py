"""Files behind links: kept as ciphertext that this node cannot read, until a day that the learner chose.

The key stands after the # of the link, which no browser sends. Specified in docs/spec/shared-links.md.
"""
