// Lines that unfold. A drawer's content is asked for when it is opened first: {token, open} goes to the page, which
// answers with the drawers of the open lines. Lines and drawers are HTML of kras_core.report, where every text is escaped.

const instances = new WeakMap();

class Proofs {
  constructor(parent) {
    this.root = parent.querySelector(".kras-unfolding");
    this.open = new Set();
    this.root.addEventListener("toggle", (e) => this.toggled(e.target), true);
  }

  show({ token, lines, drawers }) {
    if (token !== this.token) this.open.clear();
    this.token = token;
    if (lines !== this.lines) {
      this.root.innerHTML = lines;
      this.lines = lines;
      for (const id of this.open) {
        const line = this.line(id);
        if (line) line.open = true;
      }
    }
    for (const [id, html] of Object.entries(drawers)) {
      const line = this.line(id);
      if (line && !line.querySelector(".kras-drawer")) line.insertAdjacentHTML("beforeend", html);
    }
  }

  line(id) {
    return this.root.querySelector(`details[data-line="${CSS.escape(id)}"]`);
  }

  toggled(line) {
    const id = line.dataset.line;
    if (!line.open) {
      if (line.isConnected) this.open.delete(id);
      return;
    }
    this.open.add(id);
    if (!line.querySelector(".kras-drawer")) this.ask({ token: this.token, open: [...this.open] });
  }
}

export default function ({ parentElement, data, setStateValue }) {
  let proofs = instances.get(parentElement);
  if (!proofs) {
    proofs = new Proofs(parentElement);
    instances.set(parentElement, proofs);
  }
  proofs.ask = (wanted) => setStateValue("wanted", wanted);
  proofs.show(data);
  return () => instances.delete(parentElement);
}
