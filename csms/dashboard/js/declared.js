// What is declared of a site, its circuits and its charge points: as texts of forms, and back as the API takes it. Pure.

const number = (name, label, hint) => ({ name, label, hint, kind: "number" });
const text = (name, label, hint) => ({ name, label, hint });
const choice = (name, label, options, hint) => ({ name, label, hint, kind: "choice", options });

export const SITE_PARTS = [
  text("name", "Name"),
  text("timezone", "Time zone", "such as Europe/Berlin"),
  number("grid_capacity_kw", "Grid connection, in kW"),
  number("grid_max_current_a", "Its fuse, in A per phase", "empty: not limited"),
];

export const MORE_OF_A_SITE = [
  number("reserve_kw", "Never given to chargers, in kW"),
  number("site_load_max_kw", "The building draws at most, in kW", "counted when its meter is silent"),
  number("site_load_max_current_a", "And at most, in A per phase"),
  number("site_load_max_age_s", "Its meter counts as silent after, in s"),
  number("voltage_v", "Voltage of a phase, in V"),
  number("voltage_min_v", "At least, in V", "empty: ten percent below"),
  number("voltage_max_v", "At most, in V", "empty: the voltage itself"),
  number("price_per_kwh", "Price of a kWh", "empty: none is told"),
  text("currency", "Currency", "such as EUR"),
];

const ALL_OF_A_SITE = [...SITE_PARTS, ...MORE_OF_A_SITE];

export const NEW_SITE = { site_id: "", name: "", timezone: "Europe/London", grid_capacity_kw: "" };

const written = (value) => (value === null || value === undefined ? "" : String(value));

/** A site as it is answered: of its voltages those that were declared. */
export function siteTexts(site) {
  const declared = { ...site, voltage_min_v: site.declared_voltage_min_v, voltage_max_v: site.declared_voltage_max_v };
  return Object.fromEntries(ALL_OF_A_SITE.map(({ name }) => [name, written(declared[name])]));
}

/** What is empty is left out, and has its default. */
export function siteBody(texts, circuits) {
  return { ...bodyOf(ALL_OF_A_SITE, texts), circuits: circuits.map(circuitBody) };
}

function bodyOf(parts, texts) {
  const filled = parts.filter(({ name }) => (texts[name] ?? "").trim() !== "");
  return Object.fromEntries(filled.map((part) => [part.name, valueOf(part, texts[part.name].trim())]));
}

function valueOf(part, written) {
  if (part.kind === "number") return Number(written);
  return { true: true, false: false }[part.options ? written : ""] ?? written;
}

export const circuitTexts = (circuit) => ({
  circuit_id: circuit.circuit_id, parent: circuit.parent ?? "grid", max_power_kw: written(circuit.max_power_kw),
  max_current_a: written(circuit.max_current_a), charge_points: circuit.charge_point_ids.join(", "),
});

export const NEW_CIRCUIT = { circuit_id: "", parent: "grid", max_power_kw: "", max_current_a: "", charge_points: "" };

const optional = (written) => (written.trim() === "" ? null : Number(written));

function circuitBody(texts) {
  return {
    circuit_id: texts.circuit_id.trim(), parent: texts.parent === "grid" ? null : texts.parent,
    max_power_kw: optional(texts.max_power_kw), max_current_a: optional(texts.max_current_a),
    charge_points: texts.charge_points.split(",").map((id) => id.trim()).filter(Boolean),
  };
}

const YES_NO = [["true", "Yes"], ["false", "No"]];

export const POINT_PARTS = [
  number("max_power_kw", "Rated power, in kW", "of all its connectors; empty: not known"),
  number("connectors", "Connectors"),
  choice("current", "Current", [["", "Not known"], ["AC", "AC"], ["DC", "DC"]]),
  choice("phases", "Phases", [["", "Not known"], ["1", "1"], ["2", "2"], ["3", "3"]]),
  choice("in_service", "In service", YES_NO, "no: switched off; it counts nothing"),
  number("offline_limit_kw", "May draw while offline, in kW", "kept free for it at all times"),
];

export const MORE_OF_A_POINT = [
  choice("phase", "The phase that feeds it", [["", "Not known"], ["L1", "L1"], ["L2", "L2"], ["L3", "L3"]], "with one phase"),
  choice("phase_rotation", "Order of its phases", [["", "Not known"], ...["RST", "RTS", "SRT", "STR", "TRS", "TSR"].map((one) => [one, one])],
    "with two or three phases"),
  number("grid_factor", "Drawn from the grid per kW delivered", "1 to 2; a DC charger's losses"),
  choice("never_pause", "Cars there must never be paused", YES_NO),
  choice("protocol", "Without a subprotocol it speaks", [["", "Not said"], ["ocpp1.6", "OCPP 1.6"], ["ocpp2.0.1", "OCPP 2.0.1"]]),
  choice("registration", "When it boots it is", [["accept", "Accepted"], ["pending", "Kept waiting"], ["reject", "Rejected"]]),
  choice("local_list", "Is sent the local list", [["", "As is the rule"], ["true", "Yes"], ["false", "No"]]),
  choice("security_profile", "Security profile, at least", ["0", "1", "2", "3"].map((one) => [one, one])),
  text("certificate_name", "Common name of its certificate", "empty: its id"),
];

const ALL_OF_A_POINT = [...POINT_PARTS, ...MORE_OF_A_POINT];
const NUMBERS = new Set(["phases", "security_profile"]);

export const NEW_POINT = {
  charge_point_id: "", circuit_id: "", max_power_kw: "", connectors: "1", current: "", phases: "", in_service: "true",
  offline_limit_kw: "0", phase: "", phase_rotation: "", grid_factor: "1", never_pause: "false", protocol: "", registration: "accept",
  local_list: "", security_profile: "0", certificate_name: "", password: "keep", password_sha256: "",
};

/** A charge point as it is answered. */
export function pointTexts(point) {
  const said = Object.fromEntries(ALL_OF_A_POINT.map(({ name }) => [name, written(point.settings[name])]));
  return { ...NEW_POINT, ...said, charge_point_id: point.charge_point_id, circuit_id: written(point.settings.circuit_id) };
}

/** Its password stays unless another is given (`new`) or it is taken away (`none`): what nobody can read is not sent back. */
export function pointBody(texts) {
  const body = bodyOf(ALL_OF_A_POINT, texts);
  for (const name of NUMBERS) if (name in body) body[name] = Number(body[name]);
  if (texts.password === "new") body.password_sha256 = texts.password_sha256.trim();
  if (texts.password === "none") body.password_sha256 = null;
  return { ...body, circuit_id: texts.circuit_id || null };
}
