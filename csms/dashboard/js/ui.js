// Pieces that all pages are made of.

import { Problem, Unreachable } from "./api.js";
import { html, useEffect, useId, useRef, useState } from "./html.js";
import { Icon } from "./icons.js";
import { shared, useShared } from "./value.js";

/** A surface with a heading. `actions` stand at its right. */
export function Card({ title, actions, children, class: name = "", label }) {
  return html`<section class=${`card ${name}`} aria-label=${label ?? title}>
    ${(title || actions) && html`<header class="card-head"><h2>${title}</h2><div class="actions">${actions}</div></header>`}
    ${children}
  </section>`;
}

/** A short word with the colour of what it means. */
export function Pill({ tone, children }) {
  return html`<span class=${`pill ${tone}`}>${children}</span>`;
}

export function Button({ kind = "", icon, busy, children, ...rest }) {
  return html`<button type="button" ...${rest} class=${`button ${kind}`}
    aria-busy=${busy ? "true" : undefined} disabled=${busy || rest.disabled}>
    ${icon && html`<${Icon} name=${icon} size=${18} />`}${children}
  </button>`;
}

/** A page's head: where one is, what it is called, what can be done. */
export function PageHead({ title, above, below, actions }) {
  useEffect(() => {
    document.title = title ? `${title} – Charging` : "Charging";
  }, [title]);
  return html`<header class="page-head">
    <div>
      ${above && html`<p class="crumbs">${above}</p>`}
      <h1>${title}</h1>
      ${below && html`<p class="muted">${below}</p>`}
    </div>
    <div class="actions">${actions}</div>
  </header>`;
}

/** The views of one thing; the one that is shown is in sight on a phone too. `items`: name and title. */
export function Tabs({ label, items, shown, href }) {
  const list = useRef(null);
  useEffect(() => {
    list.current.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
  }, [shown]);
  return html`<nav class="tabs" aria-label=${label} ref=${list}>
    ${items.map(([name, title]) => html`<a key=${name} href=${href(name)} aria-current=${name === shown ? "page" : undefined}>${title}</a>`)}
  </nav>`;
}

/** What a page shows instead of data: a shape while it loads, the reason where it failed. */
export function Waiting({ lines = 4 }) {
  return html`<div class="skeleton" role="status" aria-label="Loading">
    ${Array.from({ length: lines }, (_, index) => html`<span key=${index}></span>`)}
  </div>`;
}

export function Empty({ icon = "plug", title, children }) {
  return html`<div class="empty"><${Icon} name=${icon} size=${32} /><h3>${title}</h3><p>${children}</p></div>`;
}

export function Failed({ error, again }) {
  const words = error instanceof Unreachable ? "The server does not answer. It is asked again by itself." : error.message;
  return html`<div class="empty" role="alert">
    <${Icon} name="alert" size=${32} />
    <h3>${error instanceof Problem && error.status === 404 ? "Not here" : "This did not work"}</h3>
    <p>${words}</p>
    ${again && html`<${Button} onClick=${again}>Try again<//>`}
  </div>`;
}

/** Data, or what stands in its place. `children` is called with it. */
export function Loaded({ of, lines, children }) {
  if (of.data !== undefined) return children(of.data);
  if (of.error) return html`<${Failed} error=${of.error} again=${of.reload} />`;
  return html`<${Waiting} lines=${lines} />`;
}

/** A labelled control with its hint and, where it was refused, the rule it breaks. */
export function Field({ label, hint, error, children, class: name = "" }) {
  const id = useId();
  return html`<div class=${`field ${name} ${error ? "refused" : ""}`}>
    <label for=${id}>${label}</label>
    ${children({ id, "aria-invalid": error ? "true" : undefined, "aria-describedby": `${id}-more` })}
    <p id=${`${id}-more`} class=${error ? "error" : "hint"}>${error ? sentence(error) : hint}</p>
  </div>`;
}

/** "must be at most 5" -> "Must be at most 5." */
export const sentence = (rule) => `${rule.charAt(0).toUpperCase()}${rule.slice(1)}${/[.!?]$/.test(rule) ? "" : "."}`;

/** A dialogue; the browser keeps the focus inside and gives it back. */
export function Dialog({ title, open, onClose, children, wide }) {
  const element = useRef(null);
  useEffect(() => {
    if (open && !element.current.open) element.current.showModal();
    if (!open && element.current.open) element.current.close();
  }, [open]);
  const id = useId();
  return html`<dialog ref=${element} class=${wide ? "wide" : ""} aria-labelledby=${id} onClose=${onClose}
    onClick=${(event) => event.target === element.current && element.current.close()}>
    ${open && html`<div class="dialog">
      <header class="card-head">
        <h2 id=${id}>${title}</h2>
        <${Button} kind="quiet round" aria-label="Close" icon="close" onClick=${onClose} />
      </header>
      ${children}
    </div>`}
  </dialog>`;
}

const said = shared(/** @type {{id: number, tone: string, text: string}[]} */ ([]));
let number = 0;

/** Says for a few seconds what became of something; errors stay longer. */
export function say(text, tone = "good") {
  const one = { id: (number += 1), tone, text };
  said.set([...said.get().slice(-2), one]);
  setTimeout(() => said.set(said.get().filter((other) => other.id !== one.id)), tone === "bad" ? 12_000 : 5000);
}

export function Toasts() {
  return html`<div class="toasts" role="status" aria-live="polite">
    ${useShared(said).map((one) => html`<p key=${one.id} class=${`toast ${one.tone}`}>
      <${Icon} name=${one.tone === "bad" ? "alert" : "check"} size=${18} />${one.text}
    </p>`)}
  </div>`;
}

/** Runs something once at a time and says how it went. Returns [run, busy]. */
export function useAction(action, done) {
  const [busy, setBusy] = useState(false);
  const alive = useRef(true);
  useEffect(() => () => (alive.current = false), []);
  async function run(...given) {
    setBusy(true);
    try {
      const result = await action(...given);
      const text = typeof done === "function" ? done(result) : done;
      if (text) say(text);
      return result;
    } catch (error) {
      say(explained(error), "bad");
      return undefined;
    } finally {
      if (alive.current) setBusy(false);
    }
  }
  return [run, busy];
}

/** An error in one line, with the fields it names. */
export function explained(error) {
  if (!(error instanceof Problem) || !error.errors.length) return error.message;
  return error.errors.map(({ field, rule }) => field ? `${field} ${rule}.` : sentence(rule)).join(" ");
}

/** One of a few, all of them seen. */
export function Choice({ label, options, value, onChange }) {
  const name = useId();
  return html`<fieldset class="choice"><legend class="hidden">${label}</legend>
    ${options.map(([option, text]) => html`<label key=${option} class=${option === value ? "on" : ""}>
      <input type="radio" name=${name} value=${option} checked=${option === value} onChange=${() => onChange(option)} />
      <span>${text}</span>
    </label>`)}
  </fieldset>`;
}

/** Hands a text to the browser as a file. */
export function download(name, text, type = "text/csv") {
  const address = URL.createObjectURL(new Blob([text], { type: `${type};charset=utf-8` }));
  const anchor = document.createElement("a");
  anchor.href = address;
  anchor.download = name;
  anchor.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
