/**
 * The whole decision about a certificate, step by step: path, blocks, status, client, name, and what the endpoints would
 * answer. The verdict is the endpoints' own (`rehearsal.ts`); the steps say how it came about.
 */
import { maxClientIdLength } from '../oauth/client-metadata.ts';
import type { ClientStore, HolderStore, Registry } from '../oauth/ports.ts';
import type { Reason } from '../oauth/reason.ts';
import { type Certificate, parseCertificate } from '../pki/certificate/certificate.ts';
import { type Thumbprint, thumbprint } from '../pki/certificate/thumbprint.ts';
import { ok } from '../result.ts';
import { clientSteps, introspectionStep, tokenStep } from './answer-steps.ts';
import { chainIn, pemOf } from './certificate-file.ts';
import { type Refusable, refuse } from './change.ts';
import {
  blockStep,
  type Findings,
  keyStep,
  parseStep,
  pathStep,
  type Step,
  shownRequest,
  skipped,
  statusSteps,
} from './check-steps.ts';
import {
  type Asked,
  rehearseIntrospection,
  rehearseToken,
  type Stage,
  stageFor,
  type TokenAnswer,
} from './rehearsal.ts';

export type CheckInput = {
  readonly tenant: string;
  /** PEM or DER; certificates after the first only help, as the chain of a TLS client would. */
  readonly file: Uint8Array;
  readonly client_id?: string;
  /** PEM: certificates that might complete the path. */
  readonly helpers?: Uint8Array;
};

export type CheckPorts = {
  readonly registry: Registry;
  readonly holders: HolderStore;
  readonly clients: Pick<ClientStore, 'list'>;
  readonly now: () => Date;
};

export type Check = {
  readonly tenant: string;
  readonly at: Date;
  /** The value of the tenant's version row that the decision was made under. */
  readonly version: string;
  readonly thumbprint?: Thumbprint;
  readonly client_id?: string;
  readonly accepted: boolean;
  readonly reason?: Reason;
  readonly steps: readonly Step[];
  /** Requests made now; none where memory or a store answered. */
  readonly asked: readonly Asked[];
  /** Absent where no client was named, and for a client whose assertion is not here. */
  readonly token?: { readonly status: number; readonly error?: unknown; readonly expires_in?: unknown };
  readonly introspection?: { readonly active: boolean };
};

/** Stands for «no client»: longer than any `client_id`, and judged up to the client as every unknown one is. */
const nobody = '-'.repeat(maxClientIdLength + 1);

/** Judges a certificate for a tenant and, where one is named, for a client. Writes nothing. */
export async function check(input: CheckInput, ports: CheckPorts): Promise<Refusable<Check>> {
  const snapshot = await ports.registry.snapshot(input.tenant);
  if (snapshot === undefined) {
    return refuse({ what: 'tenant', value: input.tenant, problem: 'is not registered', remedy: 'see «tenant list»' });
  }
  const [leaf, ...others] = chainIn(input.file);
  if (leaf === undefined) {
    const problem = 'the file has no certificate, neither PEM nor DER';
    return refuse({ what: 'certificate', problem, remedy: 'name the file of the client certificate' });
  }
  const { client_id } = input;
  const stage = stageFor(snapshot, ports.holders, ports.now());
  const binding = client_id === undefined ? undefined : await boundOnly(client_id, leaf, stage);
  // Without its assertion such a client is nobody; path and status are judged all the same.
  const answer = await rehearseToken(binding === undefined ? (client_id ?? nobody) : nobody, pemOf(leaf), stage);
  const findings: Findings = {
    stage,
    answer,
    ...(binding && { binding }),
    helpers: [...others, ...chainIn(input.helpers ?? new Uint8Array())].flatMap(parsedOnly),
    matching: client_id === undefined ? await matchingClients(leaf, answer, stage, ports) : [],
    ...(client_id !== undefined && { client_id }),
  };
  const steps = (await stepsOf(parseCertificate(leaf), findings)).map(toldOnce);
  const refused = steps.find(({ outcome }) => outcome === 'failed');
  return ok({
    tenant: input.tenant,
    at: stage.at,
    version: snapshot.version,
    ...(answer.record.thumbprint && { thumbprint: answer.record.thumbprint as Thumbprint }),
    accepted: isAccepted(findings, refused),
    ...(refused?.reason && { reason: refused.reason }),
    steps,
    asked: stage.asked.map(shownRequest),
    ...(client_id !== undefined && { client_id, ...answersOf(findings, steps) }),
  });
}

/** RFC 7523 §3: a client that proves itself by an assertion shows a certificate only to have its tokens bound to it. */
async function boundOnly(client_id: string, leaf: Uint8Array, stage: Stage): Promise<Findings['binding']> {
  const { snapshot, holders, at } = stage;
  const { client } = await holders.find(snapshot.tenant.name, client_id, thumbprint(leaf), at);
  const method: string | undefined = client?.token_endpoint_auth_method;
  return client !== undefined && method === 'private_key_jwt' ? { method, disabled: client.disabled } : undefined;
}

/** Of a client that authenticates by the certificate, what the token endpoint says; else whether a step failed. */
const isAccepted = ({ client_id, binding, answer }: Findings, refused: Step | undefined): boolean =>
  client_id === undefined || binding !== undefined ? refused === undefined : answer.status === 200;

const parsedOnly = (der: Uint8Array): readonly Certificate[] => {
  const parsed = parseCertificate(der);
  return parsed.ok ? [parsed.value] : [];
};

async function stepsOf(parsed: ReturnType<typeof parseCertificate>, findings: Findings): Promise<readonly Step[]> {
  const { answer, client_id, stage } = findings;
  if (!parsed.ok) {
    const rest = skipped('key', 'path', 'blocks', 'status', 'client', 'match');
    return [parseStep(parsed), ...rest, tokenStep(findings, undefined), ...skipped('introspection')];
  }
  const certificate = parsed.value;
  const { step, path } = pathStep(certificate, findings);
  const inactive = client_id === undefined ? undefined : await rehearseIntrospection(client_id, certificate, stage);
  return [
    parseStep(parsed),
    keyStep(certificate),
    step,
    ...(path === undefined
      ? skipped('blocks', 'status')
      : [blockStep(path, findings), ...statusSteps(certificate, path, findings)]),
    ...clientSteps(findings),
    tokenStep(findings, certificate),
    introspectionStep(findings, inactive, answer),
  ];
}

/** What to do is said at the first step that fails for a reason. */
function toldOnce(step: Step, index: number, steps: readonly Step[]): Step {
  const before = steps.slice(0, index).some(({ reason, remedy }) => reason === step.reason && remedy !== undefined);
  if (step.reason === undefined || !before) return step;
  const { remedy: _, ...rest } = step;
  return rest;
}

/** A tenant with more clients names the one it wants to know about. */
const maxCompared = 1_000;

/** The clients that would get a token by this certificate. */
async function matchingClients(
  leaf: Uint8Array,
  { reason }: TokenAnswer,
  stage: Stage,
  { clients }: Pick<CheckPorts, 'clients'>,
): Promise<readonly string[]> {
  // Everything before the client has passed.
  if (reason !== 'client_unknown') return [];
  const found: string[] = [];
  for (const { client_id } of (await clients.list(stage.snapshot.tenant.name)).slice(0, maxCompared)) {
    const { status } = await rehearseToken(client_id, pemOf(leaf), stage);
    if (status === 200) found.push(client_id);
  }
  return found;
}

function answersOf({ answer, binding }: Findings, steps: readonly Step[]): Pick<Check, 'token' | 'introspection'> {
  const { error, expires_in } = answer.body;
  const active = steps.some(({ step, outcome }) => step === 'introspection' && outcome === 'ok');
  if (binding !== undefined) return { introspection: { active } };
  const said = { ...(error !== undefined && { error }), ...(expires_in !== undefined && { expires_in }) };
  return { token: { status: answer.status, ...said }, introspection: { active } };
}
