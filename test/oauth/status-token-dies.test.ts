/** A token dies with its certificate, whatever its form and however the certificate ends (N10), and no answer is used too long (P16, P18). */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { httpStatus } from '../e2e/hostile-responder.ts';
import { extension, type Issued, issueClient } from '../pki/issue.ts';
import { accessToken, inactive, type StatusServer, start, statusServer } from './status-server.ts';

/** The registry looks again after a second. */
const registryAge = 2;

type Ending = {
  readonly what: string;
  readonly reason: string;
  /** Ends the certificate, and lets as much time pass as it may take to be seen. */
  readonly end: (server: StatusServer, leaf: Issued) => Promise<void> | void;
  readonly leaf?: (server: StatusServer) => Issued;
};

const at = (server: StatusServer) => Math.floor(server.clock.now.getTime() / 1_000);

const block = (make: (leaf: Issued, server: StatusServer) => object) => async (server: StatusServer, leaf: Issued) => {
  const stored = { ...make(leaf, server), added_at: at(server) };
  await server.stores.blocks.add('default', stored as Parameters<typeof server.stores.blocks.add>[1]);
  server.pass(registryAge);
};

const endings: readonly Ending[] = [
  {
    what: 'revoked',
    reason: 'certificate_revoked',
    end: (server, leaf) => {
      server.say(leaf, { status: 'revoked', reason: 1 });
      server.pass(301);
    },
  },
  {
    what: 'on hold',
    reason: 'certificate_on_hold',
    end: (server, leaf) => {
      server.say(leaf, { status: 'revoked', reason: 6 });
      server.pass(301);
    },
  },
  {
    what: 'unknown to its responder',
    reason: 'status_unknown',
    end: (server, leaf) => {
      server.say(leaf, { status: 'unknown' });
      server.pass(301);
    },
  },
  {
    what: 'of a CA that is removed from the truststore',
    reason: 'chain_untrusted',
    end: async (server) => {
      await server.stores.truststore.remove('default', server.pki.ca.certificate.thumbprint);
      server.pass(registryAge);
    },
  },
  {
    what: 'blocked by its thumbprint',
    reason: 'certificate_blocked',
    end: block(({ certificate }) => ({ kind: 'certificate', thumbprint: certificate.thumbprint })),
  },
  {
    what: 'blocked by issuer and serial number',
    reason: 'certificate_blocked',
    end: block(({ certificate }) => ({
      kind: 'serial_number',
      issuer: 'CN=Hostile CA',
      serialNumber: certificate.serialNumber,
    })),
  },
  {
    what: 'blocked with the key of its CA',
    reason: 'certificate_blocked',
    end: block((_leaf, { pki }) => ({ kind: 'authority', spkiSha256: pki.ca.certificate.spkiSha256 })),
  },
  {
    what: 'of a client that is disabled',
    reason: 'client_disabled',
    end: async (server) => {
      for (const client of await server.stores.clients.list('default')) {
        if (client.client_id !== 'api') await server.stores.clients.save('default', { ...client, disabled: true });
      }
      server.pass(registryAge);
    },
  },
  {
    what: 'of a client that is gone',
    reason: 'client_unknown',
    end: async (server) => {
      for (const client_id of ['client', 'jwt-client']) await server.stores.clients.remove('default', client_id);
      server.pass(registryAge);
    },
  },
];

for (const { what, reason, end } of endings) {
  for (const client_id of ['client', 'jwt-client']) {
    const form = client_id === 'client' ? 'an opaque token' : 'a JWT';
    test(`N10: ${form} is inactive once its certificate is ${what}: ${reason}`, async (t) => {
      const server = await statusServer(t);
      const leaf = server.client();
      const token = accessToken(await server.token(leaf, { client_id }));
      assert.equal((await server.introspect(token, server.api)).json['active'], true);
      const { exp } = (await server.introspect(token, server.api)).json;
      await end(server, leaf);
      assert.ok(Number(exp) > at(server), 'the token itself has not expired');
      const { status, body, line } = await server.introspect(token, server.api);
      assert.deepEqual([status, body, line.active, line.reason], [200, inactive, false, reason]);
      const { body: shown, json } = await server.introspect(token, server.api, { binding: '1' });
      const { verdict, reason: told } = json['binding'] as Record<string, unknown>;
      assert.deepEqual([json['active'], verdict, told], [false, 'refused', reason], shown);
      const again = await server.token(leaf, { client_id });
      assert.deepEqual([again.status, again.json['error'], again.line.reason], [401, 'invalid_client', reason]);
    });
  }
}

for (const [client_id, form] of [
  ['client', 'an opaque token'],
  ['jwt-client', 'a JWT'],
] as const) {
  test(`N10: ${form} is inactive with the last second of its certificate`, async (t) => {
    const server = await statusServer(t);
    const leaf = server.client({ notAfter: new Date(start.getTime() + 120_000) });
    const issued = await server.token(leaf, { client_id });
    assert.equal(issued.json['expires_in'], 120);
    const token = accessToken(issued);
    server.pass(119);
    assert.equal((await server.introspect(token, server.api)).json['active'], true);
    server.pass(1);
    assert.equal((await server.introspect(token, server.api)).body, inactive);
    server.pass(1);
    const refused = await server.token(leaf, { client_id });
    assert.deepEqual([refused.status, refused.line.reason], [401, 'certificate_expired']);
  });
}

test('N10: a certificate that expires while its token lives, by a policy that changed, is the reason', async (t) => {
  const server = await statusServer(t);
  const leaf = server.client({ notAfter: new Date(start.getTime() + 120_000) });
  const token = accessToken(await server.token(leaf));
  const [hash, record] = await rowOf(server, token);
  await server.stores.tokens.save('default', hash, { ...record, exp: record.exp + 3_600 });
  server.pass(121);
  const { body, line } = await server.introspect(token, server.api);
  assert.deepEqual([body, line.reason], [inactive, 'certificate_expired']);
});

async function rowOf({ stores, clock }: StatusServer, token: string) {
  const { hashToken } = await import('../../lib/oauth/access-token.ts');
  const hash = hashToken(token);
  const record = await stores.tokens.find('default', hash, clock.now);
  assert.ok(record);
  return [hash, record] as const;
}

test('N10: a token of one certificate lives when another certificate of the same client is revoked', async (t) => {
  const server = await statusServer(t);
  const [one, other] = [server.client(), server.client()];
  const token = accessToken(await server.token(one));
  server.say(other, { status: 'revoked', reason: 1 });
  server.pass(301);
  assert.equal((await server.token(other)).status, 401);
  assert.equal((await server.introspect(token, server.api)).json['active'], true);
});

test('N10: a hold that ends brings the token back; a revocation never does', async (t) => {
  const server = await statusServer(t);
  const [held, revoked] = [server.client(), server.client()];
  const tokens = [accessToken(await server.token(held)), accessToken(await server.token(revoked))] as const;
  server.say(held, { status: 'revoked', reason: 6 });
  server.say(revoked, { status: 'revoked', reason: 1 });
  server.pass(301);
  for (const token of tokens) assert.equal((await server.introspect(token, server.api)).body, inactive);
  server.say(held);
  server.say(revoked);
  server.pass(301);
  assert.equal((await server.introspect(tokens[0], server.api)).json['active'], true);
  const { body, line } = await server.introspect(tokens[1], server.api);
  assert.deepEqual([body, line.reason], [inactive, 'certificate_revoked']);
});

test('N10: a block that is lifted brings the token back', async (t) => {
  const server = await statusServer(t);
  const leaf = server.client();
  const token = accessToken(await server.token(leaf));
  const stored = { kind: 'certificate', thumbprint: leaf.certificate.thumbprint, added_at: at(server) } as const;
  await server.stores.blocks.add('default', stored);
  server.pass(registryAge);
  assert.equal((await server.introspect(token, server.api)).body, inactive);
  await server.stores.blocks.remove('default', stored);
  server.pass(registryAge);
  assert.equal((await server.introspect(token, server.api)).json['active'], true);
});

test('P14: nobody is asked about a blocked certificate', async (t) => {
  const server = await statusServer(t);
  const leaf = server.client();
  const blocked = { kind: 'certificate', thumbprint: leaf.certificate.thumbprint, added_at: at(server) } as const;
  await server.stores.blocks.add('default', blocked);
  assert.equal((await server.token(leaf)).line.reason, 'certificate_blocked');
  assert.deepEqual(server.asked, []);
});

const noRevAvail = extension('2.5.29.56', Uint8Array.of(5, 0));

test('P16: a short-lived certificate with id-ce-noRevAvail is accepted and nobody is asked', async (t) => {
  const server = await statusServer(t);
  const leaf = server.pki.client('CN=client', {}, { extensions: [noRevAvail] });
  const issued = await server.token(leaf);
  assert.equal(issued.status, 200);
  assert.deepEqual(
    issued.line.certificate_status?.map(({ status }) => status),
    ['not_checked'],
  );
  assert.equal((await server.introspect(accessToken(issued), server.api)).json['active'], true);
  assert.deepEqual(server.asked, []);
});

test('P16: one that names a responder all the same is checked, and without it a certificate has no source', async (t) => {
  const server = await statusServer(t);
  const leaf = server.client({ extensions: [noRevAvail] });
  server.say(leaf, { status: 'revoked', reason: 1 });
  assert.equal((await server.token(leaf)).line.reason, 'certificate_revoked');
  const bare = issueClient(server.pki.ca, { subject: 'CN=client', notBefore: new Date(start.getTime() - 1_000) });
  assert.equal((await server.token(bare)).line.reason, 'no_status_source');
});

async function holding(t: TestContext, nextUpdateIn: number) {
  const server = await statusServer(t);
  const leaf = server.client();
  server.say(leaf, { thisUpdate: start, nextUpdate: new Date(start.getTime() + nextUpdateIn * 1_000) });
  return { server, leaf };
}

test('P18: an answer is not used past its nextUpdate and the skew, however young it is', async (t) => {
  const { server, leaf } = await holding(t, 60);
  const issued = await server.token(leaf);
  assert.equal(issued.json['expires_in'], 360, 'nextUpdate + 300 s');
  server.behave(leaf, () => httpStatus(500));
  server.pass(359);
  assert.equal((await server.token(leaf)).status, 200);
  server.pass(2);
  const refused = await server.token(leaf);
  assert.deepEqual([refused.status, refused.line.reason], [503, 'revocation_unavailable']);
});

test('P18: an answer is asked for again after maxStatusAge, counted from when it was fetched', async (t) => {
  const server = await statusServer(t, { tenants: { default: { maxStatusAge: 60 } } });
  const leaf = server.client();
  server.say(leaf, { thisUpdate: new Date(start.getTime() - 43_200_000), nextUpdate: null });
  await server.token(leaf);
  server.pass(60);
  await server.token(leaf);
  assert.equal(server.asked.length, 1);
  server.pass(1);
  await server.token(leaf);
  assert.equal(server.asked.length, 2);
});

test('P18: «revoked» is for good: nobody is asked again, through any silence, by any later answer', async (t) => {
  const { server, leaf } = await holding(t, 60);
  server.say(leaf, { status: 'revoked', reason: 1 });
  assert.equal((await server.token(leaf)).line.reason, 'certificate_revoked');
  server.say(leaf);
  for (let day = 0; day < 10; day++) {
    server.pass(86_400);
    assert.equal((await server.token(leaf)).line.reason, 'certificate_revoked');
  }
  assert.equal(server.asked.length, 1);
});

test('P18: «revoked» counts, be it in an older answer than one that was seen', async (t) => {
  const { server, leaf } = await holding(t, 3_600);
  assert.equal((await server.token(leaf)).status, 200);
  server.pass(301);
  server.say(leaf, { status: 'revoked', reason: 1, thisUpdate: new Date(start.getTime() - 60_000) });
  assert.equal((await server.token(leaf)).line.reason, 'certificate_revoked');
});
