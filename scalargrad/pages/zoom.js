// Pan and zoom of the drawing; the function returned brings what is lit into the middle, if not all of it is seen.
function zoomable(root, svg) {
  const whole = svg.viewBox.baseVal;
  const home = { x: whole.x, y: whole.y, width: whole.width, height: whole.height };
  const view = Object.assign({}, home);
  const look = () => svg.setAttribute("viewBox", [view.x, view.y, view.width, view.height].join(" "));
  const on = (name, action) => root.querySelector(".sg-" + name).addEventListener("click", action);

  function zoom(factor, x = view.x + view.width / 2, y = view.y + view.height / 2) {
    const width = Math.min(home.width, Math.max(home.width / 40, view.width * factor));
    const scale = width / view.width;
    view.x = x - (x - view.x) * scale;
    view.y = y - (y - view.y) * scale;
    view.width = width;
    view.height *= scale;
    if (width === home.width) Object.assign(view, home);
    look();
  }
  on("in", () => zoom(0.7));
  on("out", () => zoom(1 / 0.7));
  on("fit", () => { Object.assign(view, home); look(); });
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

  return (element) => {
    if (!element || view.width === home.width) return;
    const box = element.getBBox();
    const shift = svg.querySelector("g").getCTM().inverse().multiply(svg.getCTM()).inverse(); // the drawing's own shift
    const point = new DOMPoint(box.x + box.width / 2, box.y + box.height / 2).matrixTransform(shift);
    view.x = point.x - view.width / 2;
    view.y = point.y - view.height / 2;
    look();
  };
}
