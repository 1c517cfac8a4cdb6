"""What goes into customer operations and comes out of queries: one source for forms, REST and imports."""

from trunkline.customers.schemas.belongings import TAG_COLOURS, AttributeData, ContactData, SiteData, TagData
from trunkline.customers.schemas.customers import (
    AddressData,
    BusinessData,
    EditBusiness,
    EditIndividual,
    IndividualData,
    NewBusiness,
    NewIndividual,
    RegisterCustomer,
    RegisterNewCustomer,
    UpdateCustomer,
)
from trunkline.customers.schemas.hierarchy import AddBelow, BranchOut, SetParent
from trunkline.customers.schemas.rows import (
    AttributeOut,
    ContactOut,
    CustomerOut,
    CustomerRow,
    CustomerSummary,
    SiteOut,
    TagOut,
)
from trunkline.customers.schemas.status import (
    ArchiveNote,
    AssignCustomer,
    SetStatus,
    StatusNote,
    StatusReason,
)
from trunkline.customers.schemas.texts import CountryCode, Language, Link, Name, Short, TimeZone

__all__ = [
    "TAG_COLOURS",
    "AddBelow",
    "AddressData",
    "ArchiveNote",
    "AssignCustomer",
    "AttributeData",
    "AttributeOut",
    "BranchOut",
    "BusinessData",
    "ContactData",
    "ContactOut",
    "CountryCode",
    "CustomerOut",
    "CustomerRow",
    "CustomerSummary",
    "EditBusiness",
    "EditIndividual",
    "IndividualData",
    "Language",
    "Link",
    "Name",
    "NewBusiness",
    "NewIndividual",
    "RegisterCustomer",
    "RegisterNewCustomer",
    "SetParent",
    "SetStatus",
    "Short",
    "SiteData",
    "SiteOut",
    "StatusNote",
    "StatusReason",
    "TagData",
    "TagOut",
    "TimeZone",
    "UpdateCustomer",
]
