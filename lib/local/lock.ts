/** A lock file: one process at a time, its pid readable by the next one, taken over from a process that is dead. */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { link, readFile, rm, writeFile } from 'node:fs/promises';

/** Who holds the lock. `startedAt` tells a process from a later one with the same pid, where the system says it. */
type Holder = { readonly pid: number; readonly startedAt?: string };

export type Lock = {
  /** Gives the lock back; a second call does nothing. */
  release(): Promise<void>;
};

/** Takes the lock `file`. Rejects with one line that names the pid when a living process holds it. */
export async function takeLock(file: string): Promise<Lock> {
  // The id tells this lock from a later one of the same process.
  const content = `${JSON.stringify({ ...holder(process.pid), id: randomUUID() })}\n`;
  // Written whole under another name and linked: nobody ever reads half a lock.
  const draft = `${file}.${randomUUID()}`;
  await writeFile(draft, content, { mode: 0o600, flag: 'wx' });
  try {
    while (!(await linked(draft, file))) {
      const found = await read(file);
      if (found === undefined) continue;
      if (isAlive(found)) throw new Error(`${file} is held by the running process ${parse(found)?.pid}`);
      await removeStale(file, found, draft);
    }
  } finally {
    await rm(draft, { force: true });
  }
  return {
    release: async () => {
      if ((await read(file)) === content) await rm(file, { force: true });
    },
  };
}

/** Whether the process that wrote this lock or endpoint is still running. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it is there and belongs to somebody else.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function isAlive(content: string): boolean {
  const found = parse(content);
  if (found === undefined || !isRunning(found.pid)) return false;
  // Containers hand out the same few pids after each restart.
  return found.startedAt === undefined || found.startedAt === holder(found.pid).startedAt;
}

/**
 * Removes a dead process's lock, and only that one: of several that try, one at a time looks again and removes, so that
 * none removes what another has taken meanwhile.
 */
async function removeStale(file: string, stale: string, draft: string): Promise<void> {
  const turn = `${file}.takeover`;
  if (!(await linked(draft, turn))) {
    const other = await read(turn);
    if (other !== undefined && !isAlive(other)) throw new Error(`${turn} was left by a dead process; remove it`);
    return;
  }
  try {
    if ((await read(file)) === stale) await rm(file);
  } finally {
    await rm(turn, { force: true });
  }
}

async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

async function read(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function parse(content: string): Holder | undefined {
  try {
    const value: unknown = JSON.parse(content);
    if (typeof value !== 'object' || value === null || !('pid' in value)) return undefined;
    if (typeof value.pid !== 'number' || !Number.isSafeInteger(value.pid) || value.pid < 1) return undefined;
    const startedAt = 'startedAt' in value && typeof value.startedAt === 'string' ? value.startedAt : undefined;
    return { pid: value.pid, ...(startedAt === undefined ? {} : { startedAt }) };
  } catch {
    return undefined;
  }
}

function holder(pid: number): Holder {
  try {
    // proc(5): the 22nd field is the start time; the second is in parentheses and may hold blanks.
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const startedAt = text.slice(text.lastIndexOf(')') + 2).split(' ')[19];
    return startedAt === undefined ? { pid } : { pid, startedAt };
  } catch {
    return { pid };
  }
}
