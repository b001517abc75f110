// Id tokens: which cards and accounts may charge, where and when.

import { del, exchange, may, patch, paths, post, Problem } from "../api.js";
import { NONE, when } from "../format.js";
import { html, useRef, useState } from "../html.js";
import { refreshAll } from "../live.js";
import { LongList } from "../long-list.js";
import { useNarrow } from "../media.js";
import { replaceQuery } from "../router.js";
import { Button, Choice, Dialog, download, Empty, explained, Field, PageHead, Pill, say, useAction } from "../ui.js";

const STATUSES = ["Accepted", "Blocked", "Invalid", "NoCredit"];
const TONES = { Accepted: "good", Blocked: "bad", Invalid: "bad", NoCredit: "warn" };
const HEAD = ["Id token", "Status", "Group", "Valid until", "Where", "Note"];
const NEW = {
  id_token: "", group_id: "", status: "Accepted", valid_from: null, expires_at: null, sites: [], charge_points: [],
  one_at_a_time: false, priority: 0, end_session_when_blocked: null, note: "",
};

export function IdTokens({ query }) {
  const [editing, setEditing] = useState(null);
  const narrow = useNarrow();
  const filter = { status: query.status, group_id: query.group_id };
  const done = () => {
    setEditing(null);
    refreshAll();
  };
  return html`<${PageHead} title="Id tokens" actions=${may("control") && html`
      <${Import} done=${done} /><${Export} />
      <${Button} kind="primary" icon="plus" onClick=${() => setEditing(NEW)}>New<//>`} />
    <div class="filters">
      <${Choice} label="Status" options=${[["", "All"], ...STATUSES.map((status) => [status, status])]} value=${query.status ?? ""}
        onChange=${(status) => replaceQuery({ ...query, status })} />
      <${Field} label="Group">${(field) => html`<input ...${field} type="search" value=${query.group_id ?? ""}
        onChange=${(event) => replaceQuery({ ...query, group_id: event.target.value.trim() })} />`}<//>
    </div>
    <section class="card flush">
      <${LongList} path=${paths.idTokens} query=${filter} rowHeight=${narrow ? 64 : 44} label="Id tokens"
        head=${HEAD.map((title, index) => html`<span key=${title} role="columnheader" class=${`s${index}`}>${title}</span>`)}
        row=${(item) => cells(item, narrow, () => setEditing(item))}
        empty=${html`<${Empty} icon="card" title="No id tokens">None match. What becomes of unknown ones is said by <code>unknown_id_tokens</code> in the configuration file.<//>`} />
    </section>
    <${Dialog} title=${editing?.id_token ? "Id token" : "New id token"} open=${editing !== null} onClose=${() => setEditing(null)}>
      ${editing && html`<${Editor} key=${editing.id_token} token=${editing} done=${done} />`}
    <//>`;
}

function cells(item, narrow, edit) {
  if (!item) return html`<span class="s0 pending" role="cell"></span>`;
  const where = [...item.sites, ...item.charge_points].join(", ") || "everywhere";
  const name = html`<span class="s0" role="cell"><button type="button" class="link" onClick=${edit}>${item.id_token}</button></span>`;
  const status = html`<span class="s1" role="cell"><${Pill} tone=${TONES[item.status]}>${item.status}<//>${item.running_sessions > 0 && html` <${Pill} tone="calm">charging<//>`}</span>`;
  const until = html`<span class="s3 left number" role="cell">${item.expires_at ? when(item.expires_at) : NONE}</span>`;
  const note = html`<span class="s5" role="cell" title=${item.note}>${item.note}</span>`;
  if (narrow) return html`${name}${status}${html`<span class="muted" role="cell">${where}</span>`}${note}`;
  return html`${name}${status}<span class="s2" role="cell">${item.group_id ?? NONE}</span>${until}<span class="s4 left" role="cell" title=${where}>${where}</span>${note}`;
}

const list = (text) => text.split(",").map((one) => one.trim()).filter(Boolean);

/** What is sent of the form: an empty field is no value. */
function bodyOf(draft) {
  const date = (text) => (text ? new Date(text).toISOString() : null);
  return {
    group_id: draft.group_id || null, status: draft.status, valid_from: date(draft.valid_from), expires_at: date(draft.expires_at),
    sites: list(draft.sites), charge_points: list(draft.charge_points), one_at_a_time: draft.one_at_a_time,
    priority: Number(draft.priority), end_session_when_blocked: draft.end_session_when_blocked, note: draft.note,
  };
}

const local = (iso) => {
  if (!iso) return "";
  const date = new Date(iso);
  return new Date(date - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
};

function Editor({ token, done }) {
  const known = token.id_token !== "";
  const [draft, setDraft] = useState(() => ({
    ...token, group_id: token.group_id ?? "", sites: token.sites.join(", "), charge_points: token.charge_points.join(", "),
    valid_from: local(token.valid_from), expires_at: local(token.expires_at),
  }));
  const [problem, setProblem] = useState(null);
  const [busy, setBusy] = useState(false);
  const change = (fields) => setDraft((was) => ({ ...was, ...fields }));
  const rule = (field) => (problem instanceof Problem ? problem.rule(field) : undefined);

  async function submit(event) {
    event.preventDefault();
    setBusy(true);
    setProblem(null);
    try {
      if (known) await patch(paths.idToken(token.id_token), bodyOf(draft));
      else await post(paths.idTokens, { id_token: draft.id_token, ...bodyOf(draft) });
      say(known ? "Changed." : "Created.");
      done();
    } catch (error) {
      setProblem(error);
      setBusy(false);
    }
  }

  const text = (name, label, more = {}) => html`<${Field} label=${label} hint=${more.hint} error=${rule(name)}>
    ${(field) => html`<input ...${field} type=${more.type ?? "text"} value=${draft[name]} disabled=${more.disabled} spellcheck=${false}
      onInput=${(event) => change({ [name]: event.target.value })} />`}
  <//>`;
  return html`<form class="form" onSubmit=${submit} novalidate>
    <fieldset disabled=${!may("control")} class="form">
      ${text("id_token", "Id token", { disabled: known, hint: known ? "" : "As it is presented at the charger; case does not matter." })}
      <div class="field"><span class="label">Status</span><${Choice} label="Status" options=${STATUSES.map((status) => [status, status])}
        value=${draft.status} onChange=${(status) => change({ status })} /></div>
      <div class="columns">
        ${text("valid_from", "Valid from", { type: "datetime-local" })}${text("expires_at", "Valid until", { type: "datetime-local" })}
        ${text("sites", "Sites", { hint: "ids, separated by commas; none: everywhere" })}${text("charge_points", "Charge points", { hint: "ids, or id:connector" })}
        ${text("group_id", "Group")}${text("note", "Note")}
      </div>
      <label class="check"><input type="checkbox" checked=${draft.one_at_a_time} onChange=${(event) => change({ one_at_a_time: event.target.checked })} /> One session at a time</label>
    </fieldset>
    ${problem && !(problem instanceof Problem && problem.errors.length) && html`<p class="error" role="alert">${explained(problem)}</p>`}
    <div class="form-actions">
      ${known && html`<${Removal} token=${token} done=${done} />`}
      ${may("control") && html`<${Button} kind="primary" type="submit" busy=${busy} disabled=${!draft.id_token.trim()}>${known ? "Save" : "Create"}<//>`}
    </div>
  </form>`;
}

/** Forgetting a token, or with the scope admin a person's traces: each asks once more. */
function Removal({ token, done }) {
  const [asked, setAsked] = useState(null);
  const [remove, removing] = useAction(async () => {
    await del(paths.idToken(token.id_token));
    done();
  }, "Forgotten: the id token is unknown now.");
  const [erase, erasing] = useAction(async () => {
    const gone = await del(paths.personalData(token.id_token));
    done();
    return gone;
  }, (gone) => `Erased from ${gone.sessions} sessions and ${gone.records} records.`);
  if (asked === "erase") return html`<span class="asked">Replace it in all sessions for good? <${Button} kind="danger" busy=${erasing} onClick=${erase}>Erase<//></span>`;
  if (asked === "remove") return html`<span class="asked">Forget it? <${Button} kind="danger" busy=${removing} onClick=${remove}>Forget<//></span>`;
  return html`<span class="asked">
    ${may("control") && html`<${Button} kind="quiet danger" onClick=${() => setAsked("remove")}>Forget<//>`}
    ${may("admin") && html`<${Button} kind="quiet danger" onClick=${() => setAsked("erase")}>Erase personal data<//>`}
  </span>`;
}

function Export() {
  const [run, busy] = useAction(async () => {
    download("id-tokens.csv", await exchange("GET", `${paths.idTokens}/export`));
  }, "Id tokens saved as CSV.");
  return html`<${Button} icon="download" busy=${busy} onClick=${run}>CSV<//>`;
}

function Import({ done }) {
  const input = useRef(null);
  const [run, busy] = useAction(async (file) => {
    const told = await exchange("POST", `${paths.idTokens}/import`, { text: await file.text(), type: "text/csv" });
    done();
    return JSON.parse(told);
  }, (told) => `${told.created} created, ${told.changed} changed.`);
  return html`<${Button} busy=${busy} onClick=${() => input.current.click()}>Import<//>
    <input ref=${input} type="file" accept=".csv,text/csv" hidden
      onChange=${(event) => { if (event.target.files[0]) run(event.target.files[0]); event.target.value = ""; }} />`;
}
