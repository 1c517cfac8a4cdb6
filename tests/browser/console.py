"""What a person does on staff pages, in their words."""

import re
from pathlib import Path

from playwright.sync_api import Page, expect


class Console:
    """Somebody at the staff console."""

    def __init__(self, page: Page, url: str) -> None:
        self.page, self.url = page, url

    def sign_in(self, email: str, password: str) -> None:
        self.page.goto(f"{self.url}/sign-in")
        self.page.get_by_label("E-mail").fill(email)
        self.page.get_by_label("Password").fill(password)
        self.page.get_by_role("button", name="Sign in").click()
        expect(self.page.get_by_role("navigation", name="Main").first).to_be_visible()

    def open(self, path: str) -> None:
        answer = self.page.goto(self.url + path)
        assert answer is not None
        assert answer.status == 200, f"{path}: {answer.status}"

    def import_file(self, kind: str, path: Path, **options: str) -> int:
        """Upload, look at the check, import; returns how many rows are new."""
        self.open(f"/imports?kind={kind}")
        for name, value in options.items():
            field = self.page.locator(f'[name="{name}"]')
            if field.evaluate("element => element.tagName") == "SELECT":
                field.select_option(value)
            else:
                field.fill(value)
        self.page.locator('input[type="file"]').set_input_files(path)
        self.page.get_by_role("button", name="Check the file").click()
        self.page.get_by_role("button", name="Import now").click()
        expect(self.page.get_by_text("Imported.", exact=True)).to_be_visible()
        created = self.page.locator(".stat", has_text="Created").locator(".v").inner_text()
        refused = self.page.locator(".stat", has_text="Refused").locator(".v").inner_text()
        assert refused == "0", self.page.locator("main").inner_text()
        return int(re.sub(r"\D", "", created))

    def add_product(self, code: str, name: str, tariff: str) -> None:
        self.open("/catalog/products/new")
        self.page.get_by_label("Name", exact=True).fill(name)
        self.page.get_by_label("Code").fill(code)
        for kind, seen in (("bundle", True), ("standalone", False)):
            self.page.get_by_label("Sold as").select_option(kind)
            expect(self.page.get_by_text("Products in it", exact=True)).to_be_visible(visible=seen)
        for need in ("sim", "number"):
            self.page.locator(f'input[name="needs"][value="{need}"]').check()
        self.page.locator('[name="playbook"]').select_option("mobile_line")
        self.page.locator('[name="tariff"]').select_option(tariff)
        self.page.locator('[name="gigabytes"]').fill("10")
        self.page.locator('[name="minutes"]').fill("100")
        self.page.locator('[name="messages"]').fill("50")
        self.page.locator('[name="monthly_price"]').fill("49.90")
        self.page.locator('[name="setup_price"]').fill("10")
        self.page.get_by_role("button", name="Add product").click()
        expect(self.page.get_by_role("heading", name=name)).to_be_visible()

    def register(self, name: str, tax_id: str, email: str) -> str:
        """Add an individual; returns the customer's number."""
        self.open("/customers/new?kind=individual")
        self.page.get_by_label("Full name").fill(name)
        self.page.locator('[name="tax_id"]').fill(tax_id)
        self.page.locator('[name="email"]').fill(email)
        self.page.get_by_role("button", name="Add customer").click()
        expect(self.page.get_by_role("heading", name=name)).to_be_visible()
        return self.page.url.rpartition("/")[2]

    def order(self, name: str, product: str) -> str:
        """Order a product by the guided steps; returns the order's number."""
        self.open("/catalog/orders/new")
        self.page.locator('main input[name="q"]').fill(name)
        self.page.locator("main").get_by_role("button", name="Search").click()
        self.page.locator("main").get_by_role("link", name=name).first.click()
        self.page.get_by_role("link", name=f"Choose {product}").click()
        self.page.get_by_role("button", name="Review").click()
        self.page.get_by_role("button", name="Place order").click()
        self.page.wait_for_url(re.compile(r"/catalog/orders/O\d+"))
        return self.page.url.rpartition("/")[2].partition("?")[0]

    def invoice_now(self, customer: str) -> str:
        """Invoice everything open on the customer's account; returns the invoice's number."""
        self.open(f"/customers/{customer}/billing")
        self.page.get_by_role("button", name="Invoice now").first.click()
        self.page.get_by_role("dialog").get_by_role("button", name="Invoice now").click()
        self.page.wait_for_url(re.compile(r"/billing/invoices/F\d+"))
        return self.page.url.rpartition("/")[2].partition("?")[0]

    def download(self, path: str, into: Path) -> Path:
        """Fetch a file of the console as the signed-in person."""
        answer = self.page.request.get(self.url + path)
        assert answer.status == 200, f"{path}: {answer.status} {answer.text()[:300]}"
        into.write_bytes(answer.body())
        return into

    def pay_in_cash(self, customer: str) -> None:
        """Take all that is owed at the desk."""
        self.open(f"/customers/{customer}/billing")
        self.page.get_by_role("link", name="Take payment").first.click()
        self.page.locator('[name="method"]').select_option("cash")
        self.page.locator('[name="desk"]').fill("Loja Porto Alegre")
        self.page.locator('main form button[type="submit"]').last.click()
        self.page.wait_for_url(re.compile(r"/billing/payments/R\d+"))

    def balance(self, customer: str) -> str:
        """What the customer's account owes, as the page says it."""
        self.open(f"/customers/{customer}/billing")
        row = self.page.locator("tr", has_text=re.compile(r"A\d{6}")).first
        return row.locator("td.n").first.inner_text()

    def invite(self, customer: str) -> None:
        """Invite the customer to the portal, with what the form suggests."""
        self.open(f"/customers/{customer}")
        self.page.get_by_role("link", name="Invite to portal").click()
        self.page.get_by_role("button", name="Send invitation").click()
        expect(self.page.get_by_text("Invited").first).to_be_visible()
