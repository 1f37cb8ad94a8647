/** One HTTP exchange as plain data. Everything above `adapters/` sees requests and responses in this form only. */

export type HttpRequest = {
  /** As sent, upper case. */
  readonly method: string;
  /** The host the client addressed, without a port. */
  readonly host: string;
  /** The path as sent, not percent-decoded, without the query. */
  readonly path: string;
  /** The query as sent, without the question mark; empty when there is none. */
  readonly query: string;
  /** Names in lower case. Headers that claim to carry a certificate are never read from here. */
  readonly headers: ReadonlyMap<string, string>;
  /** The body as text. */
  readonly body: string;
  /** The certificate of the mutual TLS connection, PEM, exactly as the gateway delivered it. */
  readonly clientCertificate?: string;
  /** The gateway's name for the request, which its access log and its answer have as well. */
  readonly id?: string;
};

export type HttpResponse = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
};
