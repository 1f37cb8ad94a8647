/** The development responder: OCSP (RFC 6960 Appendix A), CRLs (RFC 5280 §4.2.1.13) and a control API, on loopback. */

import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type Authority, issueLeaf, type LeafRequest } from './authority.ts';
import type { KeyedCertificate } from './certificate-authority.ts';
import { answerControl } from './control-api.ts';
import { issueCrl } from './crl.ts';
import type { RevocationReason } from './issuer-forms.ts';
import { type CaName, type Ledger, type LedgerEntry, openLedger } from './ledger.ts';
import { listen } from './listening.ts';
import { answerOcsp, ocspError } from './ocsp-responder.ts';

export type ResponderOptions = {
  /** 0 takes any free port; certificates of an earlier run want the port that they name. */
  readonly port: number;
  /** Makes or loads the CA, told the origin that its certificates shall name. */
  readonly authority: (statusUrl: string) => Promise<Authority>;
  /** Where issued and revoked serial numbers are kept; in memory without it. */
  readonly ledgerFile?: string;
  readonly now?: () => Date;
  /** Told in one line what failed inside. */
  readonly report?: (line: string) => void;
};

export type Responder = {
  /** An http origin. */
  readonly url: string;
  /** The bearer secret of the control API; new at each start. */
  readonly secret: string;
  readonly authority: Authority;
  /** Issues a certificate and records it, so that its status is known. */
  issue(request: LeafRequest): Promise<KeyedCertificate>;
  /** Revokes by serial number; undefined for one that was never issued. A revocation stands as it was first made. */
  revoke(serial: string, reason: RevocationReason): Promise<LedgerEntry | undefined>;
  find(serial: string): LedgerEntry | undefined;
  close(): Promise<void>;
};

type Operations = Omit<Responder, 'close'> & { readonly ledger: Ledger; readonly now: () => Date };

/** Seconds that an answer is good for: far more than anybody who asks again in time needs. */
const validity = 3600;

/** RFC 6960 requests are some hundred octets; so are those of the control API. */
const maximumBody = 65_536;

/** Starts the responder. Rejects with one line when the port cannot be had. */
export async function startResponder(options: ResponderOptions): Promise<Responder> {
  const { now = () => new Date(), report = () => undefined } = options;
  let operations: Operations | undefined;
  const server = createServer({ requestTimeout: 10_000, headersTimeout: 5_000 }, (request, response) => {
    answer(request, response, operations).catch((error: unknown) => {
      report(`responder: ${String(error).replaceAll(/\s+/g, ' ')}`);
      if (response.headersSent) response.destroy();
      else send(response, 500);
    });
  });
  const listening = await listen(server, { host: '127.0.0.1', port: options.port });
  const url = `http://127.0.0.1:${listening.port}`;
  try {
    const ledger = await openLedger(options.ledgerFile);
    const authority = await options.authority(url);
    await recordIntermediate(authority, ledger);
    operations = {
      ...ledgerOperations(authority, ledger, now),
      url,
      secret: randomBytes(32).toString('base64url'),
      now,
      ledger,
      authority,
    };
  } catch (error) {
    await listening.close();
    throw error;
  }
  return { ...operations, close: listening.close };
}

function ledgerOperations(authority: Authority, ledger: Ledger, now: () => Date) {
  const issue = async (request: LeafRequest) => {
    const issued = await issueLeaf(authority, request, now());
    const { subject, subjectAltName = [], issuer = 'intermediate' } = request;
    await ledger.record({ serial: issued.serial, issuer, request: { subject, subjectAltName } });
    return issued;
  };
  const revoke = async (serial: string, reason: RevocationReason) => {
    const entry = ledger.find(serial);
    if (entry === undefined || entry.revoked !== undefined) return entry;
    const revoked = { ...entry, revoked: { at: now(), reason } };
    await ledger.record(revoked);
    return revoked;
  };
  return { issue, revoke, find: ledger.find };
}

/** The root answers for the intermediate. */
async function recordIntermediate({ intermediate: { serial } }: Authority, ledger: Ledger): Promise<void> {
  if (ledger.find(serial) !== undefined) return;
  await ledger.record({ serial, issuer: 'root', request: { subject: 'CN=Intermediate' } });
}

async function answer(request: IncomingMessage, response: ServerResponse, operations: Operations | undefined) {
  const path = (request.url ?? '').split('?')[0] ?? '';
  if (operations === undefined) return send(response, 503);
  if (path === '/ocsp' || path.startsWith('/ocsp/')) return answerOcspRequest(request, response, path, operations);
  const ca = /^\/crl\/(root|intermediate)\.crl$/.exec(path)?.[1] as CaName | undefined;
  if (ca !== undefined) return answerCrlRequest(request, response, ca, operations);
  if (!path.startsWith('/control/')) return send(response, 404);
  const body = await readBody(request);
  if (body === undefined) return send(response, 413);
  const { status, headers, json } = await answerControl(request, path, body, operations);
  send(response, status, 'application/json', Buffer.from(`${JSON.stringify(json)}\n`), headers);
}

/** RFC 6960 Appendix A.1: POST, or GET with the request in base64 at the end of the path. */
async function answerOcspRequest(
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
  operations: Operations,
) {
  const der = request.method === 'POST' ? await readBody(request) : inPath(request.method, path);
  if (der === undefined)
    return send(response, request.method === 'POST' ? 413 : 405, undefined, undefined, { allow: 'GET, POST' });
  const { authority, ledger, now } = operations;
  const times = { at: now(), nextUpdate: after(now(), validity) };
  let answered: Uint8Array;
  try {
    answered = answerOcsp(der, times, authority, ledger);
  } catch (error) {
    send(response, 200, 'application/ocsp-response', ocspError('internalError'));
    throw error;
  }
  send(response, 200, 'application/ocsp-response', answered);
}

function inPath(method: string | undefined, path: string): Uint8Array | undefined {
  if (method !== 'GET') return undefined;
  try {
    return Buffer.from(decodeURIComponent(path.slice('/ocsp/'.length)), 'base64');
  } catch {
    return new Uint8Array();
  }
}

function answerCrlRequest(request: IncomingMessage, response: ServerResponse, ca: CaName, operations: Operations) {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    return send(response, 405, undefined, undefined, { allow: 'GET, HEAD' });
  }
  const { authority, ledger, now } = operations;
  const thisUpdate = now();
  const crl = issueCrl(authority[ca], {
    revoked: ledger.revoked(ca),
    thisUpdate,
    nextUpdate: after(thisUpdate, validity),
  });
  // RFC 2585 §3.
  send(response, 200, 'application/pkix-crl', crl);
}

const after = (at: Date, seconds: number) => new Date(at.getTime() + seconds * 1000);

async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= maximumBody) chunks.push(chunk);
  }
  return size > maximumBody ? undefined : Buffer.concat(chunks);
}

function send(
  response: ServerResponse,
  status: number,
  type = 'text/plain',
  body: Uint8Array = new Uint8Array(),
  headers: Readonly<Record<string, string>> = {},
): void {
  // What is revoked must be seen at once: nothing is cached on the way.
  response.writeHead(status, {
    'content-type': type,
    'content-length': body.length,
    'cache-control': 'no-store',
    ...headers,
  });
  response.end(body);
}
