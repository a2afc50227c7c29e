"""A printable certificate: PDF/A-3b with the file itself attached, and the same file as QR codes.

The paper proves nothing: it says so, and says how to check the file that it carries.
"""

from wallet.certificate.carried import carried_in_pdf
from wallet.certificate.printing import certificate

__all__ = ["carried_in_pdf", "certificate"]
