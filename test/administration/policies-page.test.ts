import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { entrySettings } from '../../lib/administration/entry-settings.ts';
import { tenantSettings } from '../../lib/administration/tenant-settings.ts';
import { commands } from '../../lib/command-line/commands.ts';

const page = readFileSync(new URL('../../docs/policies.md', import.meta.url), 'utf8');
const cell = (text: string) => text.replaceAll('|', '\\|');

test('docs/policies.md: the tables of settings are the table that parses them', () => {
  for (const { name, allowed, fallback, meaning, reason } of [...tenantSettings, ...entrySettings]) {
    const row = `| \`${name}\` | ${cell(allowed)} | ${cell(fallback)} | ${cell(meaning)} | ${cell(reason)} |`;
    assert.ok(page.includes(row), `missing: ${row}`);
  }
  const rows = page.match(/^\| `[a-z_]+` \| /gm) ?? [];
  assert.equal(rows.length, tenantSettings.length + entrySettings.length, 'and none is left from before');
});

test('docs/policies.md: every command that it shows is one', () => {
  const shown = [...page.matchAll(/npm run certbound -- ([a-z]+(?: [a-z]+)?)/g)].map(([, name = '']) => name);
  assert.ok(shown.length > 15);
  const known = commands.map(({ name }) => name);
  assert.deepEqual(
    shown.filter((name) => !known.some((each) => name === each || name.startsWith(`${each} `))),
    [],
  );
});

test('certbound: every command has a summary, and examples that begin with its name', () => {
  for (const { name, summary, examples } of commands) {
    assert.ok(summary.length > 10, name);
    assert.ok(examples.length > 0, name);
    for (const example of examples) assert.ok(example.startsWith(name), example);
  }
});
