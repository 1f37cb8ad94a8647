/**
 * The truststore of a custom domain name from the certificates of its tenants, under API Gateway's rules. What API Gateway
 * would refuse, or would let nobody in by, is left out and named, so that one tenant's entry does not keep back another's.
 */
import { createHash, X509Certificate } from 'node:crypto';
import { type Thumbprint, thumbprint } from '../pki/certificate/thumbprint.ts';
import { fail, ok, type Result } from '../result.ts';
import { hasStrongHash, isSelfSigned, isStrong, maxTruststoreBytes, oneLine } from '../truststore-bundle.ts';
import { type ChainProblem, chainProblem } from './chains.ts';

export type Candidate = {
  /** DER. */
  readonly certificate: Uint8Array;
  /** `client`: a self-signed client certificate (RFC 8705 §2.2). */
  readonly type: 'anchor' | 'intermediate' | 'client';
  /** The tenant, or the name of the file. */
  readonly from: string;
};

export type RefusalReason =
  | 'unparsable'
  | 'expired'
  | 'weak_key'
  | 'weak_signature'
  | 'no_ca'
  | 'client_is_ca'
  | 'client_not_self_signed'
  | 'duplicate_subject'
  | ChainProblem;

export type RefusedCertificate = {
  readonly thumbprint: string;
  /** Of the certificate; empty where it cannot be parsed. */
  readonly subject: string;
  readonly from: readonly string[];
  readonly reason: RefusalReason;
  /** What makes it so, for a person to read. */
  readonly detail: string;
};

export type Assembly = {
  readonly pem: string;
  /** Of `pem`, lower-case hex: it depends on the set of certificates alone, not on their order. */
  readonly sha256: string;
  readonly thumbprints: readonly Thumbprint[];
  /** When the first of them expires. */
  readonly expires: Date;
  readonly refused: readonly RefusedCertificate[];
  readonly warnings: readonly string[];
};

export type Listed = Candidate & {
  readonly thumbprint: Thumbprint;
  readonly sources: readonly string[];
  readonly parsed: X509Certificate;
};

type Sorted = { readonly listed: readonly Listed[]; readonly refused: readonly RefusedCertificate[] };

/** What is shown of a name or of the tenants that have a certificate: rows and log lines have their limits. */
const maxShown = 200;
const maxSources = 10;

const shown = (name: string | undefined): string => oneLine(name).slice(0, maxShown);

/** From here on there is a warning: entries are to be removed, or tenants to get hosts of their own. */
export const warningBytes = 800_000;

/**
 * The bundle. `published` are the thumbprints of the present one: of two certificates with one subject, the one that
 * stands there keeps its place. Fails when nothing is left, or when all that is left is too large.
 */
export function assembleTruststore(
  candidates: readonly Candidate[],
  published: ReadonlySet<string>,
  at: Date,
): Result<Assembly, { readonly reasons: readonly string[]; readonly refused: readonly RefusedCertificate[] }> {
  const alone = eachAlone(candidates, at);
  const named = uniqueSubjects(alone.listed, published);
  const { listed, refused: unchained } = completeChains(named.listed);
  const refused = [...alone.refused, ...named.refused, ...unchained];
  const kept = [...listed].sort(byThumbprint);
  const pem = kept.map(({ parsed }) => parsed.toString()).join('');
  if (kept.length === 0) {
    return fail({ reasons: ['no certificate is left to publish; an empty truststore is never published'], refused });
  }
  if (pem.length >= maxTruststoreBytes) {
    const reason = `the ${kept.length} certificates have ${pem.length} bytes; a truststore is smaller than ${maxTruststoreBytes} bytes`;
    return fail({ reasons: [reason], refused });
  }
  const sha256 = createHash('sha256').update(pem).digest('hex');
  const warnings = sizeWarning(pem.length).concat(kept.flatMap(({ parsed }) => dateWarnings(parsed, at)));
  const expires = new Date(Math.min(...kept.map(({ parsed }) => parsed.validToDate.getTime())));
  return ok({ pem, sha256, thumbprints: kept.map((each) => each.thumbprint), expires, refused, warnings });
}

/** Each certificate that is refused for what it is, and the others. */
function eachAlone(candidates: readonly Candidate[], at: Date): Sorted {
  const listed: Listed[] = [];
  const refused: RefusedCertificate[] = [];
  for (const { candidate, sources } of onceEach(candidates)) {
    const id = thumbprint(candidate.certificate);
    const parsed = parse(candidate.certificate);
    const problem: Problem | undefined =
      parsed === undefined ? ['unparsable', 'it is no DER certificate'] : problemOf(parsed, candidate.type, at);
    if (parsed !== undefined && problem === undefined) listed.push({ ...candidate, thumbprint: id, sources, parsed });
    if (problem === undefined) continue;
    const [reason, detail] = problem;
    refused.push({ thumbprint: id, subject: shown(parsed?.subject), from: sources, reason, detail });
  }
  return { listed, refused };
}

type Once = { readonly candidate: Candidate; readonly sources: readonly string[] };

/** One certificate may be a CA of several tenants. */
function onceEach(candidates: readonly Candidate[]): readonly Once[] {
  const grouped = Map.groupBy(candidates, ({ certificate, type }) => `${thumbprint(certificate)} ${type === 'client'}`);
  return [...grouped.values()].flatMap((group) => {
    const [candidate] = group;
    return candidate === undefined
      ? []
      : [{ candidate, sources: [...new Set(group.map(({ from }) => from))].slice(0, maxSources) }];
  });
}

type Problem = readonly [reason: RefusalReason, detail: string];

/** Byte for byte: what follows a certificate is not published with it. */
function parse(der: Uint8Array): X509Certificate | undefined {
  try {
    const parsed = new X509Certificate(der);
    return parsed.raw.equals(der) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

function problemOf(certificate: X509Certificate, type: Candidate['type'], at: Date): Problem | undefined {
  // An expired CA lets nobody in, but it would keep its successor of the same name out.
  if (certificate.validToDate < at) return ['expired', `it was valid until ${certificate.validToDate.toISOString()}`];
  if (!isStrong(certificate)) return ['weak_key', 'API Gateway takes RSA-2048 and ECDSA P-256 or stronger'];
  const selfSigned = isSelfSigned(certificate);
  if (!selfSigned && !hasStrongHash(certificate)) {
    return ['weak_signature', 'API Gateway takes signatures with SHA-256 or stronger'];
  }
  if (type !== 'client') return certificate.ca ? undefined : ['no_ca', 'it is no CA certificate'];
  // RFC 8705 §2.2: whoever it issued certificates for would pass the gateway.
  if (certificate.ca) return ['client_is_ca', 'a client certificate that is a CA lets in whomever it certifies'];
  return selfSigned ? undefined : ['client_not_self_signed', 'its issuer belongs into the truststore instead'];
}

/** API Gateway refuses a whole truststore for two certificates with one subject: the newcomer is left out. */
function uniqueSubjects(listed: readonly Listed[], published: ReadonlySet<string>): Sorted {
  const rank = ({ thumbprint: id }: Listed) => (published.has(id) ? 0 : 1);
  const ranked = [...listed].sort((a, b) => rank(a) - rank(b) || byThumbprint(a, b));
  const owners = new Map<string | undefined, Listed>();
  const refused: RefusedCertificate[] = [];
  for (const each of ranked) {
    const { subject } = each.parsed;
    const owner = owners.get(subject);
    if (owner === undefined) owners.set(subject, each);
    else {
      const detail = `certificate ${owner.thumbprint} of ${owner.sources.join(', ')} has the same subject`;
      refused.push({
        thumbprint: each.thumbprint,
        subject: shown(subject),
        from: each.sources,
        reason: 'duplicate_subject',
        detail,
      });
    }
  }
  return { listed: [...owners.values()], refused };
}

function completeChains(listed: readonly Listed[]): Sorted {
  const problems = chainProblem(listed.map(({ parsed }) => parsed));
  const refused = listed.flatMap((each) => {
    const problem = problems(each.parsed);
    if (problem === undefined) return [];
    const { reason, detail } = problem;
    return [{ thumbprint: each.thumbprint, subject: shown(each.parsed.subject), from: each.sources, reason, detail }];
  });
  return { listed: listed.filter(({ parsed }) => problems(parsed) === undefined), refused };
}

const byThumbprint = (a: Listed, b: Listed) => (a.thumbprint < b.thumbprint ? -1 : 1);

const sizeWarning = (bytes: number): readonly string[] =>
  bytes < warningBytes
    ? []
    : [`the truststore has ${bytes} bytes of the ${maxTruststoreBytes} that it must stay under`];

/** Milliseconds before its expiry from which on a certificate is warned of. */
const soon = 60 * 86_400_000;

function dateWarnings({ validFromDate, validToDate, subject }: X509Certificate, at: Date): readonly string[] {
  if (validFromDate > at) return [`${shown(subject)} is not valid before ${validFromDate.toISOString()}`];
  if (validToDate.getTime() - at.getTime() > soon) return [];
  return [`${shown(subject)} expires at ${validToDate.toISOString()}`];
}
