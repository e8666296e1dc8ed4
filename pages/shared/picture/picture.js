// Clicks on a picture of a figure: two marks on each axis, then points by arm. Everything is kept in the picture's own
// pixels and sent as {token, axes, arms}; kras_core.audit.curve.calibrate turns it into times and survival.

const COLOURS = ["#005C89", "#D0702A", "#721D57", "#41876C", "#B5373A", "#1E2832"];
const MARKS = ["x1", "x2", "y1", "y2"];
const SAY = {
  x1: "Click a mark on the time axis, such as 0, and give its value.",
  x2: "Click another mark on the time axis, far to the right, and give its value.",
  y1: "Click a mark on the survival axis, such as 0, and give its value.",
  y2: "Click another mark on the survival axis, such as 100 % (or 1), and give its value.",
};
const SENT_AFTER = 350; // milliseconds without another change
const MOST_UNDO = 200;
const MOVED = 4; // pixels of the screen from which a press is a drag
const instances = new WeakMap();
const left = new Map(); // what was clicked on a picture when its page was left, by token

const number = (text) => {
  const value = Number(String(text).replace(",", ".").replace("%", "").trim());
  return String(text).trim() === "" || !Number.isFinite(value) ? null : value;
};

const blank = () => ({
  axes: { x1: { at: null, value: 0 }, x2: { at: null, value: null }, y1: { at: null, value: 0 }, y2: { at: null, value: 100 } },
  arms: [{ name: "Arm 1", points: [] }],
});

class Picture {
  constructor(root, send) {
    this.root = root.querySelector(".picture");
    this.send = send;
    this.find = (selector) => this.root.querySelector(selector);
    [this.stage, this.sheet, this.image, this.svg] = [".stage", ".sheet", "img", "svg"].map(this.find);
    this.loupe = this.find(".loupe");
    this.history = [];
    this.zoom = 0;
    this.listen();
  }

  open(data) {
    this.token = data.token;
    this.state = left.get(data.token) ?? data.clicks ?? blank();
    this.history = [];
    this.chosen = null;
    this.mode = MARKS.find((m) => !this.state.axes[m].at) ?? 0;
    this.image.onload = () => this.fit();
    this.image.src = data.picture;
    this.draw();
  }

  // State

  change(make) {
    this.history.push(JSON.stringify(this.state));
    if (this.history.length > MOST_UNDO) this.history.shift();
    make(this.state);
    this.changed();
  }

  changed() {
    this.draw();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.flush(), SENT_AFTER);
  }

  flush() {
    clearTimeout(this.timer);
    this.timer = null;
    this.send({ token: this.token, axes: this.state.axes, arms: this.state.arms });
  }

  undo() {
    if (!this.history.length) return;
    this.state = JSON.parse(this.history.pop());
    this.chosen = null;
    if (typeof this.mode === "number") this.mode = Math.min(this.mode, this.state.arms.length - 1);
    this.changed();
  }

  place(key) {
    return key === null ? null : key.mark ? this.state.axes[key.mark].at : this.state.arms[key.arm]?.points[key.point];
  }

  add(at) {
    const mode = this.mode;
    if (typeof mode === "string") {
      this.change((s) => (s.axes[mode].at = at));
      this.chosen = { mark: mode };
      const input = this.find(`[data-value="${mode}"]`);
      if (this.state.axes[mode].value === null) {
        input.focus();
      } else {
        this.mode = MARKS.find((m) => !this.state.axes[m].at) ?? 0;
      }
    } else {
      this.change((s) => s.arms[mode].points.push(at));
      this.chosen = { arm: mode, point: this.state.arms[mode].points.length - 1 };
    }
    this.draw();
  }

  move(key, at) {
    if (key.mark) this.state.axes[key.mark].at = at;
    else this.state.arms[key.arm].points[key.point] = at;
  }

  remove() {
    const key = this.chosen;
    if (!this.place(key)) return;
    this.chosen = null;
    this.change((s) => {
      if (key.mark) s.axes[key.mark].at = null;
      else s.arms[key.arm].points.splice(key.point, 1);
    });
    if (key.mark) this.mode = key.mark;
    this.draw();
  }

  // Coordinates: the same parallel projection as in calibrate.py, here for reading along only.

  values(at) {
    const a = this.state.axes;
    if (MARKS.some((m) => !a[m].at || a[m].value === null)) return null;
    const u = [a.x2.at[0] - a.x1.at[0], a.x2.at[1] - a.x1.at[1]];
    const v = [a.y2.at[0] - a.y1.at[0], a.y2.at[1] - a.y1.at[1]];
    const det = u[0] * v[1] - u[1] * v[0];
    if (Math.abs(det) < 1e-6) return null;
    const x = ((at[0] - a.x1.at[0]) * v[1] - (at[1] - a.x1.at[1]) * v[0]) / det;
    const y = (u[0] * (at[1] - a.y1.at[1]) - u[1] * (at[0] - a.y1.at[0])) / det;
    return [a.x1.value + x * (a.x2.value - a.x1.value), a.y1.value + y * (a.y2.value - a.y1.value)];
  }

  pixel(event) {
    const box = this.sheet.getBoundingClientRect();
    const clip = (value, most) => Math.min(Math.max(value, 0), most);
    const x = ((event.clientX - box.left) / box.width) * this.image.naturalWidth;
    const y = ((event.clientY - box.top) / box.height) * this.image.naturalHeight;
    return [clip(x, this.image.naturalWidth), clip(y, this.image.naturalHeight)].map((p) => Math.round(p * 10) / 10);
  }

  // Zoom

  fit() {
    if (!this.image.naturalWidth) return;
    this.scaled(Math.min(this.stage.clientWidth / this.image.naturalWidth, 540 / this.image.naturalHeight));
    this.fitted = true;
  }

  scaled(zoom, about) {
    const before = this.zoom || 1;
    this.zoom = Math.min(Math.max(zoom, 0.05), 12);
    this.fitted = false;
    const box = this.stage.getBoundingClientRect();
    const [x, y] = about ? [about.clientX - box.left, about.clientY - box.top] : [box.width / 2, box.height / 2];
    const [left, top] = [this.stage.scrollLeft + x, this.stage.scrollTop + y];
    this.sheet.style.width = `${this.image.naturalWidth * this.zoom}px`;
    this.sheet.style.height = `${this.image.naturalHeight * this.zoom}px`;
    this.stage.scrollLeft = (left * this.zoom) / before - x;
    this.stage.scrollTop = (top * this.zoom) / before - y;
    this.draw();
  }

  magnify(event) {
    const context = this.loupe.getContext("2d");
    if (!event || !this.image.naturalWidth || event.pointerType === "touch") {
      this.loupe.style.visibility = "hidden";
      return;
    }
    const [x, y] = this.pixel(event);
    const [size, half] = [this.loupe.width, 11 / Math.max(this.zoom, 0.5)];
    context.imageSmoothingEnabled = false;
    context.fillStyle = "#fff";
    context.fillRect(0, 0, size, size);
    context.drawImage(this.image, x - half, y - half, 2 * half, 2 * half, 0, 0, size, size);
    context.strokeStyle = "#9A3324";
    context.beginPath();
    context.moveTo(size / 2, 0);
    context.lineTo(size / 2, size);
    context.moveTo(0, size / 2);
    context.lineTo(size, size / 2);
    context.stroke();
    this.loupe.style.visibility = "visible";
    const box = this.stage.getBoundingClientRect();
    const left = event.clientX > box.left + box.width * 0.6;
    Object.assign(this.loupe.style, left ? { left: "8px", right: "auto" } : { left: "auto", right: "24px" });
  }

  // Drawing

  draw() {
    const { axes, arms } = this.state;
    for (const mark of MARKS) {
      const button = this.find(`[data-mode="${mark}"]`);
      button.textContent = `${axes[mark].at ? "\u25cf" : "\u25cb"} ${mark.endsWith("1") ? "First" : "Second"} mark`;
      button.setAttribute("aria-pressed", this.mode === mark);
      const input = this.find(`[data-value="${mark}"]`);
      if (document.activeElement !== input && input.getRootNode().activeElement !== input) input.value = axes[mark].value ?? "";
      input.setAttribute("aria-invalid", Boolean(axes[mark].at) && axes[mark].value === null);
    }
    const tabs = this.find(".tabs");
    tabs.replaceChildren(...arms.map((arm, i) => this.tab(arm, i)));
    const name = this.find("[data-name]");
    const current = typeof this.mode === "number" ? this.mode : 0;
    if (name.getRootNode().activeElement !== name) name.value = arms[current].name;
    this.find('[data-do="undo"]').disabled = !this.history.length;
    this.find('[data-do="delete"]').disabled = !this.place(this.chosen);
    this.find('[data-do="clear"]').disabled = !arms[current].points.length;
    this.find(".zoom").textContent = this.zoom ? `${Math.round(this.zoom * 100)} %` : "";
    this.find(".say").textContent = this.sentence(current);
    if (this.image.naturalWidth && this.zoom) this.marks();
  }

  sentence(current) {
    if (typeof this.mode === "string") return SAY[this.mode];
    const valueless = MARKS.some((m) => this.state.axes[m].at && this.state.axes[m].value === null);
    if (valueless) return "Give the value of every mark.";
    const { name, points } = this.state.arms[current];
    return `${name}: ${points.length} point${points.length === 1 ? "" : "s"}. Click the corners of every step, from left to right.`;
  }

  tab(arm, i) {
    const button = document.createElement("button");
    const swatch = document.createElement("span");
    button.type = "button";
    button.dataset.arm = i;
    button.setAttribute("aria-pressed", this.mode === i);
    swatch.className = "swatch";
    swatch.style.background = COLOURS[i % COLOURS.length];
    button.append(swatch, `${arm.name} (${arm.points.length})`);
    return button;
  }

  node(name, attributes) {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    return made;
  }

  marks() {
    const k = 1 / this.zoom; // one pixel of the screen
    const chosen = this.place(this.chosen);
    const found = [];
    this.svg.setAttribute("viewBox", `0 0 ${this.image.naturalWidth} ${this.image.naturalHeight}`);
    this.state.arms.forEach((arm, i) => {
      const colour = COLOURS[i % COLOURS.length];
      const sorted = [...arm.points].sort((a, b) => a[0] - b[0] || a[1] - b[1]);
      const steps = sorted.map(([x, y], j) => (j ? `H${x}V${y}` : `M${x},${y}`)).join("");
      if (steps) found.push(this.node("path", { class: "line", d: steps, stroke: colour }));
      arm.points.forEach(([cx, cy], j) => {
        found.push(this.node("circle", { class: "point", cx, cy, r: 3 * k, stroke: colour, fill: "rgba(255,255,255,.5)" }));
        found.push(this.node("circle", { class: "hit", cx, cy, r: 8 * k, "data-key": JSON.stringify({ arm: i, point: j }) }));
      });
    });
    for (const mark of MARKS) {
      const at = this.state.axes[mark].at;
      if (!at) continue;
      const [x, y] = at;
      const cross = `M${x - 7 * k},${y}H${x + 7 * k}M${x},${y - 7 * k}V${y + 7 * k}`;
      found.push(this.node("path", { class: "mark", d: cross }));
      const text = this.node("text", { class: "mark-name", x: x + 5 * k, y: y - 6 * k, "font-size": 12 * k });
      text.textContent = this.state.axes[mark].value ?? "?";
      found.push(text, this.node("circle", { class: "hit", cx: x, cy: y, r: 9 * k, "data-key": JSON.stringify({ mark }) }));
    }
    if (chosen) found.push(this.node("circle", { class: "chosen", cx: chosen[0], cy: chosen[1], r: 7 * k }));
    this.svg.replaceChildren(...found);
  }

  // Events

  listen() {
    this.root.addEventListener("click", (event) => this.click(event.target.closest("button")));
    this.root.addEventListener("input", (event) => this.typed(event.target));
    this.root.addEventListener("focusout", (event) => this.left(event.target));
    this.stage.addEventListener("keydown", (event) => this.key(event));
    this.sheet.addEventListener("pointerdown", (event) => this.press(event));
    this.sheet.addEventListener("pointermove", (event) => this.hover(event));
    this.sheet.addEventListener("pointerleave", () => this.magnify(null));
    this.stage.addEventListener(
      "wheel",
      (event) => {
        if (!event.ctrlKey && !event.metaKey) return;
        event.preventDefault();
        this.scaled(this.zoom * (event.deltaY < 0 ? 1.2 : 1 / 1.2), event);
      },
      { passive: false },
    );
    this.resized = new ResizeObserver(() => this.fitted && this.fit());
    this.resized.observe(this.stage);
  }

  close() {
    if (this.timer) this.flush();
    left.set(this.token, this.state);
    this.resized.disconnect();
  }

  click(button) {
    if (!button || !this.state) return;
    const { mode, arm } = button.dataset;
    if (mode) [this.mode, this.chosen] = [mode, { mark: mode }];
    if (arm !== undefined) this.mode = Number(arm);
    const current = typeof this.mode === "number" ? this.mode : 0;
    const deeds = {
      arm: () => {
        this.change((s) => s.arms.push({ name: `Arm ${s.arms.length + 1}`, points: [] }));
        this.mode = this.state.arms.length - 1;
      },
      undo: () => this.undo(),
      delete: () => this.remove(),
      clear: () => this.change((s) => (s.arms[current].points = [])),
      in: () => this.scaled(this.zoom * 1.4),
      out: () => this.scaled(this.zoom / 1.4),
      fit: () => this.fit(),
    };
    deeds[button.dataset.do]?.();
    this.draw();
  }

  typed(input) {
    const mark = input.dataset.value;
    if (mark) {
      this.state.axes[mark].value = number(input.value);
      this.changed();
    } else if (input.dataset.name !== undefined) {
      const current = typeof this.mode === "number" ? this.mode : 0;
      this.state.arms[current].name = input.value.trim() || `Arm ${current + 1}`;
      this.changed();
    }
  }

  left(input) {
    if (!input.dataset.value) return;
    const mark = input.dataset.value;
    if (this.mode === mark && this.state.axes[mark].at && this.state.axes[mark].value !== null) {
      this.mode = MARKS.find((m) => !this.state.axes[m].at) ?? 0;
      this.draw();
    }
  }

  key(event) {
    const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const at = this.place(this.chosen);
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z") this.undo();
    else if (steps[event.key] && at) {
      const far = (event.shiftKey ? 10 : 1) / Math.max(this.zoom, 1);
      const to = at.map((p, i) => Math.round((p + steps[event.key][i] * far) * 10) / 10);
      this.change(() => this.move(this.chosen, to));
    } else if (["Delete", "Backspace"].includes(event.key)) this.remove();
    else if (event.key === "Escape") {
      this.chosen = null;
      this.draw();
    } else return;
    event.preventDefault();
  }

  hover(event) {
    this.magnify(event);
    const value = this.values(this.pixel(event));
    this.find(".at").textContent = value ? `time ${value[0].toFixed(2)}, survival ${value[1].toFixed(2)}` : "";
  }

  press(event) {
    if (event.button !== 0) return;
    const key = event.target.dataset.key ? JSON.parse(event.target.dataset.key) : null;
    const from = { x: event.clientX, y: event.clientY, left: this.stage.scrollLeft, top: this.stage.scrollTop };
    const before = JSON.stringify(this.state);
    let dragged = false;
    const moved = (e) => {
      dragged = dragged || Math.hypot(e.clientX - from.x, e.clientY - from.y) > MOVED;
      if (!dragged) return;
      if (key) {
        this.move(key, this.pixel(e));
        this.marks();
        this.magnify(e);
      } else if (event.pointerType !== "touch") {
        this.sheet.classList.add("panning");
        this.stage.scrollLeft = from.left - (e.clientX - from.x);
        this.stage.scrollTop = from.top - (e.clientY - from.y);
      }
    };
    const done = (e) => {
      window.removeEventListener("pointermove", moved);
      window.removeEventListener("pointerup", done);
      window.removeEventListener("pointercancel", done);
      this.sheet.classList.remove("panning");
      this.stage.focus({ preventScroll: true });
      // A click on an axis mark is a click on the picture: both axes may be marked at one corner, and curves begin there.
      if (key && (dragged || (typeof this.mode === "number" && !key.mark))) {
        this.chosen = key;
        if (key.arm !== undefined) this.mode = key.arm;
        if (dragged) {
          this.history.push(before);
          this.changed();
        } else this.draw();
      } else if (!dragged && e.type === "pointerup") this.add(this.pixel(e));
    };
    window.addEventListener("pointermove", moved);
    window.addEventListener("pointerup", done);
    window.addEventListener("pointercancel", done);
  }
}

export default function ({ parentElement, data, setStateValue }) {
  let picture = instances.get(parentElement);
  if (!picture) {
    picture = new Picture(parentElement, (clicks) => setStateValue("clicks", clicks));
    instances.set(parentElement, picture);
  }
  picture.send = (clicks) => setStateValue("clicks", clicks);
  if (picture.token !== data.token) picture.open(data);
  return () => {
    picture.close();
    instances.delete(parentElement);
  };
}
