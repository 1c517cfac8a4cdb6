"""How amounts are written: as decimal text beside their currency."""

from typing import Any

from pydantic import BaseModel, model_validator

from trunkline.money import Money


class AmountOut(BaseModel):
    """An amount as decimal text beside its currency."""

    amount: str
    currency: str

    @classmethod
    def of(cls, money: Money) -> "AmountOut":
        return cls(amount=str(money), currency=money.currency)


class MoneyRow(BaseModel):
    """A row whose amounts come as micro-units of the currency beside them."""

    @model_validator(mode="before")
    @classmethod
    def _as_decimal_text(cls, row: dict[str, Any]) -> dict[str, Any]:
        amounts = ("balance", "amount", "total", "due", "cost")
        shown = {
            name: str(Money(int(row[name]), str(row["currency"])))
            for name in amounts
            if name in row and not isinstance(row[name], str)
        }
        return {**row, **shown}
