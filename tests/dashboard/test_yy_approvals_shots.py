from decimal import Decimal
import pytest
from playwright.sync_api import Page, expect
from tests.builders import *
from tests.returns.asking import *
from returns_ops.accounts.permissions import Role
pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

@pytest.mark.parametrize("theme", ["light", "dark"])
def test_shots(live_server, shop, page: Page, theme):
    team = make_team(shop)
    User.objects.update(theme=theme)
    one = make_return(shop, "TP1233APQW", restocking_fee=Decimal("5.00"))
    extra = make_item(one, sku="SCARF-RED", quantity=3, unit_final=Decimal("10"), comment="It was torn when it came", reason="damaged")
    make_receipt_line(one, extra, by=team.ana, quantity=1, decision="rejected", grade="C", reason="Worn or used", note="Stain on the left sleeve, see photo")
    make_receipt_line(one, extra, by=team.ana, quantity=2, decision="approved", grade="A")
    make_receipt_line(one, None, by=team.ana, sku="STRANGER-1", decision="invalid_item")
    a = ask(one, team.ana, partial_amount=Decimal("41.25"), reason="Worn or used", note="Customer called twice and was promised something by Tom; see the chat of yesterday")
    b = ask(make_return(shop, "TP-OTHER"), team.ana)
    c = ask(make_return(shop, "TP-MINE"), team.paula)
    d = ask(make_return(shop, "TP-VOID"), team.ana)
    Rma.objects.filter(rma_number="TP-VOID").update(estimated_refund=Decimal("20"), narvar_status="received_by_retailer")
    e = ask(make_return(shop, "TP-BACK"), team.paula)
    decisions.send_back(e.pk, by=team.peter, why="No photo of the damage. Please add one and ask again.")
    f = ask(make_return(shop, "TP-OK"), team.paula)
    decisions.approve_request(f.pk, by=team.peter)
    base = live_server.url
    page.goto(f"{base}/login/")
    page.get_by_label("User name").fill("paula"); page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Today")
    for w in (1280, 768, 320):
        page.set_viewport_size({"width": w, "height": 900})
        for name, url in {"list": "/approvals/", "mine": "/approvals/?tab=mine", "one": f"/approvals/{a.pk}/", "confirm": f"/approvals/{a.pk}/approve/", "void": f"/approvals/{d.pk}/", "own": f"/approvals/{c.pk}/", "done": f"/approvals/{f.pk}/"}.items():
            if theme == "dark" and name not in ("list", "one"): continue
            page.goto(base + url)
            page.screenshot(path=f"/tmp/shots-approvals/{name}-{w}-{theme}.png", full_page=True)
