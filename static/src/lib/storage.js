// What the browser keeps for us, where it lets us: storage may be forbidden, full or missing, and then a page remembers for
// as long as it is open. Nothing here throws.
function storage(open) {
  const here = new Map();
  const tried = (use, otherwise) => {
    try {
      return use(open());
    } catch {
      return otherwise;
    }
  };
  return {
    get: (key) => here.get(key) ?? tried((store) => store.getItem(key), null),
    /** Answers whether the value outlives the page. */
    set(key, value) {
      const kept = tried((store) => (store.setItem(key, value), true), false);
      if (kept) here.delete(key);
      else here.set(key, String(value));
      return kept;
    },
    remove(key) {
      here.delete(key);
      tried((store) => store.removeItem(key));
    },
    keys: () => [...new Set([...here.keys(), ...tried((store) => Object.keys(store), [])])],
  };
}

/** Shared by all tabs of this browser, and kept. */
export const local = storage(() => localStorage);

/** Of this tab, and kept over a reload. */
export const session = storage(() => sessionStorage);
