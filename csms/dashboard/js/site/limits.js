// Temporary limits: a ceiling that somebody else sets for a time.

import { del, get, paths, Problem, put } from "../api.js";
import { exactKw, localInput, when } from "../format.js";
import { html, useState } from "../html.js";
import { useLive } from "../live.js";
import { Button, Choice, Dialog, explained, Field, Loaded, say, sentence, useAction } from "../ui.js";

const LENGTHS = [["0.5", "30 min"], ["1", "1 h"], ["2", "2 h"], ["4", "4 h"], ["until", "Until …"], ["open", "Until withdrawn"]];

export function Limits({ site, open, onClose, changed }) {
  return html`<${Dialog} title="Temporary limit" open=${open} onClose=${onClose}>
    <${Standing} site=${site} changed=${changed} onClose=${onClose} />
  <//>`;
}

function Standing({ site, changed, onClose }) {
  const live = useLive((signal) => get(paths.limit(site.site_id), undefined, signal), `limits/${site.site_id}`, 5000);
  const reload = () => {
    live.reload();
    changed();
  };
  return html`<p class="muted">All chargers together stay below it, whatever else is configured. The lowest one in force wins.</p>
    <${NewLimit} site=${site} done=${() => { reload(); onClose(); }} />
    <${Loaded} of=${live} lines=${1}>
      ${({ limits }) => limits.length > 0 && html`<h3>In force or to come</h3>
        <ul class="rows">${limits.map((limit) => html`<${Row} key=${`${limit.source}/${limit.valid_from}`} site=${site} limit=${limit} reload=${reload} />`)}</ul>`}
    <//>`;
}

function Row({ site, limit, reload }) {
  const [withdraw, busy] = useAction(async () => {
    await del(paths.limit(site.site_id), { source: limit.source });
    reload();
  }, "Withdrawn.");
  const from = limit.valid_from && !limit.in_force ? `from ${when(limit.valid_from, site.timezone)} ` : "";
  const until = limit.valid_until ? `until ${when(limit.valid_until, site.timezone)}` : "until withdrawn";
  return html`<li>
    <span><strong>${exactKw(limit.max_power_kw)}</strong> ${from}${until}<small>by ${limit.source}</small></span>
    <${Button} kind="quiet" busy=${busy} onClick=${withdraw}>Withdraw<//>
  </li>`;
}

function NewLimit({ site, done }) {
  const [power, setPower] = useState("");
  const [length, setLength] = useState("1");
  const [until, setUntil] = useState(localInput(new Date(Date.now() + 3_600_000)));
  const [problem, setProblem] = useState(null);
  const [busy, setBusy] = useState(false);

  async function submit(event) {
    event.preventDefault();
    setBusy(true);
    setProblem(null);
    try {
      const ends = length === "open" ? null : length === "until" ? new Date(until) : new Date(Date.now() + Number(length) * 3_600_000);
      await put(paths.limit(site.site_id), {
        max_power_kw: Number(power), valid_until: ends?.toISOString() ?? null, source: "dashboard",
      });
      say(`All chargers stay below ${exactKw(Number(power))} now.`);
      done();
    } catch (error) {
      setProblem(error);
      setBusy(false);
    }
  }

  const rule = (field) => (problem instanceof Problem ? problem.rule(field) : undefined);
  const other = problem && !rule("max_power_kw") && !rule("valid_until");
  return html`<form class="form" onSubmit=${submit} novalidate>
    <${Field} label="At most" hint=${`in kW; the grid connection has ${exactKw(site.grid_capacity_kw)}`} error=${rule("max_power_kw")}>
      ${(field) => html`<input ...${field} type="number" min="0" step="any" inputmode="decimal" required autofocus value=${power}
        onInput=${(event) => setPower(event.target.value)} />`}
    <//>
    <${Choice} label="For how long" options=${LENGTHS} value=${length} onChange=${setLength} />
    ${length === "until" && html`<${Field} label="Until" hint="in the time of this computer" error=${rule("valid_until")}>
      ${(field) => html`<input ...${field} type="datetime-local" required value=${until} onInput=${(event) => setUntil(event.target.value)} />`}
    <//>`}
    ${length !== "until" && rule("valid_until") && html`<p class="error">${sentence(rule("valid_until"))}</p>`}
    ${other && html`<p class="error" role="alert">${explained(problem)}</p>`}
    <div class="form-actions"><${Button} kind="primary" type="submit" busy=${busy} disabled=${power === ""}>Set the limit<//></div>
  </form>`;
}
