/**
 * The development PKI: a root and an intermediate for clients, OCSP signers for both (RFC 6960 §4.2.2.2), and a TLS
 * server certificate under a root of its own, so that nobody who trusts the one trusts the other.
 */
import { constructedTag, contextTag } from '../pki/certificate/der.ts';
import { write, writeNull, writeSequence } from '../pki/certificate/der-writer.ts';
import {
  type AlternativeName,
  issueCertificate,
  type KeyedCertificate,
  type KeyType,
} from './certificate-authority.ts';

/** What is kept between two runs. */
export type AuthorityRoots = {
  /** The origin of the responder, as the certificates name it. */
  readonly statusUrl: string;
  readonly root: KeyedCertificate;
  readonly intermediate: KeyedCertificate;
  /** The root of the TLS server certificate, good for localhost alone. */
  readonly serverRoot: KeyedCertificate;
};

export type Authority = AuthorityRoots & {
  /** PEM: intermediate and root, the bundle of a tenant that trusts this CA. */
  readonly truststore: string;
  /** The certificate of both hosts and, as PEM, what clients trust it under. */
  readonly server: KeyedCertificate;
  readonly serverCa: string;
  /** RFC 6960 §4.2.2.2: issued by the CA for whose certificates each one answers. */
  readonly ocspSigners: { readonly root: KeyedCertificate; readonly intermediate: KeyedCertificate };
};

export type AuthorityOptions = {
  /** The origin of the responder: `http://127.0.0.1:8888`. */
  readonly statusUrl: string;
  /** Begins the subject of the CA certificates; two CAs in one truststore need different ones. */
  readonly name?: string;
  /** dNSNames of the server certificate besides `localhost`; they lie below it, so the root allows them. */
  readonly serverNames?: readonly string[];
  readonly at?: Date;
};

const day = 86_400_000;
const years = (count: number) => count * 365 * day;

/** A new PKI, in memory. */
export async function createAuthority(options: AuthorityOptions): Promise<Authority> {
  const { statusUrl, name = 'Certbound Development', at = new Date() } = options;
  const validity = validFor(years(10), at);
  const root = await issueCertificate(undefined, { ...validity, subject: `CN=${name} Root CA`, ca: { pathLength: 1 } });
  const intermediate = await issueCertificate(root, {
    ...validity,
    subject: `CN=${name} Intermediate CA`,
    ca: { pathLength: 0 },
    status: statusOf(statusUrl, 'root'),
  });
  const serverRoot = await issueCertificate(undefined, {
    ...validity,
    subject: `CN=${name} Server Root CA`,
    ca: { pathLength: 0 },
    extensions: [{ oid: nameConstraints, critical: true, value: onlyLocalhost() }],
  });
  return withSigners({ statusUrl, root, intermediate, serverRoot }, options);
}

/** The certificates that are made anew at each start, so that none of them is ever found expired. */
export async function withSigners(
  roots: AuthorityRoots,
  { serverNames = [], at = new Date() }: Pick<AuthorityOptions, 'serverNames' | 'at'>,
): Promise<Authority> {
  const { root, intermediate, serverRoot } = roots;
  return {
    ...roots,
    truststore: `${intermediate.certificate}${root.certificate}`,
    serverCa: serverRoot.certificate,
    server: await issueCertificate(serverRoot, {
      ...validFor(years(1), at),
      subject: 'CN=localhost',
      subjectAltName: [
        ...['localhost', ...serverNames].map((value): AlternativeName => ({ type: 'dNSName', value })),
        { type: 'iPAddress', value: '127.0.0.1' },
        { type: 'iPAddress', value: '::1' },
      ],
      eku: ['serverAuth'],
    }),
    ocspSigners: {
      root: await ocspSigner(root, 'Root', at),
      intermediate: await ocspSigner(intermediate, 'Intermediate', at),
    },
  };
}

export const statusSources = ['ocsp', 'crl', 'none'] as const;
export type StatusSource = (typeof statusSources)[number];

export type LeafRequest = {
  /** RFC 4514 text, the most specific RDN first. */
  readonly subject: string;
  readonly subjectAltName?: readonly AlternativeName[];
  /** 90 without it and without `notAfter`. */
  readonly days?: number;
  readonly notBefore?: Date;
  readonly notAfter?: Date;
  /** clientAuth without it; `[]` for no extension. */
  readonly eku?: readonly string[];
  /** A CA certificate where a leaf is expected: for tests. */
  readonly ca?: true;
  /** An existing key, PKCS #8 PEM: renewal with the same key. */
  readonly key?: string;
  readonly keyType?: KeyType;
  readonly hash?: 'SHA-1' | 'SHA-256';
  /** Who signs: the intermediate without it. */
  readonly issuer?: 'root' | 'intermediate';
  /** The only source of its status that the certificate names, or `none`; both without it. */
  readonly status?: StatusSource;
};

/** Issues a client certificate; whether it is a good one is the request's business. */
export function issueLeaf(authority: Authority, request: LeafRequest, at = new Date()): Promise<KeyedCertificate> {
  const { subject, days = 90, issuer = 'intermediate', eku = ['clientAuth'], ca, status, ...rest } = request;
  return issueCertificate(authority[issuer], {
    ...validFor(days * day, at),
    subject,
    eku,
    ...(ca && { ca: {} }),
    status: statusOf(authority.statusUrl, issuer, status),
    ...given(rest),
  });
}

/** Without members that a spread would set to undefined. */
function given<T extends object>(members: T): T {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as T;
}

/** A minute back, for clocks that differ. */
const validFor = (duration: number, at: Date) => ({
  notBefore: new Date(at.getTime() - 60_000),
  notAfter: new Date(at.getTime() + duration),
});

const statusOf = (statusUrl: string, issuer: string, only?: StatusSource) => ({
  ...((only ?? 'ocsp') === 'ocsp' && { ocsp: `${statusUrl}/ocsp` }),
  ...((only ?? 'crl') === 'crl' && { crl: `${statusUrl}/crl/${issuer}.crl` }),
});

/** RFC 6960 §4.2.2.2.1: nobody is to ask for the status of the one who tells it. */
const ocspSigner = (issuer: KeyedCertificate, name: string, at: Date) =>
  issueCertificate(issuer, {
    ...validFor(years(1), at),
    subject: `CN=Certbound Development ${name} OCSP Signer`,
    eku: ['OCSPSigning'],
    extensions: [{ oid: '1.3.6.1.5.5.7.48.1.5', critical: false, value: writeNull() }],
  });

const nameConstraints = '2.5.29.30';

/** RFC 5280 §4.2.1.10: a stolen development root is of no use against any other name. */
function onlyLocalhost(): Uint8Array {
  const loopback4 = Uint8Array.of(127, 0, 0, 0, 255, 0, 0, 0);
  const loopback6 = Uint8Array.from({ length: 32 }, (_, octet) => (octet === 15 ? 1 : octet < 16 ? 0 : 255));
  const permitted = [
    write(contextTag(2), Buffer.from('localhost')),
    write(contextTag(7), loopback4),
    write(contextTag(7), loopback6),
  ];
  return writeSequence(write(constructedTag(0), ...permitted.map((base) => writeSequence(base))));
}
