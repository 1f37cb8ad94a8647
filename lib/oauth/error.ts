/** The one error of the protocol layer (RFC 6749 §5.2): little outside, the reason inside. */
import type { HttpResponse } from '../http.ts';
import type { Reason } from './reason.ts';
import { json } from './response.ts';

const statusOf = {
  invalid_request: 400,
  invalid_client: 401,
  unauthorized_client: 400,
  unsupported_grant_type: 400,
  invalid_scope: 400,
  /** RFC 8707 §2. */
  invalid_target: 400,
  /** RFC 6749 §4.1.2.1, used for «try again»: nothing is wrong with the client. */
  temporarily_unavailable: 503,
  server_error: 500,
} as const;

export type ErrorCode = keyof typeof statusOf;

export type ErrorDetails = {
  /** For the log, never for the client. */
  readonly reason?: Reason;
  /** For the log, never for the client: what was found, in words. */
  readonly detail?: string;
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
};

/** The protocol refuses the request. `description` is public; `reason` and `detail` go to the log. */
export class OAuthError extends Error {
  readonly code: ErrorCode;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly reason: Reason | undefined;
  readonly detail: string | undefined;

  constructor(code: ErrorCode, description: string, details: ErrorDetails = {}) {
    super(description);
    this.name = 'OAuthError';
    this.code = code;
    this.status = details.status ?? statusOf[code];
    this.headers = details.headers ?? {};
    this.reason = details.reason;
    this.detail = details.detail;
  }
}

/** RFC 6749 §5.2: one body for every client that cannot be authenticated, so that none can be told from another. */
export function invalidClient(reason: Reason, detail?: string, headers: Readonly<Record<string, string>> = {}) {
  return new OAuthError('invalid_client', 'Client authentication failed', {
    reason,
    headers,
    ...(detail !== undefined && { detail }),
  });
}

export const invalidRequest = (description: string, status = 400) =>
  new OAuthError('invalid_request', description, { status });

/** Nothing is wrong with the client: it may try again when the source of the status is asked again. */
export function statusUnavailable(reason: Reason, detail: string, retryAfter = 30): OAuthError {
  return new OAuthError('temporarily_unavailable', 'The certificate status cannot be determined at the moment', {
    reason,
    detail,
    headers: { 'retry-after': String(retryAfter) },
  });
}

/** The same refusal with its reason in the description, for tenants that show reasons: for tests, never for the open. */
export function showReason(error: unknown): unknown {
  if (!(error instanceof OAuthError) || error.reason === undefined) return error;
  const { code, message, status, headers, reason, detail } = error;
  const details = { status, headers, reason, ...(detail !== undefined && { detail }) };
  return new OAuthError(code, `${message}: ${reason}`, details);
}

/** RFC 6749 §5.2: what the client sees of an error. Anything that is no OAuthError is `server_error`. */
export function renderError(error: unknown): HttpResponse {
  const shown = error instanceof OAuthError ? error : new OAuthError('server_error', 'The request could not be served');
  const body = { error: shown.code, error_description: descriptionText(shown.message) };
  return json(body, shown.status, shown.headers);
}

/** RFC 6749 §5.2: %x20-21 / %x23-5B / %x5D-7E and nothing else. */
function descriptionText(text: string): string {
  return text.replace(/[^\x20\x21\x23-\x5b\x5d-\x7e]/g, "'");
}
