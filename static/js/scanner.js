"use strict";
const FIELD = "input:not([type=checkbox], [type=radio]), select, textarea"; // what one types into
// Tells a scanner from a person: a scanner is a keyboard that types fast and ends with Enter or Tab.
// `box` is the scan box, `gap` the longest time in ms between two keys of a scan. `scanned(text, at)`
// gets every scan and when it was read, whatever had the focus; `pressed(key)` gets keys of the empty
// box that `wants(key)`.
const listenToScanner = ({ box, gap, wants, pressed, scanned }) => {
  const HELD = Math.max(gap, 60);   // so long a key may still be the first of a scan
  const GUARD = 350;                // an Enter so soon after a scan is the scanner's own: CR and LF
  const SHORTEST = 4;
  let buffer = "", lastAt = -gap, scannedAt = -GUARD, enteredAt = -GUARD;
  let touched = new Map(); // what this scan was typed into, as it was before; a swap may move the focus
  let held = null;         // a key that waits to be known
  let nameless = false;    // the last key in the box came from an input method

  const stop = (event) => { event.preventDefault(); event.stopPropagation(); };
  const overlaid = () => document.querySelector("dialog[open], :popover-open");
  const take = (text, at = performance.now()) => {
    [buffer, scannedAt] = ["", at];
    scanned(text, at);
  };
  // The box is always sent whole: the fast end of what a person typed is not a scan of its own.
  const submit = (at) => {
    const text = box.value.trim();
    box.value = "";
    if (text) take(text, at);
    box.focus();
  };
  const hold = (event, then) => {
    stop(event);
    const timer = setTimeout(() => { held = null; then(); }, HELD);
    held = { key: event.key, inBox: event.target === box, timer };
  };
  const release = () => {
    clearTimeout(held.timer);
    if (held.inBox) box.value = held.key + box.value;
    held = null;
  };

  // Shortcuts of the page are held as well, so that the first letter of a scan is none of them.
  const outside = (event) => {
    const { key, target, shiftKey } = event;
    if (buffer.length > 1) stop(event);
    else if (key !== " ") {
      const again = new KeyboardEvent("keydown", { key, shiftKey, bubbles: true, cancelable: true });
      hold(event, () => target.dispatchEvent(again));
    }
  };
  const enter = (event) => {
    stop(event);
    if (box.value) return submit(event.timeStamp);
    if (event.timeStamp - Math.max(scannedAt, enteredAt) < GUARD) return;
    enteredAt = event.timeStamp;
    pressed("Enter");
  };
  const unscan = () => {
    for (const [elt, { value, from, to }] of touched) {
      if (!elt.matches(FIELD)) continue;
      elt.value = value;
      if (from !== null) elt.setSelectionRange?.(from, to);
      elt.dispatchEvent(new Event("input", { bubbles: true }));
    }
  };
  const end = (event, quick) => {
    const scan = quick && buffer.length >= SHORTEST ? buffer : "";
    buffer = "";
    const whole = touched.size === 1 && touched.has(box);
    if (event.target === box && (!scan || whole)) {
      if (event.key !== "Tab" || scan) enter(event);
    } else if (scan) {
      stop(event);
      unscan();
      take(scan, event.timeStamp);
    } else if (event.key !== "Tab" && event.timeStamp - scannedAt < GUARD) stop(event);
  };
  const escape = (event, elt) => {
    if (!elt || overlaid()) return;
    stop(event);
    if (elt !== box) box.focus();
    else if (box.value) box.value = "";
    else pressed("Escape");
  };
  const character = (event, elt, quick) => {
    const { target, key } = event;
    if (!quick) [buffer, touched] = ["", new Map()];
    buffer += key;
    if (!touched.has(target)) {
      touched.set(target, { value: target.value, from: target.selectionStart, to: target.selectionEnd });
    }
    if (elt === box) {
      if (!box.value && wants(key)) hold(event, () => pressed(key));
    } else if (!elt) outside(event);
  };
  const repeated = (event) => {
    buffer = "";
    const { key, target } = event;
    if (target === box ? key === "Enter" || (!box.value && wants(key)) : key === "Enter" && !target.matches("textarea")) {
      stop(event);
    }
  };
  document.addEventListener("keydown", (event) => {
    if (!event.isTrusted) return;
    const { key, target, timeStamp: now } = event, quick = now - lastAt < gap;
    if (target === box) nameless = event.keyCode === 229 || key === "Unidentified";
    if (event.isComposing || event.metaKey || event.altKey) return;
    if (key === "Shift") { if (quick) lastAt = now; return; }
    // Ctrl+J and Ctrl+M: line feed and carriage return of scanners that type control characters.
    const feed = event.ctrlKey && /^[jm]$/i.test(key) && (quick || now - scannedAt < GUARD);
    if (event.ctrlKey && !feed) return;
    if (event.repeat) return repeated(event);
    lastAt = now;
    const ends = feed || key === "Enter" || key === "Tab", char = key.length === 1 && !feed;
    const elt = target.closest?.(FIELD) ?? null;
    if (held && (char || ends)) release();
    if (ends) return end(event, quick);
    if (char) return character(event, elt, quick);
    buffer = "";
    if (key === "Escape") escape(event, elt);
  }, true);
  box.form.addEventListener("submit", (event) => { event.preventDefault(); submit(); });

  // No keyboard on the screen of a phone, until it is asked for.
  const keyboard = document.getElementById("soft-keyboard");
  keyboard.addEventListener("click", () => {
    box.inputMode = box.inputMode === "none" ? "text" : "none";
    keyboard.setAttribute("aria-pressed", box.inputMode === "text");
    box.focus();
  });
  box.inputMode = "none";
  keyboard.hidden = false;

  // Scanners that type through the input method of a phone: their keys have no names.
  let reading;
  box.addEventListener("input", () => {
    clearTimeout(reading);
    if (!nameless || box.inputMode !== "none") return;
    reading = setTimeout(() => { if (box.value.trim().length >= SHORTEST) submit(); }, 150);
  });

  // The camera reads into the same queue. One look at a code is one scan, however long it lasts.
  const camera = document.getElementById("camera"), video = camera.querySelector("video");
  const watch = async () => {
    const seen = new Map(), detector = new BarcodeDetector();
    while (camera.open) {
      for (const { rawValue } of await detector.detect(video)) {
        if (!(performance.now() - seen.get(rawValue) < 1500)) take(rawValue);
        seen.set(rawValue, performance.now());
      }
      await new Promise((done) => setTimeout(done, 120));
    }
  };
  const dark = () => {
    video.srcObject?.getTracks().forEach((track) => track.stop());
    video.srcObject = null;
  };
  const opener = document.getElementById("camera-open");
  opener.hidden = !("BarcodeDetector" in window && navigator.mediaDevices);
  opener.addEventListener("click", async () => {
    const said = document.getElementById("camera-said");
    said.textContent = "";
    camera.showModal();
    try {
      const rear = { video: { facingMode: "environment" } };
      video.srcObject = await navigator.mediaDevices.getUserMedia(rear);
      await video.play();
      await watch();
    } catch {
      if (camera.open) said.textContent = "The camera cannot be used. Is it allowed for this page?";
    }
    dark();
  });
  camera.addEventListener("close", () => { dark(); box.focus(); });
};
