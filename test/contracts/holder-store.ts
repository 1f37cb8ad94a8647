import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Stores } from '../../lib/adapters/stores.ts';
import { certificateRow, clientMetadata, hostileIds, hostileTenants, newTenantName, now, seconds } from './fixtures.ts';

/** The rows are put there by the stores that own them. */
export function holderStoreContract(
  name: string,
  makeStores: () => Pick<Stores, 'holders' | 'clients' | 'certificates'>,
): void {
  const clause = (text: string) => text.replace(': ', `: ${name}: `);

  test(clause('design §6: the client and the certificate row come together, each where it is there'), async () => {
    const [{ holders, clients, certificates }, t] = [makeStores(), newTenantName()];
    const [row, other] = [certificateRow(), certificateRow()];
    await clients.save(t, clientMetadata('client-1'));
    await certificates.save(t, row);
    const client = await clients.find(t, 'client-1');
    assert.ok(client);
    assert.deepEqual(await holders.find(t, 'client-1', row.thumbprint, seconds(now)), { client, certificate: row });
    assert.deepEqual(await holders.find(t, 'client-1', other.thumbprint, seconds(now)), { client });
    assert.deepEqual(await holders.find(t, 'client-2', row.thumbprint, seconds(now)), { certificate: row });
    assert.deepEqual(await holders.find(t, 'client-2', other.thumbprint, seconds(now)), {});
  });

  test(clause('design §6: an expired certificate row is not there'), async () => {
    const [{ holders, certificates }, t, row] = [makeStores(), newTenantName(), certificateRow({ exp: now })];
    await certificates.save(t, row);
    assert.deepEqual(await holders.find(t, 'client-1', row.thumbprint, seconds(now)), {});
  });

  test(clause('design §5: neither row of one tenant is had under another'), async () => {
    const [{ holders, clients, certificates }, a, b] = [makeStores(), newTenantName(), newTenantName()];
    const row = certificateRow();
    await clients.save(a, clientMetadata('client-1'));
    await certificates.save(a, row);
    assert.deepEqual(await holders.find(b, 'client-1', row.thumbprint, seconds(now)), {});
  });

  test(clause('RFC 7591 §2: what was written last is read, by everybody at once'), async () => {
    const [{ holders, clients, certificates }, t, row] = [makeStores(), newTenantName(), certificateRow()];
    await certificates.save(t, row);
    await clients.save(t, clientMetadata('client-1'));
    await clients.save(t, clientMetadata('client-1', { disabled: true }));
    const found = await Promise.all(
      Array.from({ length: 20 }, () => holders.find(t, 'client-1', row.thumbprint, seconds(now))),
    );
    assert.ok(found.every(({ client }) => client?.disabled === true));
    await clients.remove(t, 'client-1');
    assert.deepEqual(await holders.find(t, 'client-1', row.thumbprint, seconds(now)), { certificate: row });
  });

  test(clause('design §6: any client_id is a question with an answer, never an error'), async () => {
    const [{ holders, clients }, t, row] = [makeStores(), newTenantName(), certificateRow()];
    await clients.save(t, clientMetadata('client-1'));
    for (const client_id of hostileIds) {
      assert.deepEqual(await holders.find(t, client_id, row.thumbprint, seconds(now)), {}, client_id.slice(0, 20));
    }
  });

  test(clause('design §5: what is no name of a tenant is an error, never a key'), async () => {
    const [{ holders }, row] = [makeStores(), certificateRow()];
    for (const t of hostileTenants) {
      await assert.rejects(() => holders.find(t, 'c', row.thumbprint, seconds(now)), /is no name of a tenant/);
    }
  });
}
