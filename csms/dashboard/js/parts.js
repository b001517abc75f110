// Pictures of power that several pages show.

import { LABELS } from "./chargers.js";
import { exactKw, kw, when, zoneName, zoneWords } from "./format.js";
import { html } from "./html.js";
import { Icon } from "./icons.js";
import { Pill } from "./ui.js";

const TONES = {
  charging: "good", waiting: "wait", paused: "calm", plugged: "calm", idle: "quiet", faulted: "bad", offline: "warn",
  off: "quiet", new: "quiet",
};

export const toneOf = (doing) => TONES[doing];

const share = (value, full) => `${Math.max(0, Math.min(100, (100 * value) / (full || 1)))}%`;

/** The budget of a site: drawn, allocated beyond that, reserved, free; the building's own load where there is one. */
export function BudgetBar({ allocation, drawn, slim }) {
  const { total_budget_kw: budget, total_permitted_kw: permitted, reserved_kw: reserved } = allocation;
  const given = Math.max(0, permitted - reserved - drawn);
  const full = Math.max(budget, permitted, drawn);
  const label = `Drawn ${kw(drawn)}, permitted ${kw(permitted)}, of it reserved ${kw(reserved)}, budget ${exactKw(budget)}`;
  return html`<div class=${`budget ${slim ? "slim" : ""}`} role="img" aria-label=${label}>
    <span class="drawn" style=${{ width: share(drawn, full) }}></span>
    <span class="given" style=${{ width: share(given, full) }}></span>
    <span class="reserved" style=${{ width: share(Math.min(reserved, full - drawn - given), full) }}></span>
    ${permitted > budget + 0.0005 && html`<span class="ceiling" style=${{ left: share(budget, full) }}></span>`}
  </div>`;
}

/** What a charger draws inside what it was given, on the scale of its site. */
export function ChargerBar({ charger, full, fill }) {
  const { actual, allocated, confirmed } = charger;
  if (allocated === null) return html`<span class="bar none"></span>`;
  return html`<span class=${`bar ${confirmed ? "" : "unconfirmed"}`}>
    <span class="given" style=${{ width: share(allocated, full) }}></span>
    <span class="drawn" style=${{ width: share(actual ?? 0, full), background: fill }}></span>
  </span>`;
}

/** A time in the zone of its place, which is named where the browser's clock says another. `shown`: how, such as `when`. */
export function PlacedTime({ at, zone, shown = when }) {
  const there = zoneName(at, zone);
  const more = [shown !== when && at && when(at, zone), zoneWords(at, zone)].filter(Boolean).join(", ");
  return html`<time class="number" dateTime=${at ?? undefined} title=${more || undefined}>${shown(at, zone)}${there && html` <span class="zone">${there}</span>`}</time>`;
}

const ORDER = ["charging", "waiting", "faulted", "offline"];

/** How many chargers do what; these four are always told, the others where there are any. */
export function Counts({ counts }) {
  return html`<ul class="counts">
    ${ORDER.map((doing) => html`<li key=${doing} class=${counts[doing] ? toneOf(doing) : "none"}>
      <strong>${counts[doing]}</strong><span>${LABELS[doing].toLowerCase()}</span>
    </li>`)}
  </ul>`;
}

const STATES = { good: "All well", warn: "Look here", bad: "Alarm" };

/** Whether all is well, in a word. */
export const State = ({ tone }) => html`<${Pill} tone=${tone}>${STATES[tone]}<//>`;

const MARKS = { good: "check", warn: "alert", bad: "alert", wait: "wait", calm: "plug" };

/** A sentence with the mark of how much it matters. */
export function Note({ tone, children }) {
  return html`<p class=${`note ${tone}`}><${Icon} name=${MARKS[tone]} size=${18} /><span>${children}</span></p>`;
}
