/** `client add | list | show | remove | disable | enable`. */

import { readInput, readJson } from '../adapters/operator-files.ts';
import { subjectMetadata } from '../administration/client-of-certificate.ts';
import { addClients, listClients, removeClient, setDisabled, showClient } from '../administration/clients.ts';
import type { ClientMetadata } from '../oauth/ports.ts';
import { AskedWrongly, type Command, granted, type Input, noWords, onlyWord, tenantFlag, tenantOf } from './command.ts';
import { jsonLines, table } from './table.ts';

const add: Command = {
  name: 'client add',
  operands: '[FILE.json]',
  summary: 'registers RFC 7591 metadata, one client or an array, or a client known by the subject of a certificate',
  flags: {
    ...tenantFlag,
    cert: { type: 'string', hint: 'FILE', text: 'tls_client_auth_subject_dn is the subject of this certificate' },
    'client-id': { type: 'string', hint: 'ID', text: 'client_id, in place of a file or of what it says' },
    scope: { type: 'string', hint: 'SCOPE', text: 'scope, in place of what a file says' },
    replace: { type: 'boolean', text: 'a client that is registered gets the new metadata; a disabled one stays so' },
  },
  examples: [
    'client add billing.json',
    'client add --client-id billing --cert billing.crt --scope "read write"',
    'client add billing.json --replace --tenant acme',
  ],
  async run(input, { registry, operator }) {
    const metadata = metadataOf(input);
    const options = { replace: input.has('replace') };
    const { stores } = await registry();
    const added = granted(await addClients(tenantOf(input), metadata, options, operator, stores));
    const verb = options.replace ? 'Registered or replaced' : 'Registered';
    const lines = added.clients.map((client) => `${verb} ${client.client_id}: ${knownBy(client)}`);
    return { lines, json: added.clients, cautions: added.cautions };
  },
};

/** The metadata of the file with what the flags say in its place. */
function metadataOf(input: Input): unknown {
  const [file, ...others] = input.words;
  const [cert, client_id, scope] = [input.text('cert'), input.text('client-id'), input.text('scope')];
  if (others.length > 0) throw new AskedWrongly('one file holds all clients, as a JSON array; see --help');
  if (file === undefined && (cert === undefined || client_id === undefined)) {
    throw new AskedWrongly('a file with metadata is needed, or --client-id and --cert; see --help');
  }
  const own = file === undefined ? {} : readJson(file);
  const members = {
    ...(client_id !== undefined && { client_id }),
    ...(scope !== undefined && { scope }),
    ...(cert !== undefined && granted(subjectMetadata(readInput(cert)))),
  };
  if (Object.keys(members).length === 0) return own;
  if (typeof own === 'object' && own !== null && !Array.isArray(own)) return { ...own, ...members };
  throw new AskedWrongly(`${file}: --cert, --client-id and --scope need the metadata of one client, a JSON object`);
}

const list: Command = {
  name: 'client list',
  operands: '',
  summary: 'lists the clients of a tenant',
  flags: tenantFlag,
  examples: ['client list', 'client list --tenant acme --json'],
  async run(input, { registry }) {
    noWords(input);
    const clients = granted(await listClients(tenantOf(input), (await registry()).stores));
    const rows = clients.toSorted((a, b) => (a.client_id < b.client_id ? -1 : 1)).map(rowOf);
    return { lines: table(['CLIENT', 'METHOD', 'KNOWN BY', 'SCOPE', ''], rows, 'There is no client.'), json: clients };
  },
};

const show: Command = {
  name: 'client show',
  operands: 'CLIENT_ID',
  summary: 'shows the metadata of a client as registered',
  flags: tenantFlag,
  examples: ['client show billing'],
  async run(input, { registry }) {
    const client_id = onlyWord(input, 'the client_id');
    const client = granted(await showClient(tenantOf(input), client_id, (await registry()).stores));
    return { lines: jsonLines(client), json: client };
  },
};

const remove: Command = {
  name: 'client remove',
  operands: 'CLIENT_ID',
  summary: 'removes a client; its tokens become inactive',
  flags: tenantFlag,
  examples: ['client remove billing'],
  async run(input, { registry, operator }) {
    const client_id = onlyWord(input, 'the client_id');
    const client = granted(await removeClient(tenantOf(input), client_id, operator, (await registry()).stores));
    return { lines: [`Removed client ${client_id}`], json: client };
  },
};

const switched = (name: string, disabled: boolean, summary: string): Command => ({
  name: `client ${name}`,
  operands: 'CLIENT_ID',
  summary,
  flags: tenantFlag,
  examples: [`client ${name} billing`],
  async run(input, { registry, operator }) {
    const client_id = onlyWord(input, 'the client_id');
    const { stores } = await registry();
    const { client, changed } = granted(await setDisabled(tenantOf(input), client_id, disabled, operator, stores));
    const state = `Client ${client_id} is ${name}d`;
    return { lines: [changed ? state : `${state} already`], json: { client_id, disabled, changed, client } };
  },
});

function rowOf(client: ClientMetadata): readonly string[] {
  const method = client['token_endpoint_auth_method'] ?? 'tls_client_auth';
  return [
    client.client_id,
    String(method),
    knownBy(client),
    String(client['scope'] ?? '-'),
    client['disabled'] === true ? 'disabled' : '',
  ];
}

/** What the client proves that it has: a name, or keys. */
function knownBy(client: ClientMetadata): string {
  const name = Object.entries(client).find(([member]) => /^tls_client_auth_(subject_dn|san_)/.test(member));
  if (name !== undefined) return `${name[0] === subjectDn ? '' : `${name[0].slice(sanPrefix.length)} `}${name[1]}`;
  if (typeof client['jwks_uri'] === 'string') return client['jwks_uri'];
  const keys = Object(client['jwks'])['keys'];
  return Array.isArray(keys) ? `${keys.length} ${keys.length === 1 ? 'key' : 'keys'}` : '-';
}

const subjectDn = 'tls_client_auth_subject_dn';
const sanPrefix = 'tls_client_auth_san_';

export const clientCommands: readonly Command[] = [
  add,
  list,
  show,
  remove,
  switched('disable', true, 'refuses a client and makes its tokens inactive until it is enabled again'),
  switched('enable', false, 'enables a client that was disabled; its tokens that still live are active again'),
];
