/** What an operator has blocked, whatever its issuer says of it: the local counterpart of revocation (RFC 5280 §3.3). */
import type { Certificate } from '../pki/certificate/certificate.ts';
import { type Name, parseName } from '../pki/certificate/name.ts';
import type { Thumbprint } from '../pki/certificate/thumbprint.ts';

export type Block =
  /** One certificate, wherever it stands in a path. */
  | { readonly kind: 'certificate'; readonly thumbprint: Thumbprint }
  /** RFC 5280 §4.1.2.2: unique for one issuer. `issuer` is an RFC 4514 name, `serialNumber` as in `Certificate`. */
  | { readonly kind: 'serial_number'; readonly issuer: string; readonly serialNumber: string }
  /** The key of a CA (`Certificate.spkiSha256`), in whichever certificates it stands: no path may go through it. */
  | { readonly kind: 'authority'; readonly spkiSha256: string };

export type Blocks = {
  /** `path` leaf first; a certificate that has none is a path of one. */
  readonly find: (path: readonly Certificate[]) => Block | undefined;
};

export const noBlocks: Blocks = { find: () => undefined };

/** A block whose issuer is no name blocks nothing; the registry lets none in. */
export function buildBlocks(blocks: readonly Block[]): Blocks {
  if (blocks.length === 0) return noBlocks;
  const byKey = new Map(blocks.flatMap((block) => keysOf(block).map((key) => [key, block] as const)));
  return {
    find: (path) => {
      for (const [index, certificate] of path.entries()) {
        const found = keysFor(certificate, index).find((key) => byKey.has(key));
        if (found !== undefined) return byKey.get(found);
      }
      return undefined;
    },
  };
}

function keysOf(block: Block): readonly string[] {
  if (block.kind === 'certificate') return [`certificate ${block.thumbprint}`];
  if (block.kind === 'authority') return [`authority ${block.spkiSha256}`];
  const issuer = parseName(block.issuer);
  return issuer.ok ? [serialKey(issuer.value, block.serialNumber)] : [];
}

const keysFor = ({ thumbprint, issuer, serialNumber, spkiSha256 }: Certificate, index: number): readonly string[] => [
  `certificate ${thumbprint}`,
  serialKey(issuer, serialNumber),
  ...(index > 0 ? [`authority ${spkiSha256}`] : []),
];

const serialKey = (issuer: Name, serialNumber: string): string => `serial ${serialNumber} ${issuer.key}`;
