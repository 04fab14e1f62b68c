"use strict";
(() => { // after htmx, scanner.js and bench_keys.js
  const $ = (selector) => document.querySelector(selector);
  const form = $("#scan"), code = $("#code"), { body } = document;
  if (!form || !window.htmx) return;
  const { named, keys, control } = benchKeys;
  const RETRY = 4000, SETTLED = htmx.config.defaultSettleDelay + 5;
  const LATCHES = {
    REJECT: ["rejected", "Reject"],
    NORESTOCK: ["approved_no_restock", "Refund, do not restock"],
    EXCEPTION: ["exception", "Needs a person"],
    GOOD: [""],
  };

  // Kept over a reload: what waits, in order; the decision of the next scan; the return they mean.
  let queue = [], latch = "", elsewhere = null;
  const open = () => $("#work [data-rma]")?.dataset.rma ?? "";
  const rma = () => elsewhere ?? open();
  const keep = () => {
    const badge = queue.findIndex(({ code }) => /^BADGE:/i.test(code)); // opens doors: is not kept
    const left = badge < 0 ? queue : queue.slice(0, badge);
    const kept = { queue: left.filter(({ key }) => !key), latch, rma: rma() };
    try { sessionStorage.bench = JSON.stringify(kept); } catch { /* full or forbidden */ }
    show();
  };
  const recall = () => {
    try {
      const kept = JSON.parse(sessionStorage.bench);
      ({ queue, latch } = kept);
      if (queue.length && kept.rma !== open()) elsewhere = kept.rma;
    } catch { [queue, latch] = [[], ""]; }
  };

  // Feedback in three channels: sound (or a shake), frame, sentence.
  const SOUNDS = {
    right: [[880, 0, .09]],
    wrong: [[180, 0, .5]],
    done: [[660, 0, .1], [990, .12, .16]],
    undone: [[660, 0, .1], [440, .12, .16]],
  };
  let audio;
  const play = (name) => {
    if (name === "wrong") navigator.vibrate?.(200);
    if (form.dataset.sound !== "on" || !window.AudioContext) return;
    audio ??= new AudioContext();
    audio.resume();
    for (const [hertz, after, length] of SOUNDS[name]) {
      const tone = audio.createOscillator(), volume = audio.createGain();
      tone.frequency.value = hertz;
      volume.gain.value = .2;
      tone.connect(volume).connect(audio.destination);
      tone.start(audio.currentTime + after);
      tone.stop(audio.currentTime + after + length);
    }
  };
  const say = (text) => { for (const id of ["#scan-said", "#camera-said"]) $(id).textContent = text; };
  const tell = (name, text) => {
    form.dataset.result = name;
    say(text);
    play(name);
  };
  let stalled = false, pair = false;
  const show = () => {
    const digits = keys().filter((key) => /^\/\d/.test(key)).sort();
    pair &&= digits.length > 0;
    const next = Object.values(LATCHES).find(([decision]) => decision === latch);
    const text = pair ? `Outcome of the last item: ${digits[0][1]}..${digits.at(-1)[1]}` : latch && `Next scan: ${next[1]}`;
    const mode = $("#scan-mode"), line = $("#scan-waiting");
    mode.firstElementChild.textContent = text;
    mode.lastElementChild.hidden = !text;
    form.toggleAttribute("data-latched", !!latch);
    const count = queue.filter((one) => one.scan_id).length;
    line.hidden = count < (stalled ? 1 : 2);
    line.lastElementChild.textContent = `${count} scan${count === 1 ? "" : "s"} waiting`;
  };

  const press = (one) => {
    const target = elsewhere === null && control(one);
    if (!target) {
      if (one.key === "Enter" && !named("primary").length) return;
      return tell("wrong", "Not possible here");
    }
    pressing = one;
    if (target.matches(FIELD)) target.focus();
    else target.click();
    pressing = null;
  };
  // What was pressed before a bad answer was seen is not done.
  const unpress = (which = ({ scan_id }) => !scan_id) => {
    const all = queue;
    queue = all.filter((one) => !which(one));
    return queue.length < all.length ? " What you pressed after it was not done." : "";
  };

  // One thing at a time, in order; a request that may change #work is not overtaken.
  const flying = new Map();
  let busy = false, heard = false, pressing = null, asked, timer;
  body.addEventListener("htmx:beforeRequest", ({ detail: { xhr, target, requestConfig } }) => {
    if (requestConfig.elt === form) asked = xhr;
    else if (pressing || requestConfig.verb !== "get" || target.id === "work") {
      const by = pressing;
      flying.set(xhr, by);
      xhr.addEventListener("loadend", () => {
        flying.delete(xhr);
        if (by && (xhr.status === 0 || xhr.status >= 400)) tell("wrong", `Not done: look at the screen.${unpress()}`);
        setTimeout(pump, SETTLED);
      });
    }
  });
  const send = ({ scan_id, decision, code }) => new Promise((done) => {
    [asked, heard] = [null, false];
    const values = { code, scan_id, rma: rma(), decision };
    htmx.ajax("POST", form.getAttribute("action"), { source: form, target: "#work", swap: "innerHTML", values })
      .catch(() => { /* its status says so */ });
    if (asked) asked.addEventListener("loadend", () => done(asked));
    else done({ status: 0 });
  });
  const wait = () => {
    const dropped = unpress(({ key }) => key);
    const how = stalled && !dropped ? say : (text) => tell("wrong", text);
    how(`No answer. The scan is kept and sent again.${dropped}`);
    stalled = true;
    clearTimeout(timer);
    timer = setTimeout(pump, RETRY);
  };
  // 401 waits for a login, 429 for a while.
  const isAnswer = (status) => status >= 200 && status < 500 && ![401, 429].includes(status);
  const pump = async () => {
    if (busy) return;
    busy = true;
    while (queue.length && !flying.size) {
      const [one] = queue;
      let away = false;
      if (one.scan_id) {
        const xhr = await send(one);
        if (!isAnswer(xhr.status)) { wait(); break; }
        stalled = false;
        away = ["HX-Redirect", "HX-Refresh"].some((name) => xhr.getResponseHeader(name));
        if (xhr.status >= 400 && !heard) tell("wrong", `The scan was not taken. Reload the page.${unpress()}`);
        await new Promise((done) => setTimeout(done, SETTLED));
      }
      queue.shift();
      keep();
      if (away) return; // another page is on its way: the rest is for that one
      if (!one.scan_id) press(one);
    }
    busy = false;
    if (!queue.length) elsewhere = null;
    keep();
  };
  const push = (one) => { queue.push(one); keep(); pump(); };
  addEventListener("online", pump);
  // The address follows after the return is painted: history costs the browser more than a scan should.
  const arrive = (url) => requestAnimationFrame(() => setTimeout(() => {
    history.replaceState({ htmx: true }, "");
    history.pushState({ htmx: true }, "", url);
  }));
  body.addEventListener("scanned", ({ detail: { result, said, url } }) => {
    const right = ["opened", "counted", "command"].includes(result);
    heard = true;
    if (result === "opened") {
      elsewhere = null;
      $("#work").replaceChildren(); // sooner than htmx takes leave of each element (app.js)
    }
    if (url) arrive(url);
    tell(right ? "right" : "wrong", right ? said : said + unpress());
  });
  body.addEventListener("decided", ({ detail }) => tell("done", detail.said));
  body.addEventListener("undone", ({ detail }) => tell("undone", detail.said));

  // What was read, and what was pressed.
  const uuid = () => crypto.randomUUID?.() ?? "10000000-1000-4000-8000-100000000000".replace(/[018]/g, (c) =>
    (+c ^ crypto.getRandomValues(new Uint8Array(1))[0] & 15 >> +c / 4).toString(16));
  let card, cardAt = -1000;
  const scanned = (text, at) => {
    const bounced = at - cardAt < 1000 && card; // by when it was read: a busy page takes it late
    card = text.replace(/^\][a-z]\w/i, "").trim().toUpperCase().match(/^CMD:(.*)/)?.[1];
    cardAt = at;
    if (card && card === bounced) return;
    pair = false;
    delete form.dataset.result;
    say("");
    if (LATCHES[card]) {
      latch = LATCHES[card][0];
      tell("right", latch ? "" : "Next scan: as usual");
      keep(); // shows it
    } else if (card !== undefined) push({ card });
    else {
      const decision = latch;
      latch = "";
      push({ scan_id: uuid(), decision, code: text });
    }
  };
  const leave = () => { [pair, latch] = [false, pair ? latch : ""]; keep(); };
  const wants = (key) => {
    if (pair && /^[1-9]$/.test(key)) return true;
    if (pair) leave();
    return keys().some((known) => known === key || (key === "/" && known.startsWith(key)));
  };
  const pressed = (key) => {
    const entered = [...queue, ...flying.values()].some((one) => one?.key === "Enter");
    if (pair) { leave(); if (/^[1-9]$/.test(key)) push({ key: `/${key}` }); }
    else if (key === "Escape" && latch) leave();
    else if (key === "/") { pair = true; show(); }
    else if (key === "Enter" ? !entered : wants(key)) push({ key });
  };
  listenToScanner({ box: code, gap: +form.dataset.gap || 45, wants, pressed, scanned });

  // At a bench the box has the focus, unless a person took it elsewhere; at a desk, once it is used.
  let leads = "leads" in form.dataset;
  code.addEventListener("focus", () => { leads = true; });
  const back = () => { if (leads && !$("dialog[open], :popover-open")) code.focus({ preventScroll: true }); };
  body.addEventListener("htmx:afterSettle", ({ detail }) => {
    const now = document.activeElement ?? body;
    if (now === body || (detail.requestConfig?.verb !== "get" && !now.matches(FIELD))) back();
    show();
  });
  document.addEventListener("click", ({ target }) => {
    const live = target.closest(`a, button, label, summary, dialog, [popover], ${FIELD}`);
    if (!live && getSelection().isCollapsed) back();
  });
  $("#scan-mode button").addEventListener("click", () => { leave(); back(); });

  recall();
  show();
  if (document.activeElement === body) back();
  pump();
})();
