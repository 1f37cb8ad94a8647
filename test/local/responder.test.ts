import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { randomBytes, X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { createAuthority, issueLeaf } from '../../lib/local/authority.ts';
import { loadAuthority, saveAuthority } from '../../lib/local/authority-files.ts';
import type { KeyedCertificate } from '../../lib/local/certificate-authority.ts';
import { type Responder, startResponder } from '../../lib/local/responder.ts';
import { controlOf } from '../../lib/local/responder-control.ts';
import { parseCertificatePem } from '../../lib/pki/certificate/certificate.ts';
import { buildTruststore } from '../../lib/pki/path/truststore.ts';
import { fail, ok } from '../../lib/result.ts';
import { verifyClientCertificate } from '../../lib/status/client-certificate.ts';
import type { Fetch, StatusPorts } from '../../lib/status/ports.ts';
import { defaultStatusPolicy, type StatusPolicy } from '../../lib/status/revocation.ts';

let directory: string;
let responder: Responder;
let leaf: KeyedCertificate;

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'certbound-'));
  responder = await startResponder({
    port: 0,
    authority: (statusUrl) => createAuthority({ statusUrl }),
    ledgerFile: join(directory, 'ledger.json'),
  });
  leaf = await responder.issue({ subject: 'CN=client,O=Example,C=DE' });
  await writeFile(file('root.pem'), responder.authority.root.certificate);
  await writeFile(file('intermediate.pem'), responder.authority.intermediate.certificate);
  await writeFile(file('truststore.pem'), responder.authority.truststore);
  await writeFile(file('leaf.pem'), leaf.certificate);
});
after(async () => {
  await responder.close();
  await rm(directory, { recursive: true });
});

const file = (name: string) => join(directory, name);

/** What a bounded fetcher does, without its guard: the responder is on loopback. */
const fetchStatus: Fetch = async ({ url, method, body, contentType, accept }) => {
  const response = await fetch(url, {
    method,
    headers: { accept, ...(contentType && { 'content-type': contentType }) },
    ...(body && { body: new Uint8Array(body) }),
  });
  if (!response.ok) return fail({ reason: 'http_status', detail: String(response.status) });
  return ok(new Uint8Array(await response.arrayBuffer()));
};

const noCache: StatusPorts['cache'] = { find: async () => undefined, save: async () => undefined };

async function verdict(certificate: string, policy: Partial<StatusPolicy> = {}, from = responder) {
  const parsed = parseCertificatePem(certificate);
  assert.ok(parsed.ok);
  const entry = (type: 'anchor' | 'intermediate', pem: string) => {
    const ca = parseCertificatePem(pem);
    assert.ok(ca.ok);
    return { type, certificate: ca.value };
  };
  const { root, intermediate } = from.authority;
  const truststore = buildTruststore(
    [entry('anchor', root.certificate), entry('intermediate', intermediate.certificate)],
    '1',
  );
  const options = { truststore, policy: { ...defaultStatusPolicy, ...policy }, at: new Date() };
  return await verifyClientCertificate(parsed.value, options, { fetch: fetchStatus, cache: noCache, randomBytes });
}

const reasonOf = (result: Awaited<ReturnType<typeof verdict>>) => (result.ok ? 'valid' : result.failure.reason);

test('RFC 6960 §4.2.2.3: lib/pki takes the answers for leaf and intermediate', async () => {
  for (const nonce of ['off', 'require'] as const) {
    const result = await verdict(leaf.certificate, { order: 'ocsp', depth: 'chain', nonce });
    assert.ok(result.ok, JSON.stringify(result));
    const { statuses } = result.value.status;
    assert.deepEqual(
      statuses.map(({ source, status }) => [source, status]),
      [
        ['ocsp', 'good'],
        ['ocsp', 'good'],
      ],
    );
    for (const { thisUpdate, nextUpdate } of statuses) {
      assert.ok(thisUpdate && nextUpdate && nextUpdate.getTime() - thisUpdate.getTime() >= 600_000);
    }
  }
});

test('RFC 6960 §2.2: a serial number that the CA never issued is unknown', async () => {
  const unrecorded = await issueLeaf(responder.authority, { subject: 'CN=unrecorded' });
  assert.equal(reasonOf(await verdict(unrecorded.certificate, { order: 'ocsp' })), 'status_unknown');
});

test('RFC 6960 §2.2: a revoked certificate is revoked from the next answer on, on hold is on hold', async () => {
  const revoked = await responder.issue({ subject: 'CN=revoked' });
  assert.equal(reasonOf(await verdict(revoked.certificate)), 'valid');
  await responder.revoke(revoked.serial, 'keyCompromise');
  assert.equal(reasonOf(await verdict(revoked.certificate)), 'certificate_revoked');
  const held = await responder.issue({ subject: 'CN=held' });
  await responder.revoke(held.serial, 'certificateHold');
  assert.equal(reasonOf(await verdict(held.certificate)), 'certificate_on_hold');
});

test('RFC 6960 §2.2: a revoked intermediate takes its leaves along', async () => {
  const own = await startResponder({ port: 0, authority: (statusUrl) => createAuthority({ statusUrl }) });
  const issued = await own.issue({ subject: 'CN=client' });
  assert.equal(reasonOf(await verdict(issued.certificate, { depth: 'chain' }, own)), 'valid');
  await own.revoke(own.authority.intermediate.serial, 'cACompromise');
  assert.equal(reasonOf(await verdict(issued.certificate, { depth: 'chain' }, own)), 'issuer_revoked');
  await own.close();
});

test('RFC 6960 §2.3: what is no request is answered malformedRequest', async () => {
  const post = async (body: Uint8Array | string) => {
    const response = await fetch(`${responder.url}/ocsp`, { method: 'POST', body: new Uint8Array(Buffer.from(body)) });
    assert.equal(response.headers.get('content-type'), 'application/ocsp-response');
    return Buffer.from(await response.arrayBuffer()).toString('hex');
  };
  const malformed = '30030a0101';
  assert.equal(await post(''), malformed);
  assert.equal(await post('garbage'), malformed);
  assert.equal(await post(Buffer.from('30023000', 'hex')), malformed);
  assert.equal(await post(Buffer.from('30043002300000', 'hex')), malformed);
  assert.equal(await post(Buffer.from('3080', 'hex')), malformed);
  const get = await fetch(`${responder.url}/ocsp/%ZZ`);
  assert.equal(Buffer.from(await get.arrayBuffer()).toString('hex'), malformed);
});

test('RFC 6960 §2.3: a request about another CA alone is answered unauthorized', async () => {
  const certId = Buffer.from(
    `3049300906052b0e03021a05000414${'00'.repeat(20)}0414${'00'.repeat(20)}021001${'00'.repeat(15)}`,
    'hex',
  );
  certId[1] = certId.length - 2;
  const wrap = (bytes: Buffer) => Buffer.concat([Buffer.from([0x30, bytes.length]), bytes]);
  const body = new Uint8Array(wrap(wrap(wrap(wrap(certId)))));
  const response = await fetch(`${responder.url}/ocsp`, { method: 'POST', body });
  assert.equal(Buffer.from(await response.arrayBuffer()).toString('hex'), '30030a0106');
});

test('RFC 9110 §15.5.6: other methods are answered 405 with Allow', async () => {
  for (const [path, allow] of [
    ['/ocsp', 'GET, POST'],
    ['/crl/root.crl', 'GET, HEAD'],
  ] as const) {
    const response = await fetch(`${responder.url}${path}`, { method: 'DELETE' });
    assert.deepEqual([response.status, response.headers.get('allow')], [405, allow]);
  }
  assert.equal((await fetch(`${responder.url}/crl/other.crl`)).status, 404);
});

let openssl = true;
try {
  execFileSync('openssl', ['version'], { stdio: 'ignore' });
} catch {
  openssl = false;
}
const withOpenssl = { skip: !openssl && 'openssl is not installed' };

/** Both outputs; openssl writes its verdicts to either. */
async function run(...args: string[]): Promise<string> {
  const { stdout, stderr } = await promisify(execFile)('openssl', args).catch((error) => error);
  return `${stdout}${stderr}`;
}

test('RFC 5280 §6.1: openssl takes the path and the names of the certificates', withOpenssl, async () => {
  const path = ['-x509_strict', '-CAfile', file('truststore.pem'), '-purpose', 'sslclient', file('leaf.pem')];
  assert.match(await run('verify', ...path), /leaf\.pem: OK/);
  assert.match(
    await run('x509', '-in', file('leaf.pem'), '-noout', '-subject', '-nameopt', 'RFC2253'),
    /CN=client,O=Example,C=DE/,
  );
  await writeFile(file('server.pem'), responder.authority.server.certificate);
  await writeFile(file('server-ca.pem'), responder.authority.serverCa);
  const server = ['-x509_strict', '-CAfile', file('server-ca.pem'), '-purpose', 'sslserver'];
  for (const name of ['-verify_hostname localhost', '-verify_ip 127.0.0.1', '-verify_ip ::1']) {
    assert.match(await run('verify', ...server, ...name.split(' '), file('server.pem')), /server\.pem: OK/);
  }
  assert.match(
    await run('verify', ...server, '-verify_hostname', 'example.com', file('server.pem')),
    /hostname mismatch/i,
  );
  assert.match(await run('verify', ...server, file('leaf.pem')), /unable to get local issuer/);
});

function askOpenssl(certificate: string, ...more: string[]) {
  const issuer = file('intermediate.pem');
  const url = `${responder.url}/ocsp`;
  return run('ocsp', ...more, '-issuer', issuer, '-cert', certificate, '-url', url, '-CAfile', file('truststore.pem'));
}

test(
  'RFC 6960 §4.2: openssl takes good, revoked and unknown, with nonce and without, SHA-1 and SHA-256',
  withOpenssl,
  async () => {
    const revoked = await responder.issue({ subject: 'CN=revoked' });
    await responder.revoke(revoked.serial, 'superseded');
    await writeFile(file('revoked.pem'), revoked.certificate);
    await writeFile(file('unknown.pem'), (await issueLeaf(responder.authority, { subject: 'CN=unknown' })).certificate);
    for (const more of [[], ['-no_nonce'], ['-sha256']]) {
      const good = await askOpenssl(file('leaf.pem'), ...more);
      assert.match(good, /Response verify OK/);
      assert.match(good, /leaf\.pem: good/);
      assert.doesNotMatch(good, /WARNING/);
      assert.match(await askOpenssl(file('revoked.pem'), ...more), /pem: revoked[\s\S]*superseded[\s\S]*verify OK/);
      assert.match(await askOpenssl(file('unknown.pem'), ...more), /pem: unknown[\s\S]*verify OK/);
    }
  },
);

test('RFC 5280 §5: openssl takes both CRLs and finds the revoked serial numbers', withOpenssl, async () => {
  const revoked = await responder.issue({ subject: 'CN=revoked' });
  await responder.revoke(revoked.serial, 'keyCompromise');
  for (const ca of ['root', 'intermediate'] as const) {
    const response = await fetch(`${responder.url}/crl/${ca}.crl`);
    assert.equal(response.headers.get('content-type'), 'application/pkix-crl');
    await writeFile(file(`${ca}.crl`), Buffer.from(await response.arrayBuffer()));
  }
  const check = ['-inform', 'DER', '-noout', '-text', '-CAfile', file('truststore.pem')];
  assert.match(await run('crl', '-in', file('root.crl'), ...check), /No Revoked Certificates[\s\S]*verify OK/);
  const text = await run('crl', '-in', file('intermediate.crl'), ...check);
  assert.match(text, /verify OK/);
  assert.match(text, new RegExp(`Serial Number: ${revoked.serial.toUpperCase()}[\\s\\S]*Key Compromise`));
});

test('RFC 6750 §2.1: the control API wants its secret, no page of a browser, POST and JSON', async () => {
  const ask = (headers: Record<string, string>, body = '{}', method = 'POST', path = '/control/revoke') =>
    new Promise<number | undefined>((resolve, reject) => {
      const request = httpRequest(`${responder.url}${path}`, { method, headers }, (response) => {
        response.resume();
        response.on('end', () => resolve(response.statusCode));
      });
      request.on('error', reject);
      request.end(method === 'POST' ? body : undefined);
    });
  const authorization = `Bearer ${responder.secret}`;
  assert.equal(await ask({}), 401);
  assert.equal(await ask({ authorization: 'Bearer ' }), 401);
  assert.equal(await ask({ authorization: `Bearer ${responder.secret}x` }), 401);
  assert.equal(await ask({ authorization: `Basic ${responder.secret}` }), 401);
  assert.equal(await ask({ authorization, origin: 'https://evil.example' }), 403);
  assert.equal(await ask({ authorization, host: 'evil.example' }), 403);
  assert.equal(await ask({ authorization }, '', 'GET'), 405);
  assert.equal(await ask({ authorization }, '{}', 'POST', '/control/other'), 404);
  assert.equal(await ask({ authorization }, 'a'.repeat(65_537)), 413);
  for (const body of ['', '[]', 'null', '{}', '{"serial":1}', `{"serial":"${leaf.serial}","reason":"constructor"}`]) {
    assert.equal(await ask({ authorization }, body), 400, body);
  }
  assert.equal(await ask({ authorization }, '{"serial":"00"}'), 404);
  for (const body of [
    '{}',
    '{"subject":1}',
    '{"subject":"no name"}',
    '{"subject":"CN=a","days":0}',
    '{"subject":"CN=a","days":1e9}',
    '{"subject":"CN=a","subjectAltName":[{"type":"other","value":"a"}]}',
    '{"subject":"CN=a","subjectAltName":[{"type":"iPAddress","value":"no address"}]}',
    '{"renew":"00"}',
    `{"renew":"${responder.authority.intermediate.serial}"}`,
  ]) {
    assert.equal(await ask({ authorization }, body, 'POST', '/control/issue'), 400, body);
  }
  assert.equal(reasonOf(await verdict(leaf.certificate)), 'valid', 'nothing was revoked');
});

test('design §9: the control issues, revokes and renews', async () => {
  const control = controlOf({ responder: responder.url, secret: responder.secret });
  const first = await control.issue('CN=a,O=B', { subjectAltName: [{ type: 'dNSName', value: 'a.example' }] });
  assert.equal(reasonOf(await verdict(first.certificate)), 'valid');
  await control.revoke(first.certificate, 'keyCompromise');
  assert.equal(reasonOf(await verdict(first.certificate)), 'certificate_revoked');
  const second = await control.renew(first.certificate);
  assert.equal(reasonOf(await verdict(second.certificate)), 'valid');
  const [before, renewed] = [new X509Certificate(first.certificate), new X509Certificate(second.certificate)];
  assert.equal(renewed.subject, 'O=B\nCN=a');
  assert.equal(renewed.subjectAltName, before.subjectAltName);
  assert.notEqual(renewed.publicKey.equals(before.publicKey), true);
  const foreign = await createAuthority({ statusUrl: 'http://127.0.0.1:9', name: 'Foreign' });
  await assert.rejects(control.revoke(foreign.root.certificate, 'unspecified'), /no such certificate/);
});

test('design §9: CA and revocations outlive the responder, and the certificates find it on its port', async () => {
  const ca = file('ca');
  const ledgerFile = file('kept.json');
  const first = await startResponder({
    port: 0,
    ledgerFile,
    authority: async (statusUrl) => {
      const made = await createAuthority({ statusUrl });
      await saveAuthority(ca, made);
      return made;
    },
  });
  const kept = await first.issue({ subject: 'CN=kept' });
  const revoked = await first.issue({ subject: 'CN=revoked' });
  await first.revoke(revoked.serial, 'unspecified');
  await first.close();
  const loaded = await loadAuthority(ca);
  assert.equal(loaded?.statusUrl, first.url);
  assert.equal(loaded.root.certificate, first.authority.root.certificate);
  const second = await startResponder({
    port: Number(new URL(first.url).port),
    ledgerFile,
    authority: async () => loaded,
  });
  assert.equal(reasonOf(await verdict(kept.certificate, {}, second)), 'valid');
  assert.equal(reasonOf(await verdict(revoked.certificate, {}, second)), 'certificate_revoked');
  assert.notEqual(second.secret, first.secret);
  await second.close();
});

test('design §9: keys are readable by their user alone; a damaged CA or ledger is told in one line', async () => {
  const ca = file('private');
  assert.equal(await loadAuthority(ca), undefined);
  await saveAuthority(ca, responder.authority);
  for (const name of ['root.key', 'intermediate.key', 'server-root.key']) {
    assert.equal((await stat(join(ca, name))).mode & 0o777, 0o600);
    assert.match(await readFile(join(ca, name), 'utf8'), /BEGIN PRIVATE KEY/);
  }
  await writeFile(join(ca, 'root.crt'), 'damaged');
  await assert.rejects(loadAuthority(ca), /damaged \(root\); --fresh begins anew/);
  await writeFile(file('damaged.json'), '[{"serial":1}]');
  const authority = async () => responder.authority;
  await assert.rejects(startResponder({ port: 0, authority, ledgerFile: file('damaged.json') }), /damaged; --fresh/);
});
