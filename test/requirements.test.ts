import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';

const root = resolve(import.meta.dirname, '..');
const page = readFileSync(join(root, 'docs/requirements.md'), 'utf8');
const cells = page.split('\n').flatMap((line) => /^\| (.+?) \|/.exec(line)?.[1] ?? []);
const rowLabel = /(?<![\w.§#-])(?:[CPBNS]\d{1,2}|[AHIT]-\d\d)(?![\w.-])/g;

/** `| C1 | …`: the labels of rows, and those that no test can name yet. */
const rows = cells.filter((cell) => cell.match(rowLabel)?.[0] === cell);
const missing = rows.filter((row) => new RegExp(`^\\| ${row} \\| .*\\*[Nn]ot there yet\\*`, 'm').test(page));
const inCode = (text: string) => [...text.matchAll(/`([^`]+)`/g)].map(([, label = '']) => label);
const titled = (title: string) => page.split(`\n## ${title}\n`)[1]?.split('\n## ')[0] ?? assert.fail(title);
const firstCells = (title: string) =>
  titled(title)
    .split('\n')
    .flatMap((line) => inCode(/^\| (`.+?) \|/.exec(line)?.[1] ?? ''));
// Rows are known by their numbers; a letter would be the beginning of many words.
const families = firstCells('Families').filter((family) => family.length > 2);
const sections = firstCells('Sections');

const self = 'test/requirements.test.ts';
const sources = globSync('test/**/*.ts', { cwd: root })
  .filter((file) => file !== self)
  .map((file) => readFileSync(join(root, file), 'utf8'));

const names = sources.flatMap((source) =>
  [...source.matchAll(/\b(?:test|clause)\(\s*(?:clause\(\s*)?(['"`])((?:\\.|(?!\1)[^\n])*)\1/g)].map(
    ([, , name = '']) => name,
  ),
);

/** What stands before the claim, and in parentheses: `RFC 8705 §2.1, C1: …`, `… (C5–C12)`. */
function labelled(text: string): string {
  const [before = '', claim] = text.split(/: (.*)/s);
  return [claim === undefined ? '' : before, ...text.matchAll(/\(([^()]*)\)/g)].map(String).join(' ');
}

function rowsIn(text: string): readonly string[] {
  const ranges = [...text.matchAll(/\b([CPBNS])(\d+)–\1(\d+)\b/g)].flatMap(([, letter = '', from, to]) =>
    Array.from({ length: Number(to) - Number(from) + 1 }, (_, index) => `${letter}${Number(from) + index}`),
  );
  return [...(text.match(rowLabel) ?? []), ...ranges];
}

const named = new Set(names.map(labelled).flatMap(rowsIn));

test('docs: every row of docs/requirements.md is named by a test, or marked as not there yet', () => {
  assert.ok(rows.length > 130, String(rows.length));
  assert.deepEqual(new Set(rows).size, rows.length);
  assert.deepEqual(
    rows.filter((row) => !named.has(row) && !missing.includes(row)),
    [],
  );
});

test('docs: what docs/requirements.md marks as not there yet is named by no test', () => {
  assert.ok(missing.length > 0);
  assert.deepEqual(
    missing.filter((row) => named.has(row)),
    [],
  );
});

test('docs: every row, section and family that a test is named after has its line in docs/requirements.md', () => {
  assert.ok(names.length > 900, String(names.length));
  const unknown = names.flatMap((name) => {
    const label = labelled(name);
    const cited =
      label.match(/\b(?:design|aws|pki|performance|protocol|features|house style|local) §\d+(?:\.\d+)*/g) ?? [];
    return [
      ...rowsIn(label).filter((row) => !rows.includes(row)),
      ...cited.filter((section) => !sections.includes(section)),
      ...unknownFamily(name),
    ];
  });
  assert.deepEqual([...new Set(unknown)], []);
});

test('docs: docs/requirements.md has no section and no family that no test is named after', () => {
  const labels = names.map(labelled);
  const unused = [...sections, ...families].filter((each) => !labels.some((label) => label.includes(each)));
  assert.deepEqual(unused, []);
});

/** A label begins with a capital letter, or cites a section; another text before a colon is a part of the claim. */
function unknownFamily(name: string): readonly string[] {
  const label = /^([^:$]+): /.exec(name)?.[1] ?? '';
  const isLabel = /^[A-Z]|§/.test(label);
  return !isLabel || families.some((family) => label.startsWith(family)) || rowsIn(label).length > 0 ? [] : [label];
}
