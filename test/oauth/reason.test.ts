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

test('protocol §4.6: every reason is explained in docs/errors.md', () => {
  const reasons = ['lib/oauth/reason.ts', 'lib/pki/reason.ts', 'lib/status/reason.ts'].flatMap(reasonsIn);
  assert.ok(reasons.length > 30 && reasons.includes('certificate_revoked') && reasons.includes('scope_insufficient'));
  const document = read('docs/errors.md');
  assert.deepEqual(
    reasons.filter((reason) => !document.includes(`\`${reason}\``)),
    [],
  );
});
