import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { getCACertificates, setDefaultCACertificates, type TLSSocket } from 'node:tls';
import { guardedFetch } from '../../../lib/adapters/http/fetch.ts';
import { issueCertificate, type KeyedCertificate } from '../../../lib/local/certificate-authority.ts';

const day = 86_400_000;
const notBefore = new Date(Date.now() - day);
const notAfter = new Date(Date.now() + day);

const root = await issueCertificate(undefined, { subject: 'CN=Responder Root', notBefore, notAfter, ca: {} });
setDefaultCACertificates([...getCACertificates('default'), root.certificate]);

const serverCertificate = (issuer: KeyedCertificate | undefined, name: string, end = notAfter) =>
  issueCertificate(issuer, {
    subject: `CN=${name}`,
    subjectAltName: [{ type: 'dNSName', value: name }],
    notBefore: new Date(end.getTime() - 2 * day),
    notAfter: end,
    eku: ['serverAuth'],
  });

async function httpsServer(t: TestContext, { certificate, key }: KeyedCertificate) {
  const requests: { readonly host: string | undefined; readonly servername: unknown }[] = [];
  const server = createServer({ cert: certificate, key }, (request, response) => {
    requests.push({ host: request.headers.host, servername: (request.socket as TLSSocket).servername });
    response.end('answer');
  });
  server.on('tlsClientError', () => {});
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return { requests, port: (server.address() as AddressInfo).port };
}

const ask = (port: number) =>
  guardedFetch({ allowHosts: [`crl.example:${port}`], resolve: async () => ['127.0.0.1'] })({
    url: `https://crl.example:${port}/ca.crl`,
    method: 'GET',
    accept: 'application/pkix-crl',
    maxBytes: 1_000,
    timeout: 2_500,
  });

test('RFC 9110 §4.3.4: the certificate is checked for the name in the URL, at the address that was checked', async (t) => {
  const server = await httpsServer(t, await serverCertificate(root, 'crl.example'));
  const answer = await ask(server.port);
  assert.equal(answer.ok && Buffer.from(answer.value).toString(), 'answer');
  assert.deepEqual(server.requests, [{ host: `crl.example:${server.port}`, servername: 'crl.example' }]);
});

for (const [what, certificate, code] of [
  ['an unknown CA', () => serverCertificate(undefined, 'crl.example'), 'DEPTH_ZERO_SELF_SIGNED_CERT'],
  ['another name', () => serverCertificate(root, 'other.example'), 'ERR_TLS_CERT_ALTNAME_INVALID'],
  ['the past', () => serverCertificate(root, 'crl.example', new Date(Date.now() - day / 2)), 'CERT_HAS_EXPIRED'],
] as const) {
  test(`RFC 9110 §4.3.4: a server with a certificate of ${what} is asked nothing`, async (t) => {
    const server = await httpsServer(t, await certificate());
    assert.deepEqual(await ask(server.port), {
      ok: false,
      failure: { reason: 'network', detail: `crl.example:${server.port}: ${code}` },
    });
    assert.deepEqual(server.requests, []);
  });
}
