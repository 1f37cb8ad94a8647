/**
 * What verdicts on certificates cost (`npm run bench:pki`): medians, beside node:crypto's bare signature checks and, where it is
 * installed, pkijs in the same run.
 */
import { verify, X509Certificate } from 'node:crypto';
import { parseCertificate } from '../lib/pki/certificate/certificate.ts';
import { buildTruststore, type StoredEntry } from '../lib/pki/path/truststore.ts';
import { validatePath } from '../lib/pki/path/validation.ts';
import { parseCrl } from '../lib/pki/status/crl.ts';
import { crlStatus } from '../lib/pki/status/crl-status.ts';
import { verifyOcspResponse } from '../lib/pki/status/ocsp.ts';
import type { Result } from '../lib/result.ts';
import { at, type Issued, issueClient, issueIntermediate, issueRoot } from '../test/pki/issue.ts';
import { issueCrl, issueOcspResponse } from '../test/pki/status/issue-status.ts';
import { pkijsPeer } from './pki-peers.ts';

const rounds = Number(process.argv[2] ?? 400);

function must<T>(result: Result<T, unknown>): T {
  if (!result.ok) throw new Error(JSON.stringify(result.failure));
  return result.value;
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

/** Medians in microseconds of measurements that take turns, so that a noisy moment meets all of them. */
async function measure<S extends Readonly<Record<string, () => unknown>>>(
  subjects: S,
  times = rounds,
): Promise<{ readonly [K in keyof S]: number }> {
  const taken = Object.keys(subjects).map((name) => [name, [] as number[]] as const);
  for (let round = 0; round < times * 1.25; round++) {
    for (const [name, durations] of taken) {
      const start = process.hrtime.bigint();
      const pending = subjects[name]?.();
      if (pending instanceof Promise) await pending;
      // The first fifth is for the compiler.
      if (round >= times / 4) durations.push(Number(process.hrtime.bigint() - start) / 1000);
    }
  }
  return Object.fromEntries(taken.map(([name, durations]) => [name, median(durations)])) as { [K in keyof S]: number };
}

const root = issueRoot();
const ca = issueIntermediate(root);
const client = issueClient(ca);
const chain = [client, ca, root] as const;

const stored = (type: 'anchor' | 'intermediate', { der }: Issued): StoredEntry => ({ type, der: Uint8Array.from(der) });
const truststore = buildTruststore([stored('anchor', root), stored('intermediate', ca)], '1');
const others = Array.from({ length: 999 }, (_, i) =>
  issueRoot({ key: root.key, subject: `CN=Root ${i},O=Example,C=CH` }),
);
const thousand = [...others, root].map((one) => stored('anchor', one));

/** The two signatures of the chain, keys loaded: the least that any validator does. */
function bareSignatures(): void {
  for (const [index, { certificate }] of [client, ca].entries()) {
    const key = chain[index + 1]?.certificate.publicKey;
    if (key === undefined || !verify('sha256', certificate.signed.signed, key, certificate.signed.signature))
      throw new Error();
  }
}

/** As a Lambda sees a certificate for the first time, the truststore in memory. */
const leafAgainst = (trusted: ReturnType<typeof buildTruststore>) => () =>
  must(validatePath(must(parseCertificate(client.der)), { truststore: trusted, at }));

const ocsp = issueOcspResponse({
  signer: ca,
  answers: [{ certificate: client.certificate, issuer: ca }],
  // We do without the issuer's certificate, pkijs does not.
  certificates: [ca.der],
});
const entries = (count: number) =>
  Array.from({ length: count }, (_, i) => ({
    serial: Uint8Array.from([1, ...Buffer.from([i >> 16, i >> 8, i]), ...new Array(12).fill(i)]),
  }));
const bigCrl = issueCrl({ signer: ca, entries: entries(27_000) });
const indexed = must(parseCrl(bigCrl));
const lookup = {
  certificate: client.certificate,
  authorities: [ca.certificate, root.certificate],
  crls: [indexed],
  at,
};

/** Lookups come in hundreds, each for another serial number, as they do to a process that keeps the list. */
const clients = Array.from({ length: 100 }, () => issueClient(ca).certificate);
const peer = await pkijsPeer({ chain: [client.der, ca.der, root.der], ocsp, at });

const micro = await measure({
  bare: bareSignatures,
  chain: leafAgainst(truststore),
  cold: () => {
    const fresh = buildTruststore([stored('anchor', root), stored('intermediate', ca)], '1');
    must(validatePath(must(parseCertificate(client.der)), { truststore: fresh, at }));
  },
  parse: () => must(parseCertificate(client.der)),
  nodeParse: () => new X509Certificate(client.der).publicKey,
  ocsp: () => must(verifyOcspResponse(ocsp, { certificate: client.certificate, issuer: ca.certificate, at })),
  crlLookups: () => clients.map((certificate) => must(crlStatus({ ...lookup, certificate }))),
  ...(peer && { peerChain: peer.chain, peerOcsp: peer.ocsp }),
});
const milli = await measure(
  {
    thousandAnchors: () => leafAgainst(buildTruststore([...thousand, stored('intermediate', ca)], '1'))(),
    crlIndex: () => must(must(parseCrl(Uint8Array.from(bigCrl))).index()),
  },
  20,
);

type Row = readonly [what: string, value: number | undefined, unit: 'µs' | 'ms' | '×', target?: number];

const rows: readonly Row[] = [
  ['bare P-256 signature checks of the chain (2)', micro.bare, 'µs'],
  ['leaf parsed, chain of three valid', micro.chain, 'µs', 3000],
  ['  times the bare signatures', micro.chain / micro.bare, '×', 4],
  ['  pkijs', micro.peerChain, 'µs'],
  ['the same, truststore parsed as well', micro.cold, 'µs', 3000],
  ['parseCertificate', micro.parse, 'µs'],
  ['  new X509Certificate and its key', micro.nodeParse, 'µs'],
  ['OCSP response verified', micro.ocsp, 'µs', 2500],
  ['  pkijs', micro.peerOcsp, 'µs'],
  [`CRL of ${(bigCrl.length / 2 ** 20).toFixed(1)} MB: a lookup`, micro.crlLookups / clients.length, 'µs', 20],
  ['  parsed and indexed', milli.crlIndex / 1000, 'ms', 100],
  ['1000 anchors built and used', milli.thousandAnchors / 1000, 'ms', 10],
];

for (const [what, value, unit, target] of rows) {
  if (value === undefined) continue;
  const shown = `${value.toFixed(unit === 'µs' ? 1 : 2)} ${unit}`;
  const verdict = target === undefined ? '' : `  target ≤ ${target}${value <= target ? '' : '  MISSED'}`;
  console.log(`${what.padEnd(48)} ${shown.padStart(12)}${verdict}`);
}
if (peer === undefined) console.log('pkijs is not installed and was not compared.');
else if (!peer.readsCrl(bigCrl)) console.log('pkijs cannot read the CRL: it has too many elements for its parser.');
