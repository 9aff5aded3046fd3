// The player: one computation, one step at a time. It reads its steps from the JSON beside it and shows or hides parts
// of the SVG; it asks nothing of the network and keeps to its own element, so that several may stand on one page.
"use strict";
(function () {
  const script = document.currentScript;
  const root = script.closest(".sg-player");
  const data = JSON.parse(root.querySelector(".sg-data").textContent);
  const find = (name) => root.querySelector(".sg-" + name);
  const svg = root.querySelector("svg");
  const steps = data.steps.map(([kind, node, edge, grad, note = "", question = "", value = null, slips = []]) =>
    ({ kind, node, edges: edge ? [edge] : [], grad, note, question, value, slips }));
  for (const step of steps) {
    const [name, op] = data.names[step.node];
    const other = step.kind === "backward" ? data.names[parseInt(step.edges[0])][0] : op;
    step.title = data.titles[step.kind].replace(/\{([01])\}/g, (_, i) => (i === "0" ? name : other));
  }
  const rows = Array.from(root.querySelectorAll("tbody tr"));
  const slider = find("slider");
  const say = find("say");
  const group = (id) => svg.querySelector('[id="' + data.prefix + id + '"]');
  const nodes = new Map();
  const edges = new Map();
  for (const step of steps) {
    if (!nodes.has(step.node)) nodes.set(step.node, group("node-" + step.node));
    for (const id of step.edges) if (!edges.has(id)) edges.set(id, group("edge-" + id));
  }
  steps.forEach((step, i) => {
    step.line = rows[i].cells[1].textContent;
  });
  // the view box of the drawing
  const whole = svg.viewBox.baseVal;
  const home = { x: whole.x, y: whole.y, width: whole.width, height: whole.height };
  const view = Object.assign({}, home);
  const look = () => svg.setAttribute("viewBox", [view.x, view.y, view.width, view.height].join(" "));
  let at = 0;
  let timer = null;
  let known = data.predict ? 0 : steps.length; // steps before this one have been answered

  function mark(element, name, on) {
    if (element) element.classList.toggle(name, on);
  }

  // what is known after step number `last`
  function state(last) {
    const values = new Set();
    const grads = new Set();
    const flows = new Set();
    for (let i = 0; i <= last; i++) {
      const step = steps[i];
      if (step.kind === "leaf" || step.kind === "forward") values.add(step.node);
      if (step.kind === "backward") step.edges.forEach((id) => flows.add(id));
      if (step.grad) grads.add(step.node);
    }
    return { values, grads, flows };
  }

  function show() {
    const step = steps[at];
    const asking = data.predict && at >= known && step.value !== null;
    const { values, grads, flows } = state(asking ? at - 1 : at);
    for (const [index, element] of nodes) {
      mark(element, "sg-no-value", !values.has(index));
      mark(element, "sg-no-grad", !grads.has(index));
      mark(element, "sg-lit", index === step.node);
    }
    for (const [id, element] of edges) {
      mark(element, "sg-no-flow", !flows.has(id));
      mark(element, "sg-lit", step.edges.includes(id));
    }
    rows.forEach((row, i) => {
      mark(row, "sg-lit", i === at);
      mark(row, "sg-hidden", data.predict && i >= known);
      if (i === at) row.setAttribute("aria-current", "step");
      else row.removeAttribute("aria-current");
    });
    find("count").textContent = at + 1 + " / " + steps.length;
    find("title").textContent = step.title;
    find("line").textContent = asking ? step.question : step.line;
    find("note").textContent = asking ? "" : step.note;
    if (view.width < home.width) follow(nodes.get(step.node));
    slider.value = at;
    slider.setAttribute("aria-valuetext", step.title);
    find("ask").hidden = !asking;
    if (!asking) say.textContent = step.title + ". " + step.line + ". " + step.note;
    // not `disabled`: the button would lose the focus, and with it the keys
    for (const name of ["first", "back"]) find(name).setAttribute("aria-disabled", at === 0);
    for (const name of ["next", "last"]) find(name).setAttribute("aria-disabled", at === steps.length - 1);
    const list = find("steps");
    const row = rows[at];
    if (row) {
      const there = row.getBoundingClientRect();
      const seen = list.getBoundingClientRect();
      if (there.top < seen.top + there.height || there.bottom > seen.bottom) {
        list.scrollTop += there.top - seen.top - seen.height / 2;
      }
    }
  }

  function go(index) {
    const limit = data.predict ? Math.min(steps.length - 1, firstUnknown()) : steps.length - 1;
    at = Math.max(0, Math.min(limit, index));
    find("verdict").textContent = "";
    find("answer").value = "";
    show();
  }

  // in predict mode one goes no further than the first number that is still to be answered
  function firstUnknown() {
    while (known < steps.length && steps[known].value === null) known++;
    return known;
  }

  function play(on) {
    if (timer !== null) clearInterval(timer);
    timer = null;
    if (on) {
      if (at === steps.length - 1) go(0);
      timer = setInterval(() => {
        go(at + 1);
        if (at === steps.length - 1) play(false);
      }, 1600);
    }
    find("play").textContent = on ? data.words.pause : data.words.play;
    find("play").setAttribute("aria-pressed", on ? "true" : "false");
  }

  // whether a number may be taken for another: of its sign, and as near as by rounding to the digits the steps tell
  function close(a, b) {
    const size = Math.abs(b);
    const decimals = data.decimals; // a number that those would not show is told as a power of ten
    const told = size === 0 || (size >= 10 ** -decimals && size < 1e7);
    const last = told ? -decimals : Math.floor(Math.log10(size)) - Math.max(decimals, 1);
    const near = Math.abs(a - b) <= Math.max(0.6 * 10 ** last, 0.006 * size);
    return near && (size === 0 || Math.sign(a) === Math.sign(b));
  }

  function answer(event) {
    event.preventDefault();
    const step = steps[at];
    const given = Number(find("answer").value.trim().replace(",", ".").replace("−", "-"));
    const verdict = find("verdict");
    if (find("answer").value.trim() === "" || Number.isNaN(given)) {
      verdict.textContent = data.words.number;
      return;
    }
    if (close(given, step.value)) {
      known = Math.max(known, at + 1);
      show();
      verdict.textContent = data.words.right;
      say.textContent = data.words.right + " " + step.line;
      return;
    }
    const slip = step.slips.find(([value]) => close(given, value));
    verdict.textContent = slip ? slip[1] : data.words.wrong;
  }

  find("first").addEventListener("click", () => { play(false); go(0); });
  find("back").addEventListener("click", () => { play(false); go(at - 1); });
  find("next").addEventListener("click", () => { play(false); go(at + 1); });
  find("last").addEventListener("click", () => { play(false); go(steps.length - 1); });
  find("play").addEventListener("click", () => play(timer === null));
  find("ask").addEventListener("submit", answer);
  find("tell").addEventListener("click", () => {
    known = Math.max(known, at + 1);
    find("verdict").textContent = "";
    show();
  });
  slider.addEventListener("input", () => { play(false); go(Number(slider.value)); });
  rows.forEach((row, i) => row.addEventListener("click", () => { play(false); go(i); }));

  const keys = {
    ArrowRight: () => go(at + 1), ArrowLeft: () => go(at - 1), ArrowDown: () => go(at + 1), ArrowUp: () => go(at - 1),
    Home: () => go(0), End: () => go(steps.length - 1), " ": () => play(timer === null),
  };
  // alone in its document (a page, a frame) it takes the keys wherever the focus is
  const ears = root.parentNode === document.body ? document : root;
  ears.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.tagName === "INPUT" && event.target !== slider) return;
    if (event.key === " " && event.target.tagName === "BUTTON") return;
    const action = keys[event.key];
    if (!action) return;
    if (event.key !== " ") play(false);
    action();
    event.preventDefault();
    event.stopPropagation();
  });

  // pan and zoom
  function zoom(factor, x, y) {
    const width = Math.min(home.width, Math.max(home.width / 40, view.width * factor));
    const scale = width / view.width;
    view.x = x - (x - view.x) * scale;
    view.y = y - (y - view.y) * scale;
    view.width = width;
    view.height *= scale;
    if (width === home.width) Object.assign(view, home);
    look();
  }
  function follow(element) { // bring what is lit into the middle of what is seen
    if (!element) return;
    const box = element.getBBox();
    const shift = svg.querySelector("g").getCTM().inverse().multiply(svg.getCTM()).inverse(); // the drawing's own shift
    const point = new DOMPoint(box.x + box.width / 2, box.y + box.height / 2).matrixTransform(shift);
    view.x = point.x - view.width / 2;
    view.y = point.y - view.height / 2;
    look();
  }
  const middle = () => [view.x + view.width / 2, view.y + view.height / 2];
  find("in").addEventListener("click", () => zoom(0.7, ...middle()));
  find("out").addEventListener("click", () => zoom(1 / 0.7, ...middle()));
  find("fit").addEventListener("click", () => { Object.assign(view, home); look(); });
  svg.addEventListener("wheel", (event) => {
    if (!event.ctrlKey) return; // the page scrolls as everywhere else
    event.preventDefault();
    const box = svg.getBoundingClientRect();
    const x = view.x + (event.clientX - box.left) / box.width * view.width;
    const y = view.y + (event.clientY - box.top) / box.height * view.height;
    zoom(event.deltaY > 0 ? 1.2 : 1 / 1.2, x, y);
  }, { passive: false });
  let grip = null;
  svg.addEventListener("pointerdown", (event) => {
    if (view.width === home.width) return;
    grip = { x: event.clientX, y: event.clientY };
    svg.setPointerCapture(event.pointerId);
  });
  svg.addEventListener("pointermove", (event) => {
    if (!grip) return;
    const box = svg.getBoundingClientRect();
    view.x -= (event.clientX - grip.x) / box.width * view.width;
    view.y -= (event.clientY - grip.y) / box.height * view.height;
    grip = { x: event.clientX, y: event.clientY };
    look();
  });
  for (const name of ["pointerup", "pointercancel"]) svg.addEventListener(name, () => { grip = null; });

  root.classList.add("sg-live");
  go(0);
})();
