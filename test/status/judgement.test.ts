/** protocol §4.2: the outcome table, row by row, and what holds under every policy. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Thumbprint } from '../../lib/pki/certificate/thumbprint.ts';
import {
  type CertificateStatus,
  defaultStatusPolicy,
  judgeStatus,
  type StatusPolicy,
} from '../../lib/status/revocation.ts';
import { after, at, minute } from '../pki/status/issue-status.ts';

const seconds = (count: number) => new Date(at.getTime() + count * 1000);

function status(found: CertificateStatus['status'], more: Partial<CertificateStatus> = {}): CertificateStatus {
  const answered = found === 'good' || found === 'revoked' || found === 'on_hold' || found === 'unknown';
  return {
    certificate: 'leaf' as Thumbprint,
    source: answered ? 'ocsp' : 'none',
    status: found,
    fetchedAt: at,
    cached: false,
    stale: false,
    softFailed: false,
    ...(answered && { thisUpdate: after(-1), nextUpdate: after(1) }),
    ...more,
  };
}
const issuer = (found: CertificateStatus['status'], more: Partial<CertificateStatus> = {}) =>
  status(found, { certificate: 'issuer' as Thumbprint, ...more });

const hard = defaultStatusPolicy;
const soft: StatusPolicy = { ...hard, mode: 'soft-fail' };
const off: StatusPolicy = { ...hard, mode: 'off' };

/** `accepted`, with what is flagged, or the reason of the refusal. */
function outcome(statuses: readonly CertificateStatus[], policy: StatusPolicy, when = at): string {
  const verdict = judgeStatus(statuses, policy, when);
  if (!verdict.ok) return verdict.failure.reason;
  const { softFailed, stale } = verdict.value;
  return ['accepted', ...(softFailed ? ['soft-failed'] : []), ...(stale ? ['stale'] : [])].join(' ');
}

const accept = (statuses: readonly CertificateStatus[], policy: StatusPolicy = hard, when = at) => {
  const verdict = judgeStatus(statuses, policy, when);
  assert(verdict.ok);
  return verdict.value;
};
const refuse = (statuses: readonly CertificateStatus[], policy: StatusPolicy = hard, when = at) => {
  const verdict = judgeStatus(statuses, policy, when);
  assert(!verdict.ok);
  return verdict.failure;
};

const good = status('good');
const table: readonly [row: string, statuses: CertificateStatus[], hard: string, soft: string, off: string][] = [
  ['good', [good, issuer('good')], 'accepted', 'accepted', 'accepted'],
  [
    'leaf revoked',
    [status('revoked'), issuer('good')],
    'certificate_revoked',
    'certificate_revoked',
    'certificate_revoked',
  ],
  [
    'leaf on hold',
    [status('on_hold'), issuer('good')],
    'certificate_on_hold',
    'certificate_on_hold',
    'certificate_on_hold',
  ],
  ['intermediate revoked', [good, issuer('revoked')], 'issuer_revoked', 'issuer_revoked', 'issuer_revoked'],
  ['intermediate on hold', [good, issuer('on_hold')], 'issuer_revoked', 'issuer_revoked', 'issuer_revoked'],
  ['unknown', [status('unknown'), issuer('good')], 'status_unknown', 'status_unknown', 'accepted'],
  ['no source', [status('no_source'), issuer('good')], 'no_status_source', 'no_status_source', 'accepted'],
  ['silent', [status('unavailable'), issuer('good')], 'revocation_unavailable', 'accepted soft-failed', 'accepted'],
  ['intermediate silent', [good, issuer('unavailable')], 'revocation_unavailable', 'accepted soft-failed', 'accepted'],
  ['untrusted', [status('untrusted'), issuer('good')], 'status_untrusted', 'status_untrusted', 'accepted'],
  ['intermediate untrusted', [good, issuer('untrusted')], 'status_untrusted', 'status_untrusted', 'accepted'],
  [
    'good, older, silent now',
    [status('good', { stale: true }), issuer('good')],
    'accepted stale',
    'accepted stale',
    'accepted stale',
  ],
  ['never asked', [status('not_checked')], 'revocation_unavailable', 'accepted soft-failed', 'accepted'],
  ['nothing at all', [], 'no_status_source', 'no_status_source', 'no_status_source'],
];

describe('the outcome table', () => {
  for (const [row, statuses, ...expected] of table) {
    test(`protocol §4.2: ${row}: hard-fail ${expected[0]}, soft-fail ${expected[1]}, off ${expected[2]}`, () => {
      const seen = [hard, soft, off].map((policy) => outcome(statuses, policy));
      assert.deepEqual(seen, expected);
    });
  }

  test('protocol §4.2: of several refusals the gravest is the reason, in any order', () => {
    const ranked = [
      [status('revoked'), 'certificate_revoked'],
      [status('on_hold'), 'certificate_on_hold'],
      [status('unknown'), 'status_unknown'],
      [status('no_source'), 'no_status_source'],
      [status('untrusted'), 'status_untrusted'],
      [status('unavailable'), 'revocation_unavailable'],
    ] as const;
    for (const [index, [graver, expected]] of ranked.entries()) {
      for (const [lesser] of ranked.slice(index + 1).filter(([{ status: found }]) => found !== 'on_hold')) {
        assert.equal(outcome([graver, { ...lesser, certificate: issuer('good').certificate }], hard), expected);
      }
    }
    assert.equal(outcome([status('unavailable'), issuer('revoked')], hard), 'issuer_revoked');
    assert.equal(outcome([status('unknown'), issuer('revoked')], soft), 'issuer_revoked');
    assert.equal(refuse([status('unavailable'), issuer('untrusted')]).certificate, 'issuer');
  });

  test('P13: Retry-After is the rest of the negative cache, and only where trying again can help', () => {
    const silent = status('unavailable', { retryAt: seconds(12) });
    assert.equal(refuse([silent]).retryAfter, 12);
    assert.equal(refuse([silent], hard, seconds(11.5)).retryAfter, 1);
    assert.equal(refuse([silent], hard, seconds(12)).retryAfter, 30);
    assert.equal(refuse([status('unavailable')]).retryAfter, 30);
    assert.equal(refuse([status('unavailable', { retryAt: after(3) })]).retryAfter, 30);
    assert.equal(refuse([status('unavailable')], { ...hard, negativeAge: 45 }).retryAfter, 45);
    assert.equal(refuse([status('untrusted', { retryAt: seconds(7) })]).retryAfter, 7);
    for (const found of ['revoked', 'on_hold', 'unknown', 'no_source'] as const) {
      assert.equal(refuse([status(found)]).retryAfter, undefined);
    }
  });

  test('protocol §4.6: the failure carries the certificate and every status', () => {
    const failure = refuse([good, issuer('unavailable', { detail: 'timeout: 2500 ms' })]);
    assert.deepEqual([failure.certificate, failure.statuses.length, failure.detail], ['issuer', 2, 'timeout: 2500 ms']);
  });
});

describe('time', () => {
  test('pki §4: a good answer holds until nextUpdate and 300 seconds, whatever row it comes from', () => {
    assert.equal(outcome([good], hard, new Date(after(1).getTime() + 300_000)), 'accepted stale');
    assert.equal(outcome([good], hard, new Date(after(1).getTime() + 300_001)), 'revocation_unavailable');
    assert.equal(outcome([good], soft, after(2)), 'accepted soft-failed');
    assert.equal(outcome([good], hard, after(-1 - 6 * minute)), 'revocation_unavailable', 'from the future');
  });

  test('pki §4: without nextUpdate it holds a day by OCSP and a week by CRL', () => {
    const timeless = (source: 'ocsp' | 'crl', days: number) => {
      const { nextUpdate: _, ...rest } = status('good', { source, thisUpdate: after(-days) });
      return outcome([rest], hard);
    };
    assert.deepEqual([timeless('ocsp', 1), timeless('ocsp', 1.01)], ['accepted', 'revocation_unavailable']);
    assert.deepEqual([timeless('crl', 7), timeless('crl', 7.01)], ['accepted', 'revocation_unavailable']);
  });

  test('pki §4: good without a time or without a source is not good', () => {
    const { thisUpdate: _, ...timeless } = good;
    assert.equal(outcome([timeless], hard), 'revocation_unavailable');
    assert.equal(outcome([{ ...good, source: 'none' }], hard), 'revocation_unavailable');
  });

  test('pki §4: fresh until fetchedAt and maxStatusAge, of the oldest answer; stale beyond', () => {
    const older = issuer('good', { fetchedAt: seconds(-100) });
    assert.deepEqual(accept([good]).freshUntil, seconds(300));
    assert.deepEqual(accept([good, older]).freshUntil, seconds(200));
    assert.deepEqual(accept([good], { ...hard, maxStatusAge: 10 }).freshUntil, seconds(10));
    assert.equal(accept([good], hard, seconds(300)).stale, false);
    const late = accept([good], hard, seconds(301));
    assert.deepEqual([late.stale, late.freshUntil, late.statuses[0]?.stale], [true, seconds(331), true]);
    assert.deepEqual(accept([status('good', { stale: true })]).freshUntil, seconds(30));
    assert.deepEqual(accept([status('good', { stale: true, retryAt: seconds(9) })]).freshUntil, seconds(9));
    const ending = status('good', { nextUpdate: seconds(-200) });
    assert.deepEqual(accept([ending]).freshUntil, seconds(100));
    assert.deepEqual(accept([status('good', { fetchedAt: after(9) })]).freshUntil, seconds(300));
  });

  test('protocol §4.3: what is issued ends with the first nextUpdate and 300 seconds; without any there is no cap', () => {
    const sooner = issuer('good', { nextUpdate: seconds(1000) });
    assert.deepEqual(accept([good, sooner]).expiresAt, seconds(1300));
    const { nextUpdate: _, ...timeless } = good;
    assert.equal(accept([timeless]).expiresAt, undefined);
    assert.deepEqual(accept([timeless, sooner]).expiresAt, seconds(1300));
  });

  test('protocol §4.2: soft-fail without an answer lives 300 seconds and asks again after the negative cache', () => {
    const verdict = accept([status('unavailable', { retryAt: seconds(20) }), issuer('good')], soft);
    assert.deepEqual([verdict.expiresAt, verdict.freshUntil], [seconds(300), seconds(20)]);
    assert.deepEqual(
      verdict.statuses.map(({ softFailed }) => softFailed),
      [true, false],
    );
  });
});

describe('what was not asked', () => {
  const unasked = (exemption?: CertificateStatus['exemption']) => status('not_checked', exemption && { exemption });

  test('RFC 9608 §3, pki §4: an exemption stands under the policy that grants it and under no other', () => {
    for (const policy of [hard, soft]) {
      assert.equal(outcome([unasked('no_rev_avail')], policy), 'accepted');
      assert.equal(outcome([unasked('entry')], policy), 'accepted');
      assert.equal(outcome([unasked('short_lived')], { ...policy, shortLived: 60 }), 'accepted');
    }
    assert.equal(outcome([unasked('short_lived')], hard), 'revocation_unavailable');
    assert.equal(outcome([unasked('policy')], hard), 'revocation_unavailable');
    assert.equal(outcome([unasked('policy')], off), 'accepted');
    assert.equal(outcome([good, issuer('not_checked', { exemption: 'policy' })], hard), 'revocation_unavailable');
    assert.equal(
      outcome([good, issuer('not_checked', { exemption: 'policy' })], { ...hard, depth: 'leaf' }),
      'accepted',
    );
  });

  test('pki §4: depth leaf leaves the intermediates out, but not what is known to be revoked', () => {
    const leaf: StatusPolicy = { ...hard, depth: 'leaf' };
    for (const found of ['unavailable', 'unknown', 'no_source', 'untrusted'] as const) {
      assert.equal(outcome([good, issuer(found)], leaf), 'accepted');
      assert.notEqual(outcome([status(found), issuer('good')], leaf), 'accepted');
    }
    assert.equal(outcome([good, issuer('revoked')], leaf), 'issuer_revoked');
  });
});

describe('properties', () => {
  const date = fc.date({ min: after(-400), max: after(400), noInvalidDate: true });
  const anyStatus: fc.Arbitrary<CertificateStatus> = fc.record(
    {
      certificate: fc.string().map((text) => text as Thumbprint),
      source: fc.constantFrom('ocsp', 'crl', 'none'),
      status: fc.constantFrom(
        'good',
        'revoked',
        'on_hold',
        'unknown',
        'unavailable',
        'untrusted',
        'no_source',
        'not_checked',
      ),
      fetchedAt: date,
      cached: fc.boolean(),
      stale: fc.boolean(),
      softFailed: fc.boolean(),
      thisUpdate: date,
      nextUpdate: date,
      revokedAt: date,
      retryAt: date,
      exemption: fc.constantFrom('no_rev_avail', 'short_lived', 'entry', 'policy'),
    },
    { requiredKeys: ['certificate', 'source', 'status', 'fetchedAt', 'cached', 'stale', 'softFailed'] },
  );
  const anyPolicy: fc.Arbitrary<StatusPolicy> = fc.record(
    {
      mode: fc.constantFrom('hard-fail', 'soft-fail', 'off'),
      order: fc.constantFrom('ocsp-crl', 'crl-ocsp', 'ocsp', 'crl'),
      depth: fc.constantFrom('chain', 'leaf'),
      maxStatusAge: fc.nat(100_000),
      nonce: fc.constantFrom('off', 'prefer', 'require'),
      shortLived: fc.nat(100_000),
      negativeAge: fc.nat(60),
    },
    { requiredKeys: ['mode', 'order', 'depth', 'maxStatusAge', 'nonce'] },
  );
  const anyPath = fc.array(anyStatus, { maxLength: 6 });

  test('pki: revoked never becomes usable, whatever else is in the evidence and under every policy', () => {
    fc.assert(
      fc.property(anyPath, anyPath, anyStatus, anyPolicy, date, (before, behind, one, policy, when) => {
        const verdict = judgeStatus([...before, { ...one, status: 'revoked' }, ...behind], policy, when);
        return !verdict.ok && ['certificate_revoked', 'issuer_revoked'].includes(verdict.failure.reason);
      }),
    );
  });

  test('pki §4: soft-fail accepts nothing that hard-fail refuses, but silence', () => {
    fc.assert(
      fc.property(anyPath, anyPolicy, date, (statuses, policy, when) => {
        const strict = judgeStatus(statuses, { ...policy, mode: 'hard-fail' }, when);
        const lax = judgeStatus(statuses, { ...policy, mode: 'soft-fail' }, when);
        if (strict.ok) return lax.ok;
        return !lax.ok || (strict.failure.reason === 'revocation_unavailable' && lax.value.softFailed);
      }),
    );
  });

  test('pki §4: what is accepted is asked for again, and never later than maxStatusAge from now', () => {
    fc.assert(
      fc.property(anyPath, anyPolicy, date, (statuses, policy, when) => {
        const verdict = judgeStatus(statuses, policy, when);
        if (!verdict.ok) return true;
        const { freshUntil } = verdict.value;
        return freshUntil.getTime() <= when.getTime() + Math.max(policy.maxStatusAge, 60) * 1000;
      }),
    );
  });
});
