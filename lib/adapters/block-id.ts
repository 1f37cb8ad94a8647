/** What a block is known by among the blocks of a tenant: whatever an operator wrote, 43 characters. */
import { hash } from 'node:crypto';
import { parseName } from '../pki/certificate/name.ts';
import type { Block } from '../status/blocks.ts';

export function blockId(block: Block): string {
  return hash('sha256', [block.kind, ...parts(block)].join('\n'), 'base64url');
}

function parts(block: Block): readonly string[] {
  if (block.kind === 'certificate') return [block.thumbprint];
  if (block.kind === 'authority') return [block.spkiSha256];
  const issuer = parseName(block.issuer);
  // Two texts of one name are one issuer.
  return [block.serialNumber, issuer.ok ? issuer.value.key : block.issuer];
}
