// All listeners outside of the elements of the widget end with the widget.
export const listener = (signal) => (target, types, hear) => {
  for (const type of types) target?.addEventListener(type, hear, { signal });
};
