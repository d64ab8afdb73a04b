// @ts-check
/** Times, spans and values as a person reads them, in the user's zone and language. */

import { config, number, t } from "./config.js";

const zone = config.timeZone ? { timeZone: config.timeZone } : {};
const moment = new Intl.DateTimeFormat(config.locale, {
  ...zone, month: "short", day: "numeric", hour: "2-digit", minute: "2-digit",
});
const clockTime = new Intl.DateTimeFormat(config.locale, {
  ...zone, hour: "2-digit", minute: "2-digit",
});
/** Without a zone of the user's own the server counts days in UTC. */
const calendar = new Intl.DateTimeFormat("en-CA", { timeZone: config.timeZone || "UTC" });
const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d/;

/** "1 h 42 min", "4 h"; under a minute still "1 min". @param {number} milliseconds */
export function span(milliseconds) {
  const minutes = Math.max(1, Math.round(Math.abs(milliseconds) / 60_000));
  if (minutes < 60) return t("span_minutes", { m: minutes });
  if (minutes < 60 * 24) return two("span_hours", { h: Math.floor(minutes / 60), m: minutes % 60 });
  const hours = Math.round(minutes / 60);
  return two("span_days", { d: Math.floor(hours / 24), h: hours % 24 });
}

/** The phrase for both parts, or for the larger alone. @param {string} name @param {Record<string, number>} parts */
function two(name, parts) {
  const [[large, value], [, small]] = Object.entries(parts);
  return small ? t(name, parts) : t(`${name}_only`, { [large]: value });
}

/** "9:41". @param {number} milliseconds */
export function clock(milliseconds) {
  const seconds = Math.max(0, Math.ceil(milliseconds / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

/** @param {string} iso */
export const time = (iso) => clockTime.format(new Date(iso));

/** The user's day, "2026-03-01". @param {number} now */
export const day = (now) => calendar.format(now);

/** The moment and how long ago. @param {string} iso @param {number} now */
export function when(iso, now) {
  const date = new Date(iso);
  const ago = now - date.getTime();
  const text = moment.format(date);
  return ago > 0 && ago < 7 * 86_400_000 ? `${text} · ${t("ago", { span: span(ago) })}` : text;
}

/** Any JSON value as plain text. @param {unknown} value @param {number} now @returns {string} */
export function plain(value, now) {
  if (value === null || value === undefined || value === "") return "–";
  if (typeof value === "boolean") return value ? t("yes") : t("no");
  // Seeds and ids are numbers too: no grouping, or they could not be searched for.
  if (typeof value === "number") return String(value);
  if (typeof value === "string") return ISO.test(value) ? when(value, now) : value;
  return JSON.stringify(value);
}

/** A count with separators, "–" when unknown. @param {number | null | undefined} value */
export const count = (value) => (typeof value === "number" ? number(value) : "–");
