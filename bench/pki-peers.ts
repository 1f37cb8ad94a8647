/** The same verdicts by pkijs, where it is installed: a library that knows paths, OCSP and CRLs (though not all of their rules). */
/** What both sides judge: DER, the end entity first, the anchor last. */
export type PeerInput = {
  readonly chain: readonly [Uint8Array, Uint8Array, Uint8Array];
  readonly ocsp: Uint8Array;
  readonly at: Date;
};

export type Peer = {
  readonly chain: () => Promise<void>;
  readonly ocsp: () => Promise<void>;
  /** Whether it can read the CRL at all: its ASN.1 parser ends at 10,000 elements. */
  readonly readsCrl: (der: Uint8Array) => boolean;
};

/** Undefined where pkijs is not installed. */
export async function pkijsPeer({ chain, ocsp, at }: PeerInput): Promise<Peer | undefined> {
  const pkijs = await import('pkijs').catch(() => undefined);
  if (pkijs === undefined) return undefined;
  const parse = (der: Uint8Array) => pkijs.Certificate.fromBER(Uint8Array.from(der));
  const [leaf, issuer, anchor] = chain;
  const parsedIssuer = parse(issuer);
  const parsedAnchor = parse(anchor);
  const parsedLeaf = parse(leaf);
  return {
    // The end entity goes last there.
    async chain() {
      const certs = [parsedIssuer, parse(leaf)];
      const engine = new pkijs.CertificateChainValidationEngine({ trustedCerts: [parsedAnchor], certs, checkDate: at });
      const { result, resultMessage } = await engine.verify();
      if (!result) throw new Error(resultMessage);
    },
    async ocsp() {
      const response = pkijs.OCSPResponse.fromBER(Uint8Array.from(ocsp));
      const { status } = await response.getCertificateStatus(parsedLeaf, parsedIssuer);
      const basic = pkijs.BasicOCSPResponse.fromBER(response.responseBytes?.response.valueBlock.valueHexView ?? ocsp);
      if (status !== 0 || !(await basic.verify({ trustedCerts: [parsedAnchor] }))) throw new Error(`status ${status}`);
    },
    readsCrl(der) {
      try {
        pkijs.CertificateRevocationList.fromBER(Uint8Array.from(der));
        return true;
      } catch {
        return false;
      }
    },
  };
}
