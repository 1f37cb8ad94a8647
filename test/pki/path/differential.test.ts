/** Ours beside OpenSSL's: what we accept, OpenSSL must accept. It is asked about nothing else. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Certificate, parseCertificate } from '../../../lib/pki/certificate/certificate.ts';
import { buildTruststore } from '../../../lib/pki/path/truststore.ts';
import { validatePath } from '../../../lib/pki/path/validation.ts';
import { at, type Issue, issueClient, issueIntermediate, issueRoot, mustParse, newKey, toPem } from '../issue.ts';
import { mutateByte, mutateField, type Random, seeded } from './mutations.ts';

const version = spawnSync('openssl', ['version'], { encoding: 'utf8' });
const skip = /^OpenSSL 3/.test(version.stdout ?? '') ? false : 'OpenSSL 3 is not installed';

/** What OpenSSL refuses and we accept: its words, when they are listed, and why that is right. */
type Exception = {
  readonly expected: RegExp;
  readonly where: (subject: Certificate, issuer: Certificate | undefined) => boolean;
  readonly reason: string;
};

const anyExtendedKeyUsage = '2.5.29.37.0';
const clientAuth = '1.3.6.1.5.5.7.3.2';

const exceptions: readonly Exception[] = [
  {
    expected: /unable to get (?:local )?issuer certificate|self-signed certificate/,
    where: (subject, issuer) => {
      const { keyIdentifier, authorityCertSerialNumber } = subject.authorityKeyIdentifier ?? {};
      const other = issuer?.subjectKeyIdentifier;
      const misleads = keyIdentifier !== undefined && other !== undefined && Buffer.compare(keyIdentifier, other) !== 0;
      return misleads || authorityCertSerialNumber !== undefined;
    },
    reason: 'RFC 5280 §4.2.1.1: key identifiers facilitate building; §6.1 does not look at them',
  },
  {
    expected: /certificate has expired/,
    where: ({ notAfter }) => notAfter.getTime() === at.getTime(),
    reason: 'RFC 5280 §4.1.2.5: the validity period includes notAfter',
  },
  {
    expected: /Missing (?:Authority|Subject) Key Identifier/,
    where: (subject) => subject.authorityKeyIdentifier === undefined || subject.subjectKeyIdentifier === undefined,
    reason: 'RFC 5280 §4.2.1.1 and §4.2.1.2 bind CAs; private ones leave them out, and §6.1 does not look at them',
  },
  {
    expected: /Basic Constraints of CA cert not marked critical/,
    where: (subject) => subject.extensions.get('2.5.29.19')?.critical === false,
    reason: 'PKITS 4.6.4: valid; §6.1.4 (k) asks for the extension, not for its criticality',
  },
  {
    expected: /unsuitable certificate purpose/,
    where: ({ extendedKeyUsage = [] }) =>
      extendedKeyUsage.includes(anyExtendedKeyUsage) && !extendedKeyUsage.includes(clientAuth),
    reason: 'RFC 5280 §4.2.1.12: anyExtendedKeyUsage restricts nothing; the policy `required` refuses it',
  },
];

/** Whether the words of OpenSSL are listed for the certificate that it names by its depth. */
function isListed(chain: Chain, problem: string): boolean {
  const certificates = [chain.leaf, chain.ca, chain.root].map(mustParse);
  const depth = Number(/at (\d) depth/.exec(problem)?.[1]);
  const subject = certificates[depth];
  return (
    subject !== undefined &&
    exceptions.some(({ expected, where }) => expected.test(problem) && where(subject, certificates[depth + 1]))
  );
}

type Chain = { readonly leaf: Uint8Array; readonly ca: Uint8Array; readonly root: Uint8Array; readonly alone: boolean };
type Mutation = (random: Random) => { readonly root?: Issue; readonly ca?: Issue; readonly leaf?: Issue };

const keys = { root: newKey(), ca: newKey(), leaf: newKey() };
const goodRoot = issueRoot({ key: keys.root });
const goodCa = issueIntermediate(goodRoot, { key: keys.ca });
let chains = 0;

/**
 * A chain whose certificates differ in what is given, each signed with the key that it should be signed with. CAs that
 * differ have names of their own, so that one process can be asked about all of them.
 */
function chainOf({ root, ca, leaf }: ReturnType<Mutation>): Chain {
  chains += 1;
  const top = root === undefined ? goodRoot : issueRoot({ key: keys.root, subject: `CN=Root ${chains}`, ...root });
  const middle =
    root === undefined && ca === undefined
      ? goodCa
      : issueIntermediate(top, { key: keys.ca, subject: `CN=Intermediate ${chains}`, ...ca });
  const alone = root?.subject !== undefined || ca?.subject !== undefined;
  return { leaf: issueClient(middle, { key: keys.leaf, ...leaf }).der, ca: middle.der, root: top.der, alone };
}

function weAccept({ leaf, ca, root }: Chain): boolean {
  const [end, middle, top] = [leaf, ca, root].map(parseCertificate);
  if (!end?.ok || !middle?.ok || !top?.ok) return false;
  const truststore = buildTruststore([{ type: 'anchor', certificate: top.value }], '1');
  return validatePath(end.value, { truststore, at, helpers: [middle.value] }).ok;
}

type Refused = { readonly chain: Chain; readonly problem: string };

/** What OpenSSL refuses: all in one process, then each that was refused or has the name of another in its own. */
function refusedByOpenssl(accepted: readonly Chain[]): readonly Refused[] {
  const together = ask(accepted.filter(({ alone }) => !alone)).map(({ chain }) => chain);
  return [...together, ...accepted.filter(({ alone }) => alone)].flatMap((chain) => ask([chain]));
}

function ask(asked: readonly Chain[]): readonly Refused[] {
  const folder = mkdtempSync(join(tmpdir(), 'certbound-differential-'));
  const put = (name: string, ...ders: readonly Uint8Array[]) => {
    const path = join(folder, name);
    writeFileSync(path, [...new Set(ders.map((der) => toPem(der)))].join(''));
    return path;
  };
  try {
    const roots = put('roots.pem', ...asked.map(({ root }) => root));
    const cas = put('cas.pem', ...asked.map(({ ca }) => ca));
    const leaves = asked.map(({ leaf }, index) => put(`leaf${index}.pem`, leaf));
    const time = String(at.getTime() / 1000);
    const options = ['-x509_strict', '-partial_chain', '-policy_check', '-purpose', 'sslclient', '-attime', time];
    const files = ['-CAfile', roots, '-untrusted', cas, ...leaves];
    const { stdout, stderr } = spawnSync('openssl', ['verify', ...options, ...files], { encoding: 'utf8' });
    const verdicts = asked.map((chain, index) => ({ chain, path: leaves[index], problem: stderr.trim() }));
    return verdicts.filter(({ path }) => !stdout.includes(`${path}: OK\n`));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function compare(mutation: Mutation, count: number, seed: number): number {
  const random = seeded(seed);
  const accepted = Array.from({ length: count }, () => chainOf(mutation(random))).filter(weAccept);
  const unlisted = refusedByOpenssl(accepted).filter(({ chain, problem }) => !isListed(chain, problem));
  const show = ({ chain, problem }: (typeof unlisted)[number]) =>
    `${problem}\n${[chain.leaf, chain.ca, chain.root].map((der) => toPem(der)).join('')}`;
  assert.deepEqual(unlisted.map(show), []);
  return accepted.length;
}

const byte = (random: Random): Issue => ({ rewrite: (tbs) => mutateByte(tbs, random) });
const fields = (random: Random): Issue => ({ ...mutateField(random), ...(random(3) === 0 ? mutateField(random) : {}) });

test('OpenSSL accepts the chain that is not mutated', { skip }, () => {
  assert.ok(weAccept(chainOf({})));
  assert.deepEqual(ask([chainOf({})]), []);
  assert.equal(
    ask([chainOf({ leaf: { notAfter: new Date(0) } })]).length,
    1,
    'and is asked in a way in which it can refuse',
  );
});

test('bytes of the end entity, signed again', { skip }, () => {
  assert.ok(compare((random) => ({ leaf: byte(random) }), 2000, 11) > 0);
});

test('bytes of the intermediate, signed again', { skip }, () => {
  assert.ok(compare((random) => ({ ca: byte(random) }), 800, 12) > 0);
});

test('bytes of the anchor', { skip }, () => {
  assert.ok(compare((random) => ({ root: byte(random) }), 400, 13) > 0);
});

test('fields of the end entity', { skip }, () => {
  assert.ok(compare((random) => ({ leaf: fields(random) }), 1000, 14) > 0);
});

test('fields of the intermediate and the end entity', { skip }, () => {
  assert.ok(compare((random) => ({ ca: fields(random), leaf: fields(random) }), 800, 15) > 0);
});

test('fields of the anchor', { skip }, () => {
  assert.ok(compare((random) => ({ root: fields(random) }), 300, 16) > 0);
});
