/** The two hosts of an issuer in the configuration: names, zone, certificates, and the first truststore. */
import type { Host } from '../routes.ts';
import { parseTruststoreBundle, type TruststoreBundle } from '../truststore-bundle.ts';
import { hostProblems, missingCertificates } from './configuration-relations.ts';
import { matching, parseCertificates, problem } from './configuration-values.ts';
import type { KeyReader } from './key-reader.ts';

export type HostConfiguration = {
  /** The public host; `https://` before it is the issuer (RFC 8414 §2). */
  readonly domainName: string;
  /** The host that demands a certificate for every request (RFC 8705 §5). */
  readonly mtlsDomainName: string;
  /** The public hosted zone of both hosts; the records are the operator's where it is absent. */
  readonly zone?: HostedZone;
  /** By region, an ACM certificate for the hosts; one is made and validated in the zone where there is none. */
  readonly certificateArns: Readonly<Record<string, string>>;
  /** API Gateway: a public ACM certificate for the mTLS host, needed where that of its region is an imported one. */
  readonly ownershipCertificateArns: Readonly<Record<string, string>>;
  /** The truststore that the mTLS host begins with. */
  readonly truststore: { readonly path: string; readonly bundle: TruststoreBundle };
};

export type HostedZone = { readonly hostedZoneId: string; readonly zoneName: string };

const host = /^(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])$/;
const certificatesAllowed = 'the ARN of an ACM certificate, one for each region';

/** Whether this may be the name of a host. */
export const isHost = (text: string): boolean => host.test(text);

/** What is wrong is remembered by `reader`; any member may be undefined then. `readFile` reads the truststore. */
export function readHosts(
  reader: KeyReader,
  regions: readonly string[],
  readFile: (path: string) => string,
): HostConfiguration {
  const { read, optional, problems, named } = reader;
  const before = problems.length;
  const hostedZoneId = optional('hostedZoneId', 'the id of a Route 53 hosted zone, Z…', /^Z[A-Z0-9]{1,31}$/);
  const zoneName = optional('hostedZoneName', 'the name of that hosted zone, in lower case', host);
  const isZoneWrong = problems.length > before;
  const path = read('initialTruststore', undefined, 'the path of a PEM file', matching(/^.+$/));
  const hosts = {
    domainName: read('domainName', undefined, 'a host name in lower case', matching(host)),
    mtlsDomainName: read('mtlsDomainName', undefined, 'a host name in lower case', matching(host)),
    zone: hostedZoneId && zoneName ? { hostedZoneId, zoneName } : undefined,
    certificateArns: read('certificateArn', [], certificatesAllowed, parseCertificates),
    ownershipCertificateArns: read('ownershipCertificateArn', [], certificatesAllowed, parseCertificates),
    truststore: { path, bundle: readBundle(path, reader, readFile) },
  };
  problems.push(...hostProblems(hosts, regions, named));
  if (isZoneWrong) return hosts;
  if ((hostedZoneId === undefined) !== (zoneName === undefined)) {
    problems.push(`${named('hostedZoneId')}, ${named('hostedZoneName')}: a hosted zone needs both, or neither`);
  } else if (hostedZoneId === undefined) problems.push(...missingCertificates(hosts, regions, named));
  return hosts;
}

function readBundle(
  path: string | undefined,
  { problems, named }: KeyReader,
  readFile: (path: string) => string,
): TruststoreBundle {
  const refuse = (reasons: readonly string[]) => {
    problems.push(...reasons.map((reason) => problem(named('initialTruststore'), path, reason)));
    return undefined as never;
  };
  if (path === undefined) return undefined as never;
  try {
    const bundle = parseTruststoreBundle(readFile(path));
    return bundle.ok ? bundle.value : refuse(bundle.failure);
  } catch (error) {
    return refuse([`a file that can be read (${error instanceof Error ? error.message : String(error)})`]);
  }
}

/** The hosts of one region alone, where there are several: `auth-eu-west-1.example.com`, `mtls.auth-eu-west-1.example.com`. */
export function regionalHosts(
  { domainName, mtlsDomainName }: Pick<HostConfiguration, 'domainName' | 'mtlsDomainName'>,
  region: string,
): Readonly<Record<Host, string>> {
  const regional = (name: string) => name.replace('.', `-${region}.`);
  const before = mtlsDomainName.endsWith(`.${domainName}`) ? mtlsDomainName.slice(0, -domainName.length) : undefined;
  return {
    public: regional(domainName),
    mtls: before === undefined ? regional(mtlsDomainName) : `${before}${regional(domainName)}`,
  };
}
