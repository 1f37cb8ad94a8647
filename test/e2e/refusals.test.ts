import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { toEnvironment } from '../../lib/config.ts';
import { type Authority, createAuthority, issueLeaf, type LeafRequest } from '../../lib/local/authority.ts';
import { issueCertificate } from '../../lib/local/certificate-authority.ts';
import { demoSubject } from '../../lib/local/demo-files.ts';
import { deployedFunctions } from '../../lib/local/deployed-functions.ts';
import { type Answer, exchange, type Identity, jsonIn } from '../../lib/local/mutual-tls-client.ts';
import { controlOf } from '../../lib/local/responder-control.ts';
import {
  authorityOf,
  deploymentInFront,
  type Folder,
  type RunningServer,
  runServer,
  temporaryFolder,
} from './running-server.ts';

const invalidClient = '{"error":"invalid_client","error_description":"Client authentication failed"}';
const subject = demoSubject('demo-client-1');

let folder: Folder;
let server: RunningServer;
let authority: Authority;
let foreign: Authority;

before(async () => {
  folder = temporaryFolder();
  foreign = await createAuthority({ statusUrl: 'http://127.0.0.1:9', name: 'Foreign' });
  const tenants = folder.write('tenants.json', JSON.stringify([{ tenant: 'foreign', truststore: foreign.truststore }]));
  server = await runServer(`${folder.path}/state`, '--tenants', tenants);
  authority = await authorityOf(server.state);
});

after(async () => {
  await server?.stop();
  folder?.remove();
});

const leaf = (request: Partial<LeafRequest> = {}, issuer = authority): Promise<Identity> =>
  issueLeaf(issuer, { subject, ...request });
const reasonOf = async (answer: Answer) => (await server.logOf(answer))['reason'];

/** What an outsider can see of an answer; the request's own identifier and the clock apart. */
function seen({ status, headers, body }: Answer) {
  const { date: _, 'apigw-requestid': __, ...rest } = headers;
  return { status, headers: rest, body };
}

async function revoked(): Promise<Identity> {
  const control = controlOf(server.endpoint);
  const issued = await control.issue(subject);
  await control.revoke(issued.certificate, 'keyCompromise');
  return issued;
}

function neverIssued(): Promise<Identity> {
  const now = Date.now();
  const validity = { notBefore: new Date(now - 60_000), notAfter: new Date(now + 3_600_000) };
  const status = { ocsp: `${authority.statusUrl}/ocsp` };
  return issueCertificate(authority.intermediate, { ...validity, subject, eku: ['clientAuth'], status });
}

const overTls: readonly [string, () => Promise<Identity>, string, Record<string, string>?][] = [
  [
    'RFC 5280 §4.2.1.12: an EKU of serverAuth alone (P6)',
    () => leaf({ eku: ['serverAuth'] }),
    'eku_client_auth_missing',
  ],
  ['RFC 5280 §4.2.1.9: a leaf that is a CA (P3)', () => leaf({ ca: true }), 'basic_constraints'],
  ['RFC 6960 §2.2: a revoked certificate (P12)', revoked, 'certificate_revoked'],
  ['RFC 6960 §2.2: a certificate the responder does not know, with no CRL to ask', neverIssued, 'status_unknown'],
  [
    'RFC 6960 §4.2.2.1: a certificate that names no source of its status',
    () => leaf({ status: 'none' }),
    'no_status_source',
  ],
  [
    'RFC 8705 §2.1.2: a subject with one RDN different (C5)',
    () => controlOf(server.endpoint).issue('CN=demo-client-1,O=Certbound Demos'),
    'subject_mismatch',
  ],
  [
    'RFC 8705 §2: the certificate of another client (C3)',
    async () => server.identity('demo-client-2'),
    'subject_mismatch',
  ],
  ['RFC 8705 §7.4: the same subject under a CA of another tenant (C21)', () => leaf({}, foreign), 'chain_untrusted'],
  [
    'RFC 6749 §5.2: an unknown client (S24)',
    async () => server.identity('demo-client-1'),
    'client_unknown',
    { client_id: 'nobody' },
  ],
  ['RFC 8705 §2: no client_id (C4)', async () => server.identity('demo-client-1'), 'client_unknown', { client_id: '' }],
  [
    'RFC 6749 §5.2: a client_id of 10,000 characters',
    async () => server.identity('demo-client-1'),
    'client_unknown',
    { client_id: 'a'.repeat(10_000) },
  ],
];

for (const [name, identity, reason, form] of overTls) {
  test(`${name}: 401 invalid_client, the log says ${reason}`, async () => {
    const answer = await server.token(await identity(), form);
    const usual = await server.token(server.identity('demo-client-1'), { client_id: 'nobody' });
    assert.equal(answer.status, 401);
    assert.equal(answer.body, invalidClient);
    assert.deepEqual(seen(answer), seen(usual), 'indistinguishable from an unknown client');
    assert.equal(await reasonOf(answer), reason);
  });
}

test('RFC 6749 §2.3: no certificate at all, over the public host: the same 401 (C2)', async () => {
  const url = `${server.endpoint.issuer}/token`;
  const answer = await exchange({
    url,
    ca: server.ca,
    form: { grant_type: 'client_credentials', client_id: 'demo-client-1' },
  });
  assert.deepEqual([answer.status, answer.body], [401, invalidClient]);
  assert.equal(await reasonOf(answer), 'no_certificate');
});

test('RFC 8705 §6.5: forged certificate headers over the public host are no certificate (C33)', async () => {
  const pem = encodeURIComponent(server.identity('demo-client-1').certificate);
  const names = [
    'Client-Cert',
    'X-Client-Cert',
    'X-Amzn-Mtls-Clientcert',
    'X-Amzn-Mtls-Clientcert-Leaf',
    'X-SSL-Cert',
    'X-Forwarded-Client-Cert',
  ];
  const answer = await exchange({
    url: `${server.endpoint.issuer}/token`,
    ca: server.ca,
    headers: Object.fromEntries(names.map((name) => [name, pem])),
    form: { grant_type: 'client_credentials', client_id: 'demo-client-1' },
  });
  assert.deepEqual([answer.status, answer.body], [401, invalidClient]);
  assert.equal(await reasonOf(answer), 'no_certificate');
});

const past = { notBefore: new Date('2020-01-01T00:00:00Z'), notAfter: new Date('2021-01-01T00:00:00Z') };
const future = { notBefore: new Date('2090-01-01T00:00:00Z'), notAfter: new Date('2091-01-01T00:00:00Z') };

/** Certificates that API Gateway refuses by itself; the function must refuse them as well. */
const atTheGateway: readonly [string, () => Promise<Identity>, string][] = [
  ['RFC 5280 §6.1.3 (a)(2): an expired certificate (P1)', () => leaf(past), 'certificate_expired'],
  ['RFC 5280 §6.1.3 (a)(2): a certificate not valid yet (P1)', () => leaf(future), 'certificate_not_yet_valid'],
  [
    'RFC 5280 §6.1: a certificate of a CA nobody trusts',
    async () => leaf({}, await createAuthority({ statusUrl: 'http://127.0.0.1:9', name: 'Nobody' })),
    'chain_untrusted',
  ],
];

for (const [name, identity, reason] of atTheGateway) {
  test(`${name}: the gateway's 403 over TLS, and the same 401 from the handler itself, reason ${reason}`, async () => {
    const refused = await identity();
    const answer = await server.token(refused);
    assert.deepEqual([answer.status, answer.body], [403, '{"message":"Forbidden"}']);
    const { result, line } = await invokeToken(refused.certificate);
    assert.deepEqual([result.statusCode, result.body], [401, invalidClient]);
    assert.equal(line['reason'], reason);
  });
}

for (const pem of [
  '',
  'garbage',
  '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----',
  `-----BEGIN CERTIFICATE-----\n${'A'.repeat(40_000)}\n-----END CERTIFICATE-----`,
]) {
  test(`RFC 8705 §2: a certificate that is ${pem.slice(0, 40) || 'empty'}… (${pem.length} characters) is 401, never a 500 (S7)`, async () => {
    const { result, line } = await invokeToken(pem);
    assert.deepEqual([result.statusCode, result.body], [401, invalidClient]);
    assert.equal(line['reason'], pem === '' ? 'no_certificate' : 'certificate_unparsable');
  });
}

type Handler = (event: unknown, context: unknown) => Promise<{ statusCode: number; body: string }>;
let handler: Handler | undefined;

/** The token function without the gateway, on the running server's store: in this process, or as it is deployed. */
async function invokeToken(clientCertPem: string) {
  handler ??= await loadToken();
  const lines: string[] = [];
  const write = process.stdout.write.bind(process.stdout);
  process.stdout.write = (chunk: string | Uint8Array) => lines.push(String(chunk)) > 0;
  try {
    const body = 'grant_type=client_credentials&client_id=demo-client-1';
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const requestContext = {
      domainName: 'localhost',
      http: { method: 'POST' },
      authentication: { clientCert: { clientCertPem } },
    };
    const event = {
      version: '2.0',
      rawPath: '/token',
      rawQueryString: '',
      headers,
      body,
      isBase64Encoded: false,
      requestContext,
    };
    const result = await handler(event, { awsRequestId: 'test' });
    const line = lines.find((each) => each.includes('"endpoint":"token"'));
    return { result, line: JSON.parse(line ?? '{}') as Record<string, unknown> };
  } finally {
    process.stdout.write = write;
  }
}

async function loadToken(): Promise<Handler> {
  const deployment = deploymentInFront();
  if (deployment !== undefined) {
    return deployedFunctions(deployment, (line) => process.stdout.write(line))['token'] as unknown as Handler;
  }
  const statusAllowHosts = [new URL(server.endpoint.responder).host];
  const config = {
    registryTable: 'certbound-registry',
    grantsTable: 'certbound-grants',
    tenantHosts: {},
    registryMaxAge: 1,
    statusAllowHosts,
    logLevel: 'info' as const,
  };
  Object.assign(process.env, toEnvironment(config), {
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_ENDPOINT_URL_DYNAMODB: server.endpoint.store,
  });
  return (await import('../../lambdas/token.ts')).handler as unknown as Handler;
}

test('RFC 6749 §2.3: two mechanisms in one request are invalid_request, an unexpected one invalid_client (C29)', async () => {
  const one = server.identity('demo-client-1');
  const both = await server.token(one, { client_secret: 'x' });
  assert.deepEqual([both.status, jsonIn(both)?.['error']], [400, 'invalid_request']);
  const assertion = await server.token(one, { client_assertion: 'a.b.c', client_assertion_type: 'urn:x' });
  assert.deepEqual([assertion.status, assertion.body], [401, invalidClient]);
});

test('RFC 6749 §5.2: whoever tries Basic gets 401 with a challenge, whatever the header holds (S4, S5)', async () => {
  for (const authorization of ['Basic !!!', 'Basic ZGVtby1jbGllbnQtMTp4', `Basic ${'A'.repeat(3000)}`]) {
    const answer = await exchange({
      url: `${server.endpoint.mtls}/token`,
      ca: server.ca,
      identity: server.identity('demo-client-1'),
      headers: { authorization },
      form: { grant_type: 'client_credentials', client_id: 'demo-client-1' },
    });
    assert.equal(answer.status, 401);
    assert.match(String(answer.headers['www-authenticate']), /^Basic realm=/);
  }
});

const badRequests: readonly [string, Record<string, string>, string][] = [
  ['RFC 6749 §5.2: no grant_type', { grant_type: '' }, 'invalid_request'],
  ['RFC 6749 §5.2: an unknown grant_type', { grant_type: 'password' }, 'unsupported_grant_type'],
  ['RFC 6749 §5.2: grant_type=constructor', { grant_type: 'constructor' }, 'unsupported_grant_type'],
  ['RFC 6749 §5.2: grant_type=__proto__', { grant_type: '__proto__' }, 'unsupported_grant_type'],
  ['RFC 6749 §3.3: a scope that is not registered (B28)', { scope: 'read admin' }, 'invalid_scope'],
  ['RFC 6749 §3.3: a malformed scope', { scope: 'read "write"' }, 'invalid_scope'],
  ['RFC 8707 §2: an unknown resource (B22)', { resource: 'https://other.example' }, 'invalid_target'],
  ['RFC 8707 §2: a resource with a fragment', { resource: 'https://other.example/#a' }, 'invalid_target'],
];

for (const [name, form, error] of badRequests) {
  test(`${name}: 400 ${error}`, async () => {
    const answer = await server.token(server.identity('demo-client-1'), form);
    assert.deepEqual([answer.status, jsonIn(answer)?.['error']], [400, error]);
    assert.equal(answer.headers['cache-control'], 'no-store');
    assert.equal(answer.headers['pragma'], 'no-cache');
  });
}

const inactive = '{"active":false}';
const introspect = (client: 'demo-api' | 'demo-client-1' | 'demo-client-2', form: Record<string, string>) =>
  server.post('/introspect', server.identity(client), { client_id: client, ...form });
const newToken = async () => String(jsonIn(await server.token(server.identity('demo-client-1')))?.['access_token']);

for (const token of ['unknown', 'a'.repeat(5000), '../../x', '\u0000', 'ä', "' OR 1=1"]) {
  test(`RFC 7662 §2.2: the token ${JSON.stringify(token.slice(0, 12))} is exactly {"active":false} (N2)`, async () => {
    assert.deepEqual(seen(await introspect('demo-api', { token })), {
      ...seen(await introspect('demo-api', { token: 'x' })),
      body: inactive,
    });
  });
}

test('RFC 7662 §2.2: another client does not see the token, its own client and the resource server do (N4)', async () => {
  const token = await newToken();
  const hidden = await introspect('demo-client-2', { token });
  assert.deepEqual([hidden.body, await reasonOf(hidden)], [inactive, 'audience_not_allowed']);
  assert.equal(jsonIn(await introspect('demo-client-1', { token }))?.['active'], true);
  assert.equal(jsonIn(await introspect('demo-api', { token }))?.['active'], true);
});

test('RFC 7662 §2.1: a wrong or unknown token_type_hint changes nothing (N8)', async () => {
  const token = await newToken();
  for (const token_type_hint of ['refresh_token', 'nonsense']) {
    assert.equal(jsonIn(await introspect('demo-api', { token, token_type_hint }))?.['active'], true);
  }
});

test('RFC 7662 §2.1: no token is invalid_request (N7), no authentication 401 (N1)', async () => {
  const missing = await introspect('demo-api', {});
  assert.deepEqual([missing.status, jsonIn(missing)?.['error']], [400, 'invalid_request']);
  const url = `${server.endpoint.issuer}/introspect`;
  const nobody = await exchange({ url, ca: server.ca, form: { token: 'x', client_id: 'demo-api' } });
  assert.deepEqual([nobody.status, nobody.body], [401, invalidClient]);
  const bearer = await exchange({ url, ca: server.ca, form: { token: 'x' }, headers: { authorization: 'Bearer x' } });
  assert.equal(bearer.status, 401);
  assert.ok(bearer.headers['www-authenticate']);
});

test("RFC 7009 §2.1: another client's token stays alive, an unknown one is 200, one's own is dead (B23)", async () => {
  const token = await newToken();
  const foreignClient = await server.post('/revoke', server.identity('demo-client-2'), {
    client_id: 'demo-client-2',
    token,
  });
  assert.deepEqual([foreignClient.status, jsonIn(foreignClient)?.['error']], [400, 'unauthorized_client']);
  assert.equal(jsonIn(await introspect('demo-api', { token }))?.['active'], true);
  for (const each of ['unknown', token, token]) {
    const own = await server.post('/revoke', server.identity('demo-client-1'), {
      client_id: 'demo-client-1',
      token: each,
    });
    assert.deepEqual([own.status, own.body], [200, '']);
  }
  const dead = await introspect('demo-api', { token });
  assert.deepEqual([dead.body, await reasonOf(dead)], [inactive, 'token_revoked']);
});

test('design §7: a revoked certificate takes its tokens with it, and a successor gets new ones (N10)', async () => {
  const control = controlOf(server.endpoint);
  const first = await control.issue(subject);
  const token = String(jsonIn(await server.token(first))?.['access_token']);
  assert.equal(jsonIn(await introspect('demo-api', { token }))?.['active'], true);
  await control.revoke(first.certificate, 'keyCompromise');
  await until(async () => (await introspect('demo-api', { token })).body === inactive);
  assert.equal(await reasonOf(await introspect('demo-api', { token })), 'certificate_revoked');
  const second = await control.renew(first.certificate);
  assert.equal((await server.token(second)).status, 200);
  assert.equal((await introspect('demo-api', { token })).body, inactive);
});

/** Asks again until it is so; the server looks at a status again after two seconds. */
async function until(condition: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 30_000; Date.now() < end; ) if (await condition()) return;
  assert.fail('it did not come to pass');
}
