import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

const root = join(import.meta.dirname, '..', '..');
const folder = mkdtempSync(join(tmpdir(), 'certbound-test-'));
after(() => rmSync(folder, { recursive: true, force: true }));

/** The app as the CDK runs it, with this context. */
function run(context: object) {
  const env = { ...process.env, CDK_CONTEXT_JSON: JSON.stringify(context), CDK_OUTDIR: join(folder, 'out') };
  const { status, stderr, stdout } = spawnSync(process.execPath, ['bin/deploy.ts'], {
    cwd: root,
    env,
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

test('config: what is wrong is told in a line each, without a stack, and nothing is synthesized', () => {
  const { status, stderr } = run({ config: 'config/example.json', domainName: 'X', signer: 'nobody' });
  assert.equal(status, 1);
  const [title, ...problems] = stderr.trimEnd().split('\n');
  assert.equal(title, 'The configuration of the deployment has problems:');
  assert.deepEqual(problems.map((line) => line.trim().split(':')[0]).sort(), ['domainName="X"', 'signer="nobody"']);
});

test('config: a file that is not there, no JSON or a folder is told in one line', () => {
  const broken = join(folder, 'broken.json');
  writeFileSync(broken, '{');
  for (const config of [join(folder, 'none.json'), broken, folder]) {
    const { status, stderr } = run({ config });
    assert.equal(status, 1);
    assert.match(stderr, /^config=".*": a JSON file that can be read \(.*\)\n$/);
  }
});
