/** What assertions may be signed with (RFC 7518 §3.1, RFC 8037 §3.1, RFC 9864 §2.2): never `none`, never with a shared secret. */
import type { KeyObject } from 'node:crypto';

export type AssertionAlgorithm =
  | 'ES256'
  | 'ES384'
  | 'ES512'
  | 'PS256'
  | 'PS384'
  | 'PS512'
  | 'EdDSA'
  | 'Ed25519'
  | 'RS256';

/** FAPI 2.0 §5.4.1 has no RSASSA-PKCS1-v1_5. */
export const assertionAlgorithms: readonly AssertionAlgorithm[] = [
  'ES256',
  'ES384',
  'ES512',
  'PS256',
  'PS384',
  'PS512',
  'EdDSA',
  'Ed25519',
];

/** Resource servers are older than clients: at introspection alone they may have nothing better. */
export const introspectionAlgorithms: readonly AssertionAlgorithm[] = [...assertionAlgorithms, 'RS256'];

const forCurve: ReadonlyMap<string, AssertionAlgorithm> = new Map([
  ['prime256v1', 'ES256'],
  ['secp384r1', 'ES384'],
  ['secp521r1', 'ES512'],
]);

/** RFC 7518 §3.1: what a key can verify; nothing for keys too weak or of another type. */
export function algorithmsFor({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): readonly AssertionAlgorithm[] {
  if (asymmetricKeyType === 'ed25519') return ['EdDSA', 'Ed25519'];
  if (asymmetricKeyType === 'ec') {
    const algorithm = forCurve.get(asymmetricKeyDetails?.namedCurve ?? '');
    return algorithm === undefined ? [] : [algorithm];
  }
  const bits = asymmetricKeyType === 'rsa' ? (asymmetricKeyDetails?.modulusLength ?? 0) : 0;
  return bits >= 2048 && bits <= 8192 ? ['PS256', 'PS384', 'PS512', 'RS256'] : [];
}
