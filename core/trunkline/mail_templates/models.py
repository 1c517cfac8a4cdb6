"""What an operator wrote instead of a letter's own words."""

from sqlalchemy import UniqueConstraint
from sqlmodel import Field

from trunkline.db.base import Record


class MailWording(Record, table=True):
    """The wording of one letter in one language."""

    __tablename__ = "core_mail_wording"
    __table_args__ = (UniqueConstraint("template", "language"),)

    #: As in `billing/mail/invoice_issued`.
    template: str = Field(max_length=120)
    language: str = Field(max_length=10)
    subject: str = Field(max_length=500)
    text: str
    html: str = ""
