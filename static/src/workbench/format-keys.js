// Ctrl or Cmd with B and I put the marks of bold and italic around the selection, or take them away.
import { insertText } from "../lib/insert-text.js";
import { onKeyDown } from "../lib/keydown.js";

const marks = { b: "*", i: "_" };

export function wireFormatKeys(field) {
  onKeyDown(field, (event) => {
    const mark = marks[event.key.toLowerCase()];
    if (!mark || event.ctrlKey === event.metaKey || event.altKey || event.shiftKey) return;
    event.preventDefault();
    toggleMark(field, mark);
  });
}

function toggleMark(field, mark) {
  const { value } = field;
  let [start, end] = [field.selectionStart, field.selectionEnd];
  while (start < end && /\s/.test(value[start])) start += 1;
  while (end > start && /\s/.test(value[end - 1])) end -= 1;
  const selected = value.slice(start, end);
  if (value[start - 1] === mark && value[end] === mark) {
    replace(field, start - 1, end + 1, selected);
    field.setSelectionRange(start - 1, end - 1);
    return;
  }
  const lines = selected.split("\n"); // a format ends with its line
  const isMarked = (line) => line.length > 2 && line.startsWith(mark) && line.endsWith(mark);
  const written = lines.filter((line) => line.trim());
  const remove = written.length > 0 && written.every(isMarked);
  const changed = lines.map((line) => (remove ? line.replace(/^(.)(.*)\1$/, "$2") : mark + line + mark));
  const text = selected ? lines.map((line, i) => (line.trim() ? changed[i] : line)).join("\n") : mark + mark;
  replace(field, start, end, text);
  if (!selected) field.setSelectionRange(start + 1, start + 1);
  else if (lines.length === 1 && !remove) field.setSelectionRange(start + 1, start + text.length - 1);
  else field.setSelectionRange(start, start + text.length);
}

function replace(field, start, end, text) {
  field.setSelectionRange(start, end);
  insertText(field, text);
}
