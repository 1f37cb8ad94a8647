/** Which IP addresses are public: where a URL out of a certificate may lead (RFC 6890, RFC 4291, IANA special-purpose registries). */
import { isIP } from 'node:net';

/** All addresses whose leading `bits` are those of `network`, an address in octets. */
type Range = { readonly network: readonly number[]; readonly bits: number };

/** What the IANA IPv4 Special-Purpose Address Registry reserves, and multicast. */
const refusedIpv4 = ranges([
  ['0.0.0.0', 8], // RFC 791 §3.2: this network
  ['10.0.0.0', 8], // RFC 1918
  ['100.64.0.0', 10], // RFC 6598: carrier-grade NAT
  ['127.0.0.0', 8], // RFC 1122 §3.2.1.3: loopback
  ['169.254.0.0', 16], // RFC 3927: link-local, and the metadata service of AWS
  ['172.16.0.0', 12], // RFC 1918
  ['192.0.0.0', 24], // RFC 6890 §2.1: IETF protocol assignments
  ['192.0.2.0', 24], // RFC 5737: documentation
  ['192.88.99.0', 24], // RFC 7526: 6to4 relays
  ['192.168.0.0', 16], // RFC 1918
  ['198.18.0.0', 15], // RFC 2544: benchmarking
  ['198.51.100.0', 24], // RFC 5737
  ['203.0.113.0', 24], // RFC 5737
  ['224.0.0.0', 4], // RFC 5771: multicast
  ['240.0.0.0', 4], // RFC 1112 §4: reserved, and broadcast
]);

/** RFC 4291 §2.4: global unicast in use; loopback, ULA, link-local, multicast, IPv4-mapped and NAT64 are outside. */
const globalUnicast = ranges([['2000::', 3]]);

const refusedIpv6 = ranges([
  ['2001::', 23], // RFC 2928: IETF protocol assignments: Teredo, ORCHID, benchmarking
  ['2001:db8::', 32], // RFC 3849: documentation
  ['2002::', 16], // RFC 3056: 6to4 carries an IPv4 address of anybody's choice
  ['3fff::', 20], // RFC 9637: documentation
]);

/** Whether `ip`, an address in text, is public. What does not parse is not. */
export function isPublicAddress(ip: string): boolean {
  const address = octets(ip);
  if (address === undefined) return false;
  if (address.length === 4) return !isInOne(address, refusedIpv4());
  return isInOne(address, globalUnicast()) && !isInOne(address, refusedIpv6()) && !isIsatap(address);
}

function isInOne(address: readonly number[], list: readonly Range[]): boolean {
  return list.some(({ network, bits }) =>
    network.every((octet, index) => {
      const free = Math.max(0, Math.min(8, 8 * (index + 1) - bits));
      return octet >> free === (address[index] ?? 0) >> free;
    }),
  );
}

/** RFC 5214 §6.1: the interface identifier `[02]00:5efe` carries an IPv4 address. */
const isIsatap = (address: readonly number[]) =>
  ((address[8] ?? 0) & 0xfd) === 0 && address[9] === 0 && address[10] === 0x5e && address[11] === 0xfe;

/** Read when the first address is judged: a cold start has no use for the milliseconds that it takes. */
function ranges(list: readonly (readonly [network: string, bits: number])[]): () => readonly Range[] {
  let read: readonly Range[] | undefined;
  return () => {
    read ??= list.map(range);
    return read;
  };
}

function range([text, bits]: readonly [network: string, bits: number]): Range {
  const network = octets(text);
  if (network === undefined) throw new Error(`${text} is no address`);
  return { network, bits };
}

/** The four or sixteen octets of an address; undefined for anything else, an address with a zone (RFC 4007 §11) included. */
function octets(ip: string): readonly number[] | undefined {
  if (isIP(ip) === 4) return ip.split('.').map(Number);
  if (isIP(ip) !== 6 || ip.includes('%')) return undefined;
  const [before = '', after] = ip.split('::');
  const head = groups(before);
  if (after === undefined) return head;
  const tail = groups(after);
  return [...head, ...new Array<number>(16 - head.length - tail.length).fill(0), ...tail];
}

/** RFC 4291 §2.2: groups of four hexadecimal digits, the last two perhaps as an IPv4 address. */
function groups(text: string): readonly number[] {
  return (text === '' ? [] : text.split(':')).flatMap((group) => {
    if (group.includes('.')) return group.split('.').map(Number);
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 0xff];
  });
}
