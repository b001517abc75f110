// What happened, said in one line. Pure.

import { exactKw, kw, kwh, span } from "./format.js";

const connector = (data) => (data.connector_id ? `connector ${data.connector_id}` : "the whole charge point");
const said = (...parts) => parts.filter(Boolean).join(", ");
const limit = (data) => `${exactKw(data.limit_kw)} for ${data.purpose === "default" ? `${connector(data)} while it is free` : `the session on ${connector(data)}`}`;
const failed = (data) => said(limit(data), data.detail || data.answer);

/** @type {Record<string, (data: any) => string>} */
const SAID = {
  charge_point_connected: (data) => `speaks ${data.protocol.replace("ocpp", "OCPP ")}`,
  charge_point_disconnected: (data) => data.reason,
  charge_point_booted: (data) => said([data.vendor, data.model].filter(Boolean).join(" "), data.firmware_version && `firmware ${data.firmware_version}`, data.reason),
  charge_point_flapping: (data) => `${data.connections} connections within ${span(data.within_s * 1000)}`,
  charge_point_status_changed: (data) => said(`${connector(data)}: ${data.status}`, data.error_code !== "NoError" && data.error_code),
  progress_reported: (data) => `${data.task}: ${data.status}`,
  way_learned: (data) => said(data.because, data.given_up && "no other way is left"),
  session_started: (data) => `on ${connector(data)}`,
  session_updated: (data) => said(`on ${connector(data)}`, data.power_kw !== null && kw(data.power_kw), data.energy_kwh !== null && `${kwh(data.energy_kwh)} so far`),
  session_refused: (data) => said(`on ${connector(data)}`, data.status),
  session_ended: (data) => said(`on ${connector(data)}`, data.energy_kwh !== null && kwh(data.energy_kwh), data.stop_reason),
  allocation_changed: (data) => said(`${data.limits === 1 ? "1 limit" : `${data.limits} limits`} sent`, `budget ${exactKw(data.total_budget_kw)}`,
    `permitted ${kw(data.permitted_kw)}`, `drawn ${kw(data.actual_kw)}`),
  limit_confirmed: limit,
  limit_rejected: failed,
  limit_unanswered: failed,
  alarm_raised: (data) => data.text,
  alarm_cleared: (data) => `${data.kind.replaceAll("_", " ")}: ${data.subject}`,
  configuration_changed: (data) => said(data.what.replaceAll("_", " "), data.removed && "removed", data.source && `by ${data.source}`),
  security_event: (data) => said(data.kind, data.detail),
};

/** An event in everyday words; one whose words are not known, field by field. */
export function eventWords({ type, data }) {
  return SAID[type]?.(data) ?? fields(data);
}

/** Every field that says something. */
export function fields(data) {
  return Object.entries(data ?? {})
    .filter(([, value]) => value !== null && value !== "" && value !== false && !(Array.isArray(value) && !value.length))
    .map(([name, value]) => `${name} ${typeof value === "object" ? JSON.stringify(value) : value}`)
    .join(" · ");
}
