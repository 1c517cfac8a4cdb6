"""Writing down a contact with a customer, under a protocol number that the customer is told."""

from trunkline import i18n
from trunkline.branding.spoken import brand_for, language_for
from trunkline.customers import queries as customers
from trunkline.customers.archived import refuse_archived
from trunkline.customers.models import Customer
from trunkline.db.numbers import next_number
from trunkline.i18n import gettext as _
from trunkline.interactions.events import InteractionRecorded
from trunkline.interactions.models import Interaction, ToldBy
from trunkline.interactions.schemas import RecordInteraction
from trunkline.mail import operations as mail
from trunkline.operation import ActorKind, Context, operation
from trunkline.search.marking import mark
from trunkline.sms import operations as sms

SEARCH_KIND = "interaction"


@operation("core.interaction.record")
def record(ctx: Context, customer_number: str, command: RecordInteraction) -> Interaction:
    """Keep a contact and give it the next protocol number of the day; with `tell`, send the customer that number.

    Raises NotFound without the customer, Refused for an archived one.
    """
    customer = customers.get(ctx, customer_number)
    refuse_archived(ctx, customer, field="")
    interaction = Interaction(
        number=next_number(ctx.session, "interaction"),
        customer_id=customer.key,
        channel=command.channel,
        subject=command.subject,
        text=command.text,
        agent=ctx.actor.name,
        agent_id=ctx.actor.id if ctx.actor.kind == ActorKind.STAFF else None,
        at=ctx.now(),
    )
    if command.tell:
        interaction.told_by = _tell(ctx, customer, interaction)
    ctx.session.add(interaction)
    ctx.session.flush()
    ctx.note(interaction, label=interaction.number, told_by=interaction.told_by)
    mark(ctx, SEARCH_KIND, interaction.key)
    ctx.emit(
        InteractionRecorded(
            entity_id=interaction.key,
            customer_id=customer.key,
            number=interaction.number,
            channel=str(interaction.channel),
            told_by=str(interaction.told_by),
        )
    )
    return interaction


def _tell(ctx: Context, customer: Customer, interaction: Interaction) -> ToldBy:
    """Send the number by the first way there is."""
    key = f"interaction:{interaction.number}"
    language = language_for(ctx, customer.language, customer.reseller_id)
    if customer.email:
        mail.queue(
            ctx,
            template="core/mail/protocol_number",
            to=customer.email,
            language=language,
            context={
                "name": customer.name,
                "number": interaction.number,
                "subject": interaction.subject,
                "at": interaction.at,
            },
            customer_id=customer.key,
            key=key,
        )
        return ToldBy.EMAIL
    if customer.phone:
        with i18n.use_locale(language, ctx.app.config.time_zone):
            said = _(
                "{operator}: the protocol number of our contact is {number}.",
                operator=brand_for(ctx, customer.reseller_id).name,
                number=interaction.number,
            )
            text = str(said)
        sms.queue(ctx, to=customer.phone, text=text, customer_id=customer.key, key=key)
        return ToldBy.SMS
    return ToldBy.NOBODY
