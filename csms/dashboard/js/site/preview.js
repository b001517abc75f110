// What a configuration would bring, beside what is.

import { exactKw, kw } from "../format.js";
import { html } from "../html.js";
import { Note } from "../parts.js";
import { Card, explained } from "../ui.js";

export function Preview({ now, then, problem, changed, editable, children }) {
  return html`<${Card} title="Preview" class="preview">
    <div aria-live="polite">${body({ now, then, problem, changed, editable })}</div>
    ${children}
  <//>`;
}

function body({ now, then, problem, changed, editable }) {
  if (!editable) return html`<p class="muted">This key may look, not change.</p>`;
  if (problem) return html`<${Note} tone="bad">${explained(problem)}<//>`;
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
      <small>set by ${then.limit_source}</small></p>
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
