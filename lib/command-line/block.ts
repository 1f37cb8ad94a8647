/** `block add | list | remove`. */

import { readInput } from '../adapters/operator-files.ts';
import { addBlock, type BlockInput, describeBlock, listBlocks, removeBlock } from '../administration/blocks.ts';
import {
  AskedWrongly,
  type Command,
  type Flags,
  granted,
  type Input,
  noWords,
  tenantFlag,
  tenantOf,
} from './command.ts';
import { table } from './table.ts';

const selectors: Flags = {
  ...tenantFlag,
  thumbprint: { type: 'string', hint: 'THUMBPRINT', text: 'a certificate by its SHA-256, in hexadecimal or base64url' },
  cert: { type: 'string', hint: 'FILE', text: 'a certificate by its file' },
  ca: { type: 'string', hint: 'FILE', text: 'a CA by the key in its certificate: no path may go through it' },
  serial: { type: 'string', hint: 'HEX', text: 'a serial number as openssl prints it, in hexadecimal, with --issuer' },
  'serial-decimal': { type: 'string', hint: 'NUMBER', text: 'a serial number in decimal, with --issuer' },
  issuer: { type: 'string', hint: 'DN', text: 'the issuer of the serial number, RFC 4514: most specific first' },
};

const add: Command = {
  name: 'block add',
  operands: '',
  summary: 'blocks a certificate, a serial number or a CA at issue and at introspection, whatever its CA says',
  flags: { ...selectors, note: { type: 'string', hint: 'TEXT', text: 'why, for whoever lists the blocks' } },
  examples: [
    'block add --cert stolen.crt --note "laptop lost in Basel"',
    'block add --thumbprint 5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef',
    'block add --serial 1A:2B:3C --issuer "CN=Issuing CA,O=Example,C=DE"',
    'block add --ca compromised-ca.pem --tenant acme',
  ],
  async run(input, { registry, operator }) {
    const block = blockInput(input);
    const { stores } = await registry();
    const added = granted(await addBlock(tenantOf(input), block, input.text('note'), operator, stores));
    return { lines: [`Blocked: ${added.text}`], json: added, cautions: added.cautions };
  },
};

const remove: Command = {
  name: 'block remove',
  operands: '',
  summary: 'takes a block away; tokens that it made inactive are active again while they live',
  flags: selectors,
  examples: ['block remove --cert found.crt', 'block remove --serial 1A2B3C --issuer "CN=Issuing CA,O=Example,C=DE"'],
  async run(input, { registry, operator }) {
    const block = blockInput(input);
    const removed = granted(await removeBlock(tenantOf(input), block, operator, (await registry()).stores));
    return { lines: [`No longer blocked: ${removed.text}`], json: removed };
  },
};

const list: Command = {
  name: 'block list',
  operands: '',
  summary: 'lists what is blocked in a tenant',
  flags: tenantFlag,
  examples: ['block list', 'block list --tenant acme --json'],
  async run(input, { registry }) {
    noWords(input);
    const blocks = granted(await listBlocks(tenantOf(input), (await registry()).stores));
    const rows = blocks.map((block) => [
      describeBlock(block),
      new Date(block.added_at * 1000).toISOString(),
      block.note ?? '-',
    ]);
    return { lines: table(['BLOCKED', 'SINCE', 'NOTE'], rows, 'Nothing is blocked.'), json: blocks };
  },
};

/** Exactly one way to say what. */
function blockInput(input: Input): BlockInput {
  noWords(input);
  const ways = ['thumbprint', 'cert', 'ca', 'serial', 'serial-decimal'].filter((flag) => input.has(flag));
  const [way, ...others] = ways;
  if (way === undefined || others.length > 0) {
    const found = way === undefined ? 'none is given' : `${ways.map((each) => `--${each}`).join(' and ')} are given`;
    throw new AskedWrongly(`one of --thumbprint, --cert, --ca, --serial, --serial-decimal is needed; ${found}`);
  }
  const value = input.text(way) ?? '';
  const issuer = input.text('issuer');
  const bySerial = way === 'serial' || way === 'serial-decimal';
  if (bySerial !== (issuer !== undefined)) {
    throw new AskedWrongly('--issuer and a serial number belong together: other CAs have the same numbers');
  }
  if (way === 'thumbprint') return { by: 'thumbprint', thumbprint: value };
  if (way === 'cert') return { by: 'certificate', file: readInput(value) };
  if (way === 'ca') return { by: 'authority', file: readInput(value) };
  return { by: 'serial', serial: value, base: way === 'serial' ? 16 : 10, issuer: issuer ?? '' };
}

export const blockCommands: readonly Command[] = [add, list, remove];
