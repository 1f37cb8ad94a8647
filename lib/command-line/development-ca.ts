/** `show | issue | revoke`: the development CA of a running local server. */

import { readInput, writeOutput } from '../adapters/operator-files.ts';
import { oneCertificate, pemOf } from '../administration/certificate-file.ts';
import { AskedWrongly, type Command, granted, noWords } from './command.ts';
import { pairs } from './table.ts';

const show: Command = {
  name: 'show',
  operands: '',
  summary: 'shows where the running local server is',
  flags: {},
  examples: ['show'],
  async run(input, { developmentCa }) {
    noWords(input);
    const { address } = await developmentCa();
    return { lines: pairs(Object.entries(address)), json: address };
  },
};

const issue: Command = {
  name: 'issue',
  operands: 'SUBJECT',
  summary: 'issues a certificate of the development CA with a new key: NAME.crt and NAME.key',
  flags: { out: { type: 'string', hint: 'NAME', text: 'where to write them; `client` without it' } },
  examples: ['issue "CN=billing,O=Example" --out billing'],
  async run(input, { developmentCa }) {
    const [subject, ...others] = input.words;
    if (subject === undefined || others.length > 0) {
      throw new AskedWrongly('issue needs a subject, as in "CN=my-client,O=Example"');
    }
    const out = input.text('out') ?? 'client';
    const { certificate, key, serial } = await (await developmentCa()).issue(subject);
    writeOutput(`${out}.key`, key, 0o600);
    writeOutput(`${out}.crt`, certificate, 0o644);
    const files = { certificate: `${out}.crt`, key: `${out}.key`, serial };
    return { lines: [`Issued ${out}.crt and ${out}.key, serial ${serial}`], json: files };
  },
};

const revoke: Command = {
  name: 'revoke',
  operands: 'FILE.crt',
  summary: 'revokes a certificate at the development CA; nobody tells the authorization server',
  flags: { reason: { type: 'string', hint: 'REASON', text: 'RFC 5280 §5.3.1; `keyCompromise` without it' } },
  examples: ['revoke billing.crt', 'revoke billing.crt --reason cessationOfOperation'],
  async run(input, { developmentCa }) {
    const [file, ...others] = input.words;
    if (file === undefined || others.length > 0) throw new AskedWrongly('revoke needs the file of a certificate');
    const reason = input.text('reason') ?? 'keyCompromise';
    const ca = await developmentCa();
    if (!ca.revocationReasons.includes(reason)) {
      throw new AskedWrongly(`--reason ${reason}: must be one of ${ca.revocationReasons.join(', ')}`);
    }
    const { der } = granted(oneCertificate(file, readInput(file)));
    await ca.revoke(pemOf(der), reason);
    return { lines: [`Revoked ${file}`], json: { file, reason } };
  },
};

export const developmentCaCommands: readonly Command[] = [show, issue, revoke];
