import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Stores } from '../../lib/adapters/stores.ts';
import { digestsOfClient } from '../../lib/oauth/certificate-index.ts';
import { parseClientMetadata } from '../../lib/oauth/client-metadata.ts';
import { clientMetadata, hostileIds, hostileTenants, newTenantName } from './fixtures.ts';

export function clientStoreContract(name: string, makeStores: () => Pick<Stores, 'clients' | 'versions'>): void {
  const clause = (text: string) => text.replace(': ', `: ${name}: `);

  test(clause('RFC 7591 §2: a client is found as its metadata says'), async () => {
    const [{ clients }, t] = [makeStores(), newTenantName()];
    await clients.save(t, clientMetadata('client-1', { scope: 'a b', resources: ['https://api.example/x'] }));
    const client = await clients.find(t, 'client-1');
    assert.equal(client?.client_id, 'client-1');
    assert.deepEqual(client?.scope, ['a', 'b']);
    assert.deepEqual(client?.resources, ['https://api.example/x']);
    assert.ok(client?.token_endpoint_auth_method === 'tls_client_auth');
    assert.equal(client.subject.value, 'CN=client,O=Example');
  });

  test(clause('RFC 7591 §2: metadata is listed as it was registered, unknown members included'), async () => {
    const [{ clients }, t] = [makeStores(), newTenantName()];
    const metadata = ['client-1', 'client-2', 'a#b', '{}', ' '].map((client_id) =>
      clientMetadata(client_id, { software_id: '🔐', contacts: ['a@b.example'], nested: { list: [1.5, null, true] } }),
    );
    for (const each of metadata) await clients.save(t, each);
    const listed = await clients.list(t);
    const byId = (a: { client_id: string }, b: { client_id: string }) => (a.client_id < b.client_id ? -1 : 1);
    assert.deepEqual([...listed].sort(byId), [...metadata].sort(byId));
  });

  test(clause('RFC 7592 §2.2: saving again replaces all of it, removing removes it'), async () => {
    const [{ clients }, t] = [makeStores(), newTenantName()];
    await clients.save(t, clientMetadata('client-1', { client_name: 'First' }));
    await clients.save(t, clientMetadata('client-1', { disabled: true }));
    const client = await clients.find(t, 'client-1');
    assert.equal(client?.disabled, true);
    assert.equal(client?.client_name, undefined);
    await clients.remove(t, 'client-1');
    await clients.remove(t, 'client-1');
    assert.equal(await clients.find(t, 'client-1'), undefined);
    assert.deepEqual(await clients.list(t), []);
  });

  test(clause('design §6: stored metadata that is not valid is no client'), async () => {
    const [{ clients }, t] = [makeStores(), newTenantName()];
    await clients.save(t, clientMetadata('two-subjects', { tls_client_auth_san_dns: 'client.example' }));
    await clients.save(t, clientMetadata('no-subject', { tls_client_auth_subject_dn: undefined }));
    await clients.save(t, clientMetadata('other-method', { token_endpoint_auth_method: 'client_secret_basic' }));
    await clients.save(t, clientMetadata('not-disabled', { disabled: 'yes' }));
    for (const client_id of ['two-subjects', 'no-subject', 'other-method', 'not-disabled']) {
      assert.equal(await clients.find(t, client_id), undefined, client_id);
    }
    assert.deepEqual(await clients.list(t), []);
  });

  test(clause('design §5: a client is known to its own tenant only'), async () => {
    const [{ clients }, a, b] = [makeStores(), newTenantName(), newTenantName()];
    await clients.save(a, clientMetadata('client-1', { client_name: 'of A' }));
    assert.equal(await clients.find(b, 'client-1'), undefined);
    assert.deepEqual(await clients.list(b), []);
    await clients.save(b, clientMetadata('client-1', { client_name: 'of B' }));
    await clients.remove(b, 'client-1');
    assert.equal((await clients.find(a, 'client-1'))?.client_name, 'of A');
  });

  test(clause('C4: resource servers are found by what they registered, for as long as they do'), async () => {
    const [{ clients }, t, other] = [makeStores(), newTenantName(), newTenantName()];
    const subject = (value: string) => ({
      tls_client_auth_subject_dn: value,
      resource_server_for: ['https://api.example'],
    });
    const digests = (changes: Record<string, unknown>) => {
      const parsed = parseClientMetadata(clientMetadata('any', changes));
      assert.ok(parsed.ok);
      return digestsOfClient(parsed.value);
    };
    const [a, b] = [digests(subject('CN=a')), digests(subject('CN=b'))];
    const found = async (...wanted: (readonly string[])[]) =>
      [...(await clients.resourceServers(t, wanted.flat()))].sort();
    assert.deepEqual(await found(a, b), []);
    assert.deepEqual(await found(), []);
    await clients.save(t, clientMetadata('api-1', subject('CN=a')));
    await clients.save(t, clientMetadata('api-1', subject('CN=a')));
    await clients.save(t, clientMetadata('api-2', subject('cn= A')));
    await clients.save(t, clientMetadata('no-resource-server', { tls_client_auth_subject_dn: 'CN=a' }));
    await clients.save(other, clientMetadata('api-3', subject('CN=a')));
    assert.deepEqual(await found(a), ['api-1', 'api-2']);
    await clients.save(t, clientMetadata('api-1', subject('CN=b')));
    assert.deepEqual([await found(a), await found(b), await found(a, b)], [['api-2'], ['api-1'], ['api-1', 'api-2']]);
    await clients.remove(t, 'api-1');
    await clients.save(t, clientMetadata('api-2', { tls_client_auth_subject_dn: 'CN=a' }));
    assert.deepEqual(await found(a, b), []);
    assert.equal((await clients.list(t)).length, 2);
  });

  test(clause('design §6: any client_id is a question with an answer, never an error'), async () => {
    const [{ clients }, t] = [makeStores(), newTenantName()];
    await clients.save(t, clientMetadata('client-1'));
    for (const client_id of hostileIds) assert.equal(await clients.find(t, client_id), undefined);
  });

  test(clause('design §6: a list longer than one answer of the store is complete'), async () => {
    const [{ clients }, t] = [makeStores(), newTenantName()];
    const ids = Array.from({ length: 12 }, (_, index) => `client-${index}`);
    await Promise.all(ids.map((id) => clients.save(t, clientMetadata(id, { padding: 'x'.repeat(200_000) }))));
    assert.equal((await clients.list(t)).length, 12);
  });

  test(clause("design §6: each write changes the tenant's version, and no other tenant's"), async () => {
    const [{ clients, versions }, t, other] = [makeStores(), newTenantName(), newTenantName()];
    await clients.save(other, clientMetadata('client-1'));
    const seen = [await versions.current(t)];
    const before = await versions.current(other);
    await clients.save(t, clientMetadata('client-1'));
    seen.push(await versions.current(t));
    await clients.save(t, clientMetadata('client-1'));
    seen.push(await versions.current(t));
    await clients.remove(t, 'client-1');
    seen.push(await versions.current(t));
    assert.equal(new Set(seen).size, 4);
    await clients.find(t, 'client-1');
    await clients.list(t);
    assert.equal(await versions.current(t), seen[3]);
    assert.equal(await versions.current(other), before);
  });

  test(clause('design §5: what is no name of a tenant is an error, never a key'), async () => {
    const { clients } = makeStores();
    for (const t of hostileTenants) {
      await assert.rejects(() => clients.find(t, 'c'), /is no name of a tenant/);
      await assert.rejects(() => clients.save(t, clientMetadata('c')), /is no name of a tenant/);
      await assert.rejects(() => clients.remove(t, 'c'), /is no name of a tenant/);
      await assert.rejects(() => clients.list(t), /is no name of a tenant/);
    }
  });
}
