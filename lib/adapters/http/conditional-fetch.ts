/** The fetch of the scheduled function: long, large, and only of what has changed (RFC 9110 §13.1). */
import type { IncomingHttpHeaders } from 'node:http';
import { fail, ok } from '../../result.ts';
import type { ConditionalFetch, Validators } from '../../status/ports.ts';
import { type Exchange, guardedExchange, readBody } from './exchange.ts';
import type { GuardedFetchOptions } from './fetch.ts';

type Answer = { readonly body: Uint8Array; readonly validators: Validators } | 'not_modified';

/** Never throws; all limits of lib/adapters/http/exchange.ts hold, with 25 s and 64 MB where `options` say nothing. */
export function guardedConditionalFetch(options: GuardedFetchOptions): ConditionalFetch {
  const guard = { maxTimeout: 25_000, maxBytes: 64 * 1024 * 1024, ...options };
  return ({ validators = {}, ...request }) => {
    const headers = conditions(validators);
    return guardedExchange({ ...request, headers, read: reading(headers) }, guard);
  };
}

function reading(headers: Readonly<Record<string, string>>): Exchange<Answer>['read'] {
  return async (response, limit) => {
    if (response.statusCode === 304) {
      // RFC 9110 §15.4.5: it answers a condition; without one it says nothing about any version.
      if (Object.keys(headers).length > 0) return ok('not_modified');
      return fail({ reason: 'http_status', detail: `${limit.host}: the status is 304 although no condition was sent` });
    }
    const body = await readBody(response, limit);
    return body.ok ? ok({ body: body.value, validators: validatorsIn(response.headers) }) : body;
  };
}

/** RFC 9110 §13.1.2, §13.1.3. A validator that is none is left out: it came from a server of somebody's choice. */
function conditions({ etag, lastModified }: Validators): Readonly<Record<string, string>> {
  return {
    ...(isEntityTag(etag) && { 'if-none-match': etag }),
    ...(isDate(lastModified) && { 'if-modified-since': lastModified }),
  };
}

function validatorsIn({ etag, 'last-modified': lastModified }: IncomingHttpHeaders): Validators {
  return { ...(isEntityTag(etag) && { etag }), ...(isDate(lastModified) && { lastModified }) };
}

/** RFC 9110 §8.8.3, without the octets over 0x7e and of at most 256 characters. */
const isEntityTag = (text: string | undefined): text is string =>
  text !== undefined && text.length <= 256 && /^(W\/)?"[\x21\x23-\x7e]*"$/.test(text);

/** RFC 9110 §5.6.7: IMF-fixdate, which is what servers generate. */
const isDate = (text: string | undefined): text is string =>
  text !== undefined && /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/.test(text);
