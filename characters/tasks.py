"""Background work of characters; safe to run twice."""

from celery import shared_task

from characters import erasing
from characters.covers.expiry import delete_expired


@shared_task
def delete_expired_covers() -> None:
    delete_expired()


@shared_task
def erase_deleted() -> None:
    """What authors deleted goes for good after the grace."""
    erasing.erase_due()
