/** The development CA's control API from the outside: what the demo and the CLI ask of it. */
import { X509Certificate } from 'node:crypto';
import type { LeafRequest } from './authority.ts';
import type { RevocationReason } from './issuer-forms.ts';
import type { Endpoint } from './state-directory.ts';

/** PEM each. */
export type IssuedIdentity = { readonly serial: string; readonly certificate: string; readonly key: string };

export type IssueOptions = Pick<LeafRequest, 'subjectAltName' | 'status'>;

export type Control = {
  /** Revokes a certificate of the development CA. Rejects when it never issued it. */
  revoke(certificate: string, reason: RevocationReason): Promise<void>;
  /** A new client certificate with a new key; the subject in RFC 4514 text. */
  issue(subject: string, options?: IssueOptions): Promise<IssuedIdentity>;
  /** A new certificate with the names of an earlier one. */
  renew(certificate: string): Promise<IssuedIdentity>;
};

/** The control API of a running server, as its `endpoint.json` tells it. */
export function controlOf({ responder, secret }: Pick<Endpoint, 'responder' | 'secret'>): Control {
  const post = async (operation: string, members: object): Promise<Record<string, unknown>> => {
    const response = await fetch(`${responder}/control/${operation}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
      body: JSON.stringify(members),
      signal: AbortSignal.timeout(10_000),
    });
    const answer = (await response.json()) as Record<string, unknown>;
    if (!response.ok) throw new Error(`the development CA refused to ${operation}: ${String(answer['error'])}`);
    return answer;
  };
  return {
    revoke: async (certificate, reason) => {
      await post('revoke', { serial: serialOf(certificate), reason });
    },
    issue: async (subject, options = {}) => identity(await post('issue', { subject, ...options })),
    renew: async (certificate) => identity(await post('issue', { renew: serialOf(certificate) })),
  };
}

const serialOf = (certificate: string) => new X509Certificate(certificate).serialNumber.toLowerCase();

function identity({ serial, certificate, key }: Record<string, unknown>): IssuedIdentity {
  if (typeof serial !== 'string' || typeof certificate !== 'string' || typeof key !== 'string') {
    throw new Error('the development CA gave an answer that is no certificate');
  }
  return { serial, certificate, key };
}
