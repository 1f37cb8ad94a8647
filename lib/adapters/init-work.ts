/**
 * What a function does before its first request, while Lambda gives it more CPU than it has later: the first connection,
 * signature and read, and the default tenant into memory. The entry awaits it (lib/constructs/function-bundles.ts).
 */
import { createPublicKey, verify } from 'node:crypto';
import type { Registry } from '../oauth/ports.ts';
import { defaultTenant } from '../routes.ts';

export type InitWorkOptions = {
  /** Told what could not be done: the first request will do it, or fail by itself. */
  readonly onFault: (fault: unknown) => void;
  /** Milliseconds that INIT waits at most; default 2000, of the ten seconds that Lambda gives it. */
  readonly timeout?: number;
};

/** Never rejects. */
export async function initWork(registry: Registry, { onFault, timeout = 2_000 }: InitWorkOptions): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(reject, timeout, new Error(`INIT waited ${timeout} ms for the registry, and went on`));
  });
  try {
    // The rows that most first requests want, of kinds that every endpoint may read.
    const reading = registry.snapshot(defaultTenant);
    firstVerification();
    await Promise.race([reading, late]);
  } catch (fault) {
    onFault(fault);
  } finally {
    clearTimeout(timer);
  }
}

/** FIPS 186-5: P-256's base point, a public key like any other. OpenSSL sets up the curve when it is first used. */
const basePoint = {
  kty: 'EC',
  crv: 'P-256',
  x: 'axfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpY',
  y: 'T-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU',
};

function firstVerification(): void {
  const key = createPublicKey({ key: basePoint, format: 'jwk' });
  verify('sha256', Buffer.alloc(1), { key, dsaEncoding: 'ieee-p1363' }, Buffer.alloc(64, 1));
}
