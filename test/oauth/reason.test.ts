import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { test } from 'node:test';

const root = resolve(import.meta.dirname, '../..');
const read = (file: string) => readFileSync(resolve(root, file), 'utf8');

/** The members of the unions called `…Reason` in a file of types, and the tags of what each has to show. */
const reasonsIn = (file: string): readonly string[] => {
  const text = read(file);
  const unions = [...text.matchAll(/export type \w*Reason =([^;]+);/g)].map(([, union = '']) => union);
  const tags = [...text.matchAll(/readonly reason: ('[a-z_]+')/g)].map(([, tag = '']) => tag);
  return [...unions, ...tags]
    .flatMap((part) => [...part.matchAll(/'([a-z_]+)'/g)].map(([, reason = '']) => reason))
    .filter((reason) => reason !== 'reason');
};

const vocabulary = ['lib/oauth/reason.ts', 'lib/pki/reason.ts', 'lib/status/reason.ts'].flatMap(reasonsIn);

/** The rows of a table of docs/errors.md: what stands in code in a column, and what to do. */
function rowsOf(section: string, column: number): readonly (readonly [words: readonly string[], remedy: string])[] {
  const table = read('docs/errors.md').split(`\n## ${section}\n`)[1]?.split('\n## ')[0] ?? assert.fail(section);
  const [, , ...rows] = table.split('\n').filter((line) => line.startsWith('|'));
  return rows.map((row) => {
    const cells = row.split('|').map((cell) => cell.trim());
    const words = [...(cells[column] ?? '').matchAll(/`([a-z_]+)`/g)].map(([, word = '']) => word);
    return [words, cells.at(-2) ?? ''];
  });
}

test('protocol §4.6: docs/errors.md has a row for every reason, and for nothing else', () => {
  assert.ok(vocabulary.length > 30 && vocabulary.includes('certificate_revoked'));
  const explained = rowsOf('Reasons', 2).flatMap(([words]) => words);
  assert.deepEqual(explained.toSorted(), [...new Set(vocabulary)].toSorted());
});

test('RFC 6749 §5.2: docs/errors.md has a row for every error that a client can be answered, and for nothing else', () => {
  const [, table = ''] = /const statusOf = \{([^}]+)\}/.exec(read('lib/oauth/error.ts')) ?? [];
  const codes = [...table.matchAll(/^ {2}([a-z_]+): \d{3},$/gm)].map(([, code = '']) => code);
  assert.ok(codes.length > 5 && codes.includes('invalid_client'));
  const explained = rowsOf('What clients see', 2).flatMap(([words]) => words);
  assert.deepEqual([...new Set(explained)].toSorted(), codes.toSorted());
});

test('docs: every row of docs/errors.md says what to do', () => {
  const silent = [...rowsOf('Reasons', 2), ...rowsOf('What clients see', 2)].filter(([, remedy]) => remedy === '');
  assert.deepEqual(
    silent.map(([words]) => words),
    [],
  );
});
