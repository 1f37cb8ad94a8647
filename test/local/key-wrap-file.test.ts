import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadKeyWrap } from '../../lib/local/key-wrap-file.ts';

async function inDirectory(act: (path: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'certbound-'));
  await act(join(directory, 'key-wrap')).finally(() => rm(directory, { recursive: true }));
}

test('local: the wrapping key is made once, of 32 bytes, for its user alone', () =>
  inDirectory(async (path) => {
    const made = await loadKeyWrap(path);
    assert.equal(Buffer.from(made.key, 'base64url').length, 32);
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    assert.deepEqual(await loadKeyWrap(path), made);
  }));

test('local: another state directory has another wrapping key', async () => {
  const keys: string[] = [];
  for (const _ of [1, 2]) await inDirectory(async (path) => void keys.push((await loadKeyWrap(path)).key));
  assert.notEqual(keys[0], keys[1]);
});

test('local: a file that holds no key is told of and left alone', () =>
  inDirectory(async (path) => {
    for (const content of ['', 'x', 'a'.repeat(100)]) {
      await writeFile(path, content);
      await assert.rejects(loadKeyWrap(path), /holds no wrapping key/);
      assert.equal(await readFile(path, 'utf8'), content);
    }
  }));
