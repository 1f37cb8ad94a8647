/** `jwks` and `jwks_uri` of client metadata (RFC 7591 §2, RFC 8705 §2.2.2): exactly one of them, every key usable. */
import type { Result } from '../result.ts';
import type { RegisteredKeys } from './client.ts';
import { type JwkProblem, keysOf } from './client-jwk.ts';
import { InvalidMetadata, type Members, quote, string } from './client-metadata-members.ts';

/** RFC 7591 §2: «The jwks_uri and jwks parameters MUST NOT both be present», whatever they are for. */
export function refuseBoth({ jwks, jwks_uri }: Members): void {
  if (jwks === undefined || jwks_uri === undefined) return;
  throw new InvalidMetadata('jwks_uri', 'and jwks must not both be given');
}

/** Reads each key by `parse`. Throws `InvalidMetadata` that names the key and its member. */
export function registeredKeys<K extends object>(
  members: Members,
  parse: (jwk: unknown) => Result<K, JwkProblem>,
): RegisteredKeys<K> {
  const uri = string(members, 'jwks_uri');
  const { jwks } = members;
  if (uri !== undefined) return { kind: 'jwks_uri', uri: jwksUri(uri) };
  if (jwks === undefined) throw new InvalidMetadata('jwks', 'or jwks_uri is needed for this method');
  const keys = keysOf(jwks);
  if (!keys.ok) throw new InvalidMetadata(`jwks.${keys.failure.member}`, keys.failure.problem);
  const parsed = keys.value.map((jwk, index) => {
    const key = parse(jwk);
    if (key.ok) return key.value;
    throw new InvalidMetadata(`jwks.keys[${index}].${key.failure.member}`, key.failure.problem);
  });
  const kids = parsed.flatMap((key) => ('kid' in key ? [key.kid] : []));
  if (new Set(kids).size < kids.length) throw new InvalidMetadata('jwks.keys', 'must not have two keys with one kid');
  return { kind: 'jwks', keys: parsed };
}

/**
 * RFC 7591 §2: https, and a name that the network resolves. Which addresses may be asked is decided when it is fetched;
 * an address in place of a name is refused at once, since no public certificate speaks for it.
 */
function jwksUri(text: string): string {
  const url = text.length <= 2048 && URL.canParse(text) ? new URL(text) : undefined;
  const refused = (problem: string) => new InvalidMetadata('jwks_uri', `${quote(text)} ${problem}`);
  if (url?.protocol !== 'https:') throw refused('is no https URL of at most 2048 characters');
  if (url.username !== '' || url.password !== '' || url.hash !== '') {
    throw refused('must have neither user information nor a fragment');
  }
  if (/^\[|^[0-9.]+$/.test(url.hostname) || /(^|\.)localhost\.?$/.test(url.hostname)) {
    throw refused('names no public host');
  }
  return url.href;
}
