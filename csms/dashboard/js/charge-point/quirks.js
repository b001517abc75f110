// How a charge point takes its limits, from where that is known, and what an operator knows better.

import { del, get, may, paths, put } from "../api.js";
import { NONE } from "../format.js";
import { Part, Refused, Removal, useForm } from "../form.js";
import { html, useState } from "../html.js";
import { useLive } from "../live.js";
import { Button, Card, Dialog, Loaded, Pill, say } from "../ui.js";
import { knobLabel, KNOBS, pinsOf, textsOf } from "./pins.js";

const TONES = { pinned: "wait", learned: "calm", quirk: "good", told: "quiet", assumed: "quiet" };
const WORDS = { pinned: "pinned", learned: "learned", quirk: "of its make", told: "it says so", assumed: "assumed" };

export function Quirks({ id }) {
  const live = useLive((signal) => get(paths.quirks(id), undefined, signal), `quirks/${id}`, 30_000);
  const [pinning, setPinning] = useState(false);
  const close = (changed) => {
    setPinning(false);
    if (changed === true) live.reload();
  };
  return html`<${Card} title="How it takes its limits" actions=${live.data && may("control") && html`<${Button} onClick=${() => setPinning(true)}>Pin …<//>`}>
    <${Loaded} of=${live}>
      ${({ knobs, learned }) => html`<dl class="facts two">${knobs.map((knob) => html`<div key=${knob.name}>
          <dt>${knobLabel(knob.name)}</dt>
          <dd class="knob"><span>${words(knob.value)}</span><${Pill} tone=${TONES[knob.source]}>${WORDS[knob.source] ?? knob.source}<//></dd>
        </div>`)}</dl>
        ${learned?.given_up && html`<p class="error">No way of saying a limit was taken; it is searched again at the next boot.</p>`}`}
    <//>
    <${Dialog} wide title="What is known better" open=${pinning} onClose=${() => close(false)}>
      <${Pins} id=${id} pinned=${live.data?.pinned} done=${() => close(true)} />
    <//>
  <//>`;
}

/** Pinned goes before all that the charge point says, is known to need, or has taught. */
function Pins({ id, pinned, done }) {
  const form = useForm(textsOf(pinned), (texts) => put(paths.quirks(id), pinsOf(texts)), () => {
    say("Pinned: the next limit is said so.");
    done();
  });
  const empty = Object.keys(pinsOf(form.texts)).length === 0;
  return html`<form class="form" onSubmit=${form.submit} novalidate>
    <p class="muted">What is pinned goes before everything else that is known of it. A limit in force stays until the next one is sent.</p>
    <div class="columns">${KNOBS.map((knob) => html`<${Part} key=${knob.name} form=${form} part=${knob} />`)}</div>
    <${Refused} form=${form} shown=${KNOBS.map(({ name }) => name)} />
    <div class="form-actions">
      ${pinned && html`<${Removal} label="Unpin all" question="Leave all of it to the other sources?" confirm="Unpin"
        run=${() => del(paths.quirks(id))} done=${() => { say("Nothing is pinned any more."); done(); }} />`}
      <${Button} kind="primary" type="submit" busy=${form.busy} disabled=${empty}>Pin<//>
    </div>
  </form>`;
}

function words(value) {
  if (value === null || value === undefined) return NONE;
  if (typeof value === "boolean") return value ? "yes" : "no";
  return Array.isArray(value) ? value.join(", ") || "none" : String(value);
}
