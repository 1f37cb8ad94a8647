/** Which URLs may be fetched at all (RFC 3986, as the WHATWG URL parser reads them), before any name is resolved. */
import { fail, ok, type Result } from '../../result.ts';

export type FetchTarget = {
  readonly url: URL;
  /** A name, or an address without brackets. */
  readonly host: string;
  readonly port: number;
  /** The operator named this `host:port`: neither its port nor its address is judged. */
  readonly allowed: boolean;
};

/** Longer ones are somebody's attack: a responder's URL with an OCSP request in it is shorter (RFC 6960 Appendix A.1). */
const maxLength = 2_048;

/** The target of a URL. The failure says in one line, without what a URL may smuggle into a log, why it is refused. */
export function fetchTarget(text: string, allowHosts: readonly string[]): Result<FetchTarget, string> {
  const url = text.length <= maxLength && URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined) return fail('this is no absolute URL of at most 2048 characters');
  const port = portOf(url);
  if (port === undefined) return fail(`a URL that begins with ${url.protocol.slice(0, 20)} is not fetched`);
  const name = `${url.hostname}:${port}`;
  if (url.username !== '' || url.password !== '') return fail(`${name}: a URL with user information is not fetched`);
  const allowed = allowHosts.some((entry) => normalized(entry) === name);
  if (!allowed && port !== 80 && port !== 443) return fail(`${name}: the port is neither 80 nor 443`);
  return ok({ url, host: url.hostname.replace(/^\[|\]$/g, ''), port, allowed });
}

/** Undefined for a scheme that is not fetched. */
function portOf({ protocol, port }: URL): number | undefined {
  const standard = protocol === 'http:' ? 80 : protocol === 'https:' ? 443 : undefined;
  return standard === undefined || port === '' ? standard : Number(port);
}

/** The parser spells an entry as it spells a URL's host: `LOCALHOST:8080`, `127.1:8080`, `[0::1]:8080`. */
function normalized(entry: string): string | undefined {
  if (!URL.canParse(`http://${entry}`)) return undefined;
  const url = new URL(`http://${entry}`);
  return `${url.hostname}:${portOf(url)}`;
}
