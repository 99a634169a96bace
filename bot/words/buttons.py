"""What stands on buttons."""

from __future__ import annotations

CONFIRM = "I confirm; make the video"
CHOOSE_PART = "Choose part"
LEAVE_OUT_REST = "Leave out the rest"
KEEP_REST = "Keep the rest"
CANCEL = "Cancel"

AGAIN = "Again"
CHANGE_VOICE = "Change voice"
REPORT = "Report"
DELETE = "Delete"
GET_FULL_VIDEO = "Get the full video"
ERASE = "Erase what is kept about me"

APPROVE = "Approve"
DENY = "Deny"
RESTORE = "Restore"
REMOVE = "Remove"
REMOVE_AND_BLOCK = "Remove and block"
GIVE_BACK = "Give back"
WAS_CHARGED = "It was charged"
WAS_NOT_CHARGED = "It was not charged"

ADD_KEY = "Add a key"
LIMITS = "Limits"
CHANNELS = "Channels"
ROLES = "Roles"
LOG_CHANNEL = "Log channel"
APPROVAL = "Approval"
CHECK_AGAIN = "Check again"


def get(code: str) -> str:
    """For the kept video of a job."""
    return f"Get {code}"


def direct_messages(*, on: bool) -> str:
    """For switching them; it says how they are now."""
    return f"Send finished videos by direct message when nothing else works: {'on' if on else 'off'}"
