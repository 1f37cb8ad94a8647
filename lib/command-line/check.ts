/** `check`: why a certificate is accepted or refused. */
import { guardedFetch } from '../adapters/http/fetch.ts';
import { registry as registryInMemory } from '../adapters/memory/registry.ts';
import { readInput } from '../adapters/operator-files.ts';
import { randomBytesPool } from '../adapters/random-bytes.ts';
import { type Check, type CheckInput, check } from '../administration/check.ts';
import type { Step } from '../administration/check-steps.ts';
import { type Command, granted, type Input, type OpenRegistry, onlyWord, tenantFlag, tenantOf } from './command.ts';
import { pairs } from './table.ts';

export const checkCommand: Command = {
  name: 'check',
  operands: 'CERTIFICATE',
  summary: 'tells step by step what the endpoints would decide about a certificate; exit code 3 where it is refused',
  flags: {
    ...tenantFlag,
    client: { type: 'string', hint: 'CLIENT_ID', text: 'for this client; without it, up to the client' },
    helper: { type: 'string', hint: 'FILE', text: 'certificates that might complete the path, to be told which' },
    'allow-fetch': {
      type: 'string',
      hint: 'HOST:PORT,…',
      text: 'OCSP and CRL servers to let through, as the server does; without it STATUS_ALLOW_HOSTS or the local server knows',
    },
  },
  examples: ['check billing.crt --client billing', 'check billing.crt --tenant acme --helper chain.pem --json'],
  async run(input, session) {
    const wanted = checkInput(input);
    const open = await session.registry();
    const registry = registryFor(open, input, session.now);
    const { holders, clients } = open.stores;
    const found = granted(await check(wanted, { registry, holders, clients, now: session.now }));
    return { lines: checkLines(found), json: found, ...(!found.accepted && { ended: 'refused' }) };
  },
};

function checkInput(input: Input): CheckInput {
  const file = readInput(onlyWord(input, 'the file of the certificate'));
  const [client_id, helper] = [input.text('client'), input.text('helper')];
  return {
    tenant: tenantOf(input),
    file,
    ...(client_id !== undefined && { client_id }),
    ...(helper !== undefined && { helpers: readInput(helper) }),
  };
}

/** The registry as a function holds it, with the guarded fetch of a function. */
function registryFor({ stores, statusAllowHosts }: OpenRegistry, input: Input, now: () => Date) {
  const allowHosts = input.text('allow-fetch')?.toLowerCase().split(',') ?? statusAllowHosts;
  return registryInMemory(stores, {
    maxAge: 0,
    now,
    fetch: guardedFetch({ allowHosts }),
    randomBytes: randomBytesPool(),
    elapsed: () => performance.now(),
  });
}

const marks = { ok: '✓', failed: '✗', skipped: '-' } as const;

function checkLines({ steps, accepted, reason, client_id, tenant }: Check): readonly string[] {
  const speaksOf = client_id === undefined ? `tenant ${tenant}` : `client ${client_id} of tenant ${tenant}`;
  const verdict = accepted
    ? `accepted for ${speaksOf}`
    : `refused for ${speaksOf}${reason === undefined ? '' : `: ${reason}`}`;
  return [...steps.flatMap(stepLines), '', verdict];
}

function stepLines({ step, outcome, found, reason, remedy, certificate, asked = [] }: Step): readonly string[] {
  const details: (readonly [string, string])[] = [
    ...(certificate === undefined ? [] : [['of', certificate] as const]),
    ...asked.map(({ method, url, outcome: answer }) => ['asked', `${method} ${url}: ${answer}`] as const),
    ...(reason === undefined ? [] : [['reason', reason] as const]),
    ...(remedy === undefined ? [] : [['do', remedy] as const]),
  ];
  return [`${marks[outcome]} ${step.padEnd(13)} ${found}`, ...pairs(details).map((line) => `                ${line}`)];
}
