// Forms that say at the field what the server refuses.

import { Problem } from "./api.js";
import { html, useState } from "./html.js";
import { Button, Choice, explained, Field, say, sentence } from "./ui.js";

/**
 * What somebody has typed, and what became of it. `send(texts)` raises Problem where it is refused.
 * @param {Record<string, string>} initial
 * @param {(texts: Record<string, string>) => Promise<unknown>} send
 * @param {(answer: any) => void} done
 */
export function useForm(initial, send, done) {
  const [texts, setTexts] = useState(initial);
  const [problem, setProblem] = useState(null);
  const [busy, setBusy] = useState(false);

  async function submit(event) {
    event?.preventDefault();
    setBusy(true);
    setProblem(null);
    let answer;
    try {
      answer = await send(texts);
    } catch (error) {
      setProblem(error);
      return;
    } finally {
      setBusy(false);
    }
    done(answer);
  }

  return {
    texts, problem, busy, submit,
    change: (fields) => setTexts((was) => ({ ...was, ...fields })),
    /** @param {string} field as the server names it */
    rule: (field) => (problem instanceof Problem ? problem.rule(field) : undefined),
  };
}

/**
 * One labelled control of a form, by its part.
 * @param {{form: ReturnType<typeof useForm>, part: {name: string, label: string, hint?: string, kind?: "number" | "choice",
 *   options?: [string, string][], list?: boolean}, field?: string, autofocus?: boolean}} props `list`: options that are not all seen at
 *   once, however few; `field`: its name in the server's errors
 */
export function Part({ form, part, field = part.name, autofocus }) {
  const value = form.texts[part.name] ?? "";
  const set = (text) => form.change({ [part.name]: text });
  if (part.kind === "choice" && part.options.length <= 3 && !part.list) {
    return html`<div class="field"><span class="label">${part.label}</span>
      <${Choice} label=${part.label} options=${part.options} value=${value} onChange=${set} />
      ${form.rule(field) ? html`<p class="error">${sentence(form.rule(field))}</p>` : part.hint && html`<p class="hint">${part.hint}</p>`}
    </div>`;
  }
  return html`<${Field} label=${part.label} hint=${part.hint} error=${form.rule(field)}>
    ${(more) => part.kind === "choice"
      ? html`<select ...${more} name=${part.name} value=${value} onChange=${(event) => set(event.target.value)}>
          ${part.options.map(([option, text]) => html`<option key=${option} value=${option}>${text}</option>`)}</select>`
      : html`<input ...${more} name=${part.name} type=${part.kind ?? "text"} step="any" autofocus=${autofocus}
          autocomplete="off" spellcheck=${false} inputmode=${part.kind === "number" ? "decimal" : undefined} value=${value}
          onInput=${(event) => set(event.target.value)} />`}
  <//>`;
}

/** What is refused of fields that the form does not show, or of the whole. `shown`: the names it does show. */
export function Refused({ form, shown }) {
  const { problem } = form;
  if (!problem) return null;
  const errors = problem instanceof Problem ? problem.errors : [];
  const named = (field) => shown.some((name) => field === name || field.startsWith(`${name}.`) || field.startsWith(`${name}[`));
  const others = errors.filter(({ field }) => !named(field));
  if (errors.length && !others.length) return null;
  const text = errors.length ? others.map(({ field, rule }) => `${field} ${rule}.`).join(" ") : explained(problem);
  return html`<p class="error" role="alert">${text}</p>`;
}

/** A button that asks once more before it does what cannot be undone. `run` raises Problem; `forced` follows a 409. */
export function Removal({ label, question, confirm, run, forced, done }) {
  const [asked, setAsked] = useState(/** @type {null | "sure" | "forced"} */ (null));
  const [why, setWhy] = useState("");
  const [busy, setBusy] = useState(false);
  if (!asked) return html`<${Button} kind="quiet danger" onClick=${() => setAsked("sure")}>${label}<//>`;

  async function go() {
    setBusy(true);
    try {
      await run(asked === "forced");
    } catch (error) {
      setBusy(false);
      if (forced && error instanceof Problem && error.status === 409 && asked !== "forced") {
        setWhy(error.message);
        setAsked("forced");
      } else {
        say(explained(error), "bad");
        setAsked(null);
      }
      return;
    }
    done();
  }
  return html`<span class="asked" role="group" aria-label=${label}>
    <span>${asked === "forced" ? `${why} ${forced}` : question}</span>
    <${Button} kind="danger" busy=${busy} onClick=${go}>${asked === "forced" ? "Yes, all the same" : confirm}<//>
    <${Button} kind="quiet" onClick=${() => setAsked(null)}>No<//>
  </span>`;
}
