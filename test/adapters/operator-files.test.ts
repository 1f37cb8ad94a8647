import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { readInput, readJson } from '../../lib/adapters/operator-files.ts';

const folder = mkdtempSync(join(tmpdir(), 'certbound-test-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const at = (name: string) => join(folder, name);

test('certbound: a file is read as it is, up to 64 MB', () => {
  for (const size of [0, 1, 1024 * 1024, 1024 * 1024 + 1]) {
    const content = Buffer.alloc(size, 'x');
    writeFileSync(at('file'), content);
    assert.equal(Buffer.compare(readInput(at('file')), content), 0, `${size}`);
  }
});

test('certbound: what is larger, or a device without an end, is refused and not read on', () => {
  writeFileSync(at('large'), '');
  truncateSync(at('large'), 64 * 1024 * 1024 + 1);
  assert.throws(() => readInput(at('large')), { message: `${at('large')}: is larger than 67108864 bytes` });
  assert.throws(() => readInput('/dev/zero'), { message: '/dev/zero: is larger than 67108864 bytes' });
});

test('certbound: what is no file, or no JSON, is told in one line', () => {
  assert.throws(() => readInput(at('none')), { message: `${at('none')}: cannot be read (there is no such file)` });
  assert.throws(() => readInput(folder), { message: `${folder}: cannot be read (it is a folder)` });
  writeFileSync(at('deep'), '['.repeat(1_000_000));
  assert.throws(() => readJson(at('deep')), { message: `${at('deep')}: is not JSON` });
});
