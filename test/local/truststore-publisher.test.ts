import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { dynamoStores } from '../../lib/adapters/dynamodb/stores.ts';
import type { Stores } from '../../lib/adapters/stores.ts';
import { type Authority, createAuthority, issueLeaf } from '../../lib/local/authority.ts';
import { issueCertificate } from '../../lib/local/certificate-authority.ts';
import { type Gateway, startGateway } from '../../lib/local/gateway.ts';
import { type LocalPublisher, localDomain, localPublisher } from '../../lib/local/truststore-publisher.ts';
import { newTenant } from '../../lib/oauth/tenant.ts';
import { thumbprint } from '../../lib/pki/certificate/thumbprint.ts';
import { type Engine, startEngine } from '../contracts/dynamodb-engine.ts';
import { call } from './https-client.ts';

const path = mkdtempSync(join(tmpdir(), 'certbound-publisher-'));
let engine: Engine;
let stores: Stores;
let authority: Authority;
let other: Authority;
let gateway: Gateway;
let publisher: LocalPublisher;
const reports: string[] = [];

before(async () => {
  engine = await startEngine();
  stores = dynamoStores(engine.client, engine.tableNames);
  authority = await createAuthority({ statusUrl: 'http://127.0.0.1:9' });
  other = await createAuthority({ statusUrl: 'http://127.0.0.1:9', name: 'Other' });
  gateway = await startGateway({
    host: '127.0.0.1',
    publicPort: 0,
    mtlsPort: 0,
    certificate: authority.server.certificate,
    key: authority.server.key,
    truststore: authority.truststore,
    handlers: { token: async () => ({ statusCode: 200, body: '' }) },
  });
  await addTenant('default', authority);
  publisher = await startPublisher();
});

after(async () => {
  await publisher.close();
  await gateway.close();
  await engine.close();
  rmSync(path, { recursive: true });
});

const startPublisher = () =>
  localPublisher({
    path,
    stores,
    setTruststore: (pem) => gateway.setTruststore(pem),
    report: (line) => reports.push(line),
  });

async function addTenant(name: string, { root, intermediate }: Authority) {
  await stores.tenants.save(newTenant({ name, issuer: `https://${name}.example`, mtls_base_uri: 'https://m.example' }));
  await stores.truststore.add(name, { type: 'anchor', certificate: root.der });
  await stores.truststore.add(name, { type: 'intermediate', certificate: intermediate.der });
}

/** What a client of the authority is answered by the gateway. */
async function statusOf(of: Authority): Promise<number> {
  const identity = await issueLeaf(of, { subject: 'CN=client' });
  return (await call({ port: gateway.address().mtls, ca: authority.serverCa, identity })).status;
}

test('design §9: a CA that is added to the registry lets its clients connect, without a restart', async () => {
  await publisher.look();
  assert.deepEqual([await statusOf(authority), await statusOf(other)], [200, 403]);
  await addTenant('acme', other);
  await publisher.look();
  assert.deepEqual([await statusOf(authority), await statusOf(other)], [200, 200]);
  assert.equal((await stores.publications.current(localDomain))?.certificates, 4);
});

test('design §9: a CA that is removed from the registry keeps its clients out, without a restart', async () => {
  for (const { der } of [other.root, other.intermediate]) await stores.truststore.remove('acme', thumbprint(der));
  await publisher.look();
  assert.deepEqual([await statusOf(authority), await statusOf(other)], [200, 403]);
});

test('design §9: where nothing has changed nothing is done', async () => {
  const before = await stores.publications.current(localDomain);
  reports.length = 0;
  await publisher.look();
  assert.deepEqual(await stores.publications.current(localDomain), before);
  assert.deepEqual(reports, []);
});

test('certbound truststore publish: whoever asks is answered where nothing has changed, too', async () => {
  const request = await stores.publications.request(localDomain);
  await publisher.look();
  const answer = await stores.publications.answer(localDomain);
  assert.deepEqual([answer?.request, answer?.outcome], [request, 'unchanged']);
});

test('design §9: a certificate that API Gateway would refuse is named, and changes nothing for the others', async () => {
  const years = { notBefore: new Date('2020-01-01T00:00:00Z'), notAfter: new Date('2090-01-01T00:00:00Z') };
  const weak = await issueCertificate(undefined, { subject: 'CN=Weak', ca: {}, keyType: 'RSA-1024', ...years });
  await stores.truststore.add('acme', { type: 'anchor', certificate: weak.der });
  reports.length = 0;
  await publisher.look();
  assert.match(reports.join('\n'), /truststore: CN=Weak of tenant acme is left out: API Gateway takes RSA-2048/);
  assert.equal(await statusOf(authority), 200);
  await stores.truststore.remove('acme', thumbprint(weak.der));
  await publisher.look();
});

test('design §9: a registry that lost all its entries changes nothing, and that is told', async () => {
  for (const { der } of [authority.root, authority.intermediate]) {
    await stores.truststore.remove('default', thumbprint(der));
  }
  reports.length = 0;
  await publisher.look();
  assert.match(reports.join('\n'), /not published, no certificate is left/);
  assert.equal(await statusOf(authority), 200);
  await addTenant('default', authority);
  await publisher.look();
});

test('design §9: a gateway that was started anew gets the version that was published last', async () => {
  await addTenant('acme', other);
  await publisher.look();
  const published = await stores.publications.current(localDomain);
  await publisher.close();
  gateway.setTruststore(authority.truststore);
  assert.equal(await statusOf(other), 403);
  publisher = await startPublisher();
  await publisher.look();
  assert.equal(await statusOf(other), 200);
  assert.equal((await stores.publications.current(localDomain))?.version, published?.version);
});

test('design §9: a store that fails is told, and looked at again', async () => {
  const broken = await localPublisher({
    path,
    stores: {
      ...stores,
      versions: {
        ...stores.versions,
        current: async () => {
          throw new Error('DynamoDB GetItem failed');
        },
      },
    },
    setTruststore: () => assert.fail('nothing was read'),
    report: (line) => reports.push(line),
  });
  reports.length = 0;
  await broken.look();
  await broken.close();
  assert.deepEqual(reports, ['truststore: not published, Error: DynamoDB GetItem failed']);
});
