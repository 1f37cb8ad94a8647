/** The CAs behind the hostile responder: certificates and signers, valid around a moment of the test's choice. */
import {
  crlDistributionPoints,
  type Extension,
  extendedKeyUsage,
  type Issue,
  type Issued,
  issue,
  issueClient,
  issueRoot,
  keyUsage,
  ocspAccess,
  purposes,
} from '../pki/issue.ts';
import { noCheck } from '../pki/status/issue-status.ts';

export type HostilePki = {
  /** The CA of the clients, an anchor, so that only the status of leaves is asked for. */
  readonly ca: Issued;
  /** May sign certificates and no CRLs. */
  readonly mute: Issued;
  /** Has the name of `ca` and another key. */
  readonly impostor: Issued;
  /** A CA that has nothing to do with `ca`. */
  readonly stranger: Issued;
  /** Signers of OCSP answers: with and without the delegation, of another CA, past its time. */
  readonly delegate: Issued;
  readonly undelegated: Issued;
  readonly strangersDelegate: Issued;
  readonly expiredDelegate: Issued;
  client(subject: string, sources: Sources, options?: Issue): Issued;
};

export type Sources = { readonly ocsp?: string; readonly crl?: string };

const day = 86_400_000;

/** `now` lies within every validity but that of what is expired. */
export function hostilePki(now: Date, name = 'Hostile'): HostilePki {
  const days = (count: number) => new Date(now.getTime() + count * day);
  const validity = { notBefore: days(-30), notAfter: days(300) };
  const ca = issueRoot({ ...validity, subject: `CN=${name} CA` });
  const stranger = issueRoot({ ...validity, subject: `CN=${name} Stranger` });
  const signer = (issuer: Issued, options: Issue = {}) =>
    issue({ ...validity, issuer, subject: `CN=${name} Responder`, extensions: delegation, ...options });
  return {
    ca,
    stranger,
    mute: issueRoot({ ...validity, subject: `CN=${name} Mute`, extensions: [keyUsage(['keyCertSign'])] }),
    impostor: issueRoot({ ...validity, subject: `CN=${name} CA` }),
    delegate: signer(ca),
    undelegated: signer(ca, { extensions: [keyUsage(['digitalSignature']), noCheck] }),
    strangersDelegate: signer(stranger),
    expiredDelegate: signer(ca, { notAfter: days(-1) }),
    client: (subject, sources, { issuer = ca, extensions = [], ...options } = {}) =>
      issueClient(issuer, {
        ...validity,
        notBefore: days(-20),
        subject,
        extensions: [...sourcesOf(sources), ...extensions],
        ...options,
      }),
  };
}

const delegation: readonly Extension[] = [extendedKeyUsage([purposes.ocspSigning]), noCheck];

export const sourcesOf = ({ ocsp, crl }: Sources): readonly Extension[] => [
  ...(ocsp === undefined ? [] : [ocspAccess([ocsp])]),
  ...(crl === undefined ? [] : [crlDistributionPoints([crl])]),
];

/** As a TLS client presents it. */
export const identityOf = ({ pem, key }: Issued) => ({
  certificate: pem,
  key: key.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
});
