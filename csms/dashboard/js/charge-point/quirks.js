// How a charge point takes its limits, and from where that is known.

import { get, paths } from "../api.js";
import { heading, NONE } from "../format.js";
import { html } from "../html.js";
import { useLive } from "../live.js";
import { Card, Loaded, Pill } from "../ui.js";

const TONES = { pinned: "wait", learned: "calm", quirk: "good", told: "quiet", assumed: "quiet" };
const WORDS = { pinned: "pinned", learned: "learned", quirk: "of its make", told: "it says so", assumed: "assumed" };

export function Quirks({ id }) {
  const live = useLive((signal) => get(paths.quirks(id), undefined, signal), `quirks/${id}`, 30_000);
  return html`<${Card} title="How it takes its limits">
    <${Loaded} of=${live}>
      ${({ knobs, learned }) => html`<dl class="facts">${knobs.map((knob) => html`<div key=${knob.name}>
          <dt>${knob.name === "register_in_kwh" ? "Register in kWh" : heading(knob.name)}</dt>
          <dd class="knob"><span>${words(knob.value)}</span><${Pill} tone=${TONES[knob.source]}>${WORDS[knob.source] ?? knob.source}<//></dd>
        </div>`)}</dl>
        ${learned?.given_up && html`<p class="error">No way of saying a limit was taken; it is searched again at the next boot.</p>`}`}
    <//>
  <//>`;
}

function words(value) {
  if (value === null || value === undefined) return NONE;
  if (typeof value === "boolean") return value ? "yes" : "no";
  return Array.isArray(value) ? value.join(", ") || "none" : String(value);
}
