"""Every table of core, imported in one place so that metadata is complete before anything is migrated or queried."""

from trunkline.access import models as access
from trunkline.access.break_glass import models as break_glass
from trunkline.activity import models as activity
from trunkline.approvals import models as approvals
from trunkline.auth import counting
from trunkline.auth import models as auth
from trunkline.auth.code_sign_in import models as code_sign_in
from trunkline.auth.impersonation import models as impersonation
from trunkline.auth.second_factor import models as second_factor
from trunkline.auth.signing_keys import models as signing_keys
from trunkline.branding import models as branding
from trunkline.contracts import models as contracts
from trunkline.customers import models as customers
from trunkline.customers.erasing import models as erasing
from trunkline.customers.merging import models as merging
from trunkline.db import numbers
from trunkline.drafts import models as drafts
from trunkline.events import models as events
from trunkline.files import models as files
from trunkline.geocoding import models as geocoding
from trunkline.imports import models as imports
from trunkline.interactions import models as interactions
from trunkline.jobs import load, sweeper
from trunkline.jobs import models as jobs
from trunkline.lists import models as lists
from trunkline.mail import models as mail
from trunkline.mail_templates import models as mail_templates
from trunkline.plugin_life import models as plugin_life
from trunkline.rest import units
from trunkline.search import models as search
from trunkline.settings import store as settings
from trunkline.sms import models as sms
from trunkline.webhooks import models as webhooks

__all__ = [
    "access",
    "activity",
    "approvals",
    "auth",
    "branding",
    "break_glass",
    "code_sign_in",
    "contracts",
    "counting",
    "customers",
    "drafts",
    "erasing",
    "events",
    "files",
    "geocoding",
    "impersonation",
    "imports",
    "interactions",
    "jobs",
    "lists",
    "load",
    "mail",
    "mail_templates",
    "merging",
    "numbers",
    "plugin_life",
    "search",
    "second_factor",
    "settings",
    "signing_keys",
    "sms",
    "sweeper",
    "units",
    "webhooks",
]
