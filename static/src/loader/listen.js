// Everything that is listened to outside of our own elements ends with the widget.
export const listener = (signal) => (target, types, hear) => {
  for (const type of types) target?.addEventListener(type, hear, { signal });
};
