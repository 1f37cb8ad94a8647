import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { issueCertificate } from '../../lib/local/certificate-authority.ts';
import { type SmokeTarget, smoke } from '../../lib/local/smoke.ts';
import { type Folder, type RunningServer, runServer, temporaryFolder } from './running-server.ts';

const command = join(import.meta.dirname, '..', '..', 'bin', 'smoke.ts');

let folder: Folder;
let server: RunningServer;

before(async () => {
  folder = temporaryFolder();
  server = await runServer(`${folder.path}/state`);
});

after(async () => {
  await server?.stop();
  folder?.remove();
});

const run = (...args: string[]) =>
  spawnSync(process.execPath, [command, ...args], { encoding: 'utf8', timeout: 60_000 });

test('npm run smoke: every check holds for a running server, and the command ends with 0', () => {
  const clients = `${server.state}/clients`;
  const { status, stdout } = run(
    ...['--issuer', server.endpoint.issuer, '--client-id', 'demo-client-1', '--ca', `${server.state}/server-ca.crt`],
    ...['--cert', `${clients}/demo-client-1.crt`, '--key', `${clients}/demo-client-1.key`],
    ...['--other-cert', `${clients}/demo-client-2.crt`, '--other-key', `${clients}/demo-client-2.key`],
  );
  assert.equal(status, 0, stdout);
  const lines = stdout.trim().split('\n');
  assert.equal(lines.length, 8);
  for (const line of lines) assert.match(line, /^ok {4}RFC \d+ §/);
});

test('npm run smoke: a client that is not registered fails at its token, with 1, and nothing is asked of it after', () => {
  const clients = `${server.state}/clients`;
  const { status, stdout } = run(
    ...['--issuer', server.endpoint.issuer, '--client-id', 'nobody', '--ca', `${server.state}/server-ca.crt`],
    ...['--cert', `${clients}/demo-client-1.crt`, '--key', `${clients}/demo-client-1.key`, '--json'],
  );
  assert.equal(status, 1);
  const failed = (JSON.parse(stdout) as { problem?: string }[]).flatMap(({ problem }) => problem ?? []);
  assert.deepEqual(failed, ['401 invalid_client came, expected was 200']);
});

for (const [name, args] of Object.entries({
  'no flags': [],
  'an http issuer': ['--issuer', 'http://a.example', '--client-id', 'a', '--cert', 'x', '--key', 'y'],
  'a file that is not there': [
    '--issuer',
    'https://a.example',
    '--client-id',
    'a',
    '--cert',
    '/none',
    '--key',
    '/none',
  ],
  'an unknown flag': ['--host', 'a.example'],
})) {
  test(`npm run smoke: with ${name} it ends with 2 and says how it is used`, () => {
    const { status, stderr } = run(...args);
    assert.equal(status, 2);
    assert.match(stderr, /npm run smoke -- --issuer/);
  });
}

const years = { notBefore: new Date('2020-01-01T00:00:00Z'), notAfter: new Date('2090-01-01T00:00:00Z') };

type Answered = { readonly status: number; readonly body: object; readonly headers?: Record<string, string> };

/** Answers as an authorization server should, but for what `wrong` says of a path. */
async function authorizationServer(
  wrong: Readonly<Record<string, Partial<Answered>>>,
  check: (target: SmokeTarget) => Promise<void>,
) {
  const root = await issueCertificate(undefined, { subject: 'CN=Root', ca: {}, ...years });
  const san = [{ type: 'dNSName', value: 'localhost' }] as const;
  const host = await issueCertificate(root, {
    subject: 'CN=localhost',
    subjectAltName: [...san],
    eku: ['serverAuth'],
    ...years,
  });
  const client = await issueCertificate(root, { subject: 'CN=client', eku: ['clientAuth'], ...years });
  const { createHash } = await import('node:crypto');
  const thumbprint = createHash('sha256').update(client.der).digest('base64url');
  let active = true;
  const options = {
    key: host.key,
    cert: host.certificate,
    ca: root.certificate,
    requestCert: true,
    rejectUnauthorized: false,
  };
  const running: Server = createServer(options, (request, response) => {
    const path = request.url ?? '';
    const right = rightAnswer(path, request);
    const { status, body, headers = {} } = { ...right, ...wrong[path] };
    if (path === '/revoke' && wrong['/revoke'] === undefined) active = false;
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
  });
  running.listen(0, '127.0.0.1');
  await once(running, 'listening');
  const issuer = `https://localhost:${(running.address() as AddressInfo).port}`;

  function rightAnswer(path: string, request: IncomingMessage): Answered {
    if (path === '/jwks') return { status: 200, body: { keys: [{ kty: 'EC', crv: 'P-256' }] } };
    if (path === '/introspect')
      return { status: 200, body: active ? { active, cnf: { 'x5t#S256': thumbprint } } : { active } };
    if (path === '/revoke') return { status: 200, body: {} };
    if (path === '/token') {
      const { authorized } = request.socket as unknown as { authorized: boolean };
      if (!authorized) return { status: 401, body: { error: 'invalid_client' } };
      return {
        status: 200,
        body: { access_token: 't', token_type: 'Bearer' },
        headers: { 'cache-control': 'no-store' },
      };
    }
    const mtls_endpoint_aliases = {
      token_endpoint: `${issuer}/token`,
      introspection_endpoint: `${issuer}/introspect`,
      revocation_endpoint: `${issuer}/revoke`,
    };
    return {
      status: 200,
      body: {
        issuer,
        jwks_uri: `${issuer}/jwks`,
        tls_client_certificate_bound_access_tokens: true,
        mtls_endpoint_aliases,
      },
    };
  }

  try {
    await check({
      issuer,
      clientId: 'client',
      identity: { certificate: client.certificate, key: client.key },
      ca: root.certificate,
    });
  } finally {
    running.close();
    running.closeAllConnections();
  }
}

test('npm run smoke: a server that does all of it right passes', () =>
  authorizationServer({}, async (target) => {
    assert.deepEqual(
      (await smoke(target)).filter(({ problem }) => problem !== undefined),
      [],
    );
  }));

const metadata = '/.well-known/oauth-authorization-server';
const issued = { access_token: 't', token_type: 'Bearer' };
const wrongs: readonly (readonly [string, Readonly<Record<string, Partial<Answered>>>, RegExp, RegExp])[] = [
  ['no metadata', { [metadata]: { status: 404 } }, /RFC 8414 §3/, /^404 came/],
  [
    'the metadata of another issuer',
    { [metadata]: { body: { issuer: 'https://other.example' } } },
    /RFC 8414 §3/,
    /^issuer is/,
  ],
  ['a private key in the JWKS', { '/jwks': { body: { keys: [{ d: 'x' }] } } }, /RFC 7517 §5/, /private member d/],
  ['no JWKS', { '/jwks': { status: 500 } }, /RFC 7517 §5/, /^500 came/],
  [
    'a token for nobody',
    { '/token': { status: 200, body: issued, headers: { 'cache-control': 'no-store' } } },
    /§2: without/,
    /^200 came/,
  ],
  [
    'no token',
    { '/token': { status: 401, body: { error: 'invalid_client' } } },
    /RFC 6749 §4.4/,
    /^401 invalid_client came/,
  ],
  [
    'a token that may be stored',
    { '/token': { status: 200, body: issued, headers: {} } },
    /RFC 6749 §4.4/,
    /^cache-control is undefined/,
  ],
  ['a token that is not active', { '/introspect': { body: { active: false } } }, /RFC 8705 §3.2/, /^active is false/],
  [
    'a token that is not bound',
    { '/introspect': { body: { active: true } } },
    /RFC 8705 §3.2/,
    /^cnf x5t#S256 is undefined/,
  ],
  [
    'a token bound to another certificate',
    { '/introspect': { body: { active: true, cnf: { 'x5t#S256': 'x' } } } },
    /RFC 8705 §3.2/,
    /^cnf x5t#S256 is "x"/,
  ],
  ['a revocation that does nothing', { '/revoke': {} }, /RFC 7009 §2/, /^active is true/],
  ['no revocation', { '/revoke': { status: 503 } }, /RFC 7009 §2/, /^503 came/],
];

for (const [name, wrong, check, problem] of wrongs) {
  test(`npm run smoke: a server with ${name} fails that check`, () =>
    authorizationServer(wrong, async (target) => {
      const failed = (await smoke(target)).filter((each) => each.problem !== undefined);
      const found = failed.find((each) => check.test(each.check));
      assert.ok(found, JSON.stringify(failed));
      assert.match(found.problem ?? '', problem);
    }));
}

test('npm run smoke: a server that cannot be reached is a failed check, not a fault', async () => {
  const identity = server.identity('demo-client-1');
  const results = await smoke({ issuer: 'https://localhost:9', clientId: 'x', identity });
  assert.deepEqual(
    results.map(({ problem }) => problem !== undefined),
    [true],
  );
});
