"use strict";
(() => {
  const $ = (selector) => document.querySelector(selector);

  // What is said below a field says whether it is right: assistive technology is told the same.
  document.body.addEventListener("htmx:afterSettle", () => {
    for (const said of document.querySelectorAll(".said")) {
      const wrong = said.querySelector(".error") !== null;
      for (const field of document.querySelectorAll(`[aria-describedby="${said.id}"]`)) {
        if (wrong) field.setAttribute("aria-invalid", "true");
        else field.removeAttribute("aria-invalid");
      }
    }
    offer();
  });

  // The position of the device, for somebody who stands there.
  const offer = () => {
    const locate = $("#locate");
    if (locate && isSecureContext && navigator.geolocation) locate.hidden = false;
  };
  document.addEventListener("click", ({ target }) => {
    const button = target.closest("#locate button");
    if (!button) return;
    const told = button.parentElement.querySelector("[role=status]");
    told.textContent = "Looking…";
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        const pasted = $("#pasted");
        pasted.value = `${coords.latitude.toFixed(6)}, ${coords.longitude.toFixed(6)}`;
        pasted.dispatchEvent(new Event("change", { bubbles: true }));
        told.textContent = `Found, to within ${Math.round(coords.accuracy)} m.`;
      },
      () => { told.textContent = "This device does not tell its position."; },
      { enableHighAccuracy: true, timeout: 15000 },
    );
  });
  offer();
})();
