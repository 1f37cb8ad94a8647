/** The certificates that a truststore is made of: the entries of its tenants, and the file of the deployment. */
import type { TenantStore, TruststoreStore } from '../oauth/ports.ts';
import { isSelfSigned, maxTruststoreBytes, readTruststoreBundle } from '../truststore-bundle.ts';
import type { Candidate } from './assemble.ts';
import type { ObjectAddress, ObjectStore } from './ports.ts';

export type Sources = {
  /** The file of the first deployment, PEM; it stays a part of the truststore. */
  readonly initial?: ObjectAddress;
  /** Whose entries: those of all tenants where it is absent. */
  readonly tenants?: readonly string[];
  /** Whose entries are left out: tenants with a host of their own are not reachable at another one. */
  readonly except?: readonly string[];
};

export type CollectPorts = {
  readonly tenants: Pick<TenantStore, 'list'>;
  readonly truststore: Pick<TruststoreStore, 'entries'>;
  readonly objects: Pick<ObjectStore, 'read'>;
};

/** Where the certificates of the file come from, in what is told of them. */
const initialTruststore = 'initialTruststore';

/** Tenants whose entries are read at the same time. */
const together = 8;

/** Throws when something cannot be read, or when the file holds anything but certificates: nothing is published then. */
export async function collectCandidates(
  sources: Sources,
  signal: AbortSignal,
  ports: CollectPorts,
): Promise<readonly Candidate[]> {
  const initial = sources.initial === undefined ? [] : await initialCandidates(sources.initial, signal, ports);
  const all = sources.tenants ?? (await ports.tenants.list()).map(({ name }) => name);
  const names = all.filter((name) => !sources.except?.includes(name));
  const candidates: Candidate[] = [...initial];
  for (let index = 0; index < names.length; index += together) {
    signal.throwIfAborted();
    const group = names.slice(index, index + together).map((name) => entriesOf(name, ports));
    candidates.push(...(await Promise.all(group)).flat());
  }
  return candidates;
}

async function entriesOf(tenant: string, { truststore }: CollectPorts): Promise<readonly Candidate[]> {
  const entries = await truststore.entries(tenant);
  return entries.map(({ type, certificate }) => ({ type, certificate, from: `tenant ${tenant}` }));
}

async function initialCandidates(
  address: ObjectAddress,
  signal: AbortSignal,
  { objects }: CollectPorts,
): Promise<readonly Candidate[]> {
  const { certificates, problems } = readTruststoreBundle(await objects.read(address, maxTruststoreBytes, signal));
  if (problems.length > 0) {
    throw new Error(`API Gateway would refuse s3://${address.bucket}/${address.key}: ${problems.join('; ')}`);
  }
  return certificates.map((certificate) => ({
    type: certificate.ca || !isSelfSigned(certificate) ? ('anchor' as const) : ('client' as const),
    certificate: new Uint8Array(certificate.raw),
    from: initialTruststore,
  }));
}
