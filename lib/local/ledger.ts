/** What the development CA has issued and revoked, in a JSON file that outlives the process. */
import { readFile } from 'node:fs/promises';
import type { LeafRequest } from './authority.ts';
import { isRevocationReason, type RevocationReason } from './issuer-forms.ts';
import { writePrivate } from './state-directory.ts';

export type CaName = 'root' | 'intermediate';

export type Revocation = { readonly at: Date; readonly reason: RevocationReason };

export type LedgerEntry = {
  /** Lower-case hex. */
  readonly serial: string;
  readonly issuer: CaName;
  /** What was asked for, without its key, so that it can be issued again. */
  readonly request: Pick<LeafRequest, 'subject' | 'subjectAltName'>;
  readonly revoked?: Revocation;
};

export type Ledger = {
  find(serial: string): LedgerEntry | undefined;
  /** The revoked certificates of one CA. */
  revoked(issuer: CaName): readonly (LedgerEntry & { readonly revoked: Revocation })[];
  /** Resolves when the entry is on disk. */
  record(entry: LedgerEntry): Promise<void>;
};

/** Opens the ledger in `file`, or in memory. Rejects with one line when the file is damaged. */
export async function openLedger(file: string | undefined): Promise<Ledger> {
  const entries = new Map(file === undefined ? [] : (await load(file)).map((entry) => [entry.serial, entry]));
  let written = Promise.resolve();
  return {
    find: (serial) => entries.get(serial),
    revoked: (issuer) => [...entries.values()].filter(isRevoked).filter((entry) => entry.issuer === issuer),
    record: async (entry) => {
      entries.set(entry.serial, entry);
      if (file === undefined) return;
      // One after the other, so that the newest state is the last to be written.
      const write = () => writePrivate(file, `${JSON.stringify([...entries.values()], null, 1)}\n`);
      written = written.then(write, write);
      await written;
    },
  };
}

function isRevoked(entry: LedgerEntry): entry is LedgerEntry & { readonly revoked: Revocation } {
  return entry.revoked !== undefined;
}

async function load(file: string): Promise<LedgerEntry[]> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  try {
    return (JSON.parse(text) as unknown[]).map(parseEntry);
  } catch (error) {
    throw new Error(`${file} is damaged; --fresh begins anew`, { cause: error });
  }
}

function parseEntry(value: unknown): LedgerEntry {
  const { serial, issuer, request, revoked } = value as LedgerEntry & { readonly revoked?: { readonly at: unknown } };
  if (!/^([0-9a-f]{2})+$/.test(serial) || (issuer !== 'root' && issuer !== 'intermediate')) throw new Error('entry');
  if (typeof request.subject !== 'string') throw new Error('request');
  if (revoked === undefined) return { serial, issuer, request };
  const at = new Date(String(revoked.at));
  if (Number.isNaN(at.getTime()) || !isRevocationReason(revoked.reason)) throw new Error('revocation');
  return { serial, issuer, request, revoked: { at, reason: revoked.reason } };
}
