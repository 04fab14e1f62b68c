"use strict";
// What keys and command cards press, and the help that lists it.
const benchKeys = (() => {
  // Controls are marked data-primary, data-bench-key or data-card, inside #work.
  const named = (name) => [...document.querySelectorAll(`#work [data-${name}]`)];
  const words = (elt, name) => elt.getAttribute(`data-${name}`).split(" ");
  const keys = () => named("bench-key").flatMap((elt) => words(elt, "bench-key"));
  const control = ({ key, card }) => {
    const name = key === "Enter" ? "primary" : card === undefined ? "bench-key" : "card";
    const fits = (elt) => name === "primary" || words(elt, name).includes(card ?? key);
    return named(name).find((elt) => fits(elt) && !elt.matches(":disabled, [aria-disabled=true]"));
  };

  const CAPS = { Escape: "Esc" };
  const told = (elt) => elt.labels?.[0]?.textContent.trim() ||
    [...elt.childNodes].filter(({ nodeName }) => nodeName !== "KBD").map((node) => node.textContent).join("").trim();
  const line = (caps, label) => {
    const term = document.createElement("dt"), text = document.createElement("dd");
    caps.forEach((cap, place) => {
      const one = document.createElement("kbd");
      one.textContent = cap;
      term.append(place ? " then " : "", one);
    });
    text.textContent = label;
    return [term, text];
  };
  document.querySelector("#help")?.addEventListener("beforetoggle", ({ newState }) => {
    if (newState !== "open") return;
    const all = keys(), digits = all.filter((key) => /^\/?\d$/.test(key));
    const lines = ["Enter", ...new Set(all)].filter((key) => !digits.includes(key)).flatMap((key) => {
      const elt = control({ key });
      return elt ? line([CAPS[key] ?? key], told(elt)) : [];
    });
    const span = (of) => of.length && `${of[0].at(-1)}–${of.at(-1).at(-1)}`;
    const [outcomes, choice] = [digits.filter((key) => key[1]), digits.filter((key) => !key[1])].map(span);
    if (outcomes) lines.push(...line(["/", outcomes], "Outcome of the last item"));
    if (choice) lines.push(...line([choice], "Choose from the list"));
    const help = document.querySelector("#bench-help");
    help.hidden = !lines.length;
    help.querySelector("dl").replaceChildren(...lines);
  });

  return { named, keys, control };
})();
