"""Customers and what belongs to them, as queries give them."""

from datetime import date, datetime

from pydantic import BaseModel, ConfigDict


class CustomerRow(BaseModel):
    """Where a row came from: its key, number and version."""

    model_config = ConfigDict(from_attributes=True)


class ContactOut(CustomerRow):
    id: int
    name: str
    roles: list[str]
    email: str
    phone: str
    notes: str
    version: int


class SiteOut(CustomerRow):
    id: int
    name: str
    street: str
    city: str
    state: str
    postal_code: str
    country: str
    time_zone: str
    latitude: float | None
    longitude: float | None
    #: `manual` or a provider's name, and what the provider calls the place.
    located_by: str
    located_as: str
    #: `waiting`, `unknown`, `failed`, `rough` (only its street or town was found), or empty.
    locating: str
    version: int


class TagOut(CustomerRow):
    id: int
    text: str
    colour: str
    link: str
    from_date: date | None
    to_date: date | None
    version: int


class AttributeOut(CustomerRow):
    id: int
    name: str
    type: str
    value: str
    version: int


class CustomerSummary(CustomerRow):
    """A customer as lists show it."""

    number: str
    kind: str
    status: str
    name: str
    legal_name: str
    tax_id: str
    email: str
    phone: str
    country: str
    created_at: datetime


class CustomerOut(CustomerSummary):
    """A customer whole."""

    language: str
    birth_date: date | None
    identity_document: str
    state_registration: str
    website: str
    notes: str
    closed_at: datetime | None
    assigned_user_id: int | None
    version: int
    updated_at: datetime
