import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { type Folder, type RunningServer, runServer, temporaryFolder } from './running-server.ts';

const root = resolve(import.meta.dirname, '../..');
const page = readFileSync(join(root, 'docs/clients.md'), 'utf8');
const blocks = (language: string) =>
  [...page.matchAll(/^```(\w+)\n([\s\S]*?)^```/gm)].flatMap(([, found, text = '']) =>
    found === language ? [text] : [],
  );

const has = (tool: string, flag: string): boolean => {
  try {
    execFileSync(tool, [flag], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
};
const tools = has('curl', '--version') && has('openssl', 'version') && has('bash', '--version');

let folder: Folder;
let server: RunningServer;

before(async () => {
  folder = temporaryFolder();
  symlinkSync(join(root, 'node_modules'), join(folder.path, 'node_modules'));
  server = await runServer(join(folder.path, '.certbound'));
});

after(async () => {
  await server?.stop();
  folder?.remove();
});

/** As pasted, but for the ports, and for the two programs that have to be those of this checkout. */
const here = (text: string): string =>
  text
    .replaceAll('https://localhost:8443', server.endpoint.issuer)
    .replaceAll('https://localhost:9443', server.endpoint.mtls)
    .replaceAll('npm run certbound --', `"${process.execPath}" "${root}/bin/certbound.ts"`)
    .replace(/(^|\()node /gm, `$1"${process.execPath}" `);

const run = (text: string): string =>
  execFileSync('bash', ['-e', '-c', here(text)], { cwd: folder.path, encoding: 'utf8', stdio: 'pipe' });

test('docs/clients.md: every command works as pasted, and each method gets its token', {
  skip: tools ? false : 'curl, openssl or bash is not installed',
}, async () => {
  const commands = blocks('sh');
  assert.equal(commands.length, 5);
  const answers = commands.map(run);
  const tokens = answers.map((answer) => /"access_token":"([A-Za-z0-9_-]{43})"/.exec(answer)?.[1]);
  assert.deepEqual(
    tokens.map((token) => token !== undefined),
    [false, true, true, true, true],
    answers.join('\n'),
  );
  const api = server.identity('demo-api');
  const bound = await Promise.all(
    tokens.slice(1).map(async (token = '') => {
      const answer = await server.post('/introspect', api, { client_id: 'demo-api', token });
      const { active, client_id, cnf } = JSON.parse(answer.body);
      return [active, client_id, cnf !== undefined];
    }),
  );
  assert.deepEqual(bound, [
    [true, 'billing', true],
    [true, 'reports', true],
    [true, 'signer', false],
    [true, 'signer', true],
  ]);
  const [recipe = ''] = blocks('js');
  folder.write('recipe.mjs', here(recipe));
  assert.match(run('node recipe.mjs'), /active: true/);
});
