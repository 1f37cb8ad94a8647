/** What `npm start` says when it is ready: where everything is, and three commands to paste. */
import { relative } from 'node:path';
import { certificateFile, type DemoClient, keyFile, serverCaFile } from './demo-files.ts';
import type { LocalServer } from './server.ts';

/** `cwd` is where the commands will be pasted. */
export function banner({ endpoint, state, demo }: LocalServer, cwd: string): string {
  const file = (path: string) => relative(cwd, path) || path;
  const lines = [
    '',
    `  issuer        ${endpoint.issuer}`,
    `  public host   ${endpoint.issuer}      metadata, JWKS`,
    `  mTLS host     ${endpoint.mtls}      token, introspection, revocation`,
    `  certificates  ${file(state)}/clients/, server CA ${file(serverCaFile(state))}`,
    '',
  ];
  return [...lines, ...(demo ? commands(endpoint, state, file) : []), 'Ready. Ctrl-C ends it.', ''].join('\n');
}

function commands({ mtls }: LocalServer['endpoint'], state: string, file: (path: string) => string): readonly string[] {
  const curl = (client: DemoClient) =>
    `curl -s --cacert ${file(serverCaFile(state))} --cert ${file(certificateFile(state, client))} --key ${file(keyFile(state, client))}`;
  return [
    '  A token, bound to the certificate of demo-client-1:',
    `    TOKEN=$(${curl('demo-client-1')} ${mtls}/token -d grant_type=client_credentials -d client_id=demo-client-1 | sed -E 's/.*"access_token":"([^"]+)".*/\\1/'); echo $TOKEN`,
    '  What the authorization server says of it, to the API:',
    `    ${curl('demo-api')} ${mtls}/introspect -d client_id=demo-api -d token=$TOKEN; echo`,
    '  The API, with the token and its certificate (try demo-client-2 instead):',
    `    ${curl('demo-client-1')} ${mtls}/demo/whoami -H "Authorization: Bearer $TOKEN"`,
    '',
    '  Or see it all:  npm run demo',
    '',
  ];
}
