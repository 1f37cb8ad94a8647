/** The textual encoding of certificates (RFC 7468): strict about what is between the lines of a block, lax about what is around it. */
export type PemBlock = {
  readonly label: string;
  /** Line of the BEGIN, counted from 1. */
  readonly line: number;
  /** Undefined where the text between is not base64 or where its END is missing. */
  readonly der: Uint8Array | undefined;
  readonly problem?: string;
};

const boundary = /^[ \t]*-----(BEGIN|END) ([ -~]{0,64}?)-----[ \t]*$/;

/** RFC 7468 §2: every block of a text; explanatory text outside of blocks is skipped, any line end is read. */
export function parsePem(text: string): readonly PemBlock[] {
  const blocks: PemBlock[] = [];
  let open: Open | undefined;
  for (const [index, line] of text.split(/\r\n|\n|\r/).entries()) {
    const [, kind, label = ''] = boundary.exec(line) ?? [];
    if (kind === undefined) {
      open?.base64.push(line);
      continue;
    }
    if (open !== undefined) blocks.push(kind === 'END' ? finished(open, label) : unfinished(open));
    open = kind === 'BEGIN' ? { label, line: index + 1, base64: [] } : undefined;
  }
  if (open !== undefined) blocks.push(unfinished(open));
  return blocks;
}

type Open = { readonly label: string; readonly line: number; readonly base64: string[] };

const unfinished = ({ label, line }: Open): PemBlock => ({
  label,
  line,
  der: undefined,
  problem: `the block has no line "-----END ${label}-----"`,
});

function finished(open: Open, ending: string): PemBlock {
  if (ending !== open.label) return unfinished(open);
  const { label, line, base64 } = open;
  const der = parseBase64(base64.join(''));
  return der === undefined ? { label, line, der, problem: 'the block is not base64' } : { label, line, der };
}

/** RFC 4648 §4, padding included; white space is skipped, bits that the decoder would drop are refused. */
function parseBase64(text: string): Uint8Array | undefined {
  const compact = text.replace(/\s+/g, '');
  const der = Buffer.from(compact, 'base64');
  return compact !== '' && der.toString('base64') === compact ? der : undefined;
}
