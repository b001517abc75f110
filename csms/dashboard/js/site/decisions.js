// Why a breaker tripped last night: every decision, the limits it sent, and what became of them.

import { get, paths } from "../api.js";
import { exactKw, exactTime, kw, NONE, when } from "../format.js";
import { html, useState } from "../html.js";
import { useLive } from "../live.js";
import { replaceQuery } from "../router.js";
import { Button, Card, Empty, Loaded, Pill } from "../ui.js";

const PAGE = 50;
const TONES = { Accepted: "good", Rejected: "bad", Unanswered: "warn" };

export function Decisions({ site, query }) {
  const [shown, setShown] = useState(PAGE);
  const who = query.charge_point_id ?? "";
  const live = useLive((signal) => get(paths.decisions(site.site_id), { charge_point_id: who, limit: shown }, signal), `decisions/${site.site_id}/${who}/${shown}`, 5000);
  const filter = html`<select aria-label="Only decisions about" value=${who} onChange=${(event) => replaceQuery({ charge_point_id: event.target.value })}>
    <option value="">All chargers</option>
    ${site.charge_point_ids.map((id) => html`<option key=${id} value=${id}>${id}</option>`)}
  </select>`;
  return html`<${Card} title="Decisions of the last 24 hours" actions=${filter}>
    <${Loaded} of=${live}>
      ${({ items, total }) => (items.length === 0
        ? html`<${Empty} icon="check" title="Nothing decided">No limit had to be changed.<//>`
        : html`<ol class="decisions">${items.map((one, index) => html`<${Decision} key=${one.decision_id ?? `${one.decided_at}/${index}`} one=${one} zone=${site.timezone} />`)}</ol>
          <p class="hint center">${Math.min(shown, total)} of ${total}</p>
          ${total > shown && shown < 1000 && html`<div class="center"><${Button} onClick=${() => setShown(Math.min(1000, shown + 100))}>Show more<//></div>`}`)}
    <//>
  <//>`;
}

function Decision({ one, zone }) {
  const causes = [...new Set(one.causes)].map((cause) => (cause === "time" ? "time went by" : cause));
  return html`<li>
    <details>
      <summary>
        <time class="number" dateTime=${one.decided_at} title=${when(one.decided_at, zone)}>${exactTime(one.decided_at, zone)}</time>
        <span class="causes">${causes.slice(0, 3).join(", ") || "not on record"}${causes.length > 3 && ` and ${causes.length - 3} more`}</span>
        <span class="number muted">${one.limits.length === 1 ? "1 limit" : `${one.limits.length} limits`}</span>
        <${Answers} limits=${one.limits} />
      </summary>
      ${one.decision_id !== null && html`<p class="muted">Budget ${exactKw(one.total_budget_kw)}, permitted at worst ${exactKw(one.permitted_kw)}, drawn ${kw(one.actual_kw)}${one.site_load_kw ? `, building ${kw(one.site_load_kw)}` : ""}. ${when(one.decided_at, zone)}.</p>`}
      <div class="scroll"><table>
        <thead><tr><th>Charger</th><th>Limit</th><th>Profile</th><th>Why</th><th>Answer</th><th>Drew</th></tr></thead>
        <tbody>${one.limits.map((limit, index) => html`<tr key=${index}>
          <th scope="row">${limit.charge_point_id}<small>connector ${limit.connector_id}</small></th>
          <td class="number">${exactKw(limit.limit_kw)}</td>
          <td>${limit.purpose}${limit.renewal && html`<small>renewed</small>`}</td>
          <td>${limit.reason}</td>
          <td><${Pill} tone=${TONES[limit.answer] ?? "quiet"}>${limit.answer ?? "under way"}<//>${limit.detail && limit.detail !== limit.answer && html`<small>${limit.detail}</small>`}</td>
          <td class="number">${limit.actual_kw === null ? NONE : kw(limit.actual_kw)}</td>
        </tr>`)}</tbody>
      </table></div>
    </details>
  </li>`;
}

/** The worst answer, for the line that is seen first. */
function Answers({ limits }) {
  const worst = ["Rejected", "Unanswered"].find((answer) => limits.some((limit) => limit.answer === answer));
  if (worst) return html`<${Pill} tone=${TONES[worst]}>${worst}<//>`;
  if (limits.some((limit) => limit.answer === null)) return html`<${Pill}>under way<//>`;
  return html`<${Pill} tone="good">Accepted<//>`;
}
