/** `npm run certbound`: the operator's commands on a running local server. */
import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { isRevocationReason, revocationReasons } from '../lib/local/issuer-forms.ts';
import { controlOf } from '../lib/local/responder-control.ts';
import { type Endpoint, findEndpoint } from '../lib/local/state-directory.ts';

const usage = `npm run certbound -- COMMAND [--state-dir .certbound]

  show                                     where the running server is
  issue "CN=my-client,O=Example" [--out NAME]
                                           a certificate of the development CA: NAME.crt and NAME.key
  revoke FILE.crt [--reason keyCompromise] revokes it at the development CA

Examples
  npm run certbound -- issue "CN=billing,O=Example" --out billing
  npm run certbound -- revoke billing.crt --reason cessationOfOperation
`;

/** What the user asked for cannot be done as asked. */
class Refused extends Error {}

type Flags = { readonly out: string; readonly reason: string };

const commands = new Map<string, (endpoint: Endpoint, argument: string | undefined, flags: Flags) => Promise<string>>([
  ['show', async ({ issuer, mtls, store, responder }) => JSON.stringify({ issuer, mtls, store, responder }, null, 2)],
  ['issue', issue],
  ['revoke', revoke],
]);

async function issue(endpoint: Endpoint, subject: string | undefined, { out }: Flags): Promise<string> {
  if (subject === undefined) throw new Refused('issue needs a subject, as in "CN=my-client,O=Example"');
  const { certificate, key, serial } = await controlOf(endpoint).issue(subject);
  writeFileSync(`${out}.key`, key, { mode: 0o600 });
  writeFileSync(`${out}.crt`, certificate);
  return `Issued ${out}.crt and ${out}.key, serial ${serial}`;
}

async function revoke(endpoint: Endpoint, file: string | undefined, { reason }: Flags): Promise<string> {
  if (file === undefined) throw new Refused('revoke needs the file of a certificate');
  if (!isRevocationReason(reason)) {
    throw new Refused(`--reason ${reason}: must be one of ${Object.keys(revocationReasons).join(', ')}`);
  }
  await controlOf(endpoint).revoke(readFileSync(file, 'utf8'), reason);
  return `Revoked ${file}`;
}

try {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      'state-dir': { type: 'string', default: '.certbound' },
      out: { type: 'string', default: 'client' },
      reason: { type: 'string', default: 'keyCompromise' },
      help: { type: 'boolean', default: false },
    },
  });
  const [name, argument] = positionals;
  const command = commands.get(name ?? '');
  if (values.help) console.log(usage);
  else if (command === undefined) throw new Refused(`${name ?? 'nothing'} is no command\n\n${usage}`);
  else {
    const state = resolve(values['state-dir']);
    const endpoint = await findEndpoint(state);
    if (endpoint === undefined) throw new Refused(`No server runs on ${state}; start one with npm start`);
    console.log(await command(endpoint, argument, values));
  }
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = error instanceof Refused ? 2 : 1;
}
