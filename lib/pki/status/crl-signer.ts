/** Whose key signed a CRL, and whether it may (RFC 5280 §6.3.3 (f) and (g)). */
import { fail, ok, type Result } from '../../result.ts';
import type { Certificate } from '../certificate/certificate.ts';
import { matchName } from '../certificate/name.ts';
import { verifySignature } from '../certificate/signature.ts';
import { type SignatureAlgorithms, strictAlgorithms } from '../certificate/signature-algorithms.ts';
import type { Crl } from './crl.ts';
import type { Refused } from './finding.ts';

export type SignerOptions = {
  /** The valid path above the certificate: its issuer first, the trust anchor last. */
  readonly authorities: readonly Certificate[];
  /**
   * Valid paths to the *same* anchor from certificates that are not on the path and have the name of a CRL's issuer, each
   * with the signer first. Without it only certificates of the path sign.
   */
  readonly signerPaths?: ((crl: Crl) => readonly SignerPath[]) | undefined;
  /** A weaker set is for old test vectors alone. */
  readonly algorithms?: SignatureAlgorithms | undefined;
};

/** The path of the signer's certificate, the signer first; those of the certificate's own path need no further check. */
export type SignerPath = readonly [signer: Certificate, ...authorities: readonly Certificate[]];

/** Namesakes of a CRL's issuer; each costs a signature check over all of the CRL. */
const maximumSigners = 4;

/** Signatures that were found good, by CRL and key: a CRL of a megabyte is hashed once, not once a certificate. */
const verified = new WeakMap<Crl, Set<string>>();

/** RFC 5280 §6.3.3 (f), (g): the first certificate with the issuer's name, cRLSign and the key that made the signature. */
export function findSigner(crl: Crl, options: SignerOptions): Result<SignerPath, Refused> {
  const problems = ['nobody with the name of the CRL issuer is trusted'];
  for (const path of signersOf(crl, options)) {
    const problem = signatureProblem(crl, path[0], options.algorithms);
    if (problem === undefined) return ok(path);
    problems.push(problem);
  }
  return fail({ status: 'untrusted', detail: problems.at(-1) ?? '' });
}

function signersOf(crl: Crl, { authorities, signerPaths = () => [] }: SignerOptions): readonly SignerPath[] {
  const onPath = authorities.map((signer, index): SignerPath => [signer, ...authorities.slice(index + 1)]);
  const named = onPath.filter(([signer]) => matchName(signer.subject, crl.issuer));
  return [...named, ...signerPaths(crl)].slice(0, maximumSigners);
}

/** (f): keyUsage, where there is one, has cRLSign. (g): the key made the signature. */
export function signatureProblem(crl: Crl, signer: Certificate, algorithms = strictAlgorithms): string | undefined {
  if (signer.keyUsage?.has('cRLSign') === false) return 'the CRL issuer may not sign CRLs';
  if (crl.kept) return crl.kept.signer === signer.spkiSha256 ? undefined : 'the CRL was kept under another key';
  const memory = verified.get(crl) ?? new Set();
  const entry = `${signer.spkiSha256} ${algorithms.hashes.join()} ${algorithms.minimumRsaBits}`;
  if (memory.has(entry)) return undefined;
  const verdict = verifySignature(crl.signed, signer.publicKeyInfo, algorithms);
  if (!verdict.ok) return `the signature of the CRL: ${verdict.failure.reason}`;
  verified.set(crl, memory.add(entry));
  return undefined;
}
