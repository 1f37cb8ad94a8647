import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { demoSubject } from '../../lib/local/demo-files.ts';
import { type Folder, type RunningServer, runServer, temporaryFolder } from './running-server.ts';

let folder: Folder;
let server: RunningServer;

before(async () => {
  folder = temporaryFolder();
  server = await runServer(`${folder.path}/state`);
});

after(async () => {
  await server?.stop();
  folder?.remove();
});

const program = resolve(import.meta.dirname, '../../bin/certbound.ts');

const certbound = (...args: string[]) =>
  spawnSync(process.execPath, [program, ...args, '--state-dir', server.state], {
    encoding: 'utf8',
    cwd: folder.path,
    timeout: 30_000,
  });

test('certbound show: tells where the running server is, and not its secret', () => {
  const { status, stdout } = certbound('show');
  assert.equal(status, 0);
  assert.match(stdout, new RegExp(`^issuer +${server.endpoint.issuer}$`, 'm'));
  assert.equal(JSON.parse(certbound('show', '--json').stdout).issuer, server.endpoint.issuer);
  assert.ok(!stdout.includes(server.endpoint.secret));
});

test('certbound issue, certbound revoke: a certificate that works, then does not', async () => {
  assert.equal(certbound('issue', demoSubject('demo-client-1'), '--out', 'mine').status, 0);
  const read = (name: string) => readFileSync(`${folder.path}/${name}`, 'utf8');
  const identity = { certificate: read('mine.crt'), key: read('mine.key') };
  assert.equal((await server.token(identity)).status, 200);
  assert.equal(certbound('revoke', 'mine.crt', '--reason', 'superseded').status, 0);
  let last = 200;
  for (const end = Date.now() + 15_000; last === 200 && Date.now() < end; )
    last = (await server.token(identity)).status;
  assert.equal(last, 401);
});

for (const [name, args, status, told] of [
  ['no command', [], 2, /COMMAND \[flags\]/],
  ['an unknown command', ['frobnicate'], 2, /frobnicate is no command/],
  ['issue without a subject', ['issue'], 2, /needs a subject/],
  [
    'issue with a subject that is none',
    ['issue', 'not a name'],
    1,
    /refused to issue: .* is no distinguished name: [^{]+$/,
  ],
  [
    'issue into a folder that is not there',
    ['issue', 'CN=a', '--out', 'none/a'],
    1,
    /^none\/a\.key: cannot be written \(there is no such folder\)$/m,
  ],
  [
    '--region without the tables of an account',
    ['tenant', 'list', '--region', 'eu-central-1'],
    2,
    /^--region is that of an account: name both tables/,
  ],
  ['revoke without a file', ['revoke'], 2, /needs the file/],
  ['revoke with an unknown reason', ['revoke', 'x.crt', '--reason', 'boredom'], 2, /boredom: must be one of/],
  [
    'revoke with a file that is not there',
    ['revoke', 'none.crt'],
    1,
    /^none\.crt: cannot be read \(there is no such file\)$/m,
  ],
  ['revoke with a file that is no certificate', ['revoke', program], 2, /certbound\.ts at line 1: neither PEM/],
] as const) {
  test(`certbound: ${name} ends with ${status} and says why`, () => {
    const result = certbound(...args);
    assert.equal(result.status, status, result.stdout + result.stderr);
    assert.match(result.stderr, told);
  });
}

test('certbound: without a running server it says how to start one', () => {
  const result = spawnSync(process.execPath, [program, 'show', '--state-dir', `${folder.path}/none`], {
    encoding: 'utf8',
  });
  assert.equal(result.status, 2);
  assert.match(result.stderr, /No server runs on .*npm start/);
});
