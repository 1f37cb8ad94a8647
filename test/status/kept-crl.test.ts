/** CRLs that are kept: cut into shards, read without the list, renewed by the schedule, never older than before. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { memoryCrlSourceStore, memoryKeptCrlStore } from '../../lib/adapters/memory/crl-stores.ts';
import { keptCrls } from '../../lib/adapters/status-evidence.ts';
import { printName } from '../../lib/pki/certificate/name.ts';
import { parseCrl } from '../../lib/pki/status/crl.ts';
import { fail, ok } from '../../lib/result.ts';
import { keepCrl, refreshCrl } from '../../lib/status/crl-refresh.ts';
import { shardsOf } from '../../lib/status/crl-sharding.ts';
import { findKept, keptKey, parseHead } from '../../lib/status/kept-crl.ts';
import type { ConditionalFetch, CrlSource, CrlWriter, FetchFailure } from '../../lib/status/ports.ts';
import {
  type CertificateStatus,
  defaultStatusPolicy,
  fetchStatus,
  type StatusPolicy,
} from '../../lib/status/revocation.ts';
import {
  crlDistributionPoints,
  generalName,
  issue,
  issueClient,
  issueIntermediate,
  issueRoot,
  keyIdentifier,
  keyUsage,
  newKey,
  subjectKeyIdentifier,
} from '../pki/issue.ts';
import { after, at, type CrlOptions, distributionPoints, type Entry, issueCrl } from '../pki/status/issue-status.ts';
import { type Network, network, pathOf, truststoreOf } from './network.ts';

const url = 'http://crl.test/ca.crl';
const anchor = issueRoot();
const ca = issueIntermediate(anchor, { subject: 'CN=Issuing CA' });
const client = issueClient(ca, { extensions: [crlDistributionPoints([url])] });
const path = pathOf(client, ca, anchor);
const truststore = truststoreOf(ca, anchor);
const policy: StatusPolicy = { ...defaultStatusPolicy, depth: 'leaf', order: 'crl' };
const key = keptKey(url, [ca.certificate, anchor.certificate]);
const source: CrlSource = { crl: key, certificate: client.der, index: 0, url, exp: 2_000_000_000 };

const crl = (options: Partial<CrlOptions> = {}) => issueCrl({ signer: ca, number: 1, ...options });
const seconds = (count: number) => new Date(at.getTime() + count * 1000);
const serial = (number: number) => Uint8Array.of(1, (number >> 16) & 0xff, (number >> 8) & 0xff, number & 0xff);
const many = (count: number): readonly Entry[] =>
  Array.from({ length: count }, (_, i) => ({ serial: serial(i), reason: 1 }));
const revoked = (reason?: number): Entry => ({
  serial: client.certificate.serial,
  ...(reason !== undefined && { reason }),
});

/** One tenant's kept CRLs, with every write counted, and a list at an address. */
function world() {
  const stores = { crls: memoryKeptCrlStore(), sources: memoryCrlSourceStore() };
  const writes: string[] = [];
  const inner = stores.crls.writer('t');
  const writer: CrlWriter = {
    ...inner,
    saveHead: (list, head, exp) => {
      writes.push('head');
      return inner.saveHead(list, head, exp);
    },
    saveShard: (list, shard, bytes, exp) => {
      writes.push(shard);
      return inner.saveShard(list, shard, bytes, exp);
    },
  };
  const list: { reply: Uint8Array | 'not_modified' | FetchFailure['reason']; asked: unknown[] } = {
    reply: crl(),
    asked: [],
  };
  const fetch: ConditionalFetch = async ({ validators, maxBytes }) => {
    list.asked.push({ validators, maxBytes });
    if (list.reply === 'not_modified') return ok('not_modified');
    if (typeof list.reply === 'string') return fail({ reason: list.reply, detail: 'test' });
    return ok({ body: list.reply, validators: { etag: `"${list.asked.length}"` } });
  };
  const crls = keptCrls('t', stores.crls, stores.sources, (fault) => assert.fail(String(fault)));
  const refresh = (when = at, more: Partial<CrlSource> = {}, changes: Partial<StatusPolicy> = {}) =>
    refreshCrl(
      { ...source, ...more },
      { truststore, policy: { ...policy, ...changes }, at: when },
      { fetch, crls: writer },
    );
  const ask = async (ports: Network, when = at, changes: Partial<StatusPolicy> = {}): Promise<CertificateStatus> => {
    const [status] = await fetchStatus(path, { policy: { ...policy, ...changes }, at: when }, ports);
    assert(status);
    return status;
  };
  return { ...stores, writes, writer, list, crls, refresh, ask };
}

const reasonOf = async (result: ReturnType<ReturnType<typeof world>['refresh']>) => {
  const { ok: done, ...rest } = await result;
  return done ? (rest as { value: string }).value : (rest as { failure: { reason: string } }).failure.reason;
};

describe('RFC 5280 §6.3: a kept CRL answers as the list itself', () => {
  for (const [name, entries, wanted] of [
    ['a good certificate', many(3), 'good'],
    ['a revoked one', [...many(3), revoked(1)], 'revoked'],
    ['one on hold', [revoked(6)], 'on_hold'],
    ['one revoked without a reason', [revoked()], 'revoked'],
    ['one among thousands, in a shard', [...many(5_000), revoked(4)], 'revoked'],
    ['a good one beside thousands', many(5_000), 'good'],
    ['one that was on hold and is revoked', [revoked(6), revoked(1)], 'revoked'],
  ] as const) {
    test(`RFC 5280 §6.3.3 (j): ${name} is ${wanted}, without the network`, async () => {
      const { list, refresh, ask, crls } = world();
      list.reply = crl({ entries });
      assert.equal(await reasonOf(refresh()), 'refreshed');
      const ports = network({}, { crls });
      const kept = await ask(ports);
      assert.deepEqual([kept.status, kept.source, kept.stale, ports.requests.length], [wanted, 'crl', false, 0]);
      const fetched = await ask(network({ [url]: list.reply }));
      assert.deepEqual(
        [kept.revokedAt, kept.revocationReason, kept.thisUpdate, kept.nextUpdate],
        [fetched.revokedAt, fetched.revocationReason, fetched.thisUpdate, fetched.nextUpdate],
      );
    });
  }

  test('RFC 5280 §5.2.5: the scope of a kept list is judged at each reading', async () => {
    const { list, refresh, ask, crls } = world();
    list.reply = crl({ idp: { ca: true } });
    assert.equal(await reasonOf(refresh()), 'refreshed');
    assert.equal((await ask(network({}, { crls }))).status, 'unavailable');
  });

  test('RFC 5280 §5.3.3: of an indirect list, entries of another issuer are not the certificate’s', async () => {
    const { list, refresh, ask, crls } = world();
    const foreign = { ...revoked(1), certificateIssuer: [generalName.directory('CN=Other CA')] };
    list.reply = crl({ idp: { indirect: true }, entries: [...many(2), foreign] });
    assert.equal(await reasonOf(refresh()), 'refreshed');
    assert.equal((await ask(network({}, { crls }))).status, 'good');
    const own = { ...revoked(1), certificateIssuer: [generalName.directory('CN=Issuing CA')] };
    list.reply = crl({ number: 2, idp: { indirect: true }, entries: [foreign, own] });
    await refresh(seconds(300));
    assert.equal((await ask(network({}, { crls }))).status, 'revoked');
  });
});

describe('pki §4: how old a kept CRL may be', () => {
  test('until maxStatusAge it answers alone; then the list is asked for, and it serves while that is silent', async () => {
    const { refresh, ask, crls } = world();
    await refresh();
    const ports = network({}, { crls });
    assert.equal((await ask(ports, seconds(300))).stale, false);
    assert.equal(ports.requests.length, 0);
    const stale = await ask(ports, seconds(301));
    assert.deepEqual([stale.status, stale.stale, ports.requests.length], ['good', true, 1]);
  });

  test('the list itself takes its place where it can be had, and revokes', async () => {
    const { refresh, ask, crls } = world();
    await refresh();
    const newer = crl({ number: 2, thisUpdate: seconds(200), entries: [revoked(1)] });
    const status = await ask(network({ [url]: newer }, { crls }), seconds(301));
    assert.deepEqual([status.status, status.stale], ['revoked', false]);
  });

  test('an older list from the network, a replay or a mirror that lags, does not take its place', async () => {
    const { list, refresh, ask, crls } = world();
    list.reply = crl({ number: 2, entries: [revoked(1)] });
    await refresh();
    const replayed = network({ [url]: crl({ thisUpdate: after(-1) }) }, { crls });
    assert.equal((await ask(replayed, seconds(301))).status, 'revoked');
    assert.equal(replayed.requests.length, 1);
  });

  test('of a list that is too large for a request, the operator reads who will fetch it', async () => {
    const { ask, crls } = world();
    const status = await ask(network({ [url]: 'too_large' }, { crls }));
    assert.equal(status.status, 'unavailable');
    assert.match(status.detail ?? '', /^too_large: .*the scheduled refresh/);
  });

  test('past its nextUpdate it is worth nothing, but for what is revoked', async () => {
    const { list, refresh, ask, crls } = world();
    await refresh();
    assert.equal((await ask(network({}, { crls }), after(2))).status, 'unavailable');
    list.reply = crl({ number: 2, entries: [revoked(1)] });
    await refresh(seconds(300));
    assert.equal((await ask(network({}, { crls }), after(2))).status, 'revoked');
  });

  test('a delta on top of it is asked for, and never wanted: nobody keeps deltas', async () => {
    const { list, refresh, crls, sources, ask } = world();
    const deltaUrl = 'http://delta.test/';
    list.reply = crl({ extensions: [distributionPoints([{ names: [generalName.uri(deltaUrl)] }], '2.5.29.46')] });
    await refresh();
    const ports = network({ [deltaUrl]: crl({ number: 2, base: 1, entries: [revoked(6)] }) }, { crls });
    assert.equal((await ask(ports)).status, 'on_hold');
    assert.deepEqual(
      (await sources.list('t', at)).map((wanted) => wanted.url),
      [url],
    );
  });

  test('one that was kept in the future of our clock is not young', async () => {
    const { refresh, ask, crls } = world();
    await refresh(seconds(600));
    const ports = network({}, { crls });
    await ask(ports, at);
    assert.equal(ports.requests.length, 1);
  });
});

describe('pki §4: what is kept is believed no further than it was verified', () => {
  test('a list kept under another key does not speak', async () => {
    const { refresh, ask, crls, writer } = world();
    await refresh();
    const head = parseHead(await crls.findHead(key));
    await writer.saveHead(key, JSON.stringify({ ...head, signer: issueRoot().certificate.spkiSha256 }), 0);
    assert.equal((await ask(network({}, { crls }))).status, 'untrusted');
  });

  for (const [name, damage] of [
    ['no JSON', () => '{'],
    ['not an object', () => '7'],
    ['without a CRL', (head: object) => JSON.stringify({ ...head, crl: undefined })],
    ['with a CRL that is none', (head: object) => JSON.stringify({ ...head, crl: 'MAA=' })],
    ['with a count that is none', (head: object) => JSON.stringify({ ...head, shards: -1 })],
    ['of a time that no clock has', (head: object) => JSON.stringify({ ...head, fetchedAt: 9e15 })],
    ['of shards that are not there', (head: object) => JSON.stringify({ ...head, shards: 3, entries: undefined })],
  ] as const) {
    test(`a head that is ${name} keeps nothing: the list is asked for`, async () => {
      const { refresh, ask, crls, writer } = world();
      await refresh();
      await writer.saveHead(key, damage(parseHead(await crls.findHead(key)) ?? {}), 0);
      const ports = network({ [url]: crl({ entries: [revoked(1)] }) }, { crls });
      assert.equal((await ask(ports)).status, 'revoked');
      assert.equal(ports.requests.length, 1);
    });
  }

  test('entries that are damaged make nobody good', async () => {
    const { list, refresh, ask, crls, writer } = world();
    list.reply = crl({ entries: [revoked(1)] });
    await refresh();
    const head = parseHead(await crls.findHead(key));
    const entries = Buffer.from(head?.entries ?? '', 'base64');
    for (const damaged of [
      entries.subarray(1),
      Buffer.concat([entries.subarray(0, 8), Uint8Array.of(7), entries.subarray(9)]),
    ]) {
      await writer.saveHead(key, JSON.stringify({ ...head, entries: damaged.toString('base64') }), 0);
      assert.equal((await ask(network({}, { crls }))).status, 'unavailable');
    }
  });

  test('a shard does not speak for entries of another', async () => {
    const { list, refresh, crls } = world();
    list.reply = crl({ entries: many(5_000) });
    await refresh();
    const target = { issuer: client.certificate.issuer, serial: serial(0) };
    const found = await findKept(key, () => [target], crls);
    const asked = many(5_000).map((entry) => found?.crl.kept?.find({ issuer: target.issuer, serial: entry.serial }));
    const spoken = asked.filter((each) => each?.ok);
    assert(spoken.length > 500 && spoken.length < 1_500);
    assert(spoken.every((each) => each?.ok && each.value?.reason === 'keyCompromise'));
  });

  test('a list kept for one path is none for another: another issuer, another key', () => {
    const twin = issueIntermediate(anchor, { subject: 'CN=Issuing CA' });
    assert.notEqual(keptKey(url, [twin.certificate, anchor.certificate]), key);
    assert.notEqual(keptKey(`${url}?`, [ca.certificate, anchor.certificate]), key);
  });
});

test('RFC 5280 §6.3.3 (f): a signer that is not on the path is looked up in the kept list as well, whichever shard it is in', async () => {
  const { list, crls, writer } = world();
  const point = { names: [generalName.uri(url)], crlIssuer: [generalName.directory('CN=CRL Service')] };
  const signerKey = newKey();
  const service = issue({
    issuer: anchor,
    subject: 'CN=CRL Service',
    key: signerKey,
    extensions: [keyUsage(['cRLSign']), subjectKeyIdentifier(keyIdentifier(signerKey)), distributionPoints([point])],
  });
  const leaf = issueClient(ca, { extensions: [distributionPoints([point])] });
  const trusted = truststoreOf(ca, service, anchor);
  const named = { certificateIssuer: [generalName.directory(printName(anchor.certificate.subject))] };
  for (const [entries, wanted] of [
    [many(20_000), 'good'],
    [[...many(20_000), { ...revoked(1), serial: service.certificate.serial, ...named }], 'untrusted'],
  ] as const) {
    list.reply = issueCrl({
      signer: service,
      number: list.asked.length + 1,
      idp: { names: [generalName.uri(url)], indirect: true },
      entries,
    });
    const wantedSource = { ...source, certificate: leaf.der };
    const fetch: ConditionalFetch = async () => ok({ body: list.reply as Uint8Array, validators: {} });
    const when = seconds(600 * list.asked.length);
    list.asked.push(wantedSource);
    assert.deepEqual(
      await refreshCrl(wantedSource, { truststore: trusted, policy, at: when }, { fetch, crls: writer }),
      ok('refreshed'),
    );
    const [status] = await fetchStatus(
      pathOf(leaf, ca, anchor),
      { policy, at: when, truststore: trusted },
      network({}, { crls }),
    );
    assert.equal(status?.status, wanted);
  }
});

describe('pki §4: a list that certificates name is wanted', () => {
  test('when it is asked about, once a day, until the certificate ends', async () => {
    const { ask, crls, sources } = world();
    const ports = network({ [url]: crl() }, { crls });
    await ask(ports);
    const [first, ...others] = await sources.list('t', at);
    assert.deepEqual(others, []);
    assert.deepEqual({ ...first, exp: 0 }, { ...source, certificate: new Uint8Array(client.der), exp: 0 });
    assert.equal(first?.exp, Math.floor(Math.min(after(30).getTime(), client.certificate.notAfter.getTime()) / 1000));
    await ask(ports, seconds(600));
    assert.deepEqual(await sources.list('t', at), [first]);
  });
});

describe('pki §4: refreshing', () => {
  test('is due a run before readers find the list too old, and at 80 % of its life', async () => {
    const { list, refresh } = world();
    assert.equal(await reasonOf(refresh()), 'refreshed');
    assert.equal(await reasonOf(refresh(seconds(239))), 'fresh');
    assert.equal(list.asked.length, 1);
    assert.equal(await reasonOf(refresh(seconds(240))), 'refreshed');
    list.reply = crl({ number: 2, thisUpdate: at, nextUpdate: seconds(600) });
    await refresh(seconds(500));
    assert.equal(await reasonOf(refresh(seconds(559))), 'fresh', 'a minute apart at least');
    assert.equal(await reasonOf(refresh(seconds(560), {}, { maxStatusAge: 86_400 })), 'refreshed');
  });

  test('asks with what the server said of the list before; 304 renews it, and only its time is written', async () => {
    const { list, refresh, writes, ask, crls } = world();
    list.reply = crl({ entries: many(5_000) });
    await refresh();
    writes.length = 0;
    list.reply = 'not_modified';
    assert.equal(await reasonOf(refresh(seconds(300))), 'not_modified');
    assert.deepEqual(list.asked.at(-1), { validators: { etag: '"1"' }, maxBytes: 64 * 1024 * 1024 });
    assert.deepEqual(writes, ['head']);
    assert.equal((await ask(network({}, { crls }), seconds(590))).stale, false);
  });

  test('writes the shards that changed, and the head last', async () => {
    const { list, refresh, writes } = world();
    list.reply = crl({ entries: many(5_000) });
    await refresh();
    assert.equal(writes.at(-1), 'head');
    assert.equal(new Set(writes).size, 6 + 2, 'six shards, their digests, the head');
    writes.length = 0;
    list.reply = crl({ number: 2, entries: [...many(5_000), revoked(1)] });
    await refresh(seconds(300));
    assert.deepEqual(
      writes.toSpliced(1, 1),
      ['digests', 'digests', 'head'],
      'struck off, one shard, entered, the head',
    );
  });

  test('a list that was half written when the writer failed is written again, shard by shard', async () => {
    const { list, refresh, writer, ask, crls } = world();
    const before = crl({ entries: many(5_000) });
    list.reply = before;
    await refresh();
    list.reply = crl({ number: 2, entries: [...many(5_000), revoked(6)] });
    const { saveShard } = writer;
    let written = false;
    writer.saveShard = async (list_, shard, bytes, exp) => {
      if (shard === 'digests' && written) throw new Error('throttled');
      written ||= shard !== 'digests';
      return saveShard(list_, shard, bytes, exp);
    };
    await assert.rejects(refresh(seconds(300)), /throttled/);
    writer.saveShard = saveShard;
    list.reply = crl({ number: 3, entries: many(5_000) });
    assert.equal(await reasonOf(refresh(seconds(600))), 'refreshed');
    assert.equal((await ask(network({}, { crls }), seconds(600))).status, 'good');
  });

  test('renews shards before they expire', async () => {
    const { list, refresh, writes } = world();
    list.reply = crl({ entries: many(5_000), nextUpdate: after(20) });
    await refresh();
    writes.length = 0;
    list.reply = 'not_modified';
    await refresh(after(8));
    assert.equal(writes.length, 6 + 2);
  });

  for (const [name, reply, reason] of [
    ['that is silent', 'timeout', 'unavailable'],
    ['that is too large', 'too_large', 'unavailable'],
    ['of garbage', Uint8Array.of(0x30, 0x00), 'malformed'],
    ['of another signer', crl({ signer: { subject: ca.subject, key: newKey() } }), 'untrusted'],
    ['that has expired', crl({ thisUpdate: after(-3), nextUpdate: after(-2) }), 'not_current'],
    ['of the future', crl({ thisUpdate: after(1) }), 'not_current'],
    ['of a delta', crl({ number: 3, base: 1 }), 'malformed'],
    ['that was published earlier', crl({ number: 3, thisUpdate: after(-1) }), 'older'],
    ['of an earlier number', crl({ number: 1, thisUpdate: seconds(10) }), 'older'],
  ] as const) {
    test(`a list ${name} is ${reason}, and what was kept stays`, async () => {
      const { list, refresh, writes, ask, crls } = world();
      list.reply = crl({ number: 2, entries: [revoked(1)] });
      await refresh();
      writes.length = 0;
      list.reply = reply;
      assert.equal(await reasonOf(refresh(seconds(300))), reason);
      assert.deepEqual(writes, []);
      assert.equal((await ask(network({}, { crls }))).status, 'revoked');
    });
  }

  for (const [name, more, changes, reason] of [
    ['whose certificate cannot be parsed', { certificate: new Uint8Array(5) }, {}, 'path_invalid'],
    ['whose certificate is not trusted', { certificate: issueClient(issueRoot()).der }, {}, 'path_invalid'],
    ['that is kept under another key', { url: `${url}?other` }, {}, 'not_wanted'],
    ['whose host the tenant does not list', {}, { hosts: ['other.test'] }, 'not_wanted'],
  ] as const) {
    test(`a list ${name} is not fetched: ${reason}`, async () => {
      const { list, refresh } = world();
      assert.equal(await reasonOf(refresh(at, more, changes)), reason);
      assert.deepEqual(list.asked, []);
    });
  }
});

describe('pki §4: an uploaded CRL', () => {
  const uploaded: StatusPolicy = { ...policy, overrides: { [ca.certificate.thumbprint]: { uploadedCrl: true } } };
  const bare = pathOf(issueClient(ca), ca, anchor);

  test('speaks for the certificates of its CA, also those that name no source', async () => {
    const { writer, crls } = world();
    const kept = await keepCrl(crl({ entries: many(3) }), { issuer: ca.certificate, at }, writer);
    assert.deepEqual(kept, ok({ thisUpdate: after(-1 / 24), nextUpdate: after(1), entries: 3 }));
    const ports = network({}, { crls });
    const [status] = await fetchStatus(bare, { policy: uploaded, at: seconds(3_600) }, ports);
    assert.deepEqual([status?.status, status?.source, ports.requests.length], ['good', 'crl', 0]);
    const [without] = await fetchStatus(bare, { policy, at }, ports);
    assert.equal(without?.status, 'no_source');
    const [late] = await fetchStatus(bare, { policy: uploaded, at: after(2) }, ports);
    assert.equal(late?.status, 'unavailable');
  });

  test('lives until its successor was promised, every shard of it', async () => {
    const { writer } = world();
    const expiries: number[] = [];
    const noting: CrlWriter = {
      ...writer,
      saveHead: (list, head, exp) => {
        expiries.push(exp);
        return writer.saveHead(list, head, exp);
      },
      saveShard: (list, shard, bytes, exp) => {
        expiries.push(exp);
        return writer.saveShard(list, shard, bytes, exp);
      },
    };
    const options = { issuer: ca.certificate, at };
    await keepCrl(crl({ entries: many(5_000), nextUpdate: after(40) }), options, noting);
    expiries.length = 0;
    await keepCrl(crl({ number: 2, entries: many(5_000), nextUpdate: after(90) }), options, noting);
    assert(expiries.length >= 6 + 2);
    assert(expiries.every((exp) => exp * 1000 >= after(90).getTime()));
  });

  test('is refused where another key signed it, where it has expired, and where a later one is kept', async () => {
    const { writer } = world();
    const upload = (der: Uint8Array) => reasonOf(keepCrl(der, { issuer: ca.certificate, at }, writer) as never);
    assert.equal(await upload(crl({ signer: anchor })), 'untrusted');
    assert.equal(await upload(crl({ signer: { subject: ca.subject, key: newKey() } })), 'untrusted');
    assert.equal(await upload(crl({ thisUpdate: after(-3), nextUpdate: after(-2) })), 'not_current');
    await upload(crl({ number: 5 }));
    assert.equal(await upload(crl({ number: 4 })), 'older');
    assert.equal(await upload(new Uint8Array(10)), 'malformed');
  });
});

test('pki §3: a list of a hundred thousand entries is cut in pieces of 16 KB at most, each entry once', () => {
  const parsed = parseCrl(crl({ entries: many(100_000) }));
  assert(parsed.ok);
  const shards = shardsOf(parsed.value) ?? [];
  assert.equal(
    shards.reduce((sum, shard) => sum + shard.length / 13, 0),
    100_000,
  );
  assert.ok(shards.length <= 224 && shards.every(({ length }) => length <= 16_384 && length % 13 === 0));
});
