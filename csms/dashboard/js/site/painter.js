// A week that one paints: with a pointer, a finger or the keyboard.

import { exactKw } from "../format.js";
import { html, useRef, useState } from "../html.js";
import { clock, DAY_NAMES, dayWords, painted, paintAt, SLOT_MIN, SLOTS, toWeek, toWindows } from "../schedule.js";
import { Choice, Field } from "../ui.js";

const HOURS = [0, 3, 6, 9, 12, 15, 18, 21, 24];
const HALF = SLOTS / 2;

/** `windows` as the API has them; `onChange` is given the windows after each stroke. */
export function Painter({ windows, limit, ids, onChange }) {
  const week = toWeek(windows);
  const [tool, setTool] = useState("paint");
  const [power, setPower] = useState(() => String(Math.round((limit || 20) / 2)));
  const [each, setEach] = useState({});
  const usable = power !== "" && Number(power) >= 0;
  const stroke = ({ days, slots }, erase = tool === "erase") => {
    if (!erase && !usable) return;
    const paint = !erase ? { max_power_kw: Number(power), charge_point_limits_kw: each } : null;
    let next = week;
    for (let day = days[0]; day <= days[1]; day += 1) {
      next = painted(next, day, slots[0] * SLOT_MIN, (slots[1] + 1) * SLOT_MIN, paint);
    }
    onChange(toWindows(next));
  };
  return html`<div class="painter">
    <div class="tools">
      <${Choice} label="What a stroke does" options=${[["paint", "Paint a ceiling"], ["erase", "Erase"]]} value=${tool} onChange=${setTool} />
      ${tool === "paint" && html`<label class="inline">at most <input type="number" min="0" step="any" inputmode="decimal" aria-label="Ceiling of a stroke, in kW"
        value=${power} onInput=${(event) => setPower(event.target.value)} /> kW</label>
        <${EachLimit} ids=${ids} value=${each} onChange=${setEach} />`}
    </div>
    <${Week} week=${week} limit=${limit} onStroke=${stroke} erasing=${tool === "erase"} />
    <p class="hint">Draw over the hours. By keyboard: arrows move, Shift and arrows choose a stretch, Enter paints it, Delete erases it.</p>
    <${Windows} windows=${windows} onChange=${onChange} />
  </div>`;
}

/** What single chargers may draw at most within the stroke. */
function EachLimit({ ids, value, onChange }) {
  const given = Object.keys(value).length;
  return html`<details class="each">
    <summary>Single chargers${given ? ` (${given})` : ""}</summary>
    <div class="each-list">${ids.map((id) => html`<${Field} key=${id} label=${id}>
      ${(field) => html`<input ...${field} type="number" min="0" step="any" placeholder="no limit" value=${value[id] ?? ""}
        onInput=${(event) => {
          const { [id]: _gone, ...others } = value;
          onChange(event.target.value === "" ? others : { ...others, [id]: Number(event.target.value) });
        }} />`}
    <//>`)}</div>
  </details>`;
}

const between = (a, b) => [Math.min(a, b), Math.max(a, b)];

function Week({ week, limit, onStroke, erasing }) {
  const grid = useRef(null);
  const [cursor, setCursor] = useState({ day: 0, slot: 16 });
  const [anchor, setAnchor] = useState(null);
  const drawing = useRef(false);
  const chosen = anchor && { days: between(anchor.day, cursor.day), slots: between(anchor.slot, cursor.slot) };

  function cellAt(event) {
    const rows = [...grid.current.querySelectorAll(".day-track")];
    const boxes = rows.map((row) => row.getBoundingClientRect());
    const day = Math.max(0, boxes.findLastIndex((box) => event.clientY >= box.top));
    const slot = Math.floor(((event.clientX - boxes[0].left) / boxes[0].width) * SLOTS);
    return { day, slot: Math.max(0, Math.min(SLOTS - 1, slot)) };
  }

  function down(event) {
    if (event.button) return;
    event.preventDefault();
    grid.current.setPointerCapture(event.pointerId);
    drawing.current = true;
    const cell = cellAt(event);
    setCursor(cell);
    setAnchor(cell);
  }

  function up(event) {
    if (!drawing.current) return;
    drawing.current = false;
    const cell = cellAt(event);
    onStroke({ days: between(anchor.day, cell.day), slots: between(anchor.slot, cell.slot) });
    setAnchor(null);
  }

  function key(event) {
    const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0], Home: [0, -SLOTS], End: [0, SLOTS] }[event.key];
    if (step) {
      event.preventDefault();
      const next = { day: Math.max(0, Math.min(6, cursor.day + step[0])), slot: Math.max(0, Math.min(SLOTS - 1, cursor.slot + step[1])) };
      setAnchor(event.shiftKey ? (anchor ?? cursor) : null);
      setCursor(next);
      grid.current.querySelector(`[data-cell="${next.day}/${next.slot}"]`)?.focus();
    } else if (["Enter", " ", "Delete", "Backspace"].includes(event.key)) {
      event.preventDefault();
      const from = anchor ?? cursor;
      onStroke({ days: between(from.day, cursor.day), slots: between(from.slot, cursor.slot) }, event.key === "Delete" || event.key === "Backspace" || undefined);
      setAnchor(null);
    } else if (event.key === "Escape") setAnchor(null);
  }

  function focused(event) {
    const [day, slot] = event.target.dataset.cell?.split("/").map(Number) ?? [];
    if (day !== undefined && (day !== cursor.day || slot !== cursor.slot)) setCursor({ day, slot });
  }

  const inside = (day, slot) =>
    chosen && day >= chosen.days[0] && day <= chosen.days[1] && slot >= chosen.slots[0] && slot <= chosen.slots[1];
  return html`<div class=${`week ${erasing ? "erasing" : ""}`} role="grid" aria-label="Ceilings of the week" ref=${grid}
    onPointerDown=${down} onPointerMove=${(event) => drawing.current && setCursor(cellAt(event))} onPointerUp=${up}
    onPointerCancel=${() => { drawing.current = false; setAnchor(null); }} onKeyDown=${key} onFocusIn=${focused}>
    <div class="hours" aria-hidden="true">${HOURS.map((hour) => html`<span key=${hour} style=${{ left: `${(hour / 24) * 100}%` }}>${hour}</span>`)}</div>
    ${week.map((pieces, day) => html`<div key=${day} class="day" role="row">
      <span class="day-name" role="rowheader">${DAY_NAMES[day]}</span>
      <div class="day-track">
        ${pieces.map((piece) => html`<${PieceBlock} key=${piece.start} piece=${piece} limit=${limit} />`)}
        ${Array.from({ length: SLOTS }, (_, slot) => html`<span key=${slot} role="gridcell" data-cell=${`${day}/${slot}`}
          class=${`cell ${inside(day, slot) ? "chosen" : ""} ${slot % 2 ? "" : "hour"} ${slot === HALF ? "noon" : ""}`}
          tabindex=${cursor.day === day && cursor.slot === slot ? 0 : -1} aria-selected=${inside(day, slot) ? "true" : "false"}
          aria-label=${cellWords(week, day, slot)}></span>`)}
      </div>
    </div>`)}
  </div>`;
}

function cellWords(week, day, slot) {
  const paint = paintAt(week, day, slot * SLOT_MIN);
  return `${DAY_NAMES[day]} ${clock(slot * SLOT_MIN)}, ${paint ? `at most ${exactKw(paint.max_power_kw)}` : "no window"}`;
}

function PieceBlock({ piece, limit }) {
  const width = ((piece.end - piece.start) / 1440) * 100;
  const depth = limit ? Math.min(1, piece.paint.max_power_kw / limit) : 1;
  const own = Object.keys(piece.paint.charge_point_limits_kw).length;
  const style = { left: `${(piece.start / 1440) * 100}%`, width: `${width}%`, "--depth": `${Math.round(22 + depth * 58)}%` };
  return html`<span class=${`piece ${piece.paint.max_power_kw === 0 ? "zero" : ""}`} style=${style} aria-hidden="true">
    ${width > 7 && html`<b>${piece.paint.max_power_kw}${own > 0 && "*"}</b>`}
  </span>`;
}

/** The same in words, one line each: what a screen reader hears, and what a phone shows best. */
function Windows({ windows, onChange }) {
  if (!windows.length) return html`<p class="muted">No windows: the ceiling of the site holds all week.</p>`;
  return html`<ul class="rows windows">${windows.map((window, index) => html`<li key=${index}>
    <span><strong>${exactKw(window.max_power_kw)}</strong> ${dayWords(window.days)}, ${window.start}–${window.end}
      ${Object.keys(window.charge_point_limits_kw ?? {}).length > 0 && html`<small>${Object.entries(window.charge_point_limits_kw).map(([id, kw]) => `${id} ${exactKw(kw)}`).join(", ")}</small>`}</span>
    <button type="button" class="button quiet small" onClick=${() => onChange(windows.filter((_, other) => other !== index))}>Remove</button>
  </li>`)}</ul>`;
}
