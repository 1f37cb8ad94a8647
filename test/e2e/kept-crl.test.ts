import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { issueLeaf } from '../../lib/local/authority.ts';
import { demoSubject } from '../../lib/local/demo-files.ts';
import { openLocalRegistry } from '../../lib/local/local-registry.ts';
import { authorityOf, type Folder, type RunningServer, runServer, temporaryFolder } from './running-server.ts';

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

test('RFC 5280 §6.3: a CRL that a certificate names is kept by the clock of npm start', {
  timeout: 30_000,
}, async () => {
  const authority = await authorityOf(server.state);
  const leaf = await issueLeaf(authority, { subject: demoSubject('demo-client-1'), status: 'crl' });
  const answer = await server.token(leaf);
  assert.equal(answer.status, 200, answer.body);
  const line = await server.lineWith('"schedule":"crl-refresh"');
  assert.deepEqual([line['level'], line['failures']], ['info', 0]);
  const registry = await openLocalRegistry(server.state);
  assert.ok(registry !== undefined);
  try {
    const sources = await registry.stores.crlSources.list('default', new Date());
    assert.deepEqual(
      sources.map(({ url }) => url),
      [`${authority.statusUrl}/crl/intermediate.crl`],
    );
    const head = await registry.stores.crls.reader('default').findHead(sources[0]?.crl ?? '');
    assert.ok(head !== undefined, 'it is kept');
  } finally {
    await registry.close();
  }
});
