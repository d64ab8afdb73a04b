"""Why a client's request about a character is refused; every message is fit for the client."""


class CharacterError(Exception):
    """Base of all. `message` is what the client reads."""

    message = "The request cannot be carried out."

    def __init__(self) -> None:
        super().__init__(self.message)


class NoSuchCharacter(CharacterError):
    """Unknown, or not to be known of."""

    message = "The character does not exist."


class PrivateCharacter(CharacterError):
    message = "The character is private."


class NotTheAuthor(CharacterError):
    message = "The character is another author's."


class NoSuchLink(CharacterError):
    message = "The knowledge base is not linked to this character."


class ChangedMeanwhile(CharacterError):
    message = "The character was changed at the same moment. Try again."


class InvalidField(CharacterError):
    """What one field of a request holds cannot be used; `errors` says why, by field."""

    message = "The input is not valid."

    def __init__(self, **errors: str) -> None:
        super().__init__()
        self.errors = errors


class Removed(CharacterError):
    """Its author knows of it, and can only delete it."""

    message = "The character was removed and cannot be changed."


class TooLarge(CharacterError):
    message = "The file is larger than 5 MB."


class NotAPicture(CharacterError):
    message = "The file is no PNG, JPEG, WebP or GIF picture."
