/** The files that commands read. */
import { readFileSync, statSync } from 'node:fs';

/** A CRL of 64 MB is the largest thing that a command takes. */
const maximumBytes = 64 * 1024 * 1024;

/** The content of a file. Throws an Error in one line. */
export function readInput(path: string): Uint8Array {
  const size = attempt(path, () => statSync(path).size);
  if (size > maximumBytes) throw new Error(`${path}: is larger than ${maximumBytes} bytes`);
  return attempt(path, () => readFileSync(path));
}

/** The value of a JSON file. Throws an Error in one line. */
export function readJson(path: string): unknown {
  const text = Buffer.from(readInput(path)).toString('utf8');
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`${path}: is not JSON`);
  }
}

function attempt<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new Error(`${path}: cannot be read (${code === 'ENOENT' ? 'there is no such file' : code})`);
  }
}
