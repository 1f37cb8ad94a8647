/** Everything a publication touches, in memory: a domain name that behaves as API Gateway's, and a clock that waiting moves. */

import { memoryStores } from '../../lib/adapters/memory/stores.ts';
import type { StoredEntry } from '../../lib/oauth/ports.ts';
import { newTenant } from '../../lib/oauth/tenant.ts';
import { thumbprint } from '../../lib/pki/certificate/thumbprint.ts';
import type { DomainName, DomainNames, ObjectAddress, ObjectStore } from '../../lib/publication/ports.ts';
import {
  type PublicationOptions,
  type PublicationPorts,
  type PublicationTarget,
  publishTruststore,
} from '../../lib/publication/publish.ts';

export const at = new Date('2030-06-01T00:00:00Z');
export const domain = 'mtls.auth.example.com';
export const target: PublicationTarget = { domain, object: { bucket: 'truststores', key: 'truststore.pem' } };

export type Versions = ObjectStore & {
  /** Of every object: `bucket/key` → texts, the version `v1` first. */
  readonly written: Map<string, string[]>;
};

const nameOf = ({ bucket, key }: ObjectAddress) => `${bucket}/${key}`;

export function versions(files: Readonly<Record<string, string>> = {}): Versions {
  const written = new Map<string, string[]>();
  return {
    written,
    async read(address, maxBytes) {
      const text = files[nameOf(address)];
      if (text === undefined || text.length > maxBytes) throw new Error(`s3://${nameOf(address)} cannot be read`);
      return text;
    },
    async put(address, text) {
      const texts = written.get(nameOf(address)) ?? [];
      written.set(nameOf(address), texts);
      return `v${texts.push(text)}`;
    },
  };
}

/** What happens to the next updates, in this order; `accept` when the list is at its end. */
export type Fate = 'accept' | 'refuse' | 'fail' | 'stick' | 'warn' | 'throttle';

export type Domain = DomainNames & {
  /** Undefined: there is none yet. */
  name: DomainName | undefined;
  readonly fates: Fate[];
  /** Of the calls that asked for an update: version and time. */
  readonly updates: { readonly version: string; readonly at: number }[];
};

/** API Gateway takes two looks to come to rest. */
export function fakeDomain(now: () => Date): Domain {
  let pending: { looks: number; ends: DomainName } | undefined;
  const fake: Domain = {
    name: { status: 'AVAILABLE', truststoreVersion: 'v0', truststoreWarnings: [] },
    fates: [],
    updates: [],
    async find() {
      if (pending !== undefined && pending.looks-- === 0) {
        fake.name = pending.ends;
        pending = undefined;
      }
      return fake.name;
    },
    async setTruststoreVersion(_, version) {
      const fate = fake.fates.shift() ?? 'accept';
      fake.updates.push({ version, at: now().getTime() });
      if (fake.name === undefined || fate === 'refuse') throw new Error('BadRequestException: Invalid truststore');
      if (fate === 'throttle') return false;
      const settled: DomainName = { status: 'AVAILABLE', truststoreVersion: version, truststoreWarnings: [] };
      const ends: Record<Exclude<Fate, 'refuse' | 'throttle'>, DomainName> = {
        accept: settled,
        fail: { ...settled, status: 'FAILED', statusMessage: 'the truststore cannot be used' },
        stick: { ...settled, status: 'UPDATING' },
        warn: { ...settled, truststoreWarnings: ['CN=Odd: certificate has an unsupported extension'] },
      };
      fake.name = { ...fake.name, status: 'UPDATING' };
      pending = { looks: 2, ends: ends[fate] };
      return true;
    },
  };
  return fake;
}

export function deployment(files: Readonly<Record<string, string>> = {}) {
  let time = at.getTime();
  const now = () => new Date(time);
  const stores = memoryStores();
  const objects = versions(files);
  const domains = fakeDomain(now);
  let holders = 0;
  const wait = async (milliseconds: number, signal: AbortSignal) => {
    signal.throwIfAborted();
    // A turn of the event loop, in which a signal may be aborted.
    await new Promise(setImmediate);
    time += milliseconds;
  };
  const ports = (): PublicationPorts => ({ ...stores, objects, domains, now, wait, holder: `run-${++holders}` });
  return {
    stores,
    objects,
    domains,
    ports,
    now,
    /** The versions of the target's object, the first one first. */
    published: () => objects.written.get('truststores/truststore.pem') ?? [],
    pass: (seconds: number) => {
      time += seconds * 1000;
    },
    async add(tenant: string, type: StoredEntry['type'], certificate: Uint8Array) {
      if ((await stores.tenants.find(tenant)) === undefined) {
        await stores.tenants.save(
          newTenant({
            name: tenant,
            issuer: `https://${tenant}.example`,
            mtls_base_uri: `https://m.${tenant}.example`,
          }),
        );
      }
      await stores.truststore.add(tenant, { type, certificate });
    },
    remove: (tenant: string, certificate: Uint8Array) => stores.truststore.remove(tenant, thumbprint(certificate)),
    publish: (changes: Partial<PublicationTarget> = {}, options: Partial<PublicationOptions> = {}) =>
      publishTruststore(
        { ...target, ...changes },
        { setBy: 'publisher', signal: new AbortController().signal, ...options },
        ports(),
      ),
  };
}
