/** Extensions of CRLs, CRL entries and OCSP responses (RFC 5280 §5.2, §5.3; RFC 6960 §4.4). */
import { contents, DerError, type Element, takeAll } from '../certificate/der.ts';
import { type Extension, readExtension } from '../certificate/extensions.ts';

export type Extensions = ReadonlyMap<string, Extension>;

export const noExtensions: Extensions = new Map();

/** RFC 5280 §4.2: at least one extension, none twice; throws `DerError`. */
export function readExtensions(element: Element): Extensions {
  const extensions = new Map<string, Extension>();
  for (const item of takeAll(element, undefined, 1)) {
    const { oid, critical, value } = readExtension(item);
    if (extensions.has(oid)) throw new DerError(`extension ${oid} twice`, item.start);
    extensions.set(oid, { oid, critical, value: contents(value) });
  }
  return extensions;
}

/** The first critical extension that is not among those processed. */
export function unknownCritical(extensions: Extensions, processed: ReadonlySet<string>): string | undefined {
  for (const [oid, { critical }] of extensions) if (critical && !processed.has(oid)) return oid;
  return undefined;
}
