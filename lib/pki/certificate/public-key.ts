/** SubjectPublicKeyInfo: which keys may take part (RFC 3279 §2.3, RFC 4055 §1.2, RFC 5480 §2.1, RFC 8410 §4). */
import type { KeyObject } from 'node:crypto';
import { byteAt, close, type Element, encoding, enter, more, root, tags, take, takePair } from './der.ts';
import { readBitStringOctets, readInteger, readNull, readOid } from './der-value.ts';
import { type SignatureAlgorithms, strictAlgorithms } from './signature-algorithms.ts';

export type PublicKeyInfo = {
  /** The SubjectPublicKeyInfo in DER. */
  readonly der: Uint8Array;
  readonly type: 'rsa' | 'rsa-pss' | 'ec' | 'ed25519' | 'ed448' | 'other';
  /** For people: `RSA 2048`, `EC P-256`. */
  readonly label: string;
  /** Octets of the BIT STRING: what OCSP's issuerKeyHash and the usual subjectKeyIdentifier are made of. */
  readonly bits: Uint8Array;
  readonly rsa?: { readonly modulusBits: number; readonly exponentFits: boolean };
  readonly curve?: string;
  /** Made when first asked for; undefined where node:crypto cannot load the key. */
  readonly keyObject: KeyObject | undefined;
};

/** RFC 5480 §2.1.1.1: namedCurve only; explicit and implicit parameters have no name here. */
const curves = new Map([
  ['1.2.840.10045.3.1.7', 'P-256'],
  ['1.3.132.0.34', 'P-384'],
  ['1.3.132.0.35', 'P-521'],
]);

/** A longer modulus or exponent buys no security, only time for an attacker; the bounds are those of BoringSSL and ring. */
const maximumRsaBits = 8192;
const maximumExponentBits = 33;

type KeyFacts = Pick<PublicKeyInfo, 'type' | 'label' | 'rsa' | 'curve'>;

/**
 * RFC 5280 §4.1.2.7. A key of an unknown algorithm is read as `other`, so that it can be refused by name. `load` gives the
 * key to compute with, and may throw.
 */
export function readPublicKeyInfo(element: Element, load: () => KeyObject): PublicKeyInfo {
  const [identifier, key] = takePair(element);
  const algorithm = enter(identifier);
  const oid = readOid(take(algorithm, tags.oid));
  const parameters = more(algorithm) ? take(algorithm) : undefined;
  close(algorithm);
  const bits = readBitStringOctets(key);
  let loaded: { readonly key: KeyObject | undefined } | undefined;
  return Object.freeze({
    der: encoding(element),
    bits,
    ...keyFacts(oid, parameters, bits),
    get keyObject() {
      loaded ??= { key: loadKey(load) };
      return loaded.key;
    },
  });
}

function keyFacts(oid: string, parameters: Element | undefined, bits: Uint8Array): KeyFacts {
  switch (oid) {
    case '1.2.840.113549.1.1.1':
      // RFC 3279 §2.3.1: the parameters are NULL.
      if (parameters === undefined) return { type: 'other', label: 'RSA without parameters' };
      readNull(parameters);
      return rsaFacts('rsa', bits);
    case '1.2.840.113549.1.1.10':
      return rsaFacts('rsa-pss', bits);
    case '1.2.840.10045.2.1':
      return curveFacts(parameters);
    case '1.3.101.112':
      return edwardsFacts('ed25519', parameters);
    case '1.3.101.113':
      return edwardsFacts('ed448', parameters);
    case '1.2.840.10040.4.1':
      return { type: 'other', label: 'DSA' };
    default:
      return { type: 'other', label: `algorithm ${oid}` };
  }
}

function rsaFacts(type: 'rsa' | 'rsa-pss', bits: Uint8Array): KeyFacts {
  const [modulus, exponent] = takePair(root(bits)).map((integer) => readInteger(integer)) as [Uint8Array, Uint8Array];
  const modulusBits = bitLength(modulus);
  const exponentBits = bitLength(exponent);
  const odd = (byteAt(exponent, exponent.length - 1) & 1) === 1;
  return {
    type,
    label: `${type === 'rsa' ? 'RSA' : 'RSA-PSS'} ${modulusBits}`,
    rsa: { modulusBits, exponentFits: odd && exponentBits >= 2 && exponentBits <= maximumExponentBits },
  };
}

/** Bits of a positive INTEGER; 0 for zero and negative ones. */
function bitLength(integer: Uint8Array): number {
  const first = byteAt(integer, 0);
  if (first >= 0x80) return 0;
  if (first > 0) return integer.length * 8 - Math.clz32(first) + 24;
  const second = integer[1];
  return second === undefined ? 0 : (integer.length - 1) * 8;
}

function curveFacts(parameters: Element | undefined): KeyFacts {
  if (parameters?.tag !== tags.oid) return { type: 'ec', label: 'EC without a named curve' };
  const oid = readOid(parameters);
  const curve = curves.get(oid);
  return curve === undefined ? { type: 'ec', label: `EC curve ${oid}` } : { type: 'ec', label: `EC ${curve}`, curve };
}

/** RFC 8410 §3: the parameters are absent. */
function edwardsFacts(type: 'ed25519' | 'ed448', parameters: Element | undefined): KeyFacts {
  const label = type === 'ed25519' ? 'Ed25519' : 'Ed448';
  return parameters === undefined ? { type, label } : { type: 'other', label: `${label} with parameters` };
}

function loadKey(load: () => KeyObject): KeyObject | undefined {
  try {
    return load();
  } catch {
    return undefined;
  }
}

/** Whether the key is strong enough to take part: RSA 2048 to 8192 bit, P-256, P-384, P-521, Ed25519, Ed448. */
export function isStrongKey(key: PublicKeyInfo, algorithms: SignatureAlgorithms = strictAlgorithms): boolean {
  switch (key.type) {
    case 'rsa':
    case 'rsa-pss':
      return (
        key.rsa !== undefined &&
        key.rsa.modulusBits >= algorithms.minimumRsaBits &&
        key.rsa.modulusBits <= maximumRsaBits &&
        key.rsa.exponentFits
      );
    case 'ec':
      return key.curve !== undefined;
    case 'ed25519':
    case 'ed448':
      return true;
    case 'other':
      return false;
  }
}
