// How times are written, in the reader's own time zone.
import { lang as tag, translate } from "./translate.js";

// With European digits in every language, as on the server.
const lang = tag + "-u-nu-latn";
const clockTime = new Intl.DateTimeFormat(lang, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const shortDate = new Intl.DateTimeFormat(lang, { day: "numeric", month: "short" });
const longDate = new Intl.DateTimeFormat(lang, { day: "numeric", month: "long", year: "numeric" });
const fullTime = new Intl.DateTimeFormat(lang, { dateStyle: "medium", timeStyle: "medium", hourCycle: "h23" });
const dateTime = new Intl.DateTimeFormat(lang, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });

export const timeOf = (date) => clockTime.format(date);
export const minuteOf = (date) => Math.floor(date / 60000);

const names = new Intl.ListFormat(tag === "en" ? "en-GB" : tag); // without a comma before "and", as on the server

/** Names in a sentence: Anna, Ben and Cleo. */
export const listOf = (list) => names.format(list);

/** A running time: 0:41, 12:05, 1:02:07. */
export function clock(seconds) {
  const s = Math.max(0, Math.floor(seconds));
  const pad = (n) => String(n).padStart(2, "0");
  if (s >= 3600) return `${Math.floor(s / 3600)}:${pad(Math.floor(s / 60) % 60)}:${pad(s % 60)}`;
  return `${Math.floor(s / 60)}:${pad(s % 60)}`;
}

/** How large a file is, rounded up so that nothing over a limit reads as the limit: 214 KB, 5.1 MB. */
export function sizeOf(bytes) {
  if (bytes <= 1023 * 1024) return translate("ui.size.kilobytes", { Size: Math.max(1, Math.ceil(bytes / 1024)) });
  return translate("ui.size.megabytes", { Size: (Math.ceil((bytes * 10) / (1 << 20)) / 10).toLocaleString(lang) });
}

const characters = new Intl.Segmenter(lang);

/** The beginning of a text, without splitting a grapheme. */
export function beginningOf(text, max) {
  const head = text.slice(0, max + 1);
  if (head.length <= max) return text;
  let end = 0;
  for (const { index, segment } of characters.segment(head)) if (index + segment.length <= max) end = index + segment.length;
  return text.slice(0, end);
}

const dayNumber = (date) => Math.floor((date - date.getTimezoneOffset() * 60000) / 86400000);
export const sameDay = (a, b) => dayNumber(a) === dayNumber(b);

/** The text of a day separator: today, yesterday, or the date. */
export function dayLabel(date, today) {
  const ago = dayNumber(today) - dayNumber(date);
  if (ago === 0) return translate("ui.today");
  if (ago === 1) return translate("ui.yesterday");
  return ago < 300 ? shortDate.format(date) : longDate.format(date);
}

const formats = { time: timeOf, date: (d) => shortDate.format(d), datetime: (d) => dateTime.format(d), full: (d) => fullTime.format(d) };

const shown = new WeakMap(); // element → what localise wrote into it: a long thread is gone over often

/** Turns every time inside root that the server wrote in UTC into the reader's. */
export function localise(root = document) {
  for (const el of root.querySelectorAll("time[data-local]")) {
    const known = shown.get(el);
    if (known && known.at === el.dateTime && known.text === el.textContent && el.title) continue;
    const date = new Date(el.dateTime);
    if (isNaN(date)) continue;
    const text = formats[el.dataset.local](date);
    if (el.textContent !== text) el.textContent = text;
    el.title = dateTime.format(date);
    shown.set(el, { at: el.dateTime, text });
  }
}
