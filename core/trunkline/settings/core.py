"""The trunk's own settings, shown on the page “System”."""

from decimal import Decimal
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from trunkline.i18n import gettext

_ = gettext

_SIGN_IN = _("Sign-in and sessions")
_REST = _("REST")
_MAPS = _("Maps")
_CARE = _("Second person and emergencies")
_JOBS = _("Jobs")
_BACKUP = _("Backup")
_PRIVACY = _("Data protection")
_DEMANDED_OF: dict[str, Any] = {
    "section": _SIGN_IN,
    "choices": [
        ("roles", _("People whose role demands it")),
        ("staff", _("All staff, and customers whose role demands it")),
        ("everybody", _("Everybody, customers too")),
    ],
}


_ADDING: dict[str, Any] = {
    "section": _("Customers"),
    "choices": [
        ("full", _("One form with everything")),
        ("guided", _("Step by step")),
        ("short", _("The short form: client, contact, kind, e-mail, status, plan")),
    ],
}


class CoreSettings(BaseModel):
    """Time-outs, links and throttles of people who sign in."""

    model_config = ConfigDict(frozen=True)

    staff_idle_minutes: int = Field(
        60,
        ge=5,
        le=1440,
        title=_("Staff are signed out after"),
        description=_("Minutes without a click. Shorter is safer at shared desks."),
        json_schema_extra={"section": _SIGN_IN, "suffix": _("minutes")},
    )
    portal_idle_minutes: int = Field(
        30,
        ge=5,
        le=1440,
        title=_("Customers are signed out after"),
        description=_("Minutes without a click in the portal."),
        json_schema_extra={"section": _SIGN_IN, "suffix": _("minutes")},
    )
    session_hours: int = Field(
        12,
        ge=1,
        le=720,
        title=_("Longest session"),
        description=_("Hours after which everybody signs in again, busy or not."),
        json_schema_extra={"section": _SIGN_IN, "suffix": _("hours")},
    )
    impersonation_minutes: int = Field(
        30,
        ge=5,
        le=480,
        title=_("Working as another user ends after"),
        description=_("Minutes, busy or not. It can be begun again, with a new reason."),
        json_schema_extra={"section": _SIGN_IN, "suffix": _("minutes")},
    )
    add_customer_with: Literal["full", "guided", "short"] = Field(
        "full",
        title=_("Customers are added with"),
        description=_("What “Add customer” opens. The others are one click away."),
        json_schema_extra=_ADDING,
    )
    invitation_days: int = Field(
        7,
        ge=1,
        le=60,
        title=_("Invitations are valid for"),
        description=_("Days in which an invited person can set a password with the mailed link."),
        json_schema_extra={"section": _SIGN_IN, "suffix": _("days")},
    )
    reset_minutes: int = Field(
        60,
        ge=5,
        le=1440,
        title=_("Password links are valid for"),
        description=_("Minutes in which a forgotten password can be replaced with the mailed link."),
        json_schema_extra={"section": _SIGN_IN, "suffix": _("minutes")},
    )
    password_length: int = Field(
        10,
        ge=10,
        le=64,
        title=_("Shortest password"),
        description=_("Characters that a new password needs at least."),
        json_schema_extra={"section": _SIGN_IN, "suffix": _("characters")},
    )
    second_factor_of: Literal["roles", "staff", "everybody"] = Field(
        "roles",
        title=_("A second factor is demanded of"),
        description=_("Whoever has none sets one up at the next sign-in, before anything else."),
        json_schema_extra=_DEMANDED_OF,
    )
    remember_device_days: int = Field(
        30,
        ge=0,
        le=365,
        title=_("Browsers are remembered for"),
        description=_("Days in which a browser need not show the second factor again. 0 asks every time."),
        json_schema_extra={"section": _SIGN_IN, "suffix": _("days")},
    )
    attempts_per_account: int = Field(
        10,
        ge=3,
        le=100,
        title=_("Wrong passwords per account"),
        description=_(
            "After so many the account waits: a minute, then twice as long each time, an hour at most."
        ),
        json_schema_extra={"section": _SIGN_IN},
    )
    attempts_per_address: int = Field(
        50,
        ge=5,
        le=10_000,
        title=_("Wrong passwords per address"),
        description=_("After so many in a quarter of an hour the network address waits, longer each time."),
        json_schema_extra={"section": _SIGN_IN},
    )
    sms_transport: str = Field(
        "spool",
        min_length=1,
        max_length=60,
        title=_("Text messages leave by"),
        description=_("Name of the transport. The spool writes them into the folder sms of the data folder."),
        json_schema_extra={"section": _("Text messages")},
    )
    file_megabytes: int = Field(
        20,
        ge=1,
        le=100,
        title=_("Largest file attached to a customer"),
        json_schema_extra={"section": _("Files"), "suffix": "MB"},
    )
    virus_scanner: str = Field(
        "",
        max_length=200,
        pattern=r"^(/[^\s]+|[^\s/]+:\d{1,5})?$",
        examples=["127.0.0.1:3310"],
        title=_("Virus scanner"),
        description=_(
            "ClamAV’s daemon: its socket, as in /run/clamav/clamd.ctl, or host:port. It looks at each upload; empty: nobody does."
        ),
        json_schema_extra={"section": _("Files"), "autocomplete": "off"},
    )
    refresh_days: int = Field(
        30,
        ge=1,
        le=365,
        title=_("REST sign-ins last"),
        description=_("Days until a program that refreshes its token has to sign in again."),
        json_schema_extra={"section": _REST, "suffix": _("days")},
    )
    signing_key_days: int = Field(
        90,
        ge=1,
        le=730,
        title=_("Access tokens' key changes after"),
        description=_(
            "Days after which a fresh key signs. Tokens of the old one stay valid until they are over."
        ),
        json_schema_extra={"section": _REST, "suffix": _("days")},
    )
    requests_per_minute: int = Field(
        3000,
        ge=0,
        le=1_000_000,
        title=_("Requests of one program"),
        description=_("A minute's requests of one key or user, after which it has to wait. 0 sets no limit."),
        json_schema_extra={"section": _REST, "suffix": _("a minute")},
    )
    job_failure_staff: bool = Field(
        True,
        title=_("Mail failed jobs to those who may retry them"),
        description=_(
            "Each member of staff can choose otherwise on their own account page. One mail per job."
        ),
        json_schema_extra={"section": _JOBS},
    )
    job_failure_mailbox: str = Field(
        "",
        max_length=254,
        pattern=r"^([^@\s]+@[^@\s]+)?$",
        examples=["team@example.com"],
        title=_("Mail failed jobs to this address too"),
        description=_("A team’s mailbox, or empty for none."),
        json_schema_extra={"section": _JOBS, "autocomplete": "off"},
    )
    geocoding: str = Field(
        "",
        max_length=40,
        pattern=r"^[a-z0-9_-]*$",
        title=_("Addresses are looked up by"),
        description=_(
            "Nominatim wants its server beside; other providers come with plugins. Nobody: addresses do not leave the house."
        ),
        json_schema_extra={"section": _MAPS, "autocomplete": "off"},
    )
    geocoding_url: str = Field(
        "",
        max_length=300,
        pattern=r"^(https?://[^\s@]+)?$",
        examples=["https://nominatim.example.com"],
        title=_("Nominatim server"),
        description=_(
            "As in https://nominatim.openstreetmap.org, whose terms allow one question a second; or one of your own."
        ),
        json_schema_extra={"section": _MAPS, "autocomplete": "off"},
    )
    geocoding_per_minute: int = Field(
        50,
        ge=1,
        le=6000,
        title=_("Addresses asked for"),
        description=_(
            "At most so many a minute, whatever the provider’s terms allow. Answers are kept for half a year."
        ),
        json_schema_extra={"section": _MAPS, "suffix": _("a minute")},
    )
    map_tiles: str = Field(
        "",
        max_length=300,
        pattern=r"^(https?://[^\s@{};,'\"]+(/[^\s@;,'\"]*)?)?$",
        examples=["https://tiles.example.com/{z}/{x}/{y}.png"],
        title=_("Map tiles"),
        description=_(
            "As in https://tiles.example.com/{z}/{x}/{y}.png. Browsers of staff load them from there; empty: no map is drawn."
        ),
        json_schema_extra={"section": _MAPS, "autocomplete": "off"},
    )
    map_attribution: str = Field(
        "© OpenStreetMap",
        max_length=120,
        title=_("What the map says about its source"),
        json_schema_extra={"section": _MAPS},
    )
    approval_days: int = Field(
        7,
        ge=1,
        le=90,
        title=_("Requests for a second person wait for"),
        description=_("Days after which a request that nobody decided expires."),
        json_schema_extra={"section": _CARE, "suffix": _("days")},
    )
    contract_link_days: int = Field(
        14,
        ge=1,
        le=90,
        title=_("Contracts can be accepted for"),
        description=_("Days in which a customer can accept a contract by the mailed link."),
        json_schema_extra={"section": _("Contracts"), "suffix": _("days")},
    )
    contract_waiver_above: Decimal | None = Field(
        None,
        ge=0,
        max_digits=12,
        decimal_places=2,
        title=_("Second person for waived penalties above"),
        description=_(
            "Waiving more when a contract is terminated waits for somebody else; in other currencies always. "
            "Empty: one person is enough."
        ),
        json_schema_extra={"section": _("Contracts"), "widget": "money"},
    )
    break_glass_minutes: int = Field(
        60,
        ge=5,
        le=480,
        title=_("Emergency access lasts at most"),
        description=_("Minutes after which every permission that somebody took ends by itself."),
        json_schema_extra={"section": _CARE, "suffix": _("minutes")},
    )
    job_log_days: int = Field(
        90,
        ge=1,
        le=3650,
        title=_("Logs of jobs are kept for"),
        description=_(
            "Days after a job’s end. What waits for a person is kept with its log until it is settled."
        ),
        json_schema_extra={"section": _JOBS, "suffix": _("days")},
    )
    job_days: int = Field(
        400,
        ge=1,
        le=3650,
        title=_("Jobs are kept for"),
        description=_("Days after their end. Orders, invoices and mails that they made stay."),
        json_schema_extra={"section": _JOBS, "suffix": _("days")},
    )
    backup_days: int = Field(
        7,
        ge=0,
        le=365,
        title=_("Warn when the last backup is older than"),
        description=_(
            "Days, on the system page and by trunkline doctor. 0 never warns: you back up by other means."
        ),
        json_schema_extra={"section": _BACKUP, "suffix": _("days")},
    )
    fiscal_years: int = Field(
        5,
        ge=0,
        le=30,
        title=_("Fiscal documents are kept for"),
        description=_(
            "Full years after the one they are of. Of an erased customer they go then; 5 is the term in Brazil."
        ),
        json_schema_extra={"section": _PRIVACY, "suffix": _("years")},
    )
    erasure_second_person: bool = Field(
        True,
        title=_("Erasing a customer needs a second person"),
        description=_("It cannot be undone. Whoever agrees must be allowed to erase as well."),
        json_schema_extra={"section": _PRIVACY},
    )
