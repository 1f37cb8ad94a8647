/** The last steps of a check: whose certificate it is, and what the endpoints answer. */
import type { Reason } from '../oauth/reason.ts';
import type { Certificate } from '../pki/certificate/certificate.ts';
import { type Findings, failed, passed, type Step, skipped } from './check-steps.ts';
import type { TokenAnswer } from './rehearsal.ts';
import { remedies } from './remedies.ts';

const clientReasons: readonly string[] = ['client_unknown', 'client_disabled', 'method_mismatch'];

const bindingReasons: readonly string[] = [
  'certificate_mismatch',
  'subject_mismatch',
  'san_mismatch',
  'ca_not_allowed',
  'not_registered',
  'certificate_not_active_yet',
  'certificate_retired',
];

/** The client and the tie to the certificate, as far as the endpoint came; without a client, whose it could be. */
export function clientSteps({ client_id, answer, matching, binding }: Findings): readonly Step[] {
  if (client_id === undefined) {
    const found =
      matching.length === 0 ? 'no registered client has this certificate' : `clients: ${matching.join(', ')}`;
    return [
      { step: 'client', outcome: 'skipped', found: 'no client was named' },
      { step: 'match', outcome: 'skipped', found },
    ];
  }
  if (binding !== undefined) return boundSteps(client_id, binding);
  const { record, reason, status, detail } = answer;
  if (reason !== undefined && clientReasons.includes(reason)) {
    return [failed('client', reason, `${client_id}: ${detail ?? reason.replaceAll('_', ' ')}`), ...skipped('match')];
  }
  const known = passed('client', `${client_id} is registered and enabled`);
  if (reason !== undefined && bindingReasons.includes(reason))
    return [known, failed('match', reason, detail ?? reason)];
  const matched = status === 200 || record.binding === 'ok';
  return matched ? [known, passed('match', 'the certificate is that of this client')] : skipped('client', 'match');
}

function boundSteps(client_id: string, { method, disabled }: NonNullable<Findings['binding']>): readonly Step[] {
  const found = 'not compared: the certificate is no credential of this client';
  const client = disabled
    ? failed('client', 'client_disabled', `${client_id}: client disabled`)
    : passed('client', `${client_id} is registered and enabled; it authenticates by ${method}`);
  return [client, { step: 'match', outcome: 'skipped', found }];
}

/** RFC 6749 §5: what the client would get, and for how long. */
export function tokenStep(findings: Findings, certificate: Certificate | undefined): Step {
  const { answer, client_id, binding } = findings;
  if (client_id === undefined) return { step: 'token', outcome: 'skipped', found: 'no client was named' };
  if (binding !== undefined) return boundTokenStep(answer, binding.disabled);
  const { status, body, reason } = answer;
  if (status === 200) {
    return passed('token', `200, a token for ${body['expires_in']} seconds${limit(findings, certificate)}`);
  }
  const found = `${status} ${body['error']}: ${body['error_description']}`;
  const remedy = reason === undefined ? 'see docs/errors.md' : remedies[reason];
  return { step: 'token', outcome: 'failed', found, ...(reason && { reason }), ...(remedy && { remedy }) };
}

/** RFC 8705 §3: with its assertion, over a connection with this certificate. Its tokens are bound, or there are none. */
function boundTokenStep({ reason = 'client_unknown' }: TokenAnswer, disabled: boolean): Step {
  if (disabled) return failed('token', 'client_disabled', 'its assertions are refused');
  if (reason === 'client_unknown') return passed('token', 'its assertion gives a token bound to this certificate');
  return failed('token', reason, 'its assertion gives no token over a connection with this certificate');
}

/** What ends the token: its lifetime, the path, or the answer about the status. */
function limit({ stage, answer }: Findings, certificate: Certificate | undefined): string {
  const outcome = certificate && stage.snapshot.verdicts.get(certificate.thumbprint)?.outcome;
  if (outcome?.ok !== true) return '';
  const end = stage.at.getTime() + Number(answer.body['expires_in']) * 1000;
  const ends = (limit: Date | undefined) => limit !== undefined && limit.getTime() - end < 1000;
  if (ends(outcome.value.path.notAfter)) return ', until a certificate of the path expires';
  if (ends(outcome.value.status.expiresAt)) return ', until the answer about the status expires';
  return '';
}

/** RFC 7662 §2.2: of a token of this client that is bound to this certificate, whenever it was issued. */
export function introspectionStep({ client_id }: Findings, reason: Reason | undefined, answer: TokenAnswer): Step {
  if (client_id === undefined) return { step: 'introspection', outcome: 'skipped', found: 'no client was named' };
  if (reason === undefined) return passed('introspection', 'a token bound to this certificate is active');
  const found = `a token bound to this certificate is inactive: ${reason}`;
  const remedy = reason === answer.reason ? undefined : remedies[reason];
  return { step: 'introspection', outcome: 'failed', found, reason, ...(remedy && { remedy }) };
}
