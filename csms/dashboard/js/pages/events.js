// What is wrong, what was, and what happens right now.

import { get, may, paths, post } from "../api.js";
import { alarmText } from "../chargers.js";
import { merged } from "../event-list.js";
import { eventWords, fields } from "../event-words.js";
import { GROUPS, RECORDED, typeWords } from "../event-types.js";
import { exactTime, since, when, zoneName } from "../format.js";
import { html, useEffect, useMemo, useState } from "../html.js";
import { useLive, useNow } from "../live.js";
import { PlacedTime } from "../parts.js";
import { replaceQuery, to } from "../router.js";
import { hear, streaming } from "../stream.js";
import { Button, Card, Choice, Empty, Loaded, PageHead, Pill, useAction } from "../ui.js";
import { useShared } from "../value.js";
import { useZones } from "../zones.js";

const VIEWS = [["standing", "Standing"], ["past", "Cleared"], ["events", "Events"]];

export function Events({ query }) {
  const view = VIEWS.some(([name]) => name === query.view) ? query.view : "standing";
  return html`<${PageHead} title="Alarms and events" actions=${html`<${Choice} label="What to show" options=${VIEWS} value=${view}
      onChange=${(value) => replaceQuery({ view: value })} />`} />
    ${view === "events" ? html`<${Feed} query=${query} />` : html`<${Alarms} key=${view} standing=${view === "standing"} />`}`;
}

function Alarms({ standing }) {
  const [limit, setLimit] = useState(100);
  const live = useLive((signal) => get(paths.alarms, { standing, limit }, signal), `alarms/${standing}/${limit}`);
  const now = useNow(10_000);
  const zones = useZones();
  return html`<section class="card">
    <${Loaded} of=${live}>
      ${({ items, total }) => (items.length === 0
        ? html`<${Empty} icon="check" title=${standing ? "No alarm stands" : "No alarms so far"}>${standing ? "Every limit holds, and every charger that was told one follows it." : "None was raised that has been cleared."}<//>`
        : html`<ul class="alarms">${items.map((alarm) => html`<${Alarm} key=${alarm.alarm_id} alarm=${alarm} zone=${zones.get(alarm.site_id)} now=${now} reload=${live.reload} />`)}</ul>
          ${total > items.length && limit < 1000 && html`<div class="center"><${Button} onClick=${() => setLimit(1000)}>Show more<//></div>`}`)}
    <//>
  </section>`;
}

function Alarm({ alarm, zone, now, reload }) {
  const [clear, busy] = useAction(async () => {
    await post(`/api/v1/alarms/${alarm.alarm_id}/clear`);
    reload();
  }, "Cleared.");
  const lasted = alarm.cleared_at // the zone is named once
    ? html`${when(alarm.raised_at, zone)}, until <${PlacedTime} at=${alarm.cleared_at} zone=${zone} />`
    : html`<${PlacedTime} at=${alarm.raised_at} zone=${zone} />, for ${since(alarm.raised_at, now)}`;
  return html`<li>
    <${Pill} tone=${alarm.cleared_at ? "quiet" : "bad"}>${alarm.kind.replaceAll("_", " ")}<//>
    <div><p>${alarmText(alarm)}</p>
      <small><a href=${to(["sites", alarm.site_id])}>${alarm.site_id}</a> · ${alarm.subject} · ${lasted}</small>
    </div>
    ${alarm.kind === "security_event" && !alarm.cleared_at && may("control") && html`<${Button} kind="small" busy=${busy} onClick=${clear}>Clear<//>`}
  </li>`;
}

const KEEP = 200;

const KINDS = [["", "All but readings"], ...GROUPS.map(([title, types]) => [types.join(","), title])];

/** The newest on record, and above them what has come since. */
export function Feed({ query, chargePoint, zone }) {
  const type = KINDS.some(([value]) => value === query.type) ? query.type : "";
  const about = { charge_point_id: chargePoint, type };
  const past = useLive((signal) => get("/api/v1/events", { ...about, format: "json", before: Number.MAX_SAFE_INTEGER, limit: 100 }, signal), `events/${type}/${chargePoint ?? ""}`, 0);
  const [fresh, setFresh] = useState([]);
  const flows = useShared(streaming);
  const [paused, setPaused] = useState(false);
  useEffect(() => {
    setFresh([]);
    if (paused) return undefined;
    const types = type ? type.split(",") : RECORDED.flatMap(([, some]) => some);
    return hear((event) => {
      if (!types.includes(event.type) || (chargePoint && event.charge_point_id !== chargePoint)) return;
      setFresh((known) => [event, ...known].slice(0, KEEP));
    });
  }, [type, chargePoint, paused]);
  const shown = useMemo(() => merged(fresh, past.data?.items ?? [], KEEP), [fresh, past.data]);
  const zones = useZones();
  const zoneOf = (event) => zone ?? zones.get(event.site_id);
  const zoned = shown.some((event) => zoneName(event.at, zoneOf(event)));
  return html`<${Card} title="Events" actions=${html`<${Pill} tone=${flows && !paused ? "good" : "quiet"}>${paused ? "paused" : flows ? "live" : "not live"}<//>
      <${Button} kind="quiet round" icon=${paused ? "play" : "pause"} aria-label=${paused ? "Go on" : "Pause"} onClick=${() => setPaused(!paused)} />`}>
    <div class="filters"><${Choice} label="Kind" options=${KINDS} value=${type} onChange=${(value) => replaceQuery({ ...query, type: value })} /></div>
    <${Loaded} of=${past}>
      ${() => (shown.length === 0
        ? html`<${Empty} icon="bell" title="Nothing yet">What happens shows here as it happens.<//>`
        : html`<ol class=${`feed ${zoned ? "zoned" : ""}`}>${shown.map((event) => html`<${Line} key=${event.key} event=${event} zone=${zoneOf(event)} />`)}</ol>`)}
    <//>
  <//>`;
}

const TONES = { alarm_raised: "bad", limit_rejected: "bad", limit_unanswered: "warn", charge_point_disconnected: "warn", charge_point_flapping: "warn",
  security_event: "bad", security_alert: "bad", session_started: "good", session_refused: "bad", alarm_cleared: "good", configuration_changed: "calm" };

function Line({ event, zone }) {
  return html`<li>
    <${PlacedTime} at=${event.at} zone=${zone} shown=${exactTime} />
    <${Pill} tone=${TONES[event.type] ?? "quiet"}>${typeWords(event.type)}<//>
    <span>${event.charge_point_id ? html`<a href=${to(["charge-points", event.charge_point_id])}>${event.charge_point_id}</a>` : event.site_id}</span>
    <span class="said" title=${fields(event.data)}>${eventWords(event)}</span>
  </li>`;
}
