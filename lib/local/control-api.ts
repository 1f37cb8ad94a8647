/** The control API of the development CA: issue and revoke, for whoever can read `endpoint.json` (RFC 6750 §2.1). */
import { hash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { type LeafRequest, statusSources } from './authority.ts';
import type { AlternativeName, KeyedCertificate } from './certificate-authority.ts';
import { isRevocationReason, type RevocationReason } from './issuer-forms.ts';
import type { LedgerEntry } from './ledger.ts';
import { isFromPage } from './loopback.ts';

export type ControlAnswer = {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly json: unknown;
};

type Operations = {
  readonly secret: string;
  issue(request: LeafRequest): Promise<KeyedCertificate>;
  revoke(serial: string, reason: RevocationReason): Promise<LedgerEntry | undefined>;
  find(serial: string): LedgerEntry | undefined;
};

type Members = Readonly<Record<string, unknown>>;

/** Answers `POST /control/revoke {serial, reason?}` and `POST /control/issue {subject, subjectAltName?, days?, status?} | {renew}`. */
export async function answerControl(
  request: IncomingMessage,
  path: string,
  body: Buffer,
  operations: Operations,
): Promise<ControlAnswer> {
  if (isFromPage(request)) return { status: 403, json: { error: 'not for browsers' } };
  if (!isAuthorized(request.headers.authorization, operations.secret)) {
    return { status: 401, headers: { 'www-authenticate': 'Bearer' }, json: { error: 'invalid_token' } };
  }
  if (request.method !== 'POST')
    return { status: 405, headers: { allow: 'POST' }, json: { error: 'method_not_allowed' } };
  const members = parseObject(body);
  if (members === undefined) return refused('the body must be a JSON object');
  if (path === '/control/revoke') return await revoke(members, operations);
  if (path === '/control/issue') return await issue(members, operations);
  return { status: 404, json: { error: 'not_found' } };
}

async function revoke({ serial, reason = 'unspecified' }: Members, operations: Operations): Promise<ControlAnswer> {
  if (typeof serial !== 'string') return refused('serial must be hex');
  if (!isRevocationReason(reason)) return refused('reason must be a CRLReason');
  const entry = await operations.revoke(serial.toLowerCase(), reason);
  if (entry === undefined) return { status: 404, json: { error: 'no such certificate was issued' } };
  return { status: 200, json: { serial: entry.serial, revoked: entry.revoked } };
}

async function issue(members: Members, operations: Operations): Promise<ControlAnswer> {
  const request = requestIn(members, operations);
  if (typeof request === 'string') return refused(request);
  let issued: KeyedCertificate;
  try {
    issued = await operations.issue(request);
  } catch (error) {
    return refused(`the certificate cannot be issued: ${(error as Error).message}`);
  }
  const { certificate, key, serial } = issued;
  return { status: 200, json: { serial, certificate, key } };
}

/** What to issue, or what is wrong with the request. */
function requestIn({ renew, ...members }: Members, { find }: Operations): LeafRequest | string {
  const { days = 90 } = members;
  if (typeof days !== 'number' || !Number.isInteger(days) || days < 1 || days > 825) return 'days must be 1 to 825';
  if (renew === undefined) return newRequestIn(members, days);
  const entry = typeof renew === 'string' ? find(renew.toLowerCase()) : undefined;
  return entry?.issuer === 'intermediate' ? { ...entry.request, days } : 'renew must be the serial of a certificate';
}

function newRequestIn({ subject, subjectAltName = [], status }: Members, days: number): LeafRequest | string {
  if (typeof subject !== 'string' || subject.length > 1024) return 'subject must be a distinguished name';
  if (!Array.isArray(subjectAltName) || !subjectAltName.every(isAlternativeName)) return 'subjectAltName is malformed';
  const source = statusSources.find((each) => each === status);
  if (status !== undefined && source === undefined) return `status must be one of ${statusSources.join(', ')}`;
  return { subject, subjectAltName, days, ...(source && { status: source }) };
}

const nameTypes: readonly unknown[] = ['dNSName', 'uniformResourceIdentifier', 'iPAddress', 'rfc822Name'];

function isAlternativeName(value: unknown): value is AlternativeName {
  if (typeof value !== 'object' || value === null) return false;
  const { type, value: name } = value as Members;
  return nameTypes.includes(type) && typeof name === 'string' && name.length <= 1024;
}

/** RFC 6750 §2.1; hashes of equal length are compared in constant time. */
function isAuthorized(authorization: string | undefined, secret: string): boolean {
  const given = /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1] ?? '';
  return timingSafeEqual(hash('sha256', given, 'buffer'), hash('sha256', secret, 'buffer'));
}

function parseObject(body: Buffer): Members | undefined {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Members) : undefined;
  } catch {
    return undefined;
  }
}

const refused = (error: string): ControlAnswer => ({ status: 400, json: { error } });
