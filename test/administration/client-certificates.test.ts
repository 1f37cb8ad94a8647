import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { addClients, removeClient, setDisabled } from '../../lib/administration/clients.ts';
import {
  type CertificateRequest,
  issueCertificate,
  type KeyedCertificate,
} from '../../lib/local/certificate-authority.ts';
import { thumbprint } from '../../lib/pki/certificate/thumbprint.ts';
import { jwkOf, selfSignedClient } from '../oauth/client-authentication/registered-keys.ts';
import { accepted, at, operator, refusals, registry, type TestRegistry } from './registry.ts';

const day = 86_400_000;
const seconds = at.getTime() / 1000;
const later = { ...operator, at: new Date(at.getTime() + 60_000) };

const certificate = (subject: string, changes: Partial<CertificateRequest> = {}, issuer?: KeyedCertificate) =>
  issueCertificate(issuer, {
    subject,
    notBefore: new Date(at.getTime() - day),
    notAfter: new Date(at.getTime() + 90 * day),
    ...changes,
  });

const one = await certificate('CN=one');
const two = await certificate('CN=two');
const renewed = await certificate('cn=ONE');
const ca = await certificate('CN=ca', { ca: {} });
const issued = await certificate('CN=issued', {}, ca);

let stores: TestRegistry;
beforeEach(async () => {
  stores = await registry();
});

const client = (client_id: string, ...keys: object[]) => selfSignedClient(client_id, keys);
const add = (value: unknown, { tenant = 'default', replace = false, by = operator } = {}) =>
  addClients(tenant, value, { replace }, by, stores);
const entries = async (tenant = 'default') =>
  (await stores.truststore.entries(tenant)).map((entry) => `${entry.type} ${thumbprint(entry.certificate)}`).toSorted();
const entryOf = ({ der }: KeyedCertificate, type = 'client') => `${type} ${thumbprint(der)}`;
const trail = () => stores.trail.map(({ action, subject, detail }) => [action, subject, detail]);

test('RFC 8705 §2.2: registering makes the certificates entries of the truststore, in the trail, and once', async () => {
  accepted(await add([client('a', jwkOf(one)), client('b', jwkOf(one), jwkOf(two))]));
  assert.deepEqual(await entries(), [entryOf(one), entryOf(two)].toSorted());
  assert.deepEqual(await entries('other'), []);
  assert.deepEqual(
    trail().filter(([action]) => action === 'truststore.add'),
    [
      ['truststore.add', thumbprint(one.der), 'client, of b'],
      ['truststore.add', thumbprint(two.der), 'client, of b'],
    ],
  );
  const { length } = stores.trail;
  accepted(await add(client('a', jwkOf(one)), { replace: true }));
  assert.equal(stores.trail.length, length);
});

test('RFC 8705 §2.2: an entry stays as long as one client has the certificate, and goes with the last', async () => {
  accepted(await add([client('a', jwkOf(one)), client('b', jwkOf(one))]));
  accepted(await setDisabled('default', 'a', true, operator, stores));
  accepted(await removeClient('default', 'a', operator, stores));
  assert.deepEqual(await entries(), [entryOf(one)]);
  accepted(await removeClient('default', 'b', operator, stores));
  assert.deepEqual(await entries(), []);
  assert.deepEqual(trail().at(-1), ['truststore.remove', thumbprint(one.der), 'client, registered no more']);
});

test('RFC 8705 §2.2: a rotation replaces entries; a certificate that is retired leaves with the next change', async () => {
  accepted(await add(client('a', jwkOf(one, { exp: seconds + 30 }), jwkOf(two, { nbf: seconds + 10 }))));
  assert.deepEqual(await entries(), [entryOf(one), entryOf(two)].toSorted());
  accepted(await add({ client_id: 'c', tls_client_auth_subject_dn: 'CN=c' }, { by: later }));
  assert.deepEqual(await entries(), [entryOf(two)]);
  accepted(await add(client('a', jwkOf(renewed)), { replace: true, by: later }));
  assert.deepEqual(await entries(), [entryOf(renewed)]);
});

test('RFC 8705 §2.2: neither a CA nor what an operator added by hand goes with a client', async () => {
  for (const [type, { der }] of [
    ['anchor', ca],
    ['client', two],
  ] as const) {
    await stores.truststore.add('default', { type, certificate: der });
  }
  accepted(await add(client('a', jwkOf(one))));
  accepted(await removeClient('default', 'a', operator, stores));
  assert.deepEqual(await entries(), [entryOf(ca, 'anchor'), entryOf(two)].toSorted());
});

test('API Gateway mutual TLS: a second certificate of one subject is refused, also in another tenant, and nothing is changed', async () => {
  accepted(await add(client('a', jwkOf(one)), { tenant: 'other' }));
  const { length } = stores.trail;
  for (const given of [
    client('b', jwkOf(renewed)),
    client('a', jwkOf(renewed)),
    [client('c', jwkOf(two)), client('b', jwkOf(two), jwkOf(renewed))],
  ]) {
    const [told = ''] = refusals(await add(given));
    assert.match(told, /^client "[ab]": .*subject (CN|cn)=ONE.*client a of tenant other.*API Gateway/);
    assert.deepEqual([await entries(), stores.trail.length], [[], length]);
  }
  const both = refusals(await add([client('d', jwkOf(two)), client('e', jwkOf(await certificate('CN=two')))]));
  assert.equal(both.length, 2);
  // The renewed certificate of the same client takes the place of the old one.
  accepted(await add(client('a', jwkOf(renewed)), { tenant: 'other', replace: true }));
  assert.deepEqual(await entries('other'), [entryOf(renewed)]);
});

test('RFC 8705 §2.2: what the gateway cannot know of a client is told', async () => {
  const cautions = async (value: unknown) => accepted(await add(value)).cautions;
  assert.deepEqual(await cautions(client('a', jwkOf(one))), []);
  assert.match((await cautions(client('b', jwkOf(issued)))).join('\n'), /^b: 1 of its certificates come from a CA/);
  assert.deepEqual(await entries(), [entryOf(one)]);
  const { jwks: _, ...rest } = client('c');
  const uri = await cautions({ ...rest, jwks_uri: 'https://keys.example/jwks' });
  assert.match(uri.join('\n'), /^c: what stands behind jwks_uri .*truststore add --type client/);
});
