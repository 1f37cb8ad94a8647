import assert from 'node:assert/strict';
import { BlockList } from 'node:net';
import { test } from 'node:test';
import fc from 'fast-check';
import { isPublicAddress } from '../../../lib/adapters/http/address.ts';

const refused: Readonly<Record<string, readonly string[]>> = {
  'RFC 791 §3.2: this network': ['0.0.0.0', '0.255.255.255'],
  'RFC 1918: private': ['10.0.0.0', '10.255.255.255', '172.16.0.0', '172.31.255.255', '192.168.0.0', '192.168.255.255'],
  'RFC 6598: carrier-grade NAT': ['100.64.0.0', '100.127.255.255', '100.100.100.200'],
  'RFC 1122 §3.2.1.3: loopback': ['127.0.0.1', '127.0.0.0', '127.255.255.255'],
  'RFC 3927: link-local and the metadata service': [
    '169.254.169.254',
    '169.254.0.0',
    '169.254.170.2',
    '169.254.255.255',
  ],
  'RFC 6890 §2.1: protocol assignments': ['192.0.0.0', '192.0.0.170', '192.0.0.255'],
  'RFC 5737: documentation': ['192.0.2.1', '198.51.100.1', '203.0.113.255'],
  'RFC 7526: 6to4 relay': ['192.88.99.1'],
  'RFC 2544: benchmarking': ['198.18.0.0', '198.19.255.255'],
  'RFC 5771: multicast': ['224.0.0.1', '239.255.255.255'],
  'RFC 1112 §4: reserved and broadcast': ['240.0.0.1', '255.255.255.255'],
  'RFC 4291 §2.5.2: unspecified': ['::', '0:0:0:0:0:0:0:0'],
  'RFC 4291 §2.5.3: loopback': ['::1', '0::1', '0:0:0:0:0:0:0:1'],
  'RFC 4291 §2.5.5.1: IPv4-compatible': ['::8.8.8.8', '::7f00:1'],
  'RFC 4291 §2.5.5.2: IPv4-mapped': ['::ffff:127.0.0.1', '::ffff:7f00:1', '::ffff:169.254.169.254', '::ffff:8.8.8.8'],
  'RFC 2765 §2.1: IPv4-translated': ['::ffff:0:127.0.0.1', '::ffff:0:8.8.8.8'],
  'RFC 6052, RFC 8215: NAT64': ['64:ff9b::169.254.169.254', '64:ff9b::808:808', '64:ff9b:1::1'],
  'RFC 3056: 6to4': ['2002:7f00:1::', '2002:a9fe:a9fe::1', '2002:808:808::1'],
  'RFC 4380: Teredo': ['2001::1', '2001:0:53aa:64c:0:0:0:0'],
  'RFC 2928: protocol assignments': ['2001:2::1', '2001:10::1', '2001:20::1', '2001:1ff:ffff::1'],
  'RFC 3849, RFC 9637: documentation': ['2001:db8::1', '2001:db8:ffff::', '3fff::1', '3fff:fff::1'],
  'RFC 4193: unique local, and the metadata service over IPv6': ['fc00::1', 'fd00:ec2::254', 'fdff::1'],
  'RFC 4291 §2.5.6: link-local': ['fe80::1', 'febf::1', 'fe80::1%eth0'],
  'RFC 3879: site-local': ['fec0::1'],
  'RFC 4291 §2.7: multicast': ['ff02::1', 'ff0e::1'],
  'RFC 6666: discard-only': ['100::1'],
  'RFC 5214 §6.1: ISATAP': ['2a00:1450::5efe:7f00:1', '2a00:1450::200:5efe:10.0.0.1'],
  'RFC 4291 §2.4: outside global unicast': ['1fff::1', '4000::1', '5f00::1'],
  'what is no address': [
    '',
    'localhost',
    '8.8.8',
    '8.8.8.8.8',
    '08.8.8.8',
    '8.8.8.256',
    '0x8.8.8.8',
    '134744072',
    '8.8.8.8 ',
    '[2606:4700::1111]',
    '2606:4700:::1111',
    '2606:4700::1111::',
    '2606:4700::1111%0',
    '2606:4700',
    '8.8.8.8/32',
    '2606:4700::1111\r\n',
  ],
};

for (const [what, addresses] of Object.entries(refused)) {
  test(`${what}: is not public`, () => {
    assert.deepEqual(addresses.filter(isPublicAddress), []);
  });
}

test('RFC 4291 §2.4: global unicast is public up to the edges of what is refused', () => {
  const open = [
    '1.1.1.1',
    '8.8.8.8',
    '9.255.255.255',
    '11.0.0.0',
    '100.63.255.255',
    '100.128.0.0',
    '126.255.255.255',
    '128.0.0.0',
    '169.253.255.255',
    '169.255.0.0',
    '172.15.255.255',
    '172.32.0.0',
    '192.0.1.0',
    '192.167.255.255',
    '192.169.0.0',
    '198.17.255.255',
    '198.20.0.0',
    '223.255.255.255',
    '2000::1',
    '2001:200::1',
    '2001:db7:ffff::1',
    '2001:db9::1',
    '2003::1',
    '2606:4700::1111',
    '2A00:1450:4001:82B::200E',
    '3ffe:ffff::1',
    '3fff:1000::1',
  ];
  assert.deepEqual(
    open.filter((ip) => !isPublicAddress(ip)),
    [],
  );
});

/** The same ranges told to node:net, as an oracle for the arithmetic. */
function oracle(): BlockList {
  const list = new BlockList();
  const subnets =
    '0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 ' +
    '192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4';
  for (const subnet of subnets.split(' ')) {
    const [network = '', bits] = subnet.split('/');
    list.addSubnet(network, Number(bits), 'ipv4');
  }
  return list;
}

test('RFC 6890: every IPv4 address is judged as node:net judges it by the same ranges', () => {
  const list = oracle();
  fc.assert(
    fc.property(fc.ipV4(), (ip) => {
      assert.equal(isPublicAddress(ip), !list.check(ip, 'ipv4'));
    }),
    { numRuns: 5_000 },
  );
});

test('RFC 4291 §2.5.5, RFC 6052, RFC 3056: no IPv6 form that carries an IPv4 address is public', () => {
  fc.assert(
    fc.property(fc.ipV4(), (ip) => {
      const [a = 0, b = 0, c = 0, d = 0] = ip.split('.').map(Number);
      const high = (a * 256 + b).toString(16);
      const low = (c * 256 + d).toString(16);
      const forms = [`::${ip}`, `::ffff:${ip}`, `::ffff:0:${ip}`, `64:ff9b::${ip}`, `64:ff9b:1::${ip}`];
      const hexadecimal = [`::ffff:${high}:${low}`, `2002:${high}:${low}::1`, `2a00::200:5efe:${high}:${low}`];
      assert.deepEqual([...forms, ...hexadecimal].filter(isPublicAddress), []);
    }),
  );
});

test('RFC 4291 §2.2: the spelling of an IPv6 address does not change the verdict', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(0xffff), { minLength: 8, maxLength: 8 }), (groups) => {
      const full = groups.map((group) => group.toString(16).padStart(4, '0')).join(':');
      const canonical = new URL(`http://[${full}]`).hostname.slice(1, -1);
      assert.equal(isPublicAddress(full.toUpperCase()), isPublicAddress(canonical));
    }),
  );
});

test('RFC 4291 §2.4: whatever is not in 2000::/3 is not public', () => {
  const outside = fc.nat(0xffff).filter((group) => group >> 13 !== 1);
  fc.assert(
    fc.property(outside, fc.array(fc.nat(0xffff), { minLength: 7, maxLength: 7 }), (first, rest) => {
      assert.equal(isPublicAddress([first, ...rest].map((group) => group.toString(16)).join(':')), false);
    }),
  );
});

test('pki §4: no text makes the classification throw', () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.string(), fc.ipV6(), fc.string({ unit: fc.constantFrom(...'0123456789abcdef:.%') })),
      (text) => {
        assert.equal(typeof isPublicAddress(text), 'boolean');
      },
    ),
  );
});
