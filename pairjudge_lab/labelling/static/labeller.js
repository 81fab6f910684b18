// People judge pairs. Every text goes into the page as text, so that none becomes markup; a formula
// is made of the elements and attributes that are listed here, whatever is sent.

const MATHML = "http://www.w3.org/1998/Math/MathML";
const ELEMENTS = new Set(["math", "mfrac", "mi", "mn", "mo", "mover", "mroot", "mrow", "mspace", "msqrt", "mstyle",
  "msub", "msubsup", "msup", "mtable", "mtd", "mtext", "mtr", "munder", "munderover"]);
const ATTRIBUTES = new Set(["accent", "class", "columnalign", "display", "displaystyle", "fence", "form", "largeop",
  "linethickness", "lspace", "mathvariant", "maxsize", "minsize", "movablelimits", "rspace", "scriptlevel",
  "separator", "stretchy", "width"]);

function formula(tree) {
  if (typeof tree === "string") return document.createTextNode(tree);
  const [name, attributes, children] = tree;
  if (!ELEMENTS.has(name)) throw new Error(`no element of a formula: ${name}`);
  const element = document.createElementNS(MATHML, name);
  for (const [key, value] of Object.entries(attributes)) if (ATTRIBUTES.has(key)) element.setAttribute(key, value);
  element.append(...children.map(formula));
  return element;
}

function shownPiece(piece) {
  if (typeof piece === "string") return piece;
  try {
    return make("span", "pjl-math", { title: piece.written.trim() }, formula(piece.tree));
  } catch {
    return piece.written;
  }
}

function make(tag, name, attributes, ...children) {
  const element = document.createElement(tag);
  if (name) element.className = name;
  for (const [key, value] of Object.entries(attributes || {})) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

function labelled(name, title) {
  const text = make("pre", "", { tabindex: "0", "aria-label": title });
  const head = make("div", "head");
  head.textContent = title;
  return { box: make("section", name, { "aria-label": title }, head, text), text };
}

function render({ model, el }) {
  let sent = null;
  const places = { question: labelled("question", "Question"), reference: labelled("reference", "Reference answer"),
    a: labelled("side", "Response A"), b: labelled("side", "Response B") };
  const progress = make("span", "progress");
  const bar = make("progress", "", { "aria-label": "pairs judged" });
  const who = make("select", "", { "aria-label": "who judges" });
  const asked = make("p", "asked");
  const note = make("textarea", "", { rows: "2", maxlength: "10000" });
  const noteLabel = make("label", "note");
  noteLabel.append("Note (optional; Escape goes back to the keys) ", note);
  const buttons = make("div", "buttons", { role: "group", "aria-label": "your verdict" });
  const said = make("p", "said", { role: "status", "aria-live": "polite" });
  const end = make("p", "end");
  end.textContent = "Every pair has been judged.";
  const pair = make("div", "pair", {}, places.question.box, places.reference.box,
    make("div", "sides", {}, places.a.box, places.b.box), noteLabel);
  // JupyterLab would take A, B and others for commands of its own.
  const root = make("div", "pjl-hand mathjax_ignore tex2jax_ignore", { role: "group", tabindex: "0",
    "aria-label": "Judge pairs by hand", "data-lm-suppress-shortcuts": "true" },
    make("div", "top", {}, progress, bar, who), asked, end, pair, buttons, said);
  const keys = new Map();
  let written = false;

  function send(what) {
    const number = model.get("shown").number;
    // One answer for each pair, however often a key is pressed before the next pair is there.
    if (sent === number) return;
    sent = number;
    model.send({ number, note: note.value, ...what });
  }

  function button(key, words, act) {
    const mark = make("kbd", "", { "aria-hidden": "true" });
    mark.textContent = key.toUpperCase();
    const label = make("span", "");
    label.textContent = words;
    const element = make("button", "", { type: "button", "aria-keyshortcuts": key.toUpperCase() }, mark, " ", label);
    element.addEventListener("click", act);
    keys.set(key, element);
    buttons.append(element);
    return element;
  }

  const answers = model.get("choices").map(({ outcome, key, words }) =>
    button(key, words, () => send({ do: "judge", outcome })));
  answers.push(button("s", "skip", () => send({ do: "skip" })));
  const source = button("m", "formulas as written", () => { written = !written; texts(); });
  const undo = button("u", "undo", () => send({ do: "undo" }));
  undo.classList.add("apart");

  for (const name of model.get("annotators")) {
    const option = make("option", "", { value: name });
    option.textContent = name;
    who.append(option);
  }
  who.hidden = model.get("annotators").length < 2;
  who.addEventListener("change", () => send({ do: "annotator", name: who.value }));
  asked.textContent = model.get("instructions");

  function texts() {
    const { pair, formulas } = model.get("shown");
    for (const [name, place] of Object.entries(places)) {
      const pieces = (!written && formulas[name]) || [pair[name] ?? ""];
      place.text.replaceChildren(...pieces.map(shownPiece));
    }
    source.hidden = Object.keys(formulas).length === 0;
    source.disabled = source.hidden;
    source.setAttribute("aria-pressed", String(written));
  }

  function show() {
    const now = model.get("shown");
    const there = "question" in now.pair;
    for (const [name, place] of Object.entries(places)) {
      place.text.scrollTop = 0;
      place.box.hidden = !(name in now.pair);
    }
    texts();
    progress.textContent = `${now.annotator}: ${now.done} of ${now.total} judged`;
    bar.max = now.total;
    bar.value = now.done;
    who.value = now.annotator;
    said.textContent = now.said;
    note.value = now.note;
    pair.hidden = !there;
    end.hidden = there;
    // A button that is disabled loses the focus, and with it the keys.
    const lost = !there && answers.includes(document.activeElement);
    for (const answer of answers) answer.disabled = !there;
    undo.disabled = !now.undo;
    if (lost) root.focus();
  }

  function press(event) {
    if (event.target === note) {
      if (event.key === "Escape") root.focus();
      event.stopPropagation();
      return;
    }
    if (event.target === who || event.ctrlKey || event.metaKey || event.altKey) return;
    const target = keys.get(event.key.toLowerCase());
    if (!target) return;
    event.preventDefault();
    event.stopPropagation();
    if (!event.repeat && !target.disabled) target.click();
  }

  root.addEventListener("keydown", press);
  model.on("change:shown", show);
  show();
  el.append(root);
  return () => model.off("change:shown", show);
}

export default { render };
