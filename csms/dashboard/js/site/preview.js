// What a configuration would bring, beside what is.

import { Problem } from "../api.js";
import { limitSource } from "../chargers.js";
import { exactKw, kw } from "../format.js";
import { html } from "../html.js";
import { Note } from "../parts.js";
import { Card, explained } from "../ui.js";

const NAMES = {
  max_power_kw: "The ceiling", min_power_per_charger_kw: "The least power of a charger", strategy: "The strategy", schedule: "A window of the schedule",
  priority_order: "A rank", priority_weights: "A weight", on_uncontrollable: "What becomes of a charger that does not take its limits",
};

/** What is refused, with the fields as the form calls them. */
function refused(problem) {
  if (!(problem instanceof Problem) || !problem.errors.length) return explained(problem);
  return problem.errors.map(({ field, rule }) => `${NAMES[field.match(/^\w*/)[0]] ?? field} ${rule}.`).join(" ");
}

/** `missing`: what must be said before it can be tried. */
export function Preview({ now, then, problem, missing, changed, editable, children }) {
  return html`<${Card} title="Preview" class="preview">
    <div aria-live="polite">${body({ now, then, problem, missing, changed, editable })}</div>
    ${children}
  <//>`;
}

function body({ now, then, problem, missing, changed, editable }) {
  if (!editable) return html`<p class="muted">This key may look, not change.</p>`;
  if (missing) return html`<${Note} tone="calm">${missing}<//>`;
  if (problem) return html`<${Note} tone="bad">${refused(problem)}<//>`;
  if (!changed) return html`<p class="muted">Change something, and see here what it would bring to the cars that charge now, before it is saved.</p>`;
  if (!then) return html`<p class="muted">Trying …</p>`;
  return html`<${Comparison} now=${now} then=${then} />`;
}

function Comparison({ now, then }) {
  const before = new Map(now.chargers.map((row) => [row.charge_point_id, row]));
  const full = Math.max(1, ...[...now.chargers, ...then.chargers].map((row) => row.allocated_kw));
  return html`
    <p class="budget-change">Budget <strong class="number">${exactKw(now.total_budget_kw)}</strong>
      ${then.total_budget_kw !== now.total_budget_kw && html` → <strong class="number">${exactKw(then.total_budget_kw)}</strong>`}
      <small>set by ${limitSource(then.limit_source)}</small></p>
    ${then.chargers.length === 0 && html`<p class="muted">Nobody is charging now.</p>`}
    <ul class="comparison">
      ${then.chargers.map((row) => html`<${Change} key=${row.charge_point_id} row=${row} was=${before.get(row.charge_point_id)} full=${full} />`)}
    </ul>
    ${then.waiting.length > 0 && html`<${Note} tone="wait">${then.waiting.join(", ")} would wait for power.<//>`}`;
}

function Change({ row, was, full }) {
  const difference = row.allocated_kw - (was?.allocated_kw ?? 0);
  const tone = difference > 0.05 ? "more" : difference < -0.05 ? "less" : "same";
  return html`<li class=${tone} title=${row.reason}>
    <span class="name">${row.charge_point_id}</span>
    <span class="number">${kw(was?.allocated_kw ?? 0).replace(/\skW/, "")} → <strong>${kw(row.allocated_kw)}</strong></span>
    <span class="bar"><span class="given" style=${{ width: `${(100 * (was?.allocated_kw ?? 0)) / full}%` }}></span>
      <span class="drawn" style=${{ width: `${(100 * row.allocated_kw) / full}%` }}></span></span>
    <small>${row.reason}</small>
  </li>`;
}
