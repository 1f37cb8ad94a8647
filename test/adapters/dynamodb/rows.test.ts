import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { type AttributeValue, GetItemCommand, PutItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import fc from 'fast-check';
import {
  blockKey,
  certificateKey,
  clientKey,
  crlHeadKey,
  crlShardKey,
  evidenceKey,
  tenantKey,
  tokenKey,
  truststoreKey,
  versionKey,
} from '../../../lib/adapters/dynamodb/keys.ts';
import { dynamoStores } from '../../../lib/adapters/dynamodb/stores.ts';
import { kinds } from '../../../lib/kinds.ts';
import { hashToken } from '../../../lib/oauth/access-token.ts';
import { thumbprint } from '../../../lib/pki/certificate/thumbprint.ts';
import { startEngine } from '../../contracts/dynamodb-engine.ts';
import {
  accessTokenRecord,
  certificateRow,
  clientMetadata,
  fetchedAt,
  hostileIds,
  newDer,
  newHash,
  newTenantName,
  now,
  seconds,
  tenant,
  wholePolicy,
  wholeStatus,
} from '../../contracts/fixtures.ts';

const engine = await startEngine();
after(() => engine.close());

const stores = dynamoStores(engine.client, engine.tableNames);
const { registryTable, grantsTable } = engine.tableNames;
const at = seconds(now);

type Item = Record<string, AttributeValue>;
type Key = { readonly pk: { readonly S: string }; readonly sk: { readonly S: string } };

async function raw(TableName: string, Key: Key): Promise<Item> {
  const { Item } = await engine.sdk.send(new GetItemCommand({ TableName, Key }));
  assert.ok(Item);
  return Item;
}

const write = (TableName: string, Item: Item) => engine.sdk.send(new PutItemCommand({ TableName, Item }));

const deepWrong: readonly AttributeValue[] = [{ S: 'wrong' }, { N: '1.5' }, { NULL: true }, { M: {} }];

const wrong: readonly AttributeValue[] = [
  ...deepWrong,
  { N: '-1' },
  { N: '1e38' },
  { B: Uint8Array.of(1) },
  { BOOL: true },
  { SS: ['wrong'] },
  { L: [{ N: '1' }] },
  { L: [{ NULL: true }] },
  { M: { wrong: { S: 'wrong' } } },
];

/** A value of another kind in place of each, deeper ones included, and each left out. */
const mutations = (value: AttributeValue, values = deepWrong): readonly AttributeValue[] => [
  ...values,
  ...inside(value),
];

function inside(value: AttributeValue): readonly AttributeValue[] {
  if (value.L !== undefined) {
    const list = value.L;
    return list.flatMap((member, i) =>
      mutations(member).map((changed): AttributeValue => ({ L: list.with(i, changed) })),
    );
  }
  return value.M === undefined ? [] : mutated(value.M, Object.keys(value.M)).map((M): AttributeValue => ({ M }));
}

function mutated(item: Item, names: readonly string[], values = deepWrong): readonly Item[] {
  return names.flatMap((name) => {
    const { [name]: value, ...without } = item;
    if (value === undefined) return [];
    return [without, ...mutations(value, values).map((changed) => ({ ...item, [name]: changed }))];
  });
}

/** Finding throws nothing; what is found in a mutated row is nothing, or something of the right type throughout. */
async function readMutated(
  TableName: string,
  good: Item,
  find: () => Promise<unknown>,
  isSound: (found: unknown, mutant: Item) => boolean,
) {
  const attributes = Object.keys(good).filter((name) => name !== 'pk' && name !== 'sk');
  let absent = 0;
  for (const mutant of mutated(good, attributes, wrong)) {
    await write(TableName, mutant);
    const found = await find();
    if (found === undefined) absent += 1;
    else assert.ok(isSound(found, mutant), JSON.stringify(mutant));
  }
  await write(TableName, good);
  assert.ok((await find()) !== undefined);
  return absent;
}

/** Every leaf of a value, by its path without list positions, and what it is. */
function kindsIn(value: unknown, path = ''): readonly string[] {
  if (value instanceof Date) return [`${path}: ${Number.isNaN(value.getTime()) ? 'no date' : 'date'}`];
  if (value instanceof Uint8Array) return [`${path}: bytes`];
  if (Array.isArray(value)) return value.flatMap((each) => kindsIn(each, `${path}[]`));
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value).flatMap(([name, each]) => kindsIn(each, `${path}.${name}`));
  }
  return [`${path}: ${typeof value === 'number' && !Number.isSafeInteger(value) ? 'no integer' : typeof value}`];
}

const sameKinds = (good: unknown) => {
  const allowed = new Set(kindsIn(good));
  return (found: unknown) => kindsIn(found).every((kind) => allowed.has(kind));
};

test('design §6: a token row that does not parse is absent, and never an exception', async () => {
  const [t, hash] = [newTenantName(), newHash()];
  const record = { ...accessTokenRecord(), revoked_at: now };
  await stores.tokens.save(t, hash, record);
  const good = await raw(grantsTable, tokenKey(t, hash));
  const absent = await readMutated(grantsTable, good, () => stores.tokens.find(t, hash, at), sameKinds(record));
  assert.ok(absent > 50, `${absent}`);
});

test('RFC 7009 §2.2: revoking a token row that does not parse is no exception and makes it no token', async () => {
  const [t, hash] = [newTenantName(), newHash()];
  await stores.tokens.save(t, hash, accessTokenRecord());
  const good = await raw(grantsTable, tokenKey(t, hash));
  for (const broken of mutated(good, ['client_id', 'exp', 'cnf'])) {
    await write(grantsTable, broken);
    await stores.tokens.revoke(t, hash, 'client-1', at);
    const found = await stores.tokens.find(t, hash, at);
    assert.ok(found === undefined || found.revoked_at === now || found.client_id !== 'client-1');
    const other = await stores.tokens.revoke(t, hash, 'client-2', at);
    assert.equal(other, found === undefined ? 'unknown' : 'foreign');
  }
});

test('design §6: a certificate row that does not parse is absent, and never an exception', async () => {
  const t = newTenantName();
  const row = certificateRow({ statuses: [wholeStatus] });
  await stores.certificates.save(t, row);
  const good = await raw(grantsTable, certificateKey(t, row.thumbprint));
  const find = () => stores.certificates.find(t, row.thumbprint, at);
  assert.ok((await readMutated(grantsTable, good, find, sameKinds(row))) > 100);
  const ofHolder = async () => (await stores.holders.find(t, 'client-1', row.thumbprint, at)).certificate;
  assert.ok((await readMutated(grantsTable, good, ofHolder, sameKinds(row))) > 100);
});

test('design §6: a certificate row that holds another certificate is absent', async () => {
  const [t, row, other] = [newTenantName(), certificateRow(), certificateRow()];
  await stores.certificates.save(t, other);
  const stored = await raw(grantsTable, certificateKey(t, other.thumbprint));
  await write(grantsTable, { ...stored, ...certificateKey(t, row.thumbprint) });
  assert.equal(await stores.certificates.find(t, row.thumbprint, at), undefined);
});

test('design §6: a certificate row that does not parse is mended by the next finding', async () => {
  const [t, row] = [newTenantName(), certificateRow()];
  await stores.certificates.save(t, row);
  const good = await raw(grantsTable, certificateKey(t, row.thumbprint));
  for (const broken of mutated(good, ['certificate', 'path', 'exp'], wrong)) {
    await write(grantsTable, broken);
    const newer = fetchedAt(row, now * 1000 + 1);
    await stores.certificates.save(t, newer);
    assert.deepEqual(await stores.certificates.find(t, row.thumbprint, at), newer);
  }
});

test('RFC 7591 §2: a client row that does not parse, or is of another client, is absent', async () => {
  const t = newTenantName();
  const [key, other] = [clientKey(t, 'client-1'), JSON.stringify(clientMetadata('client-2'))];
  const find = () => stores.clients.find(t, 'client-1');
  const ofHolder = async () => (await stores.holders.find(t, 'client-1', thumbprint(newDer()), at)).client;
  const texts = ['', '{', 'null', '[]', '"text"', '1', '{}', '{"client_id":"client-1"}', '{"client_id":1}', other];
  const values: AttributeValue[] = [
    ...texts.map((S) => ({ S })),
    { N: '1' },
    { B: Uint8Array.of(1) },
    { M: {} },
    { L: [] },
  ];
  for (const metadata of values) {
    await write(registryTable, { ...key, metadata });
    assert.equal(await find(), undefined);
    assert.equal(await ofHolder(), undefined);
    assert.deepEqual(
      (await stores.clients.list(t)).filter(({ client_id }) => client_id !== 'client-2'),
      [],
    );
  }
  await write(registryTable, key);
  assert.equal(await find(), undefined);
});

test('design §5: a tenant row that does not parse, or is of another tenant, is absent', async () => {
  const saved = tenant(newTenantName(), { status_policy: wholePolicy });
  await stores.tenants.save(saved);
  const good = await raw(registryTable, tenantKey(saved.name));
  const find = () => stores.tenants.find(saved.name);
  assert.ok((await readMutated(registryTable, good, find, sameKinds(saved))) > 100);
  await write(registryTable, { ...good, name: { S: newTenantName() } });
  assert.equal(await find(), undefined);
});

test('RFC 5280 §6.1.1: a truststore row that does not parse, or is under another key, is no entry', async () => {
  const [t, der] = [newTenantName(), newDer()];
  await stores.truststore.add(t, { type: 'anchor', certificate: der });
  const good = await raw(registryTable, truststoreKey(t, thumbprint(der)));
  for (const broken of [
    { ...good, type: { S: 'authority' } },
    { ...good, policy: { M: { constraints: { S: 'some' } } } },
    { ...good, status: { M: { mode: { S: 'mild' } } } },
    { ...good, type: { S: '' } },
    { ...good, type: { NULL: true } },
    { ...good, certificate: { B: newDer() } },
    { ...good, certificate: { S: 'MII' } },
    { ...truststoreKey(t, thumbprint(der)) },
  ] as Item[]) {
    await write(registryTable, broken);
    assert.deepEqual(await stores.truststore.entries(t), []);
  }
  await write(registryTable, { ...good, ...truststoreKey(t, thumbprint(newDer())) });
  assert.deepEqual(await stores.truststore.entries(t), []);
});

test('design §6: a version row that does not parse is no version', async () => {
  const t = newTenantName();
  for (const version of [{ N: '1' }, { NULL: true }, { M: {} }] as AttributeValue[]) {
    await write(registryTable, { ...versionKey(t), version });
    assert.equal(await stores.versions.current(t), '');
  }
});

test('design §6: every partition key begins with its kind, as IAM grants it', () => {
  const [t, leaf] = [newTenantName(), thumbprint(newDer())];
  const keys = {
    tenants: tenantKey(t),
    versions: versionKey(t),
    truststore: truststoreKey(t, leaf),
    clients: clientKey(t, 'client-1'),
    tokens: tokenKey(t, newHash()),
    certificates: certificateKey(t, leaf),
  };
  for (const [kind, key] of Object.entries(keys)) {
    assert.ok(key.pk.S.startsWith(kinds[kind as keyof typeof keys].prefix), kind);
    assert.ok(/^[A-Z]+#/.test(key.pk.S));
  }
});

test('design §6: no client_id makes a key too long, and none meets a key of another kind', () => {
  const t = newTenantName();
  const isKey = (client_id: string) => {
    assert.match(clientKey(t, client_id).sk.S, /^[A-Za-z0-9_-]{43}$/);
    assert.equal(clientKey(t, client_id).pk.S, `CLIENT#${t}`);
  };
  hostileIds.forEach(isKey);
  fc.assert(fc.property(fc.string({ maxLength: 3_000 }), isKey));
});

test('design §6: exp is the TTL attribute of what expires, in epoch seconds, and of nothing in the registry', async () => {
  const [t, hash, record, row] = [newTenantName(), newHash(), accessTokenRecord(), certificateRow()];
  await stores.tokens.save(t, hash, record);
  await stores.certificates.save(t, row);
  assert.deepEqual((await raw(grantsTable, tokenKey(t, hash)))['exp'], { N: String(record.exp) });
  assert.deepEqual((await raw(grantsTable, certificateKey(t, row.thumbprint)))['exp'], { N: String(row.exp) });
  await stores.clients.save(t, clientMetadata('client-1', { exp: 1 }));
  assert.equal((await raw(registryTable, clientKey(t, 'client-1')))['exp'], undefined);
});

test('RFC 6749 §10.3: no row holds a token itself', async () => {
  const token = 'the-token-itself-as-the-client-has-it';
  const t = newTenantName();
  await stores.tokens.save(t, hashToken(token), accessTokenRecord());
  assert.ok(await stores.tokens.find(t, hashToken(token), at));
  await stores.tokens.revoke(t, hashToken(token), 'client-1', at);
  const { Items = [] } = await engine.sdk.send(new ScanCommand({ TableName: grantsTable }));
  assert.ok(Items.length > 0);
  assert.ok(!JSON.stringify(Items).includes(token));
});

test('pki §4: a block row that does not parse is an Error: absent it would let in whom it keeps out', async () => {
  const block = { kind: 'certificate', thumbprint: thumbprint(newDer()), added_at: now } as const;
  for (const broken of [{ kind: { S: 'other' } }, { thumbprint: { S: 'x' } }, { added_at: { S: 'x' } }] as Item[]) {
    const t = newTenantName();
    await stores.blocks.add(t, block);
    const good = await raw(registryTable, blockKey(t, block));
    await write(registryTable, { ...good, ...broken });
    await assert.rejects(stores.blocks.list(t), /cannot be read/);
  }
  const t = newTenantName();
  await stores.blocks.add(t, block);
  const good = await raw(registryTable, blockKey(t, block));
  await write(registryTable, { ...good, ...blockKey(t, { ...block, thumbprint: thumbprint(newDer()) }) });
  await assert.rejects(stores.blocks.list(t), /cannot be read/);
});

test('pki §4: rows of evidence and kept CRLs that do not parse are absent', async () => {
  const t = newTenantName();
  await stores.evidence.save(t, 'ocsp.a', { der: newDer(), fetchedAt: at });
  await stores.crls.writer(t).saveHead('list', 'head', now);
  await stores.crls.writer(t).saveShard('list', '1-0', newDer(), now);
  for (const [key, broken] of [
    [evidenceKey(t, 'ocsp.a'), { der: { S: 'MII' } }],
    [crlHeadKey(t, 'list'), { head: { N: '1' } }],
    [crlShardKey(t, 'list', '1-0'), { entries: { S: '' } }],
  ] as const) {
    await write(grantsTable, { ...(await raw(grantsTable, key)), ...broken } as Item);
  }
  assert.equal(await stores.evidence.find(t, 'ocsp.a'), undefined);
  assert.equal(await stores.crls.reader(t).findHead('list'), undefined);
  assert.equal(await stores.crls.reader(t).findShard('list', '1-0'), undefined);
});
