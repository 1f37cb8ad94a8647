/** The story of the demo: a token lives and dies with its certificate. Each step throws when it surprises. */
import { readFileSync, writeFileSync } from 'node:fs';
import { certificateFile, type DemoClient, demoIdentity, demoSubject, keyFile, serverCaFile } from './demo-files.ts';
import { type Answer, exchange, type Identity, jsonIn } from './mutual-tls-client.ts';
import { type Control, controlOf } from './responder-control.ts';
import type { Endpoint } from './state-directory.ts';

export type Narrator = {
  readonly step: (text: string) => void;
  readonly shown: (text: string) => void;
  readonly passed: (text: string) => void;
};

type Stage = {
  readonly endpoint: Endpoint;
  readonly state: string;
  readonly ca: string;
  readonly control: Control;
  readonly narrator: Narrator;
};

/** Seconds after which the server must have noticed a revocation; `npm start` asks again after two. */
const patience = 15;

export type StoryOptions = {
  /** The certificate names a CRL and no OCSP responder. */
  readonly crl: boolean;
};

export async function tellStory(
  state: string,
  endpoint: Endpoint,
  { crl }: StoryOptions,
  narrator: Narrator,
): Promise<void> {
  const ca = readFileSync(serverCaFile(state), 'utf8');
  const stage: Stage = { endpoint, state, ca, control: controlOf(endpoint), narrator };
  const first = crl ? await crlOnly(stage) : demoIdentity(state, 'demo-client-1');
  const second = demoIdentity(state, 'demo-client-2');

  narrator.step('1. demo-client-1 asks for a token over mutual TLS');
  const token = await issued(first, stage);

  narrator.step('2. It calls the API with its token and its certificate');
  expectStatus(await callApi(token, first, stage), 200, 'the API answers', stage);

  narrator.step('3. Somebody steals the token and uses it with the certificate of demo-client-2');
  expectStatus(
    await callApi(token, second, stage),
    401,
    'the API refuses: the token is bound to another certificate',
    stage,
  );

  narrator.step('4. The CA revokes the certificate of demo-client-1');
  await stage.control.revoke(first.certificate, 'keyCompromise');
  narrator.passed('revoked at the CA; nobody tells the authorization server');
  await untilRefused(first, stage);
  const introspected = await introspect(token, stage);
  expectBody(introspected, '{"active":false}', 'the token issued in step 1 is dead at introspection: ', stage);
  expectStatus(
    await callApi(token, first, stage),
    401,
    'the API refuses it, although its certificate is the right one',
    stage,
  );

  narrator.step('5. demo-client-1 gets a new certificate with the same name');
  const renewed = await renew('demo-client-1', stage);
  const second_token = await issued(renewed, stage);
  expectStatus(await callApi(second_token, renewed, stage), 200, 'the API answers', stage);
}

function requestToken(identity: Identity, { endpoint, ca }: Stage): Promise<Answer> {
  const form = { grant_type: 'client_credentials', client_id: 'demo-client-1', scope: 'read' };
  return exchange({ url: `${endpoint.mtls}/token`, ca, identity, form });
}

/** Step 1 and 5: a token, shown with its `cnf` as introspection tells it. */
async function issued(identity: Identity, stage: Stage): Promise<string> {
  const answer = await requestToken(identity, stage);
  const token = jsonIn(answer)?.['access_token'];
  if (answer.status !== 200 || typeof token !== 'string') throw surprise('a token', answer);
  const claims = jsonIn(await introspect(token, stage));
  if (claims?.['active'] !== true) throw new Error('The new token is not active');
  stage.narrator.passed(`issued: ${token.slice(0, 6)}… for ${String(jsonIn(answer)?.['expires_in'])} seconds`);
  stage.narrator.shown(`cnf ${JSON.stringify(claims['cnf'])}`);
  return token;
}

function introspect(token: string, { endpoint, ca, state }: Stage): Promise<Answer> {
  const form = { token, client_id: 'demo-api' };
  return exchange({ url: `${endpoint.mtls}/introspect`, ca, identity: demoIdentity(state, 'demo-api'), form });
}

function callApi(token: string, identity: Identity, { endpoint, ca }: Stage): Promise<Answer> {
  return exchange({ url: `${endpoint.mtls}/demo/whoami`, ca, identity, headers: { authorization: `Bearer ${token}` } });
}

/** RFC 5280 §4.2.1.13 alone: revocation is learned from the CA's list, as of CAs that run no OCSP. */
async function crlOnly({ control, narrator }: Stage): Promise<Identity> {
  narrator.step('0. demo-client-1 has a certificate that names a CRL and no OCSP responder');
  const identity = await control.issue(demoSubject('demo-client-1'), { status: 'crl' });
  narrator.passed('issued');
  return identity;
}

/** Step 4: within `--max-status-age` the server asks the responder again, and refuses. */
async function untilRefused(identity: Identity, stage: Stage): Promise<void> {
  const deadline = Date.now() + patience * 1000;
  for (;;) {
    const answer = await requestToken(identity, stage);
    if (answer.status === 401) {
      stage.narrator.passed(`the next token request is refused: 401 ${answer.body}`);
      return;
    }
    if (Date.now() > deadline) throw surprise('401', answer);
    await new Promise((later) => setTimeout(later, 200));
  }
}

async function renew(client: DemoClient, stage: Stage): Promise<Identity> {
  const identity = await stage.control.issue(demoSubject(client));
  writeFileSync(certificateFile(stage.state, client), identity.certificate);
  writeFileSync(keyFile(stage.state, client), identity.key, { mode: 0o600 });
  stage.narrator.passed('renewed');
  return identity;
}

function expectStatus(answer: Answer, status: number, told: string, { narrator }: Stage): void {
  if (answer.status !== status) throw surprise(String(status), answer);
  const challenge = answer.headers['www-authenticate'];
  narrator.passed(`${status}: ${told}`);
  if (challenge !== undefined) narrator.shown(String(challenge));
}

function expectBody(answer: Answer, body: string, told: string, { narrator }: Stage): void {
  if (answer.body !== body) throw surprise(body, answer);
  narrator.passed(`${told}${body}`);
}

const surprise = (expected: string, { status, body }: Answer) =>
  new Error(`Expected ${expected}, got ${status} ${body}`);
