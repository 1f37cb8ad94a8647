/** The files that an operator names: for the CLI and for `npm start`. */
import { closeSync, existsSync, openSync, readSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** A CRL of 64 MB is the largest thing that a command takes. */
const maximumBytes = 64 * 1024 * 1024;

/** Levels; metadata with a JWK Set in it has five. */
const maximumDepth = 64;

/** The content of a file, or of a pipe. Throws an Error in one line. */
export function readInput(path: string): Uint8Array {
  const file = attempt(path, () => openSync(path, 'r'));
  try {
    const content = attempt(path, () => readUpTo(maximumBytes, file));
    if (content === undefined) throw new Error(`${path}: is larger than ${maximumBytes} bytes`);
    return content;
  } finally {
    closeSync(file);
  }
}

/** Undefined where there is more: a device has no size, and may have no end. */
function readUpTo(most: number, file: number): Uint8Array | undefined {
  const chunks: Uint8Array[] = [];
  for (let size = 0; size <= most; ) {
    const chunk = new Uint8Array(1024 * 1024);
    const read = readSync(file, chunk);
    if (read === 0) return Buffer.concat(chunks);
    chunks.push(chunk.subarray(0, read));
    size += read;
  }
  return undefined;
}

/** Throws an Error in one line. */
export function writeOutput(path: string, text: string, mode: number): void {
  if (!existsSync(dirname(path))) throw new Error(`${path}: cannot be written (there is no such folder)`);
  attempt(path, () => writeFileSync(path, text, { mode }), 'written');
}

/** The value of a JSON file. Throws an Error in one line. */
export const readJson = (path: string): unknown => parseJson(path, readInput(path));

/** RFC 8259 §8.1: a byte order mark before it is ignored. Throws an Error in one line, which calls the text `name`. */
export function parseJson(name: string, bytes: Uint8Array): unknown {
  const value = parsed(name, new TextDecoder().decode(bytes));
  if (isDeeperThan(maximumDepth, value)) throw new Error(`${name}: is nested deeper than ${maximumDepth} levels`);
  return value;
}

function parsed(name: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`${name}: is not JSON`);
  }
}

/** Level by level: a recursion would end where the stack does. */
function isDeeperThan(most: number, value: unknown): boolean {
  let level = [value].filter(isNested);
  for (let depth = 0; depth < most && level.length > 0; depth += 1) {
    level = level.flatMap((each) => Object.values(each).filter(isNested));
  }
  return level.length > 0;
}

const isNested = (value: unknown): value is object => typeof value === 'object' && value !== null;

function attempt<T>(path: string, act: () => T, what: 'read' | 'written' = 'read'): T {
  try {
    return act();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new Error(`${path}: cannot be ${what} (${faults.get(code ?? '') ?? code})`);
  }
}

const faults: ReadonlyMap<string, string> = new Map([
  ['ENOENT', 'there is no such file'],
  ['EISDIR', 'it is a folder'],
  ['EACCES', 'permission is denied'],
  ['ELOOP', 'its links lead in a circle'],
  ['ENOTDIR', 'a part of its path is no folder'],
]);
