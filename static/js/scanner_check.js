"use strict";
// Measures how a scanner types the test card, and says in plain words what does not fit.
(() => {
  const sample = document.getElementById("sample"), measured = document.getElementById("measured");
  const gap = document.getElementById("id_gap");
  const EXPECTED = sample.dataset.expected, START = EXPECTED.slice(0, 4);
  const QUIET = 400;                    // ms without a key: the scan is over
  const BY_HAND = 120;                  // ms per key
  const [SMALLEST, LARGEST] = [30, +gap.max];
  // What a keyboard of that country makes of the signs of the test card.
  const LAYOUTS = [
    ["French", /&é/], ["German", /ß|ayqwz/], ["Spanish", /Ñ|¿/], ["Italian", /ç|12-.*\^/], ["Nordic", /[ÖÆØ]/],
  ];
  let keys = [], ends = [], capsLock = false, lastAt = -QUIET, timer;

  const swapped = (text) => text.replace(/[a-z]/gi, (c) => (c === c.toLowerCase() ? c.toUpperCase() : c.toLowerCase()));
  const upper = (text) => text.toUpperCase();
  const apart = () => keys.slice(1).map((key, place) => key.at - keys[place].at);
  const tidy = (ms) => (ms < 9.95 ? Math.round(ms * 10) / 10 : Math.round(ms));

  const wrapping = (text) => {
    const at = upper(text).indexOf(START);
    const before = at > 0 ? text.slice(0, at) : "";
    const rest = text.slice(before.length);
    return { before, core: rest.slice(0, EXPECTED.length), after: rest.slice(EXPECTED.length) };
  };
  const onLayout = (core) => {
    const country = LAYOUTS.find(([, signs]) => signs.test(core) || signs.test(swapped(core)))?.[0];
    const wrong = [...[...EXPECTED].keys()].filter((place) => upper(core[place] ?? "") !== upper(EXPECTED[place]));
    const at = wrong.find((place) => /\d/.test(EXPECTED[place])) ?? wrong[0];
    const example = `“${core[at] ?? "nothing"}” came for “${EXPECTED[at]}”`;
    return country
      ? `The computer has a ${country} keyboard and the scanner types as on an American one: ${example}. Set the scanner’s keyboard country to ${country}; its manual has a barcode for that.`
      : `Other signs came than the card has: ${example}. Set the scanner’s keyboard country to that of the computer. If signs are missing, let the scanner pause longer between keys.`;
  };
  const ending = () => {
    if (!ends.length) return ["none", "No Enter comes after the code, so each scan waits for a press of Enter. Let the scanner send Enter (CR) after the code."];
    const name = ends.join(" and ");
    return [name, name === "LF" ? "Line feed works, but Enter (CR) is safer: some browsers take it for a shortcut." : ""];
  };
  const judge = () => {
    const text = keys.map((key) => key.sign).join(""), times = apart();
    const average = times.reduce((sum, ms) => sum + ms, 0) / (times.length || 1), most = Math.max(0, ...times);
    const { before, core, after } = wrapping(text), [end, onEnd] = ending();
    const wanted = Math.ceil(Math.round(most * 1.5) / 5) * 5, advice = [];
    if (average > BY_HAND) advice.push("This looks typed by hand. Scan the card with the scanner.");
    else if (most > LARGEST) advice.push(`At most ${tidy(most)} ms is too slow to be told from a person. Put the cursor in the scan box before each scan, or let the scanner type faster.`);
    const caps = capsLock || (core === swapped(EXPECTED));
    if (caps) advice.push("Caps Lock is on. Codes are found all the same, but switch it off.");
    else if (core === upper(EXPECTED)) advice.push("The scanner sends capital letters only. Codes are found all the same.");
    if (upper(core) !== upper(EXPECTED)) advice.push(onLayout(core));
    if (/^\][a-z]\w$/i.test(before)) advice.push("The scanner says before each code what kind it is. That is understood.");
    else if (before) advice.push(`The scanner types “${before}” before each code. Switch this prefix off, or codes may not be found.`);
    if (after) advice.push(`The scanner types “${after}” after each code. Switch this suffix off, or codes may not be found.`);
    if (onEnd) advice.push(onEnd);
    const suggested = Math.min(LARGEST, Math.max(SMALLEST, wanted));
    if (average <= BY_HAND) gap.value = suggested;
    const facts = [
      ["Came as", text], ["Between two keys", `${tidy(average)} ms on average, ${tidy(most)} ms at most`],
      ["Ends with", end], ["Prefix", before || "none"], ["Caps Lock", caps ? "on" : "off"],
    ];
    if (average <= BY_HAND) facts.push(["Suggested time", `${suggested} ms, filled in below`]);
    report(facts, advice.length ? advice : ["All is well: this scanner fits."]);
  };
  const make = (name, text, ...inside) => {
    const elt = document.createElement(name);
    elt.textContent = text;
    elt.append(...inside);
    return elt;
  };
  const report = (facts, advice) => {
    const list = make("dl", "", ...facts.map(([name, value]) => make("div", "", make("dt", name), " ", make("dd", value))));
    list.className = "facts";
    const all = make("div", "", list, make("ul", "", ...advice.map((one) => make("li", one))));
    all.className = "measured";
    measured.replaceChildren(all);
  };

  const ended = (event, now) => {
    if (event.ctrlKey) return /^j$/i.test(event.key) ? "LF" : /^m$/i.test(event.key) ? "CR" : "";
    if (event.key === "Tab" && now - lastAt < QUIET && keys.length > 3) return "Tab";
    return event.key === "Enter" ? (ends.length ? "LF" : "CR") : "";
  };
  sample.addEventListener("keydown", (event) => {
    const now = event.timeStamp;
    if (event.repeat || event.metaKey || event.altKey) return;
    if (now - lastAt > QUIET && event.key !== "Tab") { [keys, ends] = [[], []]; sample.value = ""; }
    const end = ended(event, now);
    if (end) { event.preventDefault(); ends.push(end); }
    else if (event.key.length === 1 && !event.ctrlKey) keys.push({ sign: event.key, at: now });
    else if (event.key !== "Shift" && event.key !== "Dead") return;
    if (event.key === "Dead") keys.push({ sign: "^", at: now });
    capsLock = event.getModifierState("CapsLock");
    lastAt = now;
    clearTimeout(timer);
    timer = setTimeout(() => { if (keys.length > 3) judge(); }, QUIET);
  });
})();
