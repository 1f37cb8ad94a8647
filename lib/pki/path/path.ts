/** A certification path while it is built and judged (RFC 5280 §6.1), the end entity first. */
import type { Certificate } from '../certificate/certificate.ts';
import { printName } from '../certificate/name.ts';
import type { CertificateReference } from '../reason.ts';
import type { EntryPolicy } from './truststore.ts';

/** A certificate of a path; `policy` is that of its truststore entry. */
export type Link = { readonly certificate: Certificate; readonly policy?: EntryPolicy | undefined };

/** The last is to be used as the trust anchor. */
export type Path = readonly [Link, ...Link[], Link];

/** The beginning of a path, not yet at an anchor. */
export type Branch = readonly [Link, ...Link[]];

/** How failures name a certificate of the path. */
export const referTo = ({ subject, thumbprint }: Certificate, index: number): CertificateReference => ({
  index,
  subject: printName(subject),
  thumbprint,
});
