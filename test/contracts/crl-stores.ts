import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Stores } from '../../lib/adapters/stores.ts';
import { hostileTenants, newDer, newTenantName, now, seconds } from './fixtures.ts';

export function crlStoresContract(name: string, makeStores: () => Pick<Stores, 'crls' | 'crlSources'>): void {
  const clause = (text: string) => text.replace(': ', `: ${name}: `);
  const source = (crl: string, exp = now + 60) => ({
    crl,
    certificate: newDer(),
    index: 1,
    url: 'http://crl.example/ca.crl',
    exp,
  });
  const at = seconds(now);

  test(clause('RFC 5280 §6.3: head and shards of a kept CRL are read as they were written'), async () => {
    const [{ crls }, t] = [makeStores(), newTenantName()];
    const [reader, writer] = [crls.reader(t), crls.writer(t)];
    const [one, two] = [newDer(16_384), newDer(1)];
    assert.equal(await reader.findHead('list'), undefined);
    assert.equal(await reader.findShard('list', '4-0'), undefined);
    await writer.saveShard('list', '4-0', one, now + 60);
    await writer.saveShard('list', '4-1', two, now + 60);
    await writer.saveHead('list', '{"shards":4}', now + 60);
    assert.equal(await reader.findHead('list'), '{"shards":4}');
    assert.deepEqual(await reader.findShard('list', '4-0'), one);
    assert.deepEqual(await writer.findShard('list', '4-1'), two);
    assert.equal(await writer.findHead('other'), undefined);
    assert.equal(await reader.findShard('list', '4-2'), undefined);
  });

  test(clause('RFC 5280 §6.3: a new head and a new shard take the place of the old'), async () => {
    const [{ crls }, t, bytes] = [makeStores(), newTenantName(), newDer()];
    const [reader, writer] = [crls.reader(t), crls.writer(t)];
    await writer.saveHead('list', 'old', now);
    await writer.saveHead('list', 'new', now + 60);
    await writer.saveShard('list', '1-0', newDer(), now);
    await writer.saveShard('list', '1-0', bytes, now + 60);
    assert.equal(await reader.findHead('list'), 'new');
    assert.deepEqual(await reader.findShard('list', '1-0'), bytes);
  });

  test(clause('pki §4: a CRL that one tenant keeps is not kept by another'), async () => {
    const [{ crls }, a, b] = [makeStores(), newTenantName(), newTenantName()];
    await crls.writer(a).saveHead('list', 'head', now + 60);
    await crls.writer(a).saveShard('list', '1-0', newDer(), now + 60);
    assert.equal(await crls.reader(b).findHead('list'), undefined);
    assert.equal(await crls.reader(b).findShard('list', '1-0'), undefined);
    for (const tenant of hostileTenants) await assert.rejects(async () => crls.reader(tenant).findHead('list'));
  });

  test(clause('pki §4: a list that is wanted is listed once, as it was last named, until it has expired'), async () => {
    const [{ crlSources }, t, last] = [makeStores(), newTenantName(), source('a', now + 120)];
    assert.deepEqual(await crlSources.list(t, at), []);
    await crlSources.want(t, source('a'));
    await crlSources.want(t, last);
    await crlSources.want(t, source('b', now));
    assert.deepEqual(await crlSources.list(t, at), [last]);
    assert.deepEqual(await crlSources.list(t, seconds(now + 120)), []);
  });

  test(clause('pki §4: what one tenant wants no other does'), async () => {
    const [{ crlSources }, a, b] = [makeStores(), newTenantName(), newTenantName()];
    await crlSources.want(a, source('a'));
    assert.deepEqual(await crlSources.list(b, at), []);
    for (const tenant of hostileTenants) await assert.rejects(crlSources.want(tenant, source('a')));
  });
}
