/** IP addresses: text into the octets of an iPAddress name (RFC 5280 §4.2.1.6, RFC 4291 §2.2), which alone are compared. */

/** The 4 or 16 octets of an address; undefined for anything else, such as a zone, a mask or an octal number. */
export function parseAddress(text: string): Uint8Array | undefined {
  return text.includes(':') ? parseIpv6(text) : parseIpv4(text);
}

function parseIpv4(text: string): Uint8Array | undefined {
  const octets = text.split('.');
  if (octets.length !== 4 || !octets.every((octet) => /^(?:0|[1-9]\d{0,2})$/.test(octet) && Number(octet) < 256)) {
    return undefined;
  }
  return Uint8Array.from(octets.map(Number));
}

function parseIpv6(text: string): Uint8Array | undefined {
  const halves = text.split('::');
  const [head, tail] = halves.map(parseGroups);
  if (halves.length > 2 || head === undefined) return undefined;
  if (halves.length === 1) return head.length === 16 ? Uint8Array.from(head) : undefined;
  // RFC 4291 §2.2 (2): `::` stands for at least one group of zeros.
  if (tail === undefined || head.length + tail.length > 14) return undefined;
  return Uint8Array.from([...head, ...new Array<number>(16 - head.length - tail.length).fill(0), ...tail]);
}

/** Groups of 16 bits; the last may be an IPv4 address (RFC 4291 §2.2 (3)). */
function parseGroups(text: string, half: number, halves: readonly string[]): number[] | undefined {
  if (text === '') return [];
  const groups = text.split(':');
  const octets: number[] = [];
  for (const [index, group] of groups.entries()) {
    const last = half === halves.length - 1 && index === groups.length - 1;
    const parsed = parseGroup(group, last);
    if (parsed === undefined) return undefined;
    octets.push(...parsed);
  }
  return octets;
}

function parseGroup(group: string, last: boolean): readonly number[] | undefined {
  if (/^[0-9a-f]{1,4}$/i.test(group)) {
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 0xff];
  }
  const ipv4 = last ? parseIpv4(group) : undefined;
  return ipv4 && [...ipv4];
}
