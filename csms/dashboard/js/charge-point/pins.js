// What can be pinned of how a charge point takes its limits, as the fields of a form. Pure; a test compares it with the server's.

const YES_NO = [["", "Left open"], ["true", "Yes"], ["false", "No"]];
const flag = (name, label, hint = "") => ({ name, label, hint, kind: "choice", options: YES_NO });
const choice = (name, label, options, hint = "") => ({ name, label, hint, kind: "choice", options: [["", "Left open"], ...options] });
const number = (name, label, hint) => ({ name, label, hint, kind: "number" });
const list = (name, label, hint) => ({ name, label, hint, list: true });

/** The knobs, in the order of the API. */
export const KNOBS = [
  choice("rate_units", "Units it takes limits in", [["A", "Amperes"], ["W", "Watts"], ["A,W", "Both"]]),
  number("max_stack_level", "Stack level of our profiles", "0 to 1000"),
  number("max_periods", "Periods a schedule may have", "1 to 1000; with 1 nothing is leased"),
  flag("switches_phases", "Goes to one phase when told"),
  number("current_step_a", "Step of its currents, in A", "0.1 to 16"),
  flag("relative_profiles", "Profiles are Relative"),
  choice("limit_by", "The profile that limits its sessions", [["transaction", "TxProfile"], ["default", "TxDefaultProfile"], ["station", "ChargePointMaxProfile"]],
    "the last needs a single connector"),
  list("currents_a", "The only currents it takes, in A", "such as 6, 10, 16; each 6 to 1000"),
  flag("takes_zero", "Can be told 0", "no: it stands at its lowest current instead"),
  number("lowest_default_a", "Lowest current of a default profile, in A", "6 to 32"),
  flag("number_phases", "Periods say numberPhases"),
  flag("start_schedule", "Absolute profiles say when they start"),
  flag("names_transaction", "A TxProfile says its transactionId", "OCPP 1.6"),
  flag("default_on_station", "Default profile goes to connector 0", "yes needs a single connector"),
  flag("leases", "Reads a second period rightly", "no: nothing is leased"),
  flag("keeps_profiles", "Keeps its profiles when the connection is lost"),
  list("unasked", "Settings it must not be asked about", "such as measurands, meter_interval"),
  flag("current_sums_phases", "Its current without a phase is the sum of all"),
  choice("register_unit", "Its energy register is in", [["Wh", "Wh"], ["kWh", "kWh"]], "whatever it says"),
  flag("power_metered", "Its power is to be believed"),
];

const LABELS = new Map(KNOBS.map((knob) => [knob.name, knob.label]));

export const knobLabel = (name) => LABELS.get(name) ?? name;

/** What is pinned, as texts. */
export function textsOf(pinned) {
  return Object.fromEntries(KNOBS.map(({ name, list: several }) => {
    const value = pinned?.[name];
    if (value === null || value === undefined) return [name, ""];
    return [name, Array.isArray(value) ? value.join(several ? ", " : ",") : String(value)];
  }));
}

/** The body to pin: an empty text leaves its knob to the other sources. */
export function pinsOf(texts) {
  const filled = KNOBS.filter(({ name }) => (texts[name] ?? "").trim() !== "");
  return Object.fromEntries(filled.map((knob) => [knob.name, valueOf(knob, texts[knob.name].trim())]));
}

function valueOf(knob, text) {
  if (knob.kind === "number") return Number(text);
  if (knob.options === YES_NO) return text === "true";
  const parts = text.split(",").map((part) => part.trim()).filter(Boolean);
  if (knob.name === "rate_units" || knob.name === "unasked") return parts;
  return knob.list ? parts.map(Number) : text;
}
