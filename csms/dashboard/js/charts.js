// Charts over time, on uPlot: it draws, these say what.

import uPlot from "../vendor/uplot.js";
import { exactTime, kw, time, when } from "./format.js";
import { html, useEffect, useLayoutEffect, useRef, useState } from "./html.js";
import { niceTop, scaleOf } from "./series.js";
import { colour, theme } from "./theme.js";
import { useShared } from "./value.js";

/** Ten muted colours in pairs; neighbours differ in lightness as well as in hue. */
const AREAS = 10;
export const areaColour = (index) => colour(`area-${index % AREAS}`);

/**
 * A chart that keeps its size and its theme; `make` gives uPlot's options, `shape` says when they differ.
 * @param {{data: any[], make: () => object, shape: string, height: number, label: string, tip: (index: number) => any}} props
 */
function Chart({ data, make, shape, height, label, tip }) {
  const frame = useRef(null);
  const chart = useRef(null);
  const shown = useShared(theme);
  const [cursor, setCursor] = useState(null);

  useLayoutEffect(() => {
    const hooks = { setCursor: [(u) => setCursor(u.cursor.idx === null ? null : { index: u.cursor.idx, left: u.cursor.left })] };
    const size = { width: frame.current.clientWidth, height };
    chart.current = new uPlot({ ...make(), ...size, hooks, legend: { show: false } }, data, frame.current);
    const observer = new ResizeObserver(() => {
      const width = frame.current?.clientWidth;
      if (width && width !== chart.current?.width) chart.current.setSize({ width, height });
    });
    observer.observe(frame.current);
    return () => {
      observer.disconnect();
      chart.current.destroy();
      chart.current = null;
    };
  }, [shape, shown, height]);

  useEffect(() => chart.current?.setData(data), [data]);

  const inside = cursor && cursor.index < data[0].length;
  const right = inside && cursor.left > (frame.current?.clientWidth ?? 0) / 2;
  return html`<div class="chart" role="img" aria-label=${label}>
    <div ref=${frame} style=${{ height: `${height}px` }}></div>
    ${inside && html`<div class=${`tip ${right ? "left" : "right"}`}>${tip(cursor.index)}</div>`}
  </div>`;
}

function axes(zone, unit) {
  const common = {
    stroke: colour("muted"), font: '12px "Inter", system-ui, sans-serif',
    grid: { stroke: colour("line"), width: 1 }, ticks: { show: false },
  };
  return [
    { ...common, grid: { show: false }, size: 30, space: 72, values: (_u, ticks, _axis, _space, step) => ticks.map((at) => tick(at, step, zone)) },
    { ...common, size: 48, space: 36, label: unit, labelSize: 18, labelGap: -2, labelFont: common.font },
  ];
}

function tick(at, stepS, zone) {
  const iso = at * 1000;
  if (stepS >= 86_400) return when(iso, zone, 0).split(",")[0].replace(/ \d{4}$/, "");
  return stepS < 60 ? exactTime(iso, zone) : time(iso, zone);
}

const BASE = {
  cursor: { y: false, points: { show: false }, drag: { x: false, y: false } },
  padding: [12, 26, 0, 0], // at the right room for half of the last time
};

const inZone = (zone) => (at) => uPlot.tzDate(new Date(at * 1000), zone ?? Intl.DateTimeFormat().resolvedOptions().timeZone);

/**
 * A line that steps halfway between its points, so that a mean stands for the time around it. Where a point has no value
 * it ends, and begins again. A path of uPlot, whose own steps begin or end at a point.
 */
function halfway(u, index, from, to) {
  const stroke = new Path2D();
  const [x, y] = [u.data[0], u.data[index]];
  const across = (at) => Math.round(u.valToPos(at, "x", true));
  const up = (value) => Math.round(u.valToPos(value, "y", true));
  let before = null;
  for (let at = from; at <= to; at += 1) {
    if (y[at] === null) before = null;
    else {
      const middle = before === null ? across(x[at]) : across((x[at - 1] + x[at]) / 2);
      if (before === null) stroke.moveTo(middle, up(y[at]));
      else if (before !== y[at]) stroke.lineTo(middle, up(before));
      stroke.lineTo(middle, up(y[at]));
      stroke.lineTo(across(x[at]), up(y[at]));
      before = y[at];
    }
  }
  return { stroke, fill: null, clip: null, band: null, gaps: null, flags: 0 };
}

/** The draw of each charger stacked below the budget, with what is allocated above it. */
export function StackChart({ series, from, to, zone, height, marked, colours }) {
  const order = series.names.map((_name, index) => index).reverse();
  const data = [series.x, series.allocated, series.tops.at(-1), ...order.map((index) => series.tops[index]), series.budget];
  const { top } = scaleOf(series);
  const bounds = useRef({});
  bounds.current = { from, to, top };

  const area = (fill) => ({ scale: "y", fill, stroke: colour("card"), width: 0.75, points: { show: false } });
  const make = () => ({
    ...BASE,
    tzDate: inZone(zone),
    scales: {
      x: { time: true, range: () => [bounds.current.from, bounds.current.to] },
      y: { range: () => [0, bounds.current.top] },
    },
    axes: axes(zone, "kW"),
    series: [
      {},
      { scale: "y", fill: colour("allocated"), stroke: colour("allocated-edge"), width: 1.5, points: { show: false } },
      area(colour("others")),
      ...order.map((index) => area(marked && marked !== series.names[index] ? `${colours(series.names[index])}55` : colours(series.names[index]))),
      { scale: "y", stroke: colour("budget"), width: 1.5, dash: [6, 4], paths: halfway, points: { show: false } },
    ],
  });

  const tip = (index) => {
    const before = (position) => (position ? series.tops[position - 1][index] : 0);
    const draws = series.names
      .map((name, position) => ({ name, draw: series.tops[position][index] - before(position) }))
      .filter(({ draw }) => draw > 0.02)
      .reverse();
    const total = series.tops.at(-1)[index];
    const rest = total - (series.names.length ? series.tops.at(-2)[index] : 0);
    return html`<strong>${exactTime(series.x[index] * 1000, zone)}</strong>
      <${TipRow} name="Budget" value=${series.budget[index]} mark="budget" />
      <${TipRow} name="Allocated" value=${series.allocated[index]} mark="allocated" />
      <${TipRow} name="Drawn" value=${total} strong />
      ${draws.slice(0, 8).map(({ name, draw }) => html`<${TipRow} key=${name} name=${name} value=${draw} fill=${colours(name)} />`)}
      ${draws.length > 8 && html`<div class="muted">and ${draws.length - 8} more</div>`}
      ${rest > 0.02 && draws.length > 0 && html`<${TipRow} name="Others" value=${rest} />`}`;
  };
  const shape = `${series.names.join("\n")}|${zone}|${marked ?? ""}`;
  const label = `Power of the chargers over time, in kilowatts, ${time(from * 1000, zone)} to ${time(to * 1000, zone)}`;
  return html`<${Chart} data=${data} make=${make} shape=${shape} height=${height} label=${label} tip=${tip} />`;
}

function TipRow({ name, value, mark, fill, strong }) {
  return html`<div class=${`tip-row ${strong ? "strong" : ""}`}>
    <span class=${`swatch ${mark ?? ""}`} style=${fill ? { background: fill } : undefined}></span>
    <span class="name">${name}</span><span class="number">${kw(value)}</span>
  </div>`;
}

/**
 * Lines and areas of power. `lines` are drawn in their order.
 * @param {{x: number[], lines: {name: string, values: (number | null)[], stroke: string, fill?: string, dash?: number[],
 *   stepped?: boolean}[], zone?: string, height: number, label: string, from?: number, to?: number, top?: number}} props
 * `top` is the upper end of the scale, by default one that everything fits below.
 */
export function PowerChart({ x, lines, zone, height, label, from, to, top = topOf(lines) }) {
  const data = [x, ...lines.map((line) => line.values)];
  const bounds = useRef({});
  bounds.current = { from: from ?? x[0] ?? 0, to: to ?? x.at(-1) ?? 1, top };
  const make = () => ({
    ...BASE,
    tzDate: inZone(zone),
    scales: {
      x: { time: true, range: () => [bounds.current.from, bounds.current.to] },
      y: { range: () => [0, bounds.current.top] },
    },
    axes: axes(zone, "kW"),
    series: [
      {},
      ...lines.map((line) => ({
        scale: "y", stroke: colour(line.stroke), fill: line.fill && colour(line.fill), width: 1.5, dash: line.dash,
        paths: line.stepped ? uPlot.paths.stepped({ align: 1 }) : undefined, points: { show: false },
      })),
    ],
  });
  const tip = (index) => html`<strong>${when(x[index] * 1000, zone)}</strong>
    ${lines.map((line) => html`<${TipRow} key=${line.name} name=${line.name} value=${line.values[index]} fill=${colour(line.stroke)} />`)}`;
  const shape = `${lines.map((line) => line.name).join("\n")}|${zone}`;
  return html`<${Chart} data=${data} make=${make} shape=${shape} height=${height} label=${label} tip=${tip} />`;
}

const topOf = (lines) => niceTop(lines.flatMap((line) => line.values).reduce((most, value) => Math.max(most, value ?? 0), 0));

/** What the colours of a chart mean. */
export function Legend({ items }) {
  return html`<ul class="legend">
    ${items.map(([name, mark]) => html`<li key=${name}><span class=${`swatch ${mark}`}></span>${name}</li>`)}
  </ul>`;
}
