// Pan and zoom of the drawing by buttons, keys, wheel, mouse and touch, with a map of the whole beside the buttons.
// `follow(elements)` brings what is lit into sight, large enough to read; `zoom(factor)` and `fit()` serve the keys.
function zoomable(root, svg) {
  const find = (name) => root.querySelector(".sg-" + name);
  const whole = svg.viewBox.baseVal;
  const home = { x: whole.x, y: whole.y, width: whole.width, height: whole.height };
  const map = find("map");
  root.classList.toggle("sg-tall", home.height > home.width);
  const SMALLEST = 10; // the size of the smallest text that teaches, in the drawing's units
  let view = Object.assign({}, home);
  let lit = [];
  let free = false; // whether the reader has chosen what to see

  // the least scale, in pixels a unit, at which the text can be read
  const readable = () => (svg.clientWidth < 600 ? 12.5 : 11.5) / SMALLEST;
  const frame = () => {
    const box = svg.getBoundingClientRect();
    return { left: box.left, top: box.top, width: box.width || 900, height: box.height || 500 };
  };
  // as high as the whole is where it can be read, but no higher than leaves room for the rest of the page
  function size() {
    const width = svg.clientWidth || 900;
    const tall = getComputedStyle(root).display === "grid";
    const room = window.parent === window ? innerHeight : 800; // a frame as high as its page has no height of its own
    const most = tall ? room - 140 : room * (width < 600 ? 0.42 : 0.5);
    const high = home.height * Math.max(width / home.width, Math.min(readable(), 1.6));
    svg.style.height = Math.max(120, Math.min(high, most)) + "px";
  }
  const scale = () => { const box = frame(); return Math.min(box.width / view.width, box.height / view.height); };
  const isWhole = () => view.width >= home.width && view.height >= home.height;

  function look() {
    svg.setAttribute("viewBox", [view.x, view.y, view.width, view.height].map((x) => x.toFixed(1)).join(" "));
    svg.classList.toggle("sg-zoomed", !isWhole());
    map.classList.toggle("sg-off", isWhole());
    const sight = map.querySelector(".sg-sight");
    for (const name of ["x", "y", "width", "height"]) sight.setAttribute(name, view[name]);
  }
  function fit() { view = Object.assign({}, home); free = true; look(); }

  // the place of an element, or of several, in the units of the drawing
  function place(elements) {
    const back = svg.getScreenCTM().inverse();
    const corners = [];
    for (const element of elements) {
      const box = element.getBBox();
      const shift = back.multiply(element.getScreenCTM()); // of the groups it stands in
      if (!box.width && !box.height) continue;
      for (const [x, y] of [[box.x, box.y], [box.x + box.width, box.y + box.height]]) {
        corners.push(new DOMPoint(x, y).matrixTransform(shift));
      }
    }
    if (!corners.length) return null;
    const [x, y] = ["x", "y"].map((axis) => Math.min(...corners.map((p) => p[axis])));
    const [right, bottom] = ["x", "y"].map((axis) => Math.max(...corners.map((p) => p[axis])));
    return { x, y, width: right - x, height: bottom - y };
  }
  const middle = (box) => [box.x + box.width / 2, box.y + box.height / 2];

  function center(x, y) {
    const inside = (at, size, from, length) =>
      size >= length ? from + (length - size) / 2 : Math.max(from, Math.min(from + length - size, at - size / 2));
    view.x = inside(x, view.width, home.x, home.width);
    view.y = inside(y, view.height, home.y, home.height);
  }

  function zoom(factor, x, y) {
    if (x === undefined) { // about what is lit, if it is seen
      const box = lit.length ? place(lit) : null;
      [x, y] = box ? middle(box) : middle(view);
      if (x < view.x || x > view.x + view.width || y < view.y || y > view.y + view.height) [x, y] = middle(view);
    }
    const width = Math.max(home.width / 40, view.width * factor);
    const by = width / view.width;
    free = true;
    if (width >= home.width && view.height * by >= home.height) return fit();
    view.x = x - (x - view.x) * by;
    view.y = y - (y - view.y) * by;
    view.width = width;
    view.height *= by;
    look();
  }

  // see the whole if it can be read, else a part of it with what is lit
  function follow(elements) {
    lit = elements.filter(Boolean);
    const box = frame();
    if (!free) {
      view = Object.assign({}, home);
      if (scale() < readable()) {
        view.width = box.width / readable();
        view.height = box.height / readable();
      }
    }
    const seen = lit.length && !isWhole() ? place(lit) : null;
    if (seen) {
      const first = place(lit.slice(0, 1));
      center(...middle(seen.width > view.width || seen.height > view.height ? first : seen));
    }
    look();
  }

  find("in").addEventListener("click", () => zoom(0.7));
  find("out").addEventListener("click", () => zoom(1 / 0.7));
  find("fit").addEventListener("click", fit);
  find("near").addEventListener("click", () => { free = false; follow(lit); });

  // where a pointer is, in the units of the drawing
  function at(event) {
    const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
    return [point.x, point.y];
  }
  svg.addEventListener("wheel", (event) => {
    if (!event.ctrlKey) return; // the page scrolls as everywhere else
    event.preventDefault();
    zoom(event.deltaY > 0 ? 1.2 : 1 / 1.2, ...at(event));
  }, { passive: false });

  // one finger or the mouse moves what is seen, two fingers zoom
  const pointers = new Map();
  let moved = 0;
  const spread = () => { const [a, b] = pointers.values(); return Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY); };
  svg.addEventListener("pointerdown", (event) => {
    if (!pointers.size) moved = 0;
    pointers.set(event.pointerId, event);
  });
  svg.addEventListener("pointermove", (event) => {
    const before = pointers.get(event.pointerId);
    if (!before) return;
    const [x, y] = at(event);
    const [oldX, oldY] = at(before);
    moved += Math.hypot(event.clientX - before.clientX, event.clientY - before.clientY);
    if (pointers.size === 2) {
      const old = spread();
      pointers.set(event.pointerId, event);
      zoom(old / Math.max(spread(), 1), x, y);
    } else {
      pointers.set(event.pointerId, event);
      if (isWhole() || moved < 4) return;
      svg.setPointerCapture(event.pointerId);
      free = true;
      view.x -= x - oldX;
      view.y -= y - oldY;
      look();
    }
  });
  for (const name of ["pointerup", "pointercancel", "pointerleave"]) {
    svg.addEventListener(name, (event) => pointers.delete(event.pointerId));
  }
  svg.addEventListener("click", (event) => { if (moved >= 4) event.stopImmediatePropagation(); }, true);

  // the map: the boxes of the nodes, and the part that is seen
  const box = [home.x, home.y, home.width, home.height].join(" ");
  map.setAttribute("viewBox", box);
  const boxes = Array.from(svg.querySelectorAll('g[id*="node-"]'), (node) => {
    const { x, y, width, height } = place([node]) || home;
    return `<rect x="${x}" y="${y}" width="${width}" height="${height}"/>`;
  });
  map.innerHTML = `${boxes.join("")}<rect class="sg-sight"/>`;
  map.addEventListener("click", (event) => {
    const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(map.getScreenCTM().inverse());
    free = true;
    center(point.x, point.y);
    look();
  });
  window.addEventListener("beforeprint", () => svg.setAttribute("viewBox", box));
  window.addEventListener("afterprint", look);
  let width = 0; // in another width another part can be read
  new ResizeObserver(() => {
    if (svg.clientWidth === width) return;
    width = svg.clientWidth;
    size();
    follow(lit);
  }).observe(svg);
  size();
  return { follow, zoom, fit };
}
