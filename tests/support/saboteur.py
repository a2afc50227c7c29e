"""The saboteur: plants one thing that an auditor must find, into a lawful history, and nothing else.

`SABOTAGE` maps a finding's code to what plants it. Where the contracts make a fault impossible, a lying provider
tells of it, or a storage slot is written past them. Each function changes the `Scene` that it is given.
"""

from __future__ import annotations

from collections.abc import Callable

from tests.support import sabotage_chain, sabotage_credits, sabotage_logs
from tests.support.sabotage_credits import claims_kept_back
from tests.support.sabotage_logs import archived
from tests.support.sabotage_scene import Scene

__all__ = ["SABOTAGE", "Scene", "archived", "claims_kept_back"]

SABOTAGE: dict[str, Callable[[Scene], None]] = {
    "accreditation.document": sabotage_chain.other_description,
    "accreditation.lapsed": sabotage_chain.accreditation_withdrawn,
    "anchor.compromised": sabotage_chain.anchor_by_stolen_key,
    "anchor.key": sabotage_chain.anchor_by_no_key,
    "anchor.sequence": sabotage_chain.sequence_gap,
    "credits.claim": sabotage_credits.claim_of_nothing,
    "credits.code": sabotage_credits.other_credits_program,
    "credits.ledger": sabotage_credits.credits_of_another_ledger,
    "credits.redeem": sabotage_credits.redeemed_by_nobody,
    "credits.state": sabotage_credits.redemption_redated,
    "credits.token": sabotage_credits.token_moved,
    "credits.total": sabotage_credits.credits_made_up,
    "file.backdated": sabotage_logs.dated_back,
    "file.missing": sabotage_logs.left_out_of_the_log,
    "issuer.silent": sabotage_chain.long_silence,
    "ledger.code": sabotage_chain.other_program,
    "log.checkpoint": sabotage_logs.checkpoint_wrong,
    "log.document": sabotage_logs.document_of_another,
    "log.duplicate": sabotage_logs.duplicate_commitment,
    "log.equivocation": sabotage_logs.two_logs,
    "log.inconsistent": sabotage_logs.rewritten_between_anchors,
    "log.malformed": sabotage_logs.bundle_malformed,
    "log.missing": sabotage_logs.bundle_missing,
    "log.root": sabotage_logs.root_not_reproducible,
    "log.short": sabotage_logs.log_cut_short,
    "log.signature": sabotage_logs.note_signed_by_another,
    "log.tiles": sabotage_logs.tile_wrong,
    "log.unpublished": sabotage_logs.log_not_published,
    "promise.compromised": sabotage_logs.promise_by_stolen_key,
    "promise.equivocation": sabotage_logs.equivocation,
    "promise.key": sabotage_logs.promise_by_retired_key,
    "promise.signature": sabotage_logs.promise_forged,
    "promise.unkept": sabotage_logs.promise_unkept,
    "provider.disagree": sabotage_chain.providers_disagree,
    "provider.incomplete": sabotage_chain.anchors_kept_back,
    "state.accreditations": sabotage_chain.scope_altered,
    "state.anchor": sabotage_chain.anchor_altered,
    "state.documents": sabotage_chain.description_altered,
    "state.head": sabotage_chain.head_altered,
    "state.issuer": sabotage_chain.name_altered,
    "state.keys": sabotage_chain.key_roles_altered,
    "state.status": sabotage_chain.status_kept_back,
    "status.annulled": sabotage_chain.revocations_annulled,
    "status.compromised": sabotage_chain.statuses_by_stolen_key,
}
