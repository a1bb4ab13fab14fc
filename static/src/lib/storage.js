// Storage of the browser. It may be forbidden, full or missing; then values live as long as the page. Nothing here throws.
function storage(open) {
  const memory = new Map();
  const attempt = (use, fallback) => {
    try {
      return use(open());
    } catch {
      return fallback;
    }
  };
  return {
    get: (key) => memory.get(key) ?? attempt((store) => store.getItem(key), null),
    /** Returns whether the value outlives the page. */
    set(key, value) {
      const stored = attempt((store) => (store.setItem(key, value), true), false);
      if (stored) memory.delete(key);
      else memory.set(key, String(value));
      return stored;
    },
    remove(key) {
      memory.delete(key);
      attempt((store) => store.removeItem(key));
    },
    keys: () => [...new Set([...memory.keys(), ...attempt((store) => Object.keys(store), [])])],
  };
}

/** Shared by all tabs of this browser, and kept. */
export const local = storage(() => localStorage);

/** Of this tab, and kept over a reload. */
export const session = storage(() => sessionStorage);
