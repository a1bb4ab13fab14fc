/**
 * Counts the rows that have to appear, leave or move to turn one list of elements with ids into another. Rows that
 * others merely pass are not counted. A row matches its counterpart when key is the same for both.
 */
export function countMoves(shown, fresh, key = (row) => row.id) {
  const positions = new Map(shown.map((row, i) => [key(row), i]));
  // The longest run of rows that keep their order: ends[n] is the lowest position at which a run of n+1 rows ends.
  const ends = [];
  for (const row of fresh) {
    const position = positions.get(key(row));
    if (position === undefined) continue;
    const longer = ends.findIndex((end) => end >= position);
    ends[longer < 0 ? ends.length : longer] = position;
  }
  return new Set([...shown, ...fresh].map((row) => row.id)).size - ends.length;
}
