import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { type Folder, type RunningServer, runServer, temporaryFolder } from './running-server.ts';

const root = resolve(import.meta.dirname, '../..');
const blocks = (page: string, language: string) =>
  [...readFileSync(join(root, page), 'utf8').matchAll(/^```(\w+)\n([\s\S]*?)^```/gm)].flatMap(([, found, text = '']) =>
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
const skip =
  has('curl', '--version') && has('openssl', 'version') && has('bash', '--version')
    ? false
    : 'curl, openssl or bash is not installed';

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

test('docs/clients.md: every command works as pasted, and each method gets its token', { skip }, async () => {
  const commands = blocks('docs/clients.md', 'sh');
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
  const [recipe = ''] = blocks('docs/clients.md', 'js');
  folder.write('recipe.mjs', here(recipe));
  assert.match(run('node recipe.mjs'), /active: true/);
});

test('docs/resource-servers.md: every command works as pasted, one after the other', { skip }, async () => {
  const commands = blocks('docs/resource-servers.md', 'sh');
  assert.equal(commands.length, 4);
  const [plain = '', judged = '', signed = ''] = run(commands.join('\necho\n'))
    .split('\n')
    .filter((line) => /^\{"active"|^ey/.test(line));
  const told = JSON.parse(plain);
  assert.deepEqual(
    [told.active, told.client_id, told.aud, told.scope],
    [true, 'shop', 'https://api.example.com', 'read write'],
  );
  assert.deepEqual([JSON.parse(judged).binding.verdict, JSON.parse(judged).binding.status], ['match', 'good']);
  const [header = ''] = signed.split('.');
  assert.equal(JSON.parse(Buffer.from(header, 'base64url').toString()).typ, 'token-introspection+jwt');
});

test('docs/resource-servers.md: the check with jose takes a JWT on its certificate, and on no other', {
  skip,
}, async () => {
  const shop = { client_id: 'jwt-shop', tls_client_auth_subject_dn: 'CN=jwt-shop', access_token_format: 'jwt' };
  folder.write('jwt.json', JSON.stringify({ ...shop, resources: ['https://api.example.com'] }));
  run('npm run certbound -- client add jwt.json; npm run certbound -- issue CN=jwt-shop --out jwt-shop');
  run('npm run certbound -- issue CN=other --out other');
  const [recipe = ''] = blocks('docs/resource-servers.md', 'js');
  folder.write('check.mjs', here(recipe));
  folder.write(
    'checked.mjs',
    `import { X509Certificate } from 'node:crypto';
    import { readFileSync } from 'node:fs';
    import { check } from './check.mjs';
    const [token, file] = process.argv.slice(2);
    const socket = { getPeerCertificate: () => new X509Certificate(readFileSync(file)) };
    console.log(await check(token, socket).then(({ client_id }) => client_id, (error) => error.message));`,
  );
  const said = run(`
    export NODE_EXTRA_CA_CERTS=.certbound/server-ca.crt
    TOKEN=$(curl -s --cacert .certbound/server-ca.crt --cert jwt-shop.crt --key jwt-shop.key https://localhost:9443/token \\
      -d grant_type=client_credentials -d client_id=jwt-shop -d resource=https://api.example.com \\
      | sed -E 's/.*"access_token":"([^"]+)".*/\\1/')
node checked.mjs $TOKEN jwt-shop.crt
node checked.mjs $TOKEN other.crt
node checked.mjs \${TOKEN%????}AAAA jwt-shop.crt
  `);
  assert.deepEqual(said.trim().split('\n'), ['jwt-shop', 'another certificate', 'signature verification failed']);
});
