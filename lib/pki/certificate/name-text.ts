/** The text of a distinguished name, read into its RDNs (RFC 4514 §3), spaces around the separators tolerated (RFC 4514 §2.4). */
import { fail, ok, type Result } from '../../result.ts';
import { type Attribute, attributeOfText, attributeOfValue, type RelativeName } from './attribute.ts';
import { parseAttributeType } from './attribute-type.ts';
import { DerError, root } from './der.ts';

export type NameFailure = { readonly reason: 'name_unparsable'; readonly problem: string; readonly at: number };

type Scanner = { readonly text: string; at: number };

class TextError extends Error {
  readonly at: number;
  constructor(problem: string, at: number) {
    super(problem);
    this.at = at;
  }
}

/** RFC 4514 §3: the RDNs in the order of the text, at least one. */
export function parseRelativeNames(text: string): Result<readonly RelativeName[], NameFailure> {
  try {
    return ok(readRelativeNames({ text, at: 0 }));
  } catch (error) {
    if (error instanceof TextError) return fail({ reason: 'name_unparsable', problem: error.message, at: error.at });
    throw error;
  }
}

function readRelativeNames(scanner: Scanner): readonly RelativeName[] {
  const rdns: Attribute[][] = [];
  let separator = ',';
  do {
    const attribute = readAttribute(scanner);
    if (separator === '+') rdns.at(-1)?.push(attribute);
    else rdns.push([attribute]);
    separator = scanner.text.charAt(scanner.at++);
  } while (separator !== '');
  return rdns;
}

function readAttribute(scanner: Scanner): Attribute {
  skipSpaces(scanner);
  const start = scanner.at;
  const written = /[^\s=,+;<>"\\#]*/y;
  written.lastIndex = start;
  const word = written.exec(scanner.text)?.[0] ?? '';
  if (word === '') throw new TextError('attribute type missing', start);
  const type = parseAttributeType(word);
  if (type === undefined) throw new TextError(`attribute type ${JSON.stringify(word.slice(0, 40))} not known`, start);
  scanner.at += word.length;
  skipSpaces(scanner);
  if (scanner.text.charAt(scanner.at) !== '=') throw new TextError('"=" missing', scanner.at);
  scanner.at++;
  skipSpaces(scanner);
  return scanner.text.charAt(scanner.at) === '#' ? readHex(scanner, type) : attributeOfText(type, readString(scanner));
}

function skipSpaces(scanner: Scanner): void {
  while (scanner.text.charAt(scanner.at) === ' ') scanner.at++;
}

/** RFC 4514 §2.4: `#` and the hexadecimal form of the BER encoding, which must be DER here. */
function readHex(scanner: Scanner, type: string): Attribute {
  const start = scanner.at;
  const pattern = /#((?:[0-9a-f]{2})+) *(?=[,+]|$)/iy;
  pattern.lastIndex = start;
  const found = pattern.exec(scanner.text);
  if (found === null) throw new TextError('not a hexadecimal value', start);
  scanner.at = pattern.lastIndex;
  try {
    return attributeOfValue(type, root(Buffer.from(found[1] ?? '', 'hex')));
  } catch (error) {
    if (error instanceof DerError) throw new TextError(`hexadecimal value: ${error.message}`, start);
    throw error;
  }
}

/** RFC 4514 §3 `string`: up to an unescaped `,` or `+`; spaces at its end count only when escaped. */
function readString(scanner: Scanner): string {
  const start = scanner.at;
  const bytes: number[] = [];
  let significant = 0;
  for (let char = peek(scanner); !',+'.includes(char); char = peek(scanner)) {
    bytes.push(...readCharacter(scanner, char));
    if (char !== ' ') significant = bytes.length;
  }
  try {
    return utf8.decode(Uint8Array.from(bytes.slice(0, significant)));
  } catch {
    throw new TextError('escaped octets are not UTF-8', start);
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The next character; at the end the empty string, which every string includes. */
function peek({ text, at }: Scanner): string {
  const point = text.codePointAt(at);
  return point === undefined ? '' : String.fromCodePoint(point);
}

function readCharacter(scanner: Scanner, char: string): Uint8Array {
  if (char === '\\') return readEscape(scanner);
  if ('";<>\0'.includes(char)) throw new TextError(`${JSON.stringify(char)} must be escaped`, scanner.at);
  scanner.at += char.length;
  return Buffer.from(char);
}

/** RFC 4514 §3 `pair`: a backslash and a special, a space, `#`, `=`, or two hexadecimal digits. */
function readEscape(scanner: Scanner): Buffer {
  const pattern = /\\(?:([ "#+,;<=>\\])|([0-9a-f]{2}))/iy;
  pattern.lastIndex = scanner.at;
  const found = pattern.exec(scanner.text);
  if (found === null) throw new TextError('escape not known', scanner.at);
  scanner.at = pattern.lastIndex;
  return found[1] === undefined ? Buffer.from(found[2] ?? '', 'hex') : Buffer.from(found[1]);
}
