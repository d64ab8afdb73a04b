"""Taking a failed record over again, after the reason was dealt with."""

import json
import logging
import uuid

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from upstream.adapters import adapter_class
from upstream.errors import NotReplayable
from upstream.ledger import ReplayLedger
from upstream.models import Fault

logger = logging.getLogger(__name__)


@transaction.atomic
def replay_fault(*, fault_id: uuid.UUID, by: User | None = None) -> Fault:
    """Takes the kept payload over as if it came now: resolved, or with the error of this time.

    Raises Fault.DoesNotExist, and NotReplayable for one that was taken or whose payload was cut.
    """
    fault = (
        Fault.objects.select_for_update(of=("self",))
        .select_related("source", "run")
        .get(pk=fault_id)
    )
    if fault.resolved_at is not None:
        raise NotReplayable(_("This record was taken over already."))
    try:
        raw = json.loads(fault.payload)
    except ValueError as error:
        raise NotReplayable(_("The payload was too large to be kept whole.")) from error
    ledger = ReplayLedger()
    adapter = adapter_class(fault.source)(source=fault.source, run=fault.run, ledger=ledger)
    adapter.take_again(raw, fault.context)
    fault.replayed_at = timezone.now()
    if ledger.faults:
        fault.error = ledger.faults[0].message
    else:
        fault.resolved_at = fault.replayed_at
    fault.save(update_fields=["error", "replayed_at", "resolved_at"])
    outcome = "failed again" if ledger.faults else "taken over"
    logger.info("fault %s, replayed by user %s: %s", fault.pk, by.pk if by else None, outcome)
    return fault
