/** What an operator has blocked is refused, whatever its issuer says; and nothing else is. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { printName } from '../../lib/pki/certificate/name.ts';
import { type Block, buildBlocks, noBlocks } from '../../lib/status/blocks.ts';
import { verifyClientCertificate } from '../../lib/status/client-certificate.ts';
import { defaultStatusPolicy } from '../../lib/status/policy.ts';
import { describe as explain } from '../../lib/status/reason.ts';
import { type Issued, issueClient, issueIntermediate, issueRoot, newKey, ocspAccess } from '../pki/issue.ts';
import { at, issueOcspResponse } from '../pki/status/issue-status.ts';
import { network, truststoreOf } from './network.ts';

const url = 'http://ocsp.test/';
const anchor = issueRoot();
const ca = issueIntermediate(anchor, { subject: 'CN=Issuing CA,O=Example' });
const client = issueClient(ca, { serialNumber: Uint8Array.of(0x0a, 0xbc), extensions: [ocspAccess([url])] });
const certificates = [client, ca, anchor].map(({ certificate }) => certificate);
const policy = { ...defaultStatusPolicy, depth: 'leaf' as const };
const answer = issueOcspResponse({ signer: ca, answers: [{ certificate: client.certificate, issuer: ca }] });

const ofCertificate = ({ certificate }: Issued): Block => ({ kind: 'certificate', thumbprint: certificate.thumbprint });
const ofAuthority = ({ certificate }: Issued): Block => ({ kind: 'authority', spkiSha256: certificate.spkiSha256 });
const ofSerial = (issuer: string, serialNumber: string): Block => ({ kind: 'serial_number', issuer, serialNumber });

describe('RFC 5280 §3.3: a block of', () => {
  const blocking: readonly (readonly [string, Block])[] = [
    ['the certificate', ofCertificate(client)],
    ['a CA certificate of its path', ofCertificate(ca)],
    ['the anchor', ofCertificate(anchor)],
    ['its serial number and issuer', ofSerial('CN=Issuing CA,O=Example', 'abc')],
    ['its issuer as somebody else writes it', ofSerial('cn = issuing  ca , o=EXAMPLE', 'abc')],
    [
      'the serial number of a CA certificate',
      ofSerial(printName(anchor.certificate.subject), ca.certificate.serialNumber),
    ],
    ['the key of its issuer', ofAuthority(ca)],
    ['the key of its anchor', ofAuthority(anchor)],
  ];
  for (const [what, block] of blocking) {
    test(`${what} refuses it, and nobody is asked`, async () => {
      const ports = network({ [url]: answer });
      const blocks = buildBlocks([ofCertificate(issueRoot()), block]);
      const options = { truststore: truststoreOf(ca, anchor), policy, at, blocks };
      const verdict = await verifyClientCertificate(client.certificate, options, ports);
      assert(!verdict.ok);
      assert.equal(verdict.failure.reason, 'certificate_blocked');
      assert.match(explain(verdict.failure), /blocked by the operator/);
      assert.equal(ports.requests.length, 0);
      assert.deepEqual(blocks.find(certificates), block);
    });
  }

  const harmless: readonly (readonly [string, Block])[] = [
    ['another certificate', ofCertificate(issueClient(ca))],
    ['its serial number at another issuer', ofSerial('CN=Issuing CA', 'abc')],
    ['another serial number of its issuer', ofSerial('CN=Issuing CA,O=Example', 'abcd')],
    ['its own key as that of a CA', ofAuthority(client)],
    ['the key of a CA that is not on its path', ofAuthority(issueIntermediate(anchor, { key: newKey() }))],
    ['an issuer that is no name', ofSerial('=', 'abc')],
  ];
  for (const [what, block] of harmless) {
    test(`${what} leaves it alone`, async () => {
      const options = { truststore: truststoreOf(ca, anchor), policy, at, blocks: buildBlocks([block]) };
      const verdict = await verifyClientCertificate(client.certificate, options, network({ [url]: answer }));
      assert.equal(verdict.ok, true);
    });
  }
});

test('RFC 5280 §3.3: a key that is blocked as that of a CA is so in whichever certificate of it', () => {
  const again = issueIntermediate(anchor, { subject: 'CN=Cross', key: ca.key });
  const path = [client, again, anchor].map(({ certificate }) => certificate);
  assert.notEqual(buildBlocks([ofAuthority(ca)]).find(path), undefined);
  assert.equal(buildBlocks([ofCertificate(ca)]).find(path), undefined);
});

test('a certificate without a path is blocked as well; without blocks nothing is', () => {
  assert.notEqual(buildBlocks([ofCertificate(client)]).find([client.certificate]), undefined);
  assert.equal(buildBlocks([]), noBlocks);
  assert.equal(noBlocks.find(certificates), undefined);
});

test('path before block: a certificate that is not trusted is refused for that, blocked or not', async () => {
  const blocks = buildBlocks([ofCertificate(client)]);
  const options = { truststore: truststoreOf(issueRoot()), policy, at, blocks };
  const verdict = await verifyClientCertificate(client.certificate, options, network());
  assert.equal(verdict.ok ? 'ok' : verdict.failure.reason, 'chain_untrusted');
});
