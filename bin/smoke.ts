/** `npm run smoke`: the short suite against a deployment, for after `cdk deploy`. */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type SmokeTarget, smoke } from '../lib/local/smoke.ts';

const usage = `npm run smoke -- --issuer https://auth.example.com --client-id my-client --cert client.pem --key client-key.pem

  --issuer URL        the issuer, as the output Issuer of the App stack says it
  --client-id ID      a registered client that may use client_credentials
  --cert, --key FILE  its certificate and key, PEM
  --other-cert, --other-key FILE
                      a certificate that is not this client's: it must get nothing
  --ca FILE           what the hosts are trusted under, PEM; the system's authorities without it
  --json              the results as JSON

Ends with 0 where all is well, 1 where a check failed, 2 where it could not begin.`;

const text = { type: 'string' } as const;
const flags = {
  issuer: text,
  'client-id': text,
  cert: text,
  key: text,
  'other-cert': text,
  'other-key': text,
  ca: text,
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

function cannotBegin(problem: string): never {
  console.error(`${problem}\n\n${usage}`);
  process.exit(2);
}

function options() {
  try {
    return parseArgs({ options: flags }).values;
  } catch (error) {
    return cannotBegin((error as Error).message);
  }
}

function read(flag: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return cannotBegin(`--${flag} ${path}: cannot be read`);
  }
}

const values = options();
if (values.help) {
  console.log(usage);
  process.exit(0);
}
const { issuer, 'client-id': clientId, cert, key, 'other-cert': otherCert, 'other-key': otherKey, ca } = values;
if (issuer === undefined || clientId === undefined || cert === undefined || key === undefined) {
  cannotBegin('--issuer, --client-id, --cert and --key are needed');
}
if (!URL.canParse(issuer) || !issuer.startsWith('https://')) cannotBegin(`--issuer ${issuer}: must be an https URL`);
if ((otherCert === undefined) !== (otherKey === undefined)) cannotBegin('--other-cert and --other-key belong together');

const target: SmokeTarget = {
  issuer,
  clientId,
  identity: { certificate: read('cert', cert), key: read('key', key) },
  ...(otherCert !== undefined &&
    otherKey !== undefined && {
      other: { certificate: read('other-cert', otherCert), key: read('other-key', otherKey) },
    }),
  ...(ca !== undefined && { ca: read('ca', ca) }),
};
const results = await smoke(target);
if (values.json) console.log(JSON.stringify(results, null, 2));
else
  for (const { check, problem } of results)
    console.log(problem === undefined ? `ok    ${check}` : `FAIL  ${check}: ${problem}`);
process.exitCode = results.some(({ problem }) => problem !== undefined) ? 1 : 0;
