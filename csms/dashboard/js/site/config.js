// How a site divides its power: edited, tried out, and only then saved.

import { getTagged, may, paths, Problem, put } from "../api.js";
import { exactKw, when } from "../format.js";
import { html, useEffect, useMemo, useRef, useState } from "../html.js";
import { useLive } from "../live.js";
import { Button, Card, Choice, explained, Failed, Field, say, sentence, Waiting } from "../ui.js";
import { Painter } from "./painter.js";
import { Preview } from "./preview.js";
import { Ranks } from "./ranks.js";

const STRATEGIES = [
  ["equal", "Equal", "Everybody gets the same; what one does not need goes to the others."],
  ["priority", "Priority", "Charge points are served by rank, or share by weight."],
  ["scheduled", "Scheduled", "Shared equally below the ceilings of a weekly schedule."],
  ["first_come_first_served", "First come, first served", "Who came first is filled up first."],
];

const REFUSING = [["reserve", "Keeps its session"], ["stop", "Loses its session"]];

async function load(site, signal) {
  try {
    return await getTagged(paths.config(site.site_id), signal);
  } catch (error) {
    if (error instanceof Problem && error.status === 404) return { tag: null, value: UNCONFIGURED(site) };
    throw error;
  }
}

const UNCONFIGURED = (site) => ({
  max_power_kw: site.grid_capacity_kw, strategy: "equal", min_power_per_charger_kw: 1.4, priority_weights: {},
  priority_order: [], schedule: [], on_uncontrollable: "reserve", updated_at: null,
});

export function Config({ site, allocation, reload }) {
  const live = useLive((signal) => load(site, signal), `config/${site.site_id}`, 0);
  if (live.data) {
    return html`<${Editor} key=${live.data.value.updated_at} site=${site} allocation=${allocation} stored=${live.data.value} tag=${live.data.tag}
      saved=${() => { live.reload(); reload(); }} />`;
  }
  return live.error ? html`<${Failed} error=${live.error} again=${live.reload} />` : html`<${Waiting} lines=${8} />`;
}

/** What is sent: the fields of the form, numbers as numbers, and of ranks and weights only what is chosen. */
export function bodyOf(draft) {
  const { updated_at: _then, by, ...fields } = draft;
  const ranked = draft.strategy === "priority";
  return {
    ...fields,
    max_power_kw: number(draft.max_power_kw),
    min_power_per_charger_kw: number(draft.min_power_per_charger_kw),
    priority_order: ranked && by === "order" ? draft.priority_order : [],
    priority_weights: ranked && by === "weights" ? draft.priority_weights : {},
  };
}

const number = (text) => (text === "" ? null : Number(text));

const draftOf = (stored) => ({ ...stored, by: Object.keys(stored.priority_weights).length ? "weights" : "order" });

/** What must be said before there is anything to try; null: nothing. */
export function missing(draft) {
  return draft.strategy === "priority" && draft.by === "order" && !draft.priority_order.length ? "Choose who comes first, then see what it would bring." : null;
}

const PREVIEW_AFTER_MS = 350;

function Editor({ site, allocation, stored, tag, saved }) {
  const [draft, setDraft] = useState(() => draftOf(stored));
  const [tried, setTried] = useState({ problem: null, allocation: null });
  const [busy, setBusy] = useState(false);
  const body = useMemo(() => bodyOf(draft), [draft]);
  const changed = JSON.stringify(body) !== JSON.stringify(bodyOf(draftOf(stored)));
  const editable = may("control");
  const asked = useRef(0);

  useEffect(() => {
    const turn = (asked.current += 1);
    const timer = setTimeout(async () => {
      let next;
      if (!changed || !editable || missing(draft)) next = { problem: null, allocation: null };
      else {
        next = await put(paths.config(site.site_id), body, { dry_run: "true" }).then(
          (would) => ({ problem: null, allocation: would }),
          (problem) => ({ problem, allocation: null }),
        );
      }
      if (turn === asked.current) setTried(next);
    }, PREVIEW_AFTER_MS);
    return () => clearTimeout(timer);
  }, [body]);

  async function save(event) {
    event.preventDefault();
    setBusy(true);
    try {
      await put(paths.config(site.site_id), body, undefined, tag ? { "If-Match": tag } : undefined);
      say("Saved; in effect now.");
      saved();
    } catch (problem) {
      setTried({ problem, allocation: null });
      say(problem.status === 412 ? "Somebody else has changed it meanwhile. Load the page again to see what." : explained(problem), "bad");
    } finally {
      setBusy(false);
    }
  }

  const change = (fields) => setDraft((was) => ({ ...was, ...fields }));
  const rule = (field) => (tried.problem instanceof Problem ? tried.problem.rule(field) : undefined);
  return html`<form class="config" onSubmit=${save} novalidate>
    <fieldset disabled=${!editable}>
      <div class="stack">
        <${Strategy} draft=${draft} change=${change} rule=${rule} />
        <${Limits} site=${site} draft=${draft} change=${change} rule=${rule} />
        ${draft.strategy === "priority" && html`<${Priority} site=${site} draft=${draft} change=${change} rule=${rule} />`}
        <${Schedule} site=${site} draft=${draft} change=${change} rule=${rule} />
      </div>
    </fieldset>
    <aside>
      <${Preview} now=${allocation} then=${tried.allocation} problem=${tried.problem} missing=${missing(draft)} changed=${changed} editable=${editable}>
        ${editable && html`<div class="form-actions">
          <${Button} disabled=${!changed || busy} onClick=${() => setDraft(draftOf(stored))}>Discard<//>
          <${Button} kind="primary" type="submit" busy=${busy} disabled=${!changed || missing(draft) !== null}>Save<//>
        </div>`}
        <p class="hint">${stored.updated_at ? `Last changed ${when(stored.updated_at, site.timezone)}.` : "Never configured: the grid connection is shared equally."}</p>
      <//>
    </aside>
  </form>`;
}

function Strategy({ draft, change, rule }) {
  return html`<${Card} title="Strategy">
    <div class="options" role="radiogroup" aria-label="Strategy">
      ${STRATEGIES.map(([value, title, words]) => html`<label key=${value} class=${draft.strategy === value ? "on" : ""}>
        <input type="radio" name="strategy" value=${value} checked=${draft.strategy === value} onChange=${() => change({ strategy: value })} />
        <span><strong>${title}</strong><small>${words}</small></span>
      </label>`)}
    </div>
    ${rule("strategy") && html`<p class="error" role="alert">${sentence(rule("strategy"))}</p>`}
  <//>`;
}

function Limits({ site, draft, change, rule }) {
  const kwInput = (name) => (field) => html`<input ...${field} name=${name} type="number" min="0" step="any" inputmode="decimal" value=${draft[name]}
    onInput=${(event) => change({ [name]: event.target.value })} />`;
  return html`<${Card} title="Limits">
    <div class="columns">
      <${Field} label="Ceiling of all chargers, in kW" error=${rule("max_power_kw")} hint=${`The grid connection has ${exactKw(site.grid_capacity_kw)}.`}>
        ${kwInput("max_power_kw")}
      <//>
      <${Field} label="Least power of a charger, in kW" error=${rule("min_power_per_charger_kw")} hint="A car gets at least this, or waits for its turn.">
        ${kwInput("min_power_per_charger_kw")}
      <//>
    </div>
    <div class="field">
      <span class="label">A charger that does not take its limits</span>
      <${Choice} label="A charger that does not take its limits" options=${REFUSING} value=${draft.on_uncontrollable}
        onChange=${(value) => change({ on_uncontrollable: value })} />
    </div>
  <//>`;
}

function Priority({ site, draft, change, rule }) {
  const ids = site.charge_point_ids;
  const refused = rule("priority_order") ?? rule("priority_weights");
  const choose = (by) => change(by === "weights" && !Object.keys(draft.priority_weights).length
    ? { by, priority_weights: Object.fromEntries(ids.map((id) => [id, 1])) } : { by });
  return html`<${Card} title="Priority" actions=${html`<${Choice} label="By rank or by weight" options=${[["order", "By rank"], ["weights", "By weight"]]}
      value=${draft.by} onChange=${choose} />`}>
    ${draft.by === "order"
      ? html`<${Ranks} order=${draft.priority_order} ids=${ids} onChange=${(order) => change({ priority_order: order })} />`
      : html`<div class="weights">${ids.map((id) => html`<${Field} key=${id} label=${id}>
          ${(field) => html`<input ...${field} type="number" min="1" max="100" step="1" value=${draft.priority_weights[id] ?? ""} placeholder="1"
            onInput=${(event) => change({ priority_weights: weights(draft.priority_weights, id, event.target.value) })} />`}
        <//>`)}</div><p class="hint">Twice the weight is twice the share. Without one a charge point counts as 1.</p>`}
    ${refused && html`<p class="error" role="alert">${sentence(refused)}</p>`}
  <//>`;
}

function weights(known, id, text) {
  const { [id]: _gone, ...others } = known;
  return text === "" ? others : { ...others, [id]: Number(text) };
}

function Schedule({ site, draft, change, rule }) {
  return html`<${Card} title="Weekly schedule">
    <p class="hint lead">Ceilings in the time of the site, ${site.timezone}. ${draft.strategy === "scheduled" ? "" : "They are kept, but hold only with the strategy Scheduled."}</p>
    <${Painter} windows=${draft.schedule} limit=${site.grid_capacity_kw} ids=${site.charge_point_ids}
      onChange=${(schedule) => change({ schedule })} />
    ${rule("schedule") && html`<p class="error" role="alert">${rule("schedule")}</p>`}
  <//>`;
}
