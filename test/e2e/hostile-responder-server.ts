/** The real server with two tenants, hard-fail and soft-fail, whose clients' certificates name the hostile responder. */
import assert from 'node:assert/strict';
import { openLocalRegistry } from '../../lib/local/local-registry.ts';
import { type Answer, jsonIn } from '../../lib/local/mutual-tls-client.ts';
import type { StatusPolicy } from '../../lib/status/policy.ts';
import type { Issued } from '../pki/issue.ts';
import { type HostileResponder, startHostileResponder } from './hostile-responder.ts';
import { type HostileAnswer, ocspAnswer, type Scene, type Worth } from './hostile-responder-answers.ts';
import { type HostilePki, hostilePki, identityOf } from './hostile-responder-pki.ts';
import { endServers, type Folder, type RunningServer, runServer, temporaryFolder } from './running-server.ts';

export type Tenant = 'hard' | 'soft';

/** What came back, and the line that the server wrote about it. */
export type Exchanged = { readonly answer: Answer; readonly line: Readonly<Record<string, unknown>> };

export type HostileServer = {
  readonly server: RunningServer;
  readonly pki: HostilePki;
  readonly responder: HostileResponder;
  /** Let through by the fetch guard, so that nothing but our rules keeps anybody from it. */
  readonly canary: HostileResponder;
  /** Let through as well; a test may close it. */
  readonly doomed: HostileResponder;
  token(tenant: Tenant, leaf: Issued): Promise<Exchanged>;
  introspect(tenant: Tenant, token: unknown): Promise<Exchanged>;
  /** What is said at a path about a certificate from now on. */
  say(path: string, leaf: Issued, reply: HostileAnswer['reply']): void;
  close(): Promise<void>;
};

/** Each request asks anew, and a source that failed is asked again at once: what comes is of this moment. */
const policies: Readonly<Record<Tenant, Partial<StatusPolicy>>> = {
  hard: { mode: 'hard-fail', maxStatusAge: 0, negativeAge: 0, nonce: 'prefer' },
  soft: { mode: 'soft-fail', maxStatusAge: 0, negativeAge: 0, nonce: 'prefer' },
};

export async function startHostileServer(): Promise<HostileServer> {
  const [responder, canary, doomed] = await Promise.all([
    startHostileResponder(),
    startHostileResponder(),
    startHostileResponder(),
  ]);
  const folder = temporaryFolder();
  const cleanUp = async () => {
    endServers();
    await Promise.all([responder.close(), canary.close(), doomed.close()]);
    folder.remove();
  };
  try {
    const pki = hostilePki(new Date());
    const server = await runTenants(folder, pki, [responder, canary, doomed]);
    const close = () => server.stop().then(cleanUp);
    return { server, pki, responder, canary, doomed, ...speaking(server, pki, responder, canary), close };
  } catch (error) {
    await cleanUp();
    throw error;
  }
}

async function runTenants(folder: Folder, pki: HostilePki, allowed: readonly HostileResponder[]) {
  const clients = [
    { client_id: 'client', tls_client_auth_subject_dn: 'CN=client' },
    { client_id: 'api', tls_client_auth_subject_dn: 'CN=api', resource_server_for: ['urn:api'] },
  ];
  const rows = [
    ...(['hard', 'soft'] as const).map((tenant) => ({ tenant, truststore: pki.ca.pem + pki.mute.pem, clients })),
    // Its CA is let in by the gateway, and is nobody to the others.
    { tenant: 'stranger', truststore: pki.stranger.pem },
  ];
  const server = await runServer(
    `${folder.path}/state`,
    '--no-demo',
    '--tenants',
    folder.write('tenants.json', JSON.stringify(rows)),
    ...allowed.flatMap(({ host }) => ['--allow-fetch', host]),
  );
  await setPolicies(server);
  return server;
}

function speaking(
  server: RunningServer,
  pki: HostilePki,
  responder: HostileResponder,
  canary: HostileResponder,
): Pick<HostileServer, 'token' | 'introspect' | 'say'> {
  const api = pki.client('CN=api', { ocsp: responder.url('/api') });
  responder.set('/api', () => ocspAnswer({ pki, leaf: api, now: new Date() }));
  const post = async (tenant: Tenant, path: string, leaf: Issued, form: Record<string, string>) => {
    const answer = await server.post(`/t/${tenant}/${path}`, identityOf(leaf), form);
    return { answer, line: await server.logOf(answer) };
  };
  return {
    token: (tenant, leaf) => post(tenant, 'token', leaf, { grant_type: 'client_credentials', client_id: 'client' }),
    introspect: (tenant, token) => post(tenant, 'introspect', api, { client_id: 'api', token: String(token) }),
    say: (path, leaf, reply) => {
      responder.set(path, (asked) => reply({ pki, leaf, now: new Date(), asked, canary: canary.url('/redirected') }));
    },
  };
}

/** Before the first request, so that no function has the tenants in its memory. */
async function setPolicies({ state }: RunningServer): Promise<void> {
  const registry = await openLocalRegistry(state);
  assert.ok(registry);
  for (const [name, policy] of Object.entries(policies)) {
    const tenant = await registry.stores.tenants.find(name);
    assert.ok(tenant);
    const status_policy = { ...tenant.status_policy, ...policy };
    await registry.stores.tenants.save({ ...tenant, default_resource: 'urn:api', status_policy });
  }
  await registry.close();
}

export const accessToken = ({ answer }: Exchanged): string => {
  const token = jsonIn(answer)?.['access_token'];
  assert.equal(typeof token, 'string', answer.body);
  return String(token);
};

/** What the statuses in a line say of the end entity. */
export const leafStatus = ({ line }: Exchanged): Readonly<Record<string, unknown>> => {
  const [leaf] = (line['certificate_status'] ?? []) as readonly Readonly<Record<string, unknown>>[];
  return leaf ?? {};
};

const reasons: Readonly<Record<Exclude<Worth, 'good'>, string>> = {
  revoked: 'certificate_revoked',
  on_hold: 'certificate_on_hold',
  unknown: 'status_unknown',
  unavailable: 'revocation_unavailable',
  untrusted: 'status_untrusted',
};

/** protocol §4.2, the table of outcomes, at issue to a certificate about which nothing was known. */
export function assertIssue(exchanged: Exchanged, tenant: Tenant, { worth, detail }: HostileAnswer): void {
  const { answer, line } = exchanged;
  const json = jsonIn(answer);
  const accepted = worth === 'good' || (worth === 'unavailable' && tenant === 'soft');
  if (accepted) {
    assert.equal(answer.status, 200, answer.body);
    assert.deepEqual([leafStatus(exchanged)['status'], leafStatus(exchanged)['softFailed']], [worth, worth !== 'good']);
    if (worth !== 'good') assert.ok(Number(json?.['expires_in']) <= 300, answer.body);
    return;
  }
  const retry = worth === 'unavailable' || worth === 'untrusted';
  assert.deepEqual(
    [answer.status, json?.['error'], line['reason'], json?.['access_token']],
    [retry ? 503 : 401, retry ? 'temporarily_unavailable' : 'invalid_client', reasons[worth], undefined],
  );
  assert.equal(leafStatus(exchanged)['status'], worth);
  if (retry) assert.match(String(answer.headers['retry-after']), /^[1-9][0-9]*$/);
  if (detail) assert.match(String(line['detail']), detail);
  assert.doesNotMatch(answer.body, /revo|hold|unknown|signature|sign/i, 'the reason is not told');
}

/** The same table at introspection of a token whose certificate was good a moment ago, by an answer that still holds. */
export function assertIntrospection(exchanged: Exchanged, { worth }: HostileAnswer): void {
  const { answer, line } = exchanged;
  assert.equal(answer.status, 200, answer.body);
  const gone = worth === 'revoked' || worth === 'on_hold' || worth === 'unknown';
  if (gone) {
    assert.equal(answer.body, '{"active":false}');
    assert.equal(line['reason'], reasons[worth]);
    return;
  }
  assert.equal(jsonIn(answer)?.['active'], true);
  assert.deepEqual([leafStatus(exchanged)['status'], leafStatus(exchanged)['stale']], ['good', worth !== 'good']);
}

/** Every side of one behaviour: issue and introspection, hard-fail and soft-fail, what it cost, and the server afterwards. */
export async function playBehaviour(
  { pki, responder, token, introspect, say, canary }: HostileServer,
  behaviour: HostileAnswer,
  leaf: (subject: string, path: string) => Issued,
  good: (scene: Scene) => Uint8Array,
  { path, counted }: { readonly path: string; readonly counted: boolean },
): Promise<void> {
  const held = leaf('CN=client', `${path}/held`);
  const fresh = leaf('CN=client', `${path}/fresh`);
  say(`${path}/held`, held, (scene) => good({ ...scene, pki }));
  const before = { hard: await token('hard', held), soft: await token('soft', held) };
  say(`${path}/held`, held, behaviour.reply);
  say(`${path}/fresh`, fresh, behaviour.reply);
  const asked = responder.asked(`${path}/held`);
  await Promise.all(
    (['hard', 'soft'] as const).map(async (tenant) => {
      const [issued, introspected] = await Promise.all([
        token(tenant, fresh),
        introspect(tenant, accessToken(before[tenant])),
      ]);
      assertIssue(issued, tenant, behaviour);
      assertIntrospection(introspected, behaviour);
    }),
  );
  // One request a certificate and tenant: nothing is tried twice. CRLs are asked for by the schedule besides.
  const counts = [responder.asked(`${path}/fresh`), responder.asked(`${path}/held`) - asked];
  if (counted) assert.deepEqual(counts, [2, 2]);
  else assert.ok(counts.every((count) => count >= 2));
  assert.equal(canary.asked(), 0);
  say(`${path}/fresh`, fresh, good);
  const after = await token('hard', fresh);
  assert.equal(after.answer.status, behaviour.worth === 'revoked' ? 401 : 200, 'revoked is for good, nothing else is');
}

/** The lines of requests that the server could not serve. */
export const faults = (server: RunningServer): readonly string[] =>
  server
    .output()
    .split('\n')
    .filter((line) => line.includes('"request_id"') && /server_error|"fault"|"level":"error"/.test(line));
