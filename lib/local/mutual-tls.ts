/** The clients of the mutual TLS host: each connection is judged once, when it is made, by API Gateway's rules. */
import type { X509Certificate } from 'node:crypto';
import type { Server } from 'node:https';
import type { TLSSocket } from 'node:tls';
import { oneLine } from '../truststore-bundle.ts';
import { findPaths, type GatewayPath, type GatewayTruststore, isValidAt } from './truststore-check.ts';

/** What was found about a connection's client. */
export type Peer = { readonly certificate: X509Certificate; readonly paths: readonly GatewayPath[] };

/** Looks at every connection as it is made; answers with the way to find what was seen. */
export function judgeConnections(
  server: Server,
  truststore: () => GatewayTruststore,
): (socket: object) => Peer | undefined {
  const peers = new WeakMap<object, Peer>();
  server.prependListener('secureConnection', (socket) => {
    const certificate = peerCertificate(socket);
    // API Gateway ends a handshake without a certificate; here TLS 1.3 has told the client already that it is done.
    if (certificate === undefined) socket.destroy();
    else peers.set(socket, { certificate, paths: findPaths(certificate, truststore()) });
  });
  return (socket) => peers.get(socket);
}

/** Why API Gateway would say 403; undefined when it lets the request pass. Dates go by while a connection lives. */
export function whyForbidden(peer: Peer | undefined, at: Date): string | undefined {
  if (peer === undefined) return 'no certificate';
  if (isValidAt(peer.paths, at)) return undefined;
  const reason =
    peer.paths.length === 0 ? 'no path of strong certificates to the truststore' : 'a date is out of range';
  return `${JSON.stringify(oneLine(peer.certificate.subject))}: ${reason}`;
}

function peerCertificate(socket: TLSSocket): X509Certificate | undefined {
  try {
    return socket.getPeerX509Certificate();
  } catch {
    return undefined;
  }
}
