import itertools
from tests.dashboard.test_parcels_in_browser import *
from tests.dashboard.test_parcels_in_browser import screens_of, drawn
def test_look(desk, ana, wanda, parcel, awaited, shop):
    ana.username
    for n in range(9):
        r = make_rma(shop, work=Work.TO_RECEIVE); make_item(r, "X-999"); make_token(r, "X-999", SearchToken.Kind.SKU)
    screens = screens_of(parcel, awaited, ana)
    base = desk.url.rstrip("/")
    out = Path("/tmp/shots_parcels"); out.mkdir(exist_ok=True)
    for width, theme in itertools.product((1280, 768, 320), ("light", "dark")):
        User.objects.filter(pk=ana.pk).update(theme=theme)
        desk.set_viewport_size({"width": width, "height": 900})
        for number, screen in enumerate(screens):
            desk.goto(base + screen)
            desk.wait_for_load_state("networkidle")
            if number == 9:
                desk.evaluate("""async () => { const r = await fetch(location.pathname + 'photos/', {method:'POST', headers:{'HX-Request':'true','X-CSRFToken':document.body.dataset.csrf}}); const d=document.createElement('div'); d.innerHTML = await r.text(); document.querySelector('.work-rest')?.prepend(...d.children); }""")
                desk.wait_for_timeout(400)
            desk.screenshot(path=out / f"{number}-{width}-{theme}.png", full_page=True)
