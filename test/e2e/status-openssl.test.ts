/** OpenSSL as the responder and as the CA that makes CRLs, for the real server; skipped where it is not installed. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { extendedKeyUsage, type Issued, issue, purposes } from '../pki/issue.ts';
import { noCheck } from '../pki/status/issue-status.ts';
import { identityOf } from './hostile-responder-pki.ts';
import {
  accessToken,
  type Exchanged,
  type HostileServer,
  leafStatus,
  startHostileServer,
} from './hostile-responder-server.ts';
import { type Folder, temporaryFolder } from './running-server.ts';

const skip = spawnSync('openssl', ['version']).status === 0 ? false : 'openssl is not installed';

let hostile: HostileServer;
let folder: Folder;
let leaves: Record<'good' | 'revoked' | 'on_hold' | 'unlisted', Record<'ocsp' | 'crl', Issued>>;

before(async () => {
  if (skip) return;
  folder = temporaryFolder();
  hostile = await startHostileServer();
  const { pki, responder } = hostile;
  const leaf = () => ({
    ocsp: pki.client('CN=client', { ocsp: responder.url('/openssl') }),
    crl: pki.client('CN=client', { crl: responder.url('/openssl.crl') }),
  });
  leaves = { good: leaf(), revoked: leaf(), on_hold: leaf(), unlisted: leaf() };
  const now = Date.now();
  const delegate = issue({
    issuer: pki.ca,
    subject: 'CN=OpenSSL Responder',
    notBefore: new Date(now - 86_400_000),
    notAfter: new Date(now + 86_400_000),
    extensions: [extendedKeyUsage([purposes.ocspSigning]), noCheck],
  });
  for (const [name, issued] of Object.entries({ ca: pki.ca, delegate })) {
    const { certificate, key } = identityOf(issued);
    folder.write(`${name}.pem`, certificate);
    folder.write(`${name}.key`, key);
  }
  writeIndex('V');
  folder.write(
    'ca.cnf',
    `[ca]\ndefault_ca=d\n[d]\ndatabase=${file('index.txt')}\ndefault_md=sha256\ndefault_crl_days=7\n`,
  );
  responder.set('/openssl', ({ body }) => answerOf(body));
  responder.set('/openssl.crl', () => crl());
});

after(async () => {
  await hostile?.close();
  folder?.remove();
});

const file = (name: string) => `${folder.path}/${name}`;
const openssl = (...words: readonly string[]) => execFileSync('openssl', words, { stdio: 'pipe', cwd: folder.path });

/** OpenSSL's database of certificates; `state` is that of the good ones. */
function writeIndex(state: 'V' | 'R'): void {
  const time = (date: Date) => `${date.toISOString().slice(2, 19).replace(/[-:T]/g, '')}Z`;
  const revoked = (reason: string) => `${time(new Date(Date.now() - 3_600_000))},${reason}`;
  const line = (status: 'V' | 'R', { certificate }: Issued, reason: string) =>
    `${status}\t${time(certificate.notAfter)}\t${status === 'R' ? revoked(reason) : ''}\t${certificate.serialNumber.padStart(4, '0').toUpperCase()}\tunknown\t/CN=${certificate.serialNumber}\n`;
  const lines = (status: 'V' | 'R', both: Record<string, Issued>, reason: string) =>
    Object.values(both).map((each) => line(status, each, reason));
  folder.write(
    'index.txt',
    [
      ...lines(state, leaves.good, 'superseded'),
      ...lines('R', leaves.revoked, 'keyCompromise'),
      ...lines('R', leaves.on_hold, 'holdInstruction,holdInstructionReject'),
    ].join(''),
  );
}

/** OpenSSL reads the request as it came over the network, and signs what its database says. */
function answerOf(request: Uint8Array): Uint8Array {
  writeFileSync(file('request'), request);
  const from = ['-index', file('index.txt'), '-CA', file('ca.pem'), '-reqin', file('request'), '-nmin', '5'];
  openssl(
    'ocsp',
    ...from,
    '-rsigner',
    file('delegate.pem'),
    '-rkey',
    file('delegate.key'),
    '-respout',
    file('response'),
  );
  return readFileSync(file('response'));
}

function crl(): Uint8Array {
  const by = ['-cert', file('ca.pem'), '-keyfile', file('ca.key')];
  openssl('ca', '-config', file('ca.cnf'), '-gencrl', ...by, '-out', file('crl.pem'));
  openssl('crl', '-in', file('crl.pem'), '-outform', 'DER', '-out', file('crl.der'));
  return readFileSync(file('crl.der'));
}

const outcome = (exchanged: Exchanged) => [
  exchanged.answer.status,
  exchanged.line['reason'],
  leafStatus(exchanged)['status'],
];

for (const [source, row, unlisted] of [
  ['ocsp', 'P12', [401, 'status_unknown', 'unknown']],
  ['crl', 'P15', [200, undefined, 'good']],
] as const) {
  test(`${row}: what OpenSSL says by ${source} means the same to us, nonce and delegate included`, {
    skip,
  }, async () => {
    const expected = {
      good: [200, undefined, 'good'],
      revoked: [401, 'certificate_revoked', 'revoked'],
      on_hold: [401, 'certificate_on_hold', 'on_hold'],
      unlisted,
    };
    for (const [name, both] of Object.entries(leaves)) {
      const found = await hostile.token('hard', both[source]);
      assert.deepEqual(outcome(found), expected[name as keyof typeof expected], `${name}: ${found.answer.body}`);
      assert.equal(leafStatus(found)['source'], source);
    }
  });
}

test('N10: a live token dies when OpenSSL is told of the revocation, by OCSP and by CRL alone', { skip }, async () => {
  const tokens = {
    ocsp: accessToken(await hostile.token('hard', leaves.good.ocsp)),
    crl: accessToken(await hostile.token('hard', leaves.good.crl)),
  };
  for (const token of Object.values(tokens)) {
    assert.equal(JSON.parse((await hostile.introspect('hard', token)).answer.body).active, true);
  }
  writeIndex('R');
  for (const token of Object.values(tokens)) {
    const { answer, line } = await hostile.introspect('hard', token);
    assert.deepEqual([answer.body, line['reason']], ['{"active":false}', 'certificate_revoked']);
  }
});
