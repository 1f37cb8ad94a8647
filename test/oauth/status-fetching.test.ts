/** How a responder is asked: method, media types, time and hosts (RFC 6960 Appendix A, P14). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silence } from '../e2e/hostile-responder.ts';
import { ocspAccess } from '../pki/issue.ts';
import { accessToken, statusServer } from './status-server.ts';

test('P14: RFC 6960 Appendix A.1: a question goes by POST, as application/ocsp-request', async (t) => {
  const server = await statusServer(t);
  const leaf = server.client();
  const answer = server.answer(leaf);
  const seen: unknown[] = [];
  server.responder.set(server.pathOf(leaf), ({ method, body }) => (response) => {
    const { 'content-type': type, accept, 'accept-encoding': encoding, cookie, authorization } = response.req.headers;
    seen.push({ method, type, accept, encoding, cookie, authorization, length: body.byteLength > 50 });
    response.end(answer);
  });
  assert.equal((await server.token(leaf)).status, 200);
  assert.deepEqual(seen, [
    {
      method: 'POST',
      type: 'application/ocsp-request',
      accept: 'application/ocsp-response',
      encoding: 'identity',
      cookie: undefined,
      authorization: undefined,
      length: true,
    },
  ]);
});

test('P14: RFC 6960 Appendix A.1: by GET where the policy says so, the question in the path', async (t) => {
  const server = await statusServer(t, { tenants: { default: { ocspMethod: 'get' } } });
  const leaf = server.client();
  const path = server.pathOf(leaf);
  const answer = server.answer(leaf);
  assert.equal((await server.token(leaf)).status, 503, 'nothing is at the address with the question in it');
  const [asked = ''] = server.asked;
  assert.ok(asked.startsWith(`${server.responder.url(path)}/`), asked);
  server.responder.set(new URL(asked).pathname, ({ method }) => {
    assert.equal(method, 'GET');
    return answer;
  });
  server.pass(31);
  assert.equal((await server.token(leaf)).status, 200);
});

for (const type of ['application/ocsp-response', 'text/html', 'application/octet-stream', undefined]) {
  test(`P14: a good answer is good as ${type ?? 'nothing in particular'}: its signature counts, not its label`, async (t) => {
    const server = await statusServer(t);
    const leaf = server.client();
    const answer = server.answer(leaf);
    server.responder.set(server.pathOf(leaf), () => (response) => {
      response.writeHead(200, type === undefined ? {} : { 'content-type': type }).end(answer);
    });
    assert.equal((await server.token(leaf)).status, 200);
  });
}

test('P14: silent addresses have 4 s of a request together: of four only two are waited for', async (t) => {
  const server = await statusServer(t);
  server.patience.short = true;
  const paths = ['/1', '/2', '/3', '/4'];
  for (const path of paths) server.responder.set(path, () => silence);
  const leaf = server.pki.client('CN=client', {}, { extensions: [ocspAccess(paths.map(server.responder.url))] });
  const { status, line } = await server.token(leaf);
  assert.deepEqual([status, line.reason], [503, 'revocation_unavailable']);
  assert.deepEqual(server.asked, [server.responder.url('/1'), server.responder.url('/2')]);
});

test('P14: a tenant that lists hosts asks no other, and what it lists is asked', async (t) => {
  const server = await statusServer(t, { tenants: { listed: { hosts: ['ocsp.example'] }, default: {} } });
  const leaf = server.client();
  const { status, line } = await server.token(leaf, {}, 'listed');
  assert.deepEqual([status, line.reason], [503, 'revocation_unavailable']);
  assert.match(String(line.detail), /host_not_listed/);
  assert.deepEqual([server.asked, server.responder.connections()], [[], 0]);
  assert.equal((await server.token(leaf)).status, 200, 'the other tenant lists none');
  await server.setPolicy({ hosts: ['ocsp.example', server.responder.host] }, 'listed');
  assert.equal((await server.token(leaf, {}, 'listed')).status, 200);
});

test('P14: the responder of an override is asked instead of the one in the certificate', async (t) => {
  const server = await statusServer(t, { tenants: { default: { hosts: [] } } });
  const leaf = server.client();
  const answer = server.answer(leaf);
  server.responder.set('/configured', () => answer);
  const responderUrl = server.responder.url('/configured');
  const { thumbprint } = server.pki.ca.certificate;
  await server.setPolicy({ overrides: { [thumbprint]: { responderUrl } } });
  const token = accessToken(await server.token(leaf));
  assert.deepEqual(server.asked, [responderUrl]);
  assert.equal((await server.introspect(token, server.api)).json['active'], true);
});

test('P14: an answer for one tenant does not freshen that of another, whose responder is configured', async (t) => {
  const server = await statusServer(t, { tenants: { one: {}, two: {} } });
  const leaf = server.client();
  const revoked = server.answer(leaf, { status: 'revoked', reason: 1 });
  server.responder.set('/configured', () => revoked);
  const override = { responderUrl: server.responder.url('/configured') };
  await server.setPolicy({ overrides: { [server.pki.ca.certificate.thumbprint]: override } }, 'two');
  assert.equal((await server.token(leaf, {}, 'one')).status, 200);
  assert.equal((await server.token(leaf, {}, 'two')).line.reason, 'certificate_revoked');
  assert.equal((await server.token(leaf, {}, 'one')).status, 200);
});

test('RFC 6749 §5.2: no log line holds a token, and every refusal of a status is kept once a minute', async (t) => {
  const server = await statusServer(t);
  const leaf = server.client();
  const token = accessToken(await server.token(leaf));
  const { line } = await server.introspect(token, server.api);
  assert.ok(!JSON.stringify(line).includes(token));
  server.say(leaf, { status: 'revoked', reason: 1 });
  server.pass(301);
  for (let again = 0; again < 5; again++) await server.token(leaf);
  const refusal = {
    at: Math.floor(server.clock.now.getTime() / 1_000),
    client_id: 'client',
    reason: 'certificate_revoked',
  } as const;
  assert.equal(await server.stores.audit.refusal('default', refusal), false, 'it is there already');
});
