/** What tenants and truststore entries say about certificate status, as it stands in their rows (docs/policies.md). */
import type { StatusOverride, StatusPolicy } from '../../status/policy.ts';
import { bytes, count, flag, list, oneOf, optional, record, shape, storedThumbprint, text } from './row-parser.ts';

export const statusOverride = shape<StatusOverride>({
  responderUrl: optional(text),
  responderCertificate: optional(bytes),
  crlUrl: optional(text),
  crl: optional(bytes),
  uploadedCrl: optional(flag),
  mode: optional(oneOf('hard-fail', 'soft-fail', 'off')),
  order: optional(oneOf('ocsp-crl', 'crl-ocsp', 'ocsp', 'crl')),
  depth: optional(oneOf('chain', 'leaf')),
  maxStatusAge: optional(count),
  nonce: optional(oneOf('off', 'prefer', 'require')),
  ocspMethod: optional(oneOf('post', 'get')),
  shortLived: optional(count),
  negativeAge: optional(count),
  revocation: optional(oneOf('none')),
  certIdHash: optional(oneOf('sha1', 'sha256')),
});

export const statusPolicy = shape<StatusPolicy>({
  mode: oneOf('hard-fail', 'soft-fail', 'off'),
  order: oneOf('ocsp-crl', 'crl-ocsp', 'ocsp', 'crl'),
  depth: oneOf('chain', 'leaf'),
  maxStatusAge: count,
  nonce: oneOf('off', 'prefer', 'require'),
  certIdHash: optional(oneOf('sha1', 'sha256')),
  ocspMethod: optional(oneOf('post', 'get')),
  shortLived: optional(count),
  negativeAge: optional(count),
  hosts: optional(list(text)),
  overrides: optional(record(storedThumbprint, statusOverride)),
});
