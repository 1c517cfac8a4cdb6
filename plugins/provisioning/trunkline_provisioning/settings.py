"""What the operator chooses about playbooks and the HLR."""

import re
from typing import Literal

from pydantic import BaseModel, Field, field_validator

from trunkline.i18n import gettext as _

#: What the wording of a welcome text message can name.
WELCOME_WORDS = ("operator", "name", "product", "service", "number")


class ProvisioningSettings(BaseModel):
    """Table `[plugin.provisioning]`."""

    hlr: Literal["auto", "external", "osmo", "simulated"] = Field(
        default="auto",
        title=_("HLR"),
        description=_(
            "external: one that runs elsewhere; osmo: osmo-hlr beside the worker; simulated: no network element, for trying out; "
            "auto: osmo-hlr where it is installed, else simulated. Takes effect when the worker starts again."
        ),
    )
    hlr_host: str = Field(
        default="",
        max_length=253,
        title=_("HLR address"),
        description=_(
            "Empty: this machine for an external one, a loopback address of its own for one beside the worker."
        ),
    )
    hlr_port: int = Field(
        default=4258, ge=1, le=65535, title=_("HLR port"), description=_("Of its command line (VTY).")
    )
    timeout_seconds: int = Field(
        default=300,
        ge=5,
        le=3600,
        title=_("Time a playbook may take"),
        description=_("What runs longer is stopped and undone."),
        json_schema_extra={"suffix": _("seconds")},
    )
    audit_hour: int | None = Field(
        default=2,
        ge=0,
        le=23,
        title=_("Hour of the nightly audit"),
        description=_(
            "From this hour on network and system are compared, once a night. Empty: only when asked."
        ),
    )
    rollout_second_person_above: int | None = Field(
        default=None,
        ge=0,
        le=20_000,
        title=_("Changes of many services that need a second person"),
        description=_("Those of more services than this wait for a second person. Empty: none does."),
    )
    welcome_mail: bool = Field(
        default=True,
        title=_("Welcome mail"),
        description=_("Write to the customer when a new service works."),
    )
    welcome_sms: bool = Field(
        default=False,
        title=_("Welcome text message"),
        description=_("Write to the new number, or to the customer’s phone, when a new service works."),
    )
    welcome_sms_text: str = Field(
        default="",
        max_length=459,
        title=_("Wording of the welcome text message"),
        description=_(
            "{operator}, {name}, {product}, {service} and {number} stand for what they name. Empty: the standard words in the "
            "customer’s language."
        ),
        json_schema_extra={"widget": "textarea", "rows": 3},
    )

    @field_validator("welcome_sms_text")
    @classmethod
    def _known_words(cls, value: str) -> str:
        unknown = [word for word in re.findall(r"\{([^{}]*)\}", value) if word not in WELCOME_WORDS]
        if unknown:
            raise ValueError(
                _(
                    "Nothing stands for {{{word}}}. Use {known}.",
                    word=unknown[0],
                    known=", ".join(f"{{{word}}}" for word in WELCOME_WORDS),
                )
            )
        return value
