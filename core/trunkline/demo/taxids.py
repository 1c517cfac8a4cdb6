"""Brazilian tax ids with right check digits, drawn from a seeded generator."""

from random import Random

from stdnum.br import cnpj


def draw_cpf(random: Random) -> str:
    """Eleven digits of a natural person's CPF. The last two are weighted sums modulo 11 (Receita Federal)."""
    digits = [random.randrange(10) for _ in range(9)]
    if len(set(digits)) == 1:
        # 111111111 and its like satisfy the sums and are refused everywhere.
        digits[0] = (digits[0] + 1) % 10
    for _ in range(2):
        weighted = sum(
            weight * digit for weight, digit in zip(range(len(digits) + 1, 1, -1), digits, strict=True)
        )
        digits.append(weighted * 10 % 11 % 10)
    return "".join(map(str, digits))


def draw_cnpj(random: Random) -> str:
    """Fourteen digits of a company's CNPJ: eight of its own, 0001 for the head office, two check digits."""
    base = f"{random.randrange(10_000_000, 99_999_999)}0001"
    return base + str(cnpj.calc_check_digits(base))
