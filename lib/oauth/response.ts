/** The JSON responses of the endpoints and their caching rules. */
import type { HttpResponse } from '../http.ts';

/** RFC 6749 §5.1, RFC 7662 §2.2. */
export const noStore = { 'cache-control': 'no-store', pragma: 'no-cache' } as const;

/** RFC 6749 §5.1: responses that carry tokens or verdicts are never stored. */
export function json(body: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): HttpResponse {
  return {
    status,
    headers: {
      'content-type': 'application/json;charset=UTF-8',
      ...noStore,
      ...headers,
    },
    body: JSON.stringify(body),
  };
}

/** RFC 8414 §3.2, RFC 7517 §5: documents for everybody; clients may keep them for five minutes. */
export function publicDocument(body: unknown): HttpResponse {
  return {
    status: 200,
    headers: { 'content-type': 'application/json', 'cache-control': 'public, max-age=300' },
    body: JSON.stringify(body),
  };
}
