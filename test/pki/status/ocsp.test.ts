/** RFC 6960: which OCSP answers count, and which do not. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import { constructedTag, root } from '../../../lib/pki/certificate/der.ts';
import { write, writeNull, writeOctetString, writeSequence } from '../../../lib/pki/certificate/der-writer.ts';
import { isUntrusted, type OcspOptions, verifyOcspResponse } from '../../../lib/pki/status/ocsp.ts';
import { encodeOcspRequest } from '../../../lib/pki/status/ocsp-request.ts';
import { ocspExchange } from '../../../lib/status/ocsp-exchange.ts';
import {
  crlDistributionPoints,
  extendedKeyUsage,
  extension,
  type Issue,
  type Issued,
  issue,
  issueClient,
  issueIntermediate,
  issueRoot,
  keyUsage,
  newKey,
  purposes,
} from '../issue.ts';
import {
  type Answer,
  after,
  at,
  hour,
  issueOcspResponse,
  minute,
  noCheck,
  nonce,
  type OcspResponseOptions,
  ocspError,
  wrapBasic,
} from './issue-status.ts';

const root0 = issueRoot();
const ca = issueIntermediate(root0, { subject: 'CN=Issuing CA' });
const client = issueClient(ca);
const other = issueClient(ca);
const answerFor = (options: Partial<Answer> = {}): Answer => ({
  certificate: client.certificate,
  issuer: ca,
  ...options,
});
const delegate = (options: Issue = {}, issuer: Issued = ca): Issued =>
  issue({
    issuer,
    subject: 'CN=OCSP Responder',
    notAfter: after(60),
    ...options,
    extensions: options.extensions ?? [
      extendedKeyUsage([purposes.ocspSigning]),
      keyUsage(['digitalSignature']),
      noCheck,
    ],
  });

type Response = Omit<Partial<OcspResponseOptions>, 'answers'> & { readonly answers?: readonly Partial<Answer>[] };
const respond = ({ answers = [{}], ...options }: Response = {}): Uint8Array =>
  issueOcspResponse({ signer: ca, ...options, answers: answers.map(answerFor) });
const delegated = (by: Issued, options: Response = {}) => respond({ signer: by, certificates: [by.der], ...options });

const verify = (der: Uint8Array, options: Partial<OcspOptions> = {}) =>
  verifyOcspResponse(der, { certificate: client.certificate, issuer: ca.certificate, at, ...options });
/** The status, or the reason for which there is none. */
const verdict = (der: Uint8Array, options: Partial<OcspOptions> = {}): string => {
  const result = verify(der, options);
  return result.ok ? result.value.status : result.failure.reason;
};

describe('the signer', () => {
  test('RFC 6960 §4.2.2.2: the issuer signs, named by name or by key', () => {
    assert.equal(verdict(respond()), 'good');
    assert.equal(verdict(respond({ responderId: 'key' })), 'good');
    assert.equal(verdict(respond({ certificates: [ca.der] })), 'good');
  });

  test('RFC 6960 §4.2.2.2: a delegate of the issuer signs, named by name or by key', () => {
    assert.equal(verdict(delegated(delegate())), 'good');
    assert.equal(verdict(delegated(delegate(), { responderId: 'key' })), 'good');
    assert.equal(verdict(delegated(delegate(), { certificates: [client.der, delegate().der] })), 'signature_invalid');
    const by = delegate();
    assert.equal(verdict(respond({ signer: by, certificates: [client.der, ca.der, by.der] })), 'good');
  });

  test('RFC 6960 §4.2.2.2: a delegate without id-kp-OCSPSigning is none', () => {
    for (const extensions of [
      [],
      [keyUsage(['digitalSignature']), noCheck],
      [extendedKeyUsage([purposes.clientAuth]), noCheck],
      [extendedKeyUsage([purposes.serverAuth, purposes.clientAuth]), noCheck],
    ]) {
      assert.equal(verdict(delegated(delegate({ extensions }))), 'signer_unauthorised');
    }
  });

  test('RFC 6960 §4.2.2.2: anyExtendedKeyUsage does not delegate', () => {
    const by = delegate({ extensions: [extendedKeyUsage([purposes.any]), noCheck] });
    assert.equal(verdict(delegated(by)), 'signer_unauthorised');
  });

  test('RFC 6960 §4.2.2.2: a client of the same issuer does not sign its own answer', () => {
    const result = verify(delegated(client));
    assert(!result.ok && isUntrusted(result.failure));
    assert.equal(result.failure.reason, 'signer_unauthorised');
  });

  test('RFC 6960 §4.2.2.2: the delegation is by the issuer itself, not by its parent, child or namesake', () => {
    const child = issueIntermediate(ca, { subject: 'CN=Child CA' });
    const namesake = issueIntermediate(root0, { subject: 'CN=Issuing CA' });
    for (const issuer of [root0, child, namesake]) {
      assert.equal(verdict(delegated(delegate({}, issuer))), 'signer_unauthorised');
    }
    assert.equal(verdict(respond({ signer: root0, certificates: [root0.der] })), 'signer_unauthorised');
    assert.equal(verdict(respond({ signer: namesake })), 'signature_invalid');
    assert.equal(verdict(respond({ signer: namesake, certificates: [namesake.der] })), 'signer_unauthorised');
  });

  test('RFC 6960 §4.2.2.2: a delegate names the issuer as its own, whichever key signed it', () => {
    assert.equal(verdict(delegated(delegate({ issuerName: 'CN=Issuing CA' }))), 'good');
    assert.equal(verdict(delegated(delegate({ issuerName: 'CN=Other CA' }))), 'signer_unauthorised');
  });

  test('RFC 6960 §4.2.2.2: a delegate outside its validity is none', () => {
    assert.equal(verdict(delegated(delegate({ notAfter: after(-minute) }))), 'signer_unauthorised');
    assert.equal(verdict(delegated(delegate({ notBefore: after(minute) }))), 'signer_unauthorised');
    assert.equal(verdict(delegated(delegate({ notAfter: at }))), 'good');
  });

  test('RFC 5280 §4.2: a delegate with a critical extension that nobody knows is none', () => {
    const usual = [extendedKeyUsage([purposes.ocspSigning]), noCheck];
    const unknown = extension('1.3.6.1.4.1.99999.1', writeNull(), true);
    assert.equal(verdict(delegated(delegate({ extensions: [...usual, unknown] }))), 'signer_unauthorised');
    const harmless = extension('1.3.6.1.4.1.99999.1', writeNull());
    assert.equal(verdict(delegated(delegate({ extensions: [...usual, harmless] }))), 'good');
  });

  test('RFC 5280 §4.2.1.3: a delegate whose key is not for signatures is none', () => {
    const extensions = [extendedKeyUsage([purposes.ocspSigning]), noCheck, keyUsage(['keyEncipherment'])];
    assert.equal(verdict(delegated(delegate({ extensions }))), 'signer_unauthorised');
  });

  test('RFC 6960 §4.2.2.2: a genuine delegate appended to a foreign signature vouches for nothing', () => {
    const genuine = delegate();
    const foreign = issueRoot({ subject: 'CN=OCSP Responder' });
    assert.equal(verdict(respond({ signer: foreign, certificates: [genuine.der] })), 'signature_invalid');
    assert.equal(verdict(respond({ signer: foreign, certificates: [foreign.der, genuine.der] })), 'signature_invalid');
    assert.equal(
      verdict(respond({ signer: foreign, responderId: 'key', certificates: [genuine.der] })),
      'signer_unauthorised',
    );
  });

  test('RFC 6960 §4.2.1: the certificate whose key signed is the one that the responder ID names', () => {
    const by = delegate();
    const wrong = respond({ signer: by, certificates: [by.der], responderId: randomBytes(20) });
    assert.equal(verdict(wrong), 'signer_unauthorised');
    assert.equal(verdict(respond({ signer: by })), 'signer_unauthorised');
  });

  test('RFC 6960 §4.2.2.2.1: a delegate without nocheck is taken up to 90 days of life, or once its status is known', () => {
    const extensions = [extendedKeyUsage([purposes.ocspSigning])];
    const short = delegate({ extensions, notBefore: after(-1), notAfter: after(89) });
    assert.equal(verdict(delegated(short)), 'good');
    const long = delegate({ extensions, notBefore: after(-1), notAfter: after(90) });
    assert.equal(verdict(delegated(long)), 'responder_unchecked');
    assert.equal(verdict(delegated(long), { cleared: long.certificate.thumbprint }), 'good');
    assert.equal(verdict(delegated(long), { cleared: short.certificate.thumbprint }), 'responder_unchecked');
    const waived = delegate({ extensions: [...extensions, noCheck], notAfter: after(1000) });
    assert.equal(verdict(delegated(waived)), 'good');
  });

  test('RFC 6960 §4.2.2.2.1: a delegate that names a CRL is handed out to be looked up', () => {
    const extensions = [extendedKeyUsage([purposes.ocspSigning]), crlDistributionPoints(['http://crl.test/'])];
    const short = delegate({ extensions });
    const result = verify(delegated(short));
    assert(result.ok);
    assert.equal(result.value.delegate?.thumbprint, short.certificate.thumbprint);
    const waived = verify(delegated(delegate({ extensions: [...extensions, noCheck] })));
    assert(waived.ok);
    assert.equal(waived.value.delegate, undefined);
  });

  test('RFC 6960 §4.2.2.2: a configured responder signs without delegation, and no other does by its name', () => {
    const local = issueRoot({ subject: 'CN=Local Responder' });
    const options = { responderCertificate: local.certificate };
    assert.equal(verdict(respond({ signer: local })), 'signer_unauthorised');
    assert.equal(verdict(respond({ signer: local }), options), 'good');
    const namesake = issueRoot({ subject: 'CN=Local Responder' });
    assert.equal(verdict(respond({ signer: namesake, certificates: [namesake.der] }), options), 'signer_unauthorised');
    const expired = issueRoot({ subject: 'CN=Local Responder', notAfter: after(-minute) });
    assert.equal(
      verdict(respond({ signer: expired }), { responderCertificate: expired.certificate }),
      'signer_unauthorised',
    );
  });

  test('RFC 6960 §2.2: weak signatures prove nothing', () => {
    const key = newKey('RSA-2048');
    const rsa = issueIntermediate(root0, { subject: 'CN=RSA CA', key });
    const leaf = issueClient(rsa);
    const by = (signature?: 'rsa-sha1' | 'rsa-md5' | 'pss-sha256') =>
      verdict(
        issueOcspResponse({
          signer: rsa,
          answers: [{ certificate: leaf.certificate, issuer: rsa }],
          ...(signature && { signature }),
        }),
        { certificate: leaf.certificate, issuer: rsa.certificate },
      );
    assert.equal(by(), 'good');
    assert.equal(by('pss-sha256'), 'good');
    assert.equal(by('rsa-sha1'), 'signature_invalid');
    assert.equal(by('rsa-md5'), 'signature_invalid');
  });

  test('RFC 6960 §3.2: an answer that was changed after it was signed is refused, whichever byte it was', () => {
    const der = respond({ answers: [{ status: 'revoked' }] });
    for (let at = 0; at < der.length; at += 3) {
      const changed = Uint8Array.from(der);
      changed[at] = (changed[at] ?? 0) ^ 0x01;
      assert(!verify(changed).ok, `byte ${at}`);
    }
  });

  test('RFC 6960 §4.2.2.2: many certificates in an answer do not cost many signature checks', () => {
    const namesakes = Array.from({ length: 40 }, () => issueRoot({ subject: 'CN=OCSP Responder' }).der);
    const by = delegate();
    assert.equal(verdict(respond({ signer: by, certificates: [...namesakes, by.der] })), 'signer_unauthorised');
    assert.equal(verdict(respond({ signer: by, certificates: [by.der, ...namesakes] })), 'good');
  });
});

describe('the answer', () => {
  test('RFC 6960 §2.2: good, revoked, unknown; on hold is revoked with its reason', () => {
    assert.equal(verdict(respond({ answers: [{ status: 'revoked' }] })), 'revoked');
    assert.equal(verdict(respond({ answers: [{ status: 'revoked', reason: 1 }] })), 'revoked');
    assert.equal(verdict(respond({ answers: [{ status: 'revoked', reason: 6 }] })), 'on_hold');
    assert.equal(verdict(respond({ answers: [{ status: 'unknown' }] })), 'unknown');
    const result = verify(respond({ answers: [{ status: 'revoked', reason: 1, revokedAt: after(-3) }] }));
    assert(result.ok);
    assert.equal(result.value.revocationReason, 'keyCompromise');
    assert.deepEqual(result.value.revokedAt, after(-3));
  });

  test('RFC 5280 §5.3.1: revoked with removeFromCRL is not good; reasons that do not exist are no answer', () => {
    assert.equal(verdict(respond({ answers: [{ status: 'revoked', reason: 8 }] })), 'revoked');
    assert.equal(verdict(respond({ answers: [{ status: 'revoked', reason: 7 }] })), 'malformed');
    assert.equal(verdict(respond({ answers: [{ status: 'revoked', reason: 11 }] })), 'malformed');
  });

  test('RFC 6960 §4.1.1: serial number and both hashes of our issuer must match, by any of the known hashes', () => {
    for (const hash of ['sha1', 'sha256', 'sha384'] as const) {
      assert.equal(verdict(respond({ answers: [{ hash }] })), 'good');
      assert.equal(verdict(respond({ answers: [{ hash, serial: other.certificate.serial }] })), 'no_answer');
      assert.equal(verdict(respond({ answers: [{ hash, issuerName: root0.subject }] })), 'no_answer');
      assert.equal(verdict(respond({ answers: [{ hash, issuerKeyHash: randomBytes(20) }] })), 'no_answer');
      assert.equal(verdict(respond({ answers: [{ hash, issuer: root0 }] })), 'no_answer');
    }
    assert.equal(verdict(respond({ answers: [{ hash: 'md5' }] })), 'no_answer');
    assert.equal(
      verdict(respond({ answers: [{ serial: Buffer.concat([Uint8Array.of(0), client.certificate.serial]) }] })),
      'no_answer',
    );
    assert.equal(verdict(respond({ answers: [] })), 'no_answer');
  });

  test('RFC 6960 §4.1.1: an answer about another certificate decides nothing', () => {
    const others = [{ certificate: other.certificate }, { certificate: other.certificate, status: 'revoked' as const }];
    assert.equal(verdict(respond({ answers: others })), 'no_answer');
    assert.equal(verdict(respond({ answers: [...others, {}] })), 'good');
  });

  test('RFC 6960 §4.2.2.3: of several answers about one certificate the gravest counts, in any order', () => {
    const good = {};
    const unknown = { status: 'unknown' as const };
    const hold = { status: 'revoked' as const, reason: 6 };
    const revoked = { status: 'revoked' as const };
    for (const [answers, expected] of [
      [[good, revoked], 'revoked'],
      [[revoked, good], 'revoked'],
      [[hold, revoked, good, unknown], 'revoked'],
      [[good, hold], 'on_hold'],
      [[unknown, hold, good], 'on_hold'],
      [[good, unknown], 'unknown'],
      [[good, good], 'good'],
      [[good, { ...revoked, hash: 'sha256' as const }], 'revoked'],
    ] as const) {
      assert.equal(verdict(respond({ answers })), expected);
    }
  });

  test('RFC 6960 §4.2.1: errors of the responder are no answer, and are believed without signature', () => {
    for (const [status, name] of [
      [1, 'malformedRequest'],
      [2, 'internalError'],
      [3, 'tryLater'],
      [5, 'sigRequired'],
      [6, 'unauthorized'],
    ] as const) {
      const result = verify(ocspError(status));
      assert(!result.ok && !isUntrusted(result.failure));
      assert.deepEqual([result.failure.reason, result.failure.detail], ['responder_error', name]);
    }
    for (const status of [0, 4, 7, 255]) assert.equal(verdict(ocspError(status)), 'malformed');
  });
});

describe('freshness', () => {
  const times = (thisUpdate: number, nextUpdate: number | null) =>
    verdict(
      respond({
        answers: [{ thisUpdate: after(thisUpdate), nextUpdate: nextUpdate === null ? null : after(nextUpdate) }],
      }),
    );

  test('RFC 6960 §4.2.2.1: nextUpdate has not passed by more than 300 seconds', () => {
    assert.equal(times(-30, 300), 'good');
    assert.equal(times(-1, -5 * minute), 'good');
    assert.equal(times(-1, -5 * minute - minute / 60), 'not_current');
    assert.equal(times(-30, -10), 'not_current');
  });

  test('RFC 6960 §4.2.2.1: thisUpdate is not more than 300 seconds ahead', () => {
    assert.equal(times(5 * minute, 1), 'good');
    assert.equal(times(5 * minute + minute / 60, 1), 'not_current');
    assert.equal(times(1, 2), 'not_current');
  });

  test('RFC 6960 §4.2.2.1: without nextUpdate an answer holds 24 hours', () => {
    assert.equal(times(-1, null), 'good');
    assert.equal(times(-1 - minute / 60, null), 'not_current');
    assert.equal(times(5 * minute + minute / 60, null), 'not_current');
  });

  test('RFC 6960 §4.2.2.1: nextUpdate before thisUpdate is no period', () => {
    assert.equal(times(2 * minute, minute), 'not_current');
  });

  test('RFC 6960 §2.4: producedAt lies within the life of the certificate and not ahead', () => {
    assert.equal(verdict(respond({ producedAt: after(-2) })), 'not_current');
    assert.equal(verdict(respond({ producedAt: after(6 * minute) })), 'not_current');
    assert.equal(verdict(respond({ producedAt: after(4 * minute) })), 'good');
  });

  test('RFC 5280 §5.3.1: revoked is for good: an answer that says so outlives its nextUpdate, on hold does not', () => {
    const past = { thisUpdate: after(-9), nextUpdate: after(-8) };
    assert.equal(verdict(respond({ answers: [{ ...past, status: 'revoked' }] })), 'revoked');
    assert.equal(verdict(respond({ answers: [{ ...past, status: 'revoked' }, {}] })), 'revoked');
    assert.equal(verdict(respond({ answers: [{ ...past, status: 'revoked', reason: 6 }] })), 'not_current');
    assert.equal(verdict(respond({ answers: [{ thisUpdate: after(1), status: 'revoked' }] })), 'not_current');
  });

  test('RFC 6960 §4.2.2.1: an answer that is not current decides nothing beside one that is', () => {
    const past = { thisUpdate: after(-9), nextUpdate: after(-8) };
    assert.equal(verdict(respond({ answers: [{ ...past, status: 'unknown' }, {}] })), 'good');
    assert.equal(verdict(respond({ answers: [{ ...past }, { status: 'unknown' }] })), 'unknown');
  });
});

describe('extensions and nonce', () => {
  const unknown = (critical: boolean) => extension('1.3.6.1.4.1.99999.2', writeNull(), critical);

  test('RFC 6960 §4.4: an unknown critical extension makes the answer unusable, one that is not critical does not', () => {
    assert.equal(verdict(respond({ extensions: [unknown(true)] })), 'extension_unknown');
    assert.equal(verdict(respond({ answers: [{ extensions: [unknown(true)] }] })), 'extension_unknown');
    assert.equal(verdict(respond({ answers: [{ extensions: [unknown(true)] }, {}] })), 'extension_unknown');
    assert.equal(
      verdict(respond({ extensions: [unknown(false)], answers: [{ extensions: [unknown(false)] }] })),
      'good',
    );
    assert.equal(verdict(respond({ extensions: [unknown(false), unknown(false)] })), 'malformed');
  });

  test('RFC 9654 §2.1: a nonce that comes back is the one that was sent', () => {
    const sent = randomBytes(32);
    const back = (value: Uint8Array) => respond({ extensions: [nonce(value)] });
    for (const required of [true, false]) {
      const options = { nonce: { sent, required } };
      assert.equal(verdict(back(sent), options), 'good');
      assert.equal(verdict(back(randomBytes(32)), options), 'nonce');
      assert.equal(verdict(back(sent.subarray(0, 31)), options), 'nonce');
      assert.equal(verdict(back(new Uint8Array()), options), 'nonce');
      assert.equal(verdict(respond(), options), required ? 'nonce' : 'good');
      const raw = extension('1.3.6.1.5.5.7.48.1.2', sent);
      assert.equal(verdict(respond({ extensions: [raw] }), options), 'nonce');
    }
    assert.equal(verdict(back(sent)), 'good');
  });
});

describe('encoding', () => {
  const der = respond();
  const basic = signedBasic();

  function signedBasic(): Uint8Array {
    let kept = new Uint8Array();
    respond({
      rewriteBasic(bytes) {
        kept = Uint8Array.from(bytes);
        return bytes;
      },
    });
    return kept;
  }

  test('RFC 6960 §4.2.1: bytes after any of the nested structures make an answer unusable', () => {
    const more = Uint8Array.of(5, 0);
    assert.equal(verdict(Buffer.concat([der, more])), 'malformed');
    assert.equal(verdict(respond({ rewriteBasic: (bytes) => Buffer.concat([bytes, more]) })), 'malformed');
    assert.equal(verdict(respond({ rewriteData: (data) => Buffer.concat([data, more]) })), 'malformed');
    const inside = (bytes: Uint8Array) => writeSequence(bytes.subarray(root(bytes).contents), more);
    assert.equal(verdict(respond({ rewriteData: inside })), 'malformed');
    assert.equal(verdict(inside(der)), 'malformed');
    assert.equal(verdict(wrapBasic(basic)), 'good');
  });

  test('RFC 6960 §4.2.1: only the basic response type is known', () => {
    assert.equal(verdict(wrapBasic(basic, '1.3.6.1.5.5.7.48.1.2')), 'malformed');
  });

  test('RFC 6960 §4.2.1: version 1, spelt out or not, and no other', () => {
    assert.equal(verdict(respond({ version: 0 })), 'good');
    assert.equal(verdict(respond({ version: 1 })), 'malformed');
  });

  test('X.690 §8: whatever is truncated, empty or of another form is malformed, never an exception', () => {
    for (let length = 0; length < der.length; length += 1) {
      assert.equal(verdict(der.subarray(0, length)), 'malformed');
    }
    for (const bytes of [Buffer.from('<html>'), randomBytes(300), Uint8Array.of(0x30, 0x80, 0, 0)]) {
      assert.equal(verdict(bytes), 'malformed');
    }
  });

  test('X.690 §8: DER that nests without end is malformed and does not exhaust the stack', () => {
    let deep: Uint8Array = writeNull();
    for (let depth = 0; depth < 2000; depth += 1) deep = writeSequence(deep);
    assert.equal(verdict(deep), 'malformed');
    assert.equal(verdict(wrapBasic(deep)), 'malformed');
    const status = write(constructedTag(1), deep);
    assert.equal(verdict(respond({ answers: [{ status }] })), 'malformed');
    assert.equal(
      verdict(respond({ extensions: [extension('1.3.6.1.5.5.7.48.1.2', deep)] }), {
        nonce: { sent: randomBytes(32), required: false },
      }),
      'nonce',
    );
  });

  test('pki: answers are bounded in size and identifiers in length, so that none costs more than its bytes', () => {
    const padded = (bytes: number) => respond({ extensions: [extension('1.2.3.4', new Uint8Array(bytes))] });
    assert.equal(verdict(padded(60_000)), 'good');
    assert.equal(verdict(padded(66_000)), 'malformed');
    const longArc = write(6, new Uint8Array(60_000).fill(0xff), Uint8Array.of(1));
    assert.equal(verdict(respond({ rewriteBasic: () => writeSequence(writeSequence(longArc)) })), 'malformed');
    const algorithm = writeSequence(longArc);
    assert.equal(verdict(wrapBasic(writeSequence(writeSequence(), algorithm, Uint8Array.of(3, 1, 0)))), 'malformed');
  });

  test('RFC 6960 §4.2.1: every byte of an answer can be anything without an exception', () => {
    for (let index = 0; index < der.length; index += 1) {
      for (const value of [0x00, 0x80, 0xff]) {
        const changed = Uint8Array.from(der);
        if (changed[index] === value) continue;
        changed[index] = value;
        assert(!verify(changed).ok, `byte ${index} as ${value}`);
      }
    }
  });
});

describe('the request', () => {
  test('RFC 9654 §2.1: a nonce goes into the request as an OCTET STRING within its extension', () => {
    const sent = randomBytes(32);
    const request = Buffer.from(encodeOcspRequest(client.certificate, ca.certificate, { hash: 'sha1', nonce: sent }));
    assert(request.includes(Buffer.concat([Uint8Array.of(4, 34), writeOctetString(sent)])));
  });

  test('RFC 6960 §4.3: the hash of the CertID is chosen by the caller', () => {
    const length = (hash: 'sha1' | 'sha256') => encodeOcspRequest(client.certificate, ca.certificate, { hash }).length;
    assert(length('sha256') - length('sha1') >= 24);
  });

  test('RFC 6960 Appendix A.1: small requests can go by GET, larger ones go by POST', () => {
    const request = encodeOcspRequest(client.certificate, ca.certificate, { hash: 'sha1' });
    const get = ocspExchange('http://ocsp.test/a', request, 'get', 1000);
    assert.equal(get.method, 'GET');
    assert.equal(decodeURIComponent(get.url), `http://ocsp.test/a/${Buffer.from(request).toString('base64')}`);
    assert.equal(get.body, undefined);
    const post = ocspExchange('http://ocsp.test/a', request, 'post', 1000);
    assert.deepEqual(
      [post.method, post.url, post.contentType],
      ['POST', 'http://ocsp.test/a', 'application/ocsp-request'],
    );
    const long = encodeOcspRequest(client.certificate, ca.certificate, { hash: 'sha256', nonce: randomBytes(128) });
    assert.equal(ocspExchange('http://ocsp.test/', long, 'get', 1000).method, 'POST');
  });
});

test('RFC 6960 §4.4.4: hour-old answers are what the tests are made of', () => {
  const result = verify(respond());
  assert(result.ok);
  assert.deepEqual([result.value.thisUpdate, result.value.nextUpdate], [after(-hour), after(1)]);
});
