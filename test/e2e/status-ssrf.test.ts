/** Addresses in certificates that lead where nobody may go, and certificates for which nobody may be asked (P14). */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import {
  basicConstraints,
  crlDistributionPoints,
  extendedKeyUsage,
  extension,
  type Issue,
  keyUsage,
  ocspAccess,
  purposes,
} from '../pki/issue.ts';
import { type HostileResponder, startHostileResponder } from './hostile-responder.ts';
import { ocspAnswer } from './hostile-responder-answers.ts';
import { assertIssue, faults, type HostileServer, startHostileServer } from './hostile-responder-server.ts';

let hostile: HostileServer;
/** Listens on loopback, and no operator let it through. */
let canary: HostileResponder;

before(async () => {
  canary = await startHostileResponder();
  hostile = await startHostileServer();
});

after(async () => {
  await hostile?.close();
  await canary?.close();
});

const port = () => canary.host.split(':')[1];
/** Where each address is refused before anything is sent. */
const addresses: readonly (readonly [what: string, url: () => string])[] = [
  ['loopback on another port', () => canary.url('/')],
  ['loopback over TLS', () => `https://${canary.host}/`],
  ['localhost by name', () => `http://localhost:${port()}/`],
  ['IPv6 loopback', () => `http://[::1]:${port()}/`],
  ['IPv4-mapped IPv6', () => `http://[::ffff:127.0.0.1]:${port()}/`],
  ['IPv4-mapped IPv6 in hexadecimal', () => `http://[::ffff:7f00:1]/`],
  ['IPv4-mapped IPv6 on a port that is allowed', () => `http://[::ffff:${hostile.responder.host.replace(':', ']:')}/`],
  ['decimal IPv4', () => 'http://2130706433/'],
  ['decimal IPv4 on another port', () => `http://2130706433:${port()}/`],
  ['hexadecimal IPv4', () => 'http://0x7f000001/'],
  ['octal IPv4', () => 'http://0177.0.0.1/'],
  ['short IPv4', () => `http://127.1:${port()}/`],
  ['the unspecified address', () => 'http://0.0.0.0/'],
  ['the metadata service', () => 'http://169.254.169.254/latest/meta-data/iam/security-credentials/'],
  ['the metadata service by IPv6', () => 'http://[fd00:ec2::254]/latest/meta-data/'],
  ['the credentials of a container', () => 'http://169.254.170.2/v2/credentials'],
  ['the runtime API of Lambda', () => 'http://127.0.0.1:9001/2018-06-01/runtime/invocation/next'],
  ['a private network', () => 'http://10.0.0.1/'],
  ['user information', () => `http://user:secret@${hostile.responder.host}/userinfo`],
  ['a host that is let through as user information', () => `http://${hostile.responder.host}@127.0.0.1:${port()}/`],
  ['a backslash', () => `http://127.0.0.1:${port()}\\@${hostile.responder.host}/`],
  ['a URL that is too long', () => hostile.responder.url(`/${'x'.repeat(3_000)}`)],
];

const unfetched = ['file:///etc/passwd', 'ldap://127.0.0.1/cn=crl', 'ftp://127.0.0.1/crl', 'gopher://127.0.0.1/'];

const refused = { what: '', reply: () => new Uint8Array(), worth: 'unavailable' as const, detail: /url_refused/ };

describe('an address in a certificate', { concurrency: 3 }, () => {
  for (const [what, url] of addresses) {
    for (const source of ['ocsp', 'crl'] as const) {
      test(`P14: ${what} is not asked (${source})`, async () => {
        const asked = hostile.responder.connections();
        const leaf = hostile.pki.client('CN=client', { [source]: url() });
        assertIssue(await hostile.token('hard', leaf), 'hard', refused);
        assertIssue(await hostile.token('soft', leaf), 'soft', refused);
        assert.deepEqual([canary.connections(), hostile.responder.connections()], [0, asked]);
      });
    }
  }

  for (const url of unfetched) {
    test(`P14: ${url.split(':')[0]}: is no address, and a certificate without another has no source`, async () => {
      const leaf = hostile.pki.client('CN=client', { ocsp: url, crl: url });
      for (const tenant of ['hard', 'soft'] as const) {
        const { answer, line } = await hostile.token(tenant, leaf);
        assert.deepEqual([answer.status, line['reason']], [401, 'no_status_source']);
      }
    });
  }
});

test('P14: of many addresses in one certificate four are asked', async () => {
  const { pki, responder, token } = hostile;
  const urls = Array.from({ length: 20 }, (_, index) => responder.url(`/many/${index}`));
  const leaf = pki.client('CN=client', {}, { extensions: [ocspAccess(urls), crlDistributionPoints(urls)] });
  const before = responder.connections();
  assertIssue(await token('hard', leaf), 'hard', { ...refused, detail: /the status is 404|no time or address left/ });
  assert.equal(responder.connections() - before, 4);
});

/** Good for the gateway, which looks at the signature and the dates alone, and for no tenant. */
const strangers: readonly (readonly [what: string, reason: string, options: () => Issue])[] = [
  ['of a CA of another tenant', 'chain_untrusted', () => ({ issuer: hostile.pki.stranger })],
  ['for servers alone', 'eku_client_auth_missing', () => ({ extensions: [extendedKeyUsage([purposes.serverAuth])] })],
  ['with an unknown critical extension', 'critical_extension_unknown', () => ({ extensions: [unknown] })],
  ['that may not sign', 'key_usage', () => ({ extensions: [keyUsage(['keyEncipherment'])] })],
  ['of a CA', 'basic_constraints', () => ({ extensions: [basicConstraints(true), keyUsage(['keyCertSign'])] })],
];
const unknown = extension('1.3.6.1.4.1.99999.1', Uint8Array.of(5, 0), true);

for (const [what, reason, options] of strangers) {
  test(`P14: nobody is asked about a certificate ${what}: its path is not valid`, async () => {
    const { pki, responder, token } = hostile;
    const leaf = pki.client('CN=client', { ocsp: responder.url('/never'), crl: responder.url('/never') }, options());
    for (const tenant of ['hard', 'soft'] as const) {
      const { answer, line } = await token(tenant, leaf);
      assert.equal(answer.status, 401, answer.body);
      assert.equal(line['path'], line['reason']);
      assert.equal(line['reason'], reason);
      assert.equal(line['certificate_status'], undefined);
    }
    assert.equal(responder.asked('/never'), 0);
  });
}

test('P14: the canary is untouched, and the server serves', async () => {
  const { pki, responder, say, token, server } = hostile;
  const leaf = pki.client('CN=client', { ocsp: responder.url('/last') });
  say('/last', leaf, (scene) => ocspAnswer(scene));
  assert.equal((await token('hard', leaf)).answer.status, 200);
  assert.deepEqual([canary.connections(), hostile.canary.connections()], [0, 0]);
  assert.deepEqual(faults(server), []);
  assert.doesNotMatch(server.output(), /user:secret/);
});
