"use strict";
(() => {
  const body = document.body;
  const $ = (selector, from = document) => from.querySelector(selector);
  const $$ = (selector, from = document) => [...from.querySelectorAll(selector)];
  const say = (text) => { const live = $("#live"); if (live) live.textContent = text; };

  // Ticks: the one clock of all live parts. A page nobody looks at asks for nothing.
  const tick = (name, seconds) => setInterval(() => {
    if (document.visibilityState === "visible" && navigator.onLine) {
      body.dispatchEvent(new CustomEvent(`tick:${name}`));
    }
  }, seconds * 1000);
  tick("fast", 3);
  tick("mid", 15);
  tick("slow", 60);

  // htmx: all its event names are here.
  body.addEventListener("htmx:configRequest", ({ detail }) => {
    detail.headers["X-CSRFToken"] = body.dataset.csrf;
    // What a page asks for by itself keeps nobody logged in.
    if (/^(tick|counts):/.test(detail.triggeringEvent?.type)) detail.headers["X-Tick"] = "1";
    if (detail.elt.id === "presence-asks") $("#editing").value = "0";
    if (detail.verb !== "get" || !detail.elt.matches("form")) return;
    for (const name of Object.keys(detail.parameters)) {
      if (detail.parameters[name] === "") delete detail.parameters[name];
    }
  });
  // htmx takes leave of each element it removes, by two events: nothing listens, and it takes as
  // long as the rest of the swap.
  body.addEventListener("htmx:oobBeforeSwap", ({ detail: { target } }) => {
    if (target.id !== "toasts" && !target.contains(document.activeElement)) target.replaceChildren();
  });
  const failed = (shown) => { const banner = $("#failed"); if (banner) banner.hidden = !shown; };
  body.addEventListener("htmx:responseError", ({ detail }) => {
    if (detail.xhr.status !== 401) failed(true);
  });
  body.addEventListener("htmx:timeout", () => failed(true));
  body.addEventListener("htmx:sendError", () => { offline(); failed(navigator.onLine); });
  body.addEventListener("htmx:afterOnLoad", ({ detail }) => {
    if (detail.xhr.status < 400) failed(false);
  });
  let said = $("#tracker")?.dataset.said;
  body.addEventListener("htmx:afterSettle", ({ detail }) => {
    $$(".toast").forEach(expire);
    refresh();
    const now = $("#tracker")?.dataset.said;
    if (now && now !== said) { say(now); body.dispatchEvent(new CustomEvent("counts:changed")); }
    said = now;
    if (detail.elt.id === "list") say(`${rows().length} returns on this page`);
    // A swap that took the focused element away hands its focus on.
    if (!document.activeElement || document.activeElement === body) {
      if (lastAsked === "more") rows()[rowsBefore]?.focus();
      else if (lastAsked) ($("[data-focus]", detail.elt) ?? $("[data-focus]"))?.focus({ preventScroll: true });
    }
  });
  let lastAsked = "", rowsBefore = 0;
  body.addEventListener("htmx:beforeRequest", ({ detail }) => {
    const elt = detail.elt;
    if (!elt.matches("form, a")) return;
    lastAsked = elt.closest("#more, #earlier") ? "more" : "form";
    rowsBefore = $$("[data-row]").length;
  });

  // Whoever types is "writing" for the others, until the next time the page asks who is here.
  document.addEventListener("input", ({ target }) => {
    const editing = $("#editing");
    if (editing && target.closest("main")) editing.value = "1";
  });

  // Connection
  const offline = () => { const banner = $("#offline"); if (banner) banner.hidden = navigator.onLine; };
  addEventListener("online", offline);
  addEventListener("offline", offline);
  offline();

  // Toasts leave after a while, but not while somebody reads them.
  const expire = (toast) => {
    if (toast.dataset.timed) return;
    toast.dataset.timed = "1";
    const leave = () => (toast.matches(":hover") ? setTimeout(leave, 2000) : toast.remove());
    setTimeout(leave, 6000);
    $$("#toasts > .toast").slice(3).forEach((old) => old.remove());
  };
  $$(".toast").forEach(expire);

  // Times that are said relative to now.
  const span = (s) => s < 60 ? "" : s < 3600 ? `${Math.floor(s / 60)} min` : `${Math.floor(s / 3600)} h`;
  const refresh = () => {
    for (const time of $$("time[data-ago]")) {
      const age = (Date.now() - new Date(time.dateTime)) / 1000;
      if (age < 86400) time.textContent = span(age) ? `${span(age)} ago` : "just now";
    }
  };
  setInterval(refresh, 30000);
  setInterval(() => {
    for (const time of $$("time[data-left]")) {
      const left = Math.max(0, Math.round((new Date(time.dateTime) - Date.now()) / 1000));
      time.textContent = left < 120 ? `${left} s` : `${Math.floor(left / 60)} min`;
    }
  }, 1000);

  // Keys: an element names its key; the help is read off the same attributes.
  const rows = () => $$("a[data-row]");
  const step = (by) => {
    const all = rows(), at = all.indexOf(document.activeElement);
    const next = all[at < 0 ? 0 : Math.min(Math.max(at + by, 0), all.length - 1)];
    next?.focus();
    next?.scrollIntoView({ block: "nearest" });
  };
  const list = { j: [() => step(1), "Next row"], k: [() => step(-1), "Row before"] };
  const keyed = () => $$("[data-key]").filter((elt) => !elt.disabled);
  const press = (elt) => {
    if (elt.matches("input") || "keyFocus" in elt.dataset) {
      elt.scrollIntoView({ block: "nearest" });
      elt.focus();
      elt.select?.();
    } else elt.click();
  };
  const stored = () => { try { return localStorage.getItem("keys") !== "off"; } catch { return true; } };
  let first = "", firstAt = 0;
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const field = event.target.closest("input:not([type=checkbox], [type=radio]), select, textarea");
    if (event.key === "Escape") {
      if (field) return field.blur();
      if ($(":popover-open")) return;
    } else if (field || !stored()) return;
    const pair = Date.now() - firstAt < 1200 ? `${first} ${event.key}` : "";
    const find = (key) => keyed().findLast((elt) => elt.dataset.key === key);
    const target = (pair && find(pair)) || find(event.key);
    [first, firstAt] = [event.key, Date.now()];
    if (target) press(target);
    else if (event.key in list && rows().length) list[event.key][0]();
    else return;
    event.preventDefault();
  });

  document.addEventListener("toggle", ({ target }) => {
    if (target.open && target.dataset.opens) $(target.dataset.opens)?.focus();
  }, true);

  const help = $("#help");
  help?.addEventListener("beforetoggle", (event) => {
    if (event.newState !== "open") return;
    const known = new Map(keyed().map((elt) => [elt.dataset.key, elt.dataset.keyLabel]));
    if (rows().length) {
      for (const [key, [, label]] of Object.entries(list)) known.set(key, label);
      known.set("Enter", "Open the row");
    }
    const lines = [...known].flatMap(([keys, label]) => {
      const term = document.createElement("dt"), text = document.createElement("dd");
      keys.split(" ").forEach((key, place) => {
        const cap = document.createElement("kbd");
        cap.textContent = key === "Escape" ? "Esc" : key;
        term.append(place ? " then " : "", cap);
      });
      text.textContent = label;
      return [term, text];
    });
    $("#keys").replaceChildren(...lines);
  });
  const keysOn = $("#keys-on");
  if (keysOn) {
    keysOn.checked = stored();
    keysOn.addEventListener("change", () => {
      try { localStorage.setItem("keys", keysOn.checked ? "on" : "off"); } catch { /* private mode */ }
    });
  }
  $(".notice[data-focus]")?.focus();
  const tab = $(".tabs [aria-current]");
  if (tab) tab.parentElement.scrollLeft = tab.offsetLeft - tab.parentElement.offsetLeft - 48;
})();
