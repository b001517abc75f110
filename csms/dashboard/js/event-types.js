// The types of events, in groups as people look for them; a test compares them with the server's.

export const GROUPS = [
  ["Sessions", ["session_started", "session_refused", "session_ended"]],
  ["Charge points", ["charge_point_connected", "charge_point_disconnected", "charge_point_booted", "charge_point_flapping", "charge_point_status_changed",
    "progress_reported", "way_learned"]],
  ["Limits", ["allocation_changed", "limit_confirmed", "limit_rejected", "limit_unanswered"]],
  ["Alarms", ["alarm_raised", "alarm_cleared"]],
  ["Security", ["security_event", "security_alert", "access_changed", "certificate_signed"]],
  ["Configuration", ["configuration_changed", "site_restarted"]],
  ["Readings", ["session_updated"]],
];

/** What is recorded, and so can be delivered for certain. Readings are told as they come, and would bury all else. */
export const RECORDED = GROUPS.filter(([title]) => title !== "Readings");

export const typeWords = (type) => type.replaceAll("_", " ");
