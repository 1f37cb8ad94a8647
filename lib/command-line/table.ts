/** Tables for people: columns as wide as their widest cell, nothing that a terminal would obey. */
import { oneLine } from '../administration/change.ts';

/** One line a row, the titles first; where there is no row, `empty`. */
export function table(
  titles: readonly string[],
  rows: readonly (readonly string[])[],
  empty: string,
): readonly string[] {
  if (rows.length === 0) return [empty];
  const cells = [titles, ...rows].map((row) => row.map(oneLine));
  const widths = titles.map((_, column) => Math.max(...cells.map((row) => (row[column] ?? '').length)));
  return cells.map((row) =>
    row
      .map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
}

/** `name  value` lines. */
export function pairs(rows: readonly (readonly [name: string, value: string])[]): readonly string[] {
  const width = Math.max(0, ...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `${name.padEnd(width)}  ${oneLine(value)}`.trimEnd());
}

/** JSON as it is, with what a terminal would obey escaped. */
export const jsonLines = (value: unknown): readonly string[] =>
  JSON.stringify(value, null, 2)
    .replace(
      /[\u007f-\u009f\u2028\u2029]/g,
      (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
    )
    .split('\n');

export const day = (date: Date): string => date.toISOString().slice(0, 10);
