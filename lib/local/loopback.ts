/** Keeping web pages out of servers that stand on loopback for their user's own programs. */
import type { IncomingMessage } from 'node:http';

/**
 * Whether a browser's page may be behind a request: its scripts name their origin, and a name that was made to resolve
 * to 127.0.0.1 stands in `Host`.
 */
export function isFromPage(request: IncomingMessage): boolean {
  const host = request.headers.host ?? '';
  return request.headers.origin !== undefined || !/^(127\.0\.0\.1|localhost|\[::1\])(:[0-9]+)?$/.test(host);
}
