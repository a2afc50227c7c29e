"""Rootseal: verify micro-credentials that are sealed in a log and anchored on a chain.

Quick start, with the bytes of a file that a learner gave you:

    import rootseal

    policy = rootseal.parse_policy(open("policy.toml").read())   # whom you trust; never from the file
    verdict = rootseal.verify(data, policy, facts, now=int(time.time()))
    print(verdict.overall, verdict.credentials[0].sentence)

This package touches no network, disk or clock: `facts` say what the chain says. `anchor.reader`
collects them for `rootseal.questions(data)`; without facts the verdict is "undetermined" and says why.
"""

from rootseal.checks import Expected
from rootseal.errors import InputError, RootsealError, UndeterminedError, VerificationError
from rootseal.facts import Facts
from rootseal.files import CredentialFile
from rootseal.languages import LANGUAGES
from rootseal.opening import Question, open_file, questions
from rootseal.policy import CreditsContract, LedgerPolicy, Policy, format_policy, parse_policy, parse_trust
from rootseal.presentation import HolderProof, Presentation, present
from rootseal.verdict import Check, CredentialVerdict, Statement, Verdict
from rootseal.verification import verify

__all__ = [
    "LANGUAGES",
    "Check",
    "CredentialFile",
    "CredentialVerdict",
    "CreditsContract",
    "Expected",
    "Facts",
    "HolderProof",
    "InputError",
    "LedgerPolicy",
    "Policy",
    "Presentation",
    "Question",
    "RootsealError",
    "Statement",
    "UndeterminedError",
    "Verdict",
    "VerificationError",
    "__version__",
    "format_policy",
    "open_file",
    "parse_policy",
    "parse_trust",
    "present",
    "questions",
    "verify",
]

__version__ = "0.1.0"
