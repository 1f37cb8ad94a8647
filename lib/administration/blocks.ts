/** The operator's blocks: certificates and CAs that are refused whatever their issuer says of them (RFC 5280 §3.3). */
import type { AuditStore, BlockStore, StoredBlock, TenantStore, TruststoreStore } from '../oauth/ports.ts';
import { type Certificate, parseTrustedEncoding } from '../pki/certificate/certificate.ts';
import { matchName, matchNameReversed, type Name, parseName, printName } from '../pki/certificate/name.ts';
import { ok } from '../result.ts';
import type { Block } from '../status/blocks.ts';
import { oneCertificate } from './certificate-file.ts';
import { epochSeconds, type Operator, type Refusable, recorded, refuse, registeredTenant } from './change.ts';
import { parseThumbprint, thumbprintForms } from './thumbprint-text.ts';

export type BlockPorts = {
  readonly tenants: Pick<TenantStore, 'find'>;
  readonly truststore: Pick<TruststoreStore, 'entries'>;
  readonly blocks: BlockStore;
  readonly audit: Pick<AuditStore, 'change'>;
};

/** What to block, as an operator has it. */
export type BlockInput =
  | { readonly by: 'thumbprint'; readonly thumbprint: string }
  | { readonly by: 'certificate'; readonly file: Uint8Array }
  /** RFC 5280 §4.1.2.2; the issuer in RFC 4514 text. Tools print serial numbers in hexadecimal, mostly without saying so. */
  | { readonly by: 'serial'; readonly serial: string; readonly base: 10 | 16; readonly issuer: string }
  /** A CA: its key, in whichever certificates it stands. */
  | { readonly by: 'authority'; readonly file: Uint8Array };

export type BlockChange = {
  readonly tenant: string;
  readonly block: StoredBlock;
  readonly text: string;
  readonly cautions: readonly string[];
};

/** At most this many characters of an operator's words. */
export const maxNoteLength = 200;

/** Blocks; the same again changes the note. It is seen within `registryMaxAge`, at issue and at introspection. */
export async function addBlock(
  name: string,
  input: BlockInput,
  note: string | undefined,
  operator: Operator,
  ports: BlockPorts,
): Promise<Refusable<BlockChange>> {
  const found = await blockOf(name, input, ports);
  if (!found.ok) return found;
  if (note !== undefined && !/^[^\p{Cc}\u2028\u2029]{1,200}$/u.test(note)) {
    const problem = `must be 1 to ${maxNoteLength} characters in one line`;
    return refuse({ what: 'note', value: note, problem, remedy: 'shorten it' });
  }
  const { cautions } = found.value;
  const known = (await ports.blocks.list(name)).find((each) => sameBlock(each, found.value.block));
  const block = known === undefined ? found.value.block : withoutNote(known);
  const stored: StoredBlock = { ...block, added_at: epochSeconds(operator.at), ...(note !== undefined && { note }) };
  const change = { action: 'block.add', subject: describeBlock(block), ...(note !== undefined && { detail: note }) };
  await recorded(name, operator, change, ports, () => ports.blocks.add(name, stored));
  return ok({ tenant: name, block: stored, text: describeBlock(block), cautions });
}

const withoutNote = ({ added_at: _, note: __, ...block }: StoredBlock): Block => block;

/** Takes a block away: tokens that it made inactive are active again, if they still live. */
export async function removeBlock(
  name: string,
  input: BlockInput,
  operator: Operator,
  ports: BlockPorts,
): Promise<Refusable<Omit<BlockChange, 'cautions'>>> {
  const found = await blockOf(name, input, ports);
  if (!found.ok) return found;
  const text = describeBlock(found.value.block);
  const stored = (await ports.blocks.list(name)).find((each) => sameBlock(each, found.value.block));
  if (stored === undefined) {
    const remedy = `see «block list --tenant ${name}»`;
    return refuse({ what: 'block', value: text, problem: `there is none in tenant ${name}`, remedy });
  }
  const change = { action: 'block.remove', subject: text };
  await recorded(name, operator, change, ports, () => ports.blocks.remove(name, stored));
  return ok({ tenant: name, block: stored, text });
}

export async function listBlocks(
  name: string,
  ports: Pick<BlockPorts, 'tenants' | 'blocks'>,
): Promise<Refusable<readonly StoredBlock[]>> {
  const tenant = await registeredTenant(name, ports);
  return tenant.ok ? ok(await ports.blocks.list(name)) : tenant;
}

/** One line; a certificate and a CA by their thumbprint, a serial number as `openssl x509 -serial` prints it. */
export function describeBlock(block: Block): string {
  switch (block.kind) {
    case 'certificate':
      return `certificate ${block.thumbprint}`;
    case 'serial_number':
      return `serial number ${block.serialNumber} of ${block.issuer}`;
    case 'authority':
      return `CA key ${block.spkiSha256}`;
  }
}

/** RFC 5280 §7.1: two texts of one issuer name one serial number. */
function sameBlock(a: Block, b: Block): boolean {
  if (a.kind !== 'serial_number' || b.kind !== 'serial_number') return describeBlock(a) === describeBlock(b);
  const [one, other] = [parseName(a.issuer), parseName(b.issuer)];
  return a.serialNumber === b.serialNumber && one.ok && other.ok && matchName(one.value, other.value);
}

type Found = { readonly block: Block; readonly cautions: readonly string[] };

async function blockOf(
  name: string,
  input: BlockInput,
  ports: Pick<BlockPorts, 'tenants' | 'truststore'>,
): Promise<Refusable<Found>> {
  const tenant = await registeredTenant(name, ports);
  if (!tenant.ok) return tenant;
  switch (input.by) {
    case 'thumbprint':
      return blockOfThumbprint(input.thumbprint);
    case 'certificate':
      return blockOfCertificate(input.file);
    case 'authority':
      return blockOfAuthority(input.file);
    case 'serial':
      return blockOfSerial(name, input, ports);
  }
}

function blockOfThumbprint(text: string): Refusable<Found> {
  const thumbprint = parseThumbprint(text);
  if (thumbprint !== undefined) return ok({ block: { kind: 'certificate', thumbprint }, cautions: [] });
  const remedy = 'openssl x509 -noout -fingerprint -sha256 prints it; or name the file of the certificate';
  return refuse({ what: 'thumbprint', value: text, problem: `must be ${thumbprintForms}`, remedy });
}

function blockOfCertificate(file: Uint8Array): Refusable<Found> {
  const certificate = oneCertificate('certificate', file);
  if (!certificate.ok) return certificate;
  const isCa = certificate.value.basicConstraints?.cA === true;
  const caution = 'this is one certificate of a CA; another one with the same key is not blocked: block the CA by --ca';
  return ok({
    block: { kind: 'certificate', thumbprint: certificate.value.thumbprint },
    cautions: isCa ? [caution] : [],
  });
}

function blockOfAuthority(file: Uint8Array): Refusable<Found> {
  const certificate = oneCertificate('CA certificate', file);
  if (!certificate.ok) return certificate;
  const { basicConstraints, subject, spkiSha256 } = certificate.value;
  if (basicConstraints?.cA === true) return ok({ block: { kind: 'authority', spkiSha256 }, cautions: [] });
  const problem = 'is the certificate of no CA';
  return refuse({ what: 'CA certificate', value: printName(subject), problem, remedy: 'block it as a certificate' });
}

async function blockOfSerial(
  name: string,
  { serial, base, issuer }: Extract<BlockInput, { by: 'serial' }>,
  { truststore }: Pick<BlockPorts, 'truststore'>,
): Promise<Refusable<Found>> {
  const serialNumber = parseSerial(serial, base);
  if (serialNumber === undefined) {
    const allowed = base === 16 ? 'hexadecimal digits, with or without colons or 0x' : 'decimal digits';
    const problem = `must be a positive number of at most 20 octets in ${allowed}`;
    return refuse({ what: 'serial number', value: serial, problem, remedy: 'openssl x509 -noout -serial prints it' });
  }
  const parsed = parseName(issuer);
  if (!parsed.ok) {
    const problem = `is no RFC 4514 distinguished name: ${parsed.failure.problem} at character ${parsed.failure.at + 1}`;
    const remedy = 'write it most specific first, as «openssl x509 -noout -issuer -nameopt RFC2253» prints it';
    return refuse({ what: 'issuer', value: issuer, problem, remedy });
  }
  const known = (await truststore.entries(name)).flatMap(({ certificate }) => subjectOf(certificate) ?? []);
  return knownIssuer({ kind: 'serial_number', issuer: printName(parsed.value), serialNumber }, parsed.value, known);
}

/** A block whose issuer is written the wrong way round would block nothing, and nobody would know. */
function knownIssuer(block: Block, issuer: Name, known: readonly Name[]): Refusable<Found> {
  if (known.some((subject) => matchName(subject, issuer))) return ok({ block, cautions: [] });
  const reversed = known.find((subject) => matchNameReversed(subject, issuer));
  if (reversed === undefined) {
    return ok({ block, cautions: [`no entry of the truststore has the subject ${printName(issuer)}`] });
  }
  const problem = 'matches an entry of the truststore in reverse order only';
  return refuse({ what: 'issuer', value: printName(issuer), problem, remedy: `write ${printName(reversed)}` });
}

function subjectOf(der: Uint8Array): Certificate['subject'] | undefined {
  const parsed = parseTrustedEncoding(der);
  return parsed.ok ? parsed.value.subject : undefined;
}

/** As in `Certificate.serialNumber`: lower-case hexadecimal without leading zeros. RFC 5280 §4.1.2.2: positive, 20 octets. */
function parseSerial(text: string, base: 10 | 16): string | undefined {
  const digits =
    base === 16
      ? text
          .trim()
          .replace(/^0x|^serial=/i, '')
          .replaceAll(':', '')
      : text.trim();
  const pattern = base === 16 ? /^[0-9a-f]{1,42}$/i : /^[0-9]{1,50}$/;
  if (!pattern.test(digits)) return undefined;
  const value = BigInt(base === 16 ? `0x${digits}` : digits);
  return value > 0n && value < 1n << 160n ? value.toString(16) : undefined;
}
