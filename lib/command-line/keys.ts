/** `keys list | rotate | retire`. */
import { listKeys, retireKey, rotateEarly, type ShownKey } from '../administration/keys.ts';
import { type KeyPurpose, keyPurposes } from '../oauth/signing-key.ts';
import { AskedWrongly, type Command, granted, type Input, noWords, onlyWord, tenantFlag, tenantOf } from './command.ts';
import { table } from './table.ts';

const list: Command = {
  name: 'keys list',
  operands: '',
  summary: 'lists the signing keys of a tenant with their states and times',
  flags: tenantFlag,
  examples: ['keys list', 'keys list --tenant acme --json'],
  async run(input, { registry, now }) {
    noWords(input);
    const keys = granted(await listKeys(tenantOf(input), now(), (await registry()).stores));
    const rows = keys.map((key) => [
      key.kid,
      key.purpose,
      key.alg,
      key.state,
      minute(key.active_at),
      minute(key.retire_at),
      minute(key.remove_at),
      key.wrapped_by,
    ]);
    const titles = ['KID', 'FOR', 'ALG', 'STATE', 'SIGNS FROM', 'TO', 'REMOVED', 'KEPT BY'];
    return { lines: table(titles, rows, 'There is no signing key: nothing was signed yet.'), json: keys };
  },
};

const rotate: Command = {
  name: 'keys rotate',
  operands: '',
  summary: 'brings the next signing keys early: published by the next run of the rotation, signing a day later',
  flags: {
    ...tenantFlag,
    purpose: { type: 'string', hint: 'PURPOSE', text: `${keyPurposes.join(' or ')}; both without it` },
  },
  examples: ['keys rotate', 'keys rotate --purpose introspection --tenant acme'],
  async run(input, { registry, operator }) {
    noWords(input);
    const tenant = tenantOf(input);
    const changed = granted(await rotateEarly(tenant, purposesOf(input), operator, (await registry()).stores));
    const lines = changed.map(
      (key) => `${key.kid} signs ${what(key)} until ${minute(key.retire_at)}; its successor is published before`,
    );
    return {
      lines: lines.length > 0 ? lines : ['Nothing to do: the next keys are on their way already.'],
      json: changed,
    };
  },
};

const retire: Command = {
  name: 'keys retire',
  operands: 'KID',
  summary: 'ends a signing key that others may have, at once and with every token that it signed',
  flags: tenantFlag,
  examples: [
    'keys retire R2iHxlmp5wZrqe0YCVRv3fGqXJhHRgHYnXQ6CY9SVk4',
    'keys retire --tenant acme -x3fNAv4s1GZxF0C4Pq1GxYtU2p8cWmJm4bCq1s0a7E',
  ],
  async run(input, { registry, operator }) {
    const kid = onlyWord(input, 'the kid of one key');
    const changed = granted(await retireKey(tenantOf(input), kid, operator, (await registry()).stores));
    const [ended, next] = changed;
    if (ended === undefined) return { lines: [`${kid} has been removed before.`], json: changed };
    const successor = next === undefined ? 'the next key is made when it is needed' : `${next.kid} signs from now on`;
    return {
      lines: [`Retired: ${kid}, which signed ${what(ended)}; ${successor}.`],
      json: changed,
      cautions: ['who verifies tokens by the JWKS may keep it for five minutes'],
    };
  },
};

const what = ({ purpose }: ShownKey) => (purpose === 'access_token' ? 'access tokens' : 'introspection answers');

const minute = (seconds: number): string => `${new Date(seconds * 1000).toISOString().slice(0, 16)}Z`;

function purposesOf(input: Input): readonly KeyPurpose[] {
  const given = input.text('purpose');
  if (given === undefined) return keyPurposes;
  const purposes = keyPurposes.filter((purpose) => purpose === given);
  if (purposes.length > 0) return purposes;
  throw new AskedWrongly(`--purpose ${JSON.stringify(given)} is not known; write ${keyPurposes.join(' or ')}`);
}

export const keysCommands: readonly Command[] = [list, rotate, retire];
