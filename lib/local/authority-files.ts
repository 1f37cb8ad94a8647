/** The development CA in a directory: PEM files, the keys readable by their user alone. */
import { X509Certificate } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Authority, type AuthorityRoots, withSigners } from './authority.ts';
import type { KeyedCertificate } from './certificate-authority.ts';
import { writePrivate } from './state-directory.ts';

const names = ['root', 'intermediate', 'serverRoot'] as const satisfies (keyof AuthorityRoots)[];
const files = { root: 'root', intermediate: 'intermediate', serverRoot: 'server-root' } as const;
const settings = 'authority.json';

/** Writes the CA certificates, their keys and what the certificates say of their status; what is there is replaced. */
export async function saveAuthority(directory: string, authority: AuthorityRoots): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  for (const name of names) {
    await writePrivate(join(directory, `${files[name]}.key`), authority[name].key);
    await writePrivate(join(directory, `${files[name]}.crt`), authority[name].certificate);
  }
  // Written last: where it is, the rest is complete.
  await writePrivate(join(directory, settings), `${JSON.stringify({ statusUrl: authority.statusUrl })}\n`);
}

/** Where the CA's certificates say the responder is; undefined where there is no CA. */
export async function findStatusUrl(directory: string): Promise<string | undefined> {
  const text = await readFile(join(directory, settings), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  try {
    return new URL((JSON.parse(text) as { readonly statusUrl: string }).statusUrl).origin;
  } catch {
    throw new Error(`${join(directory, settings)} is damaged; --fresh begins anew`);
  }
}

/** The CA of an earlier run, with new signers; undefined where there is none. Rejects with one line when it is damaged. */
export async function loadAuthority(
  directory: string,
  options: { readonly serverNames?: readonly string[]; readonly at?: Date } = {},
): Promise<Authority | undefined> {
  const statusUrl = await findStatusUrl(directory);
  if (statusUrl === undefined) return undefined;
  const [root, intermediate, serverRoot] = await Promise.all([
    read(directory, files.root),
    read(directory, files.intermediate),
    read(directory, files.serverRoot),
  ]);
  return await withSigners({ statusUrl, root, intermediate, serverRoot }, options);
}

async function read(directory: string, name: string): Promise<KeyedCertificate> {
  try {
    const pem = await readFile(join(directory, `${name}.crt`), 'utf8');
    const key = await readFile(join(directory, `${name}.key`), 'utf8');
    const certificate = new X509Certificate(pem);
    const serial = certificate.serialNumber.toLowerCase();
    return { certificate: certificate.toString(), key, der: new Uint8Array(certificate.raw), serial };
  } catch (error) {
    throw new Error(`the development CA in ${directory} is damaged (${name}); --fresh begins anew`, { cause: error });
  }
}
