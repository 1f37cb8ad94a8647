/** The key that wraps a local server's signing keys: made once, kept in the state directory for its user alone. */
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { KeyWrapConfig } from '../config.ts';
import { writePrivate } from './state-directory.ts';

/** Rejects with one line where the file is there and is no key: a new one would leave the old signing keys useless. */
export async function loadKeyWrap(path: string): Promise<Extract<KeyWrapConfig, { kind: 'local' }>> {
  const known = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  const key = known?.trim() ?? randomBytes(32).toString('base64url');
  if (Buffer.from(key, 'base64url').length !== 32) throw new Error(`${path} holds no wrapping key; remove it`);
  if (known === undefined) await writePrivate(path, `${key}\n`);
  return { kind: 'local', key };
}
