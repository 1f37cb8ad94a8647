/** The floor: a bare server that reads the body and answers a fixed document; with `ES256`, one signature as well. */
import { createPrivateKey, type JsonWebKey, sign } from 'node:crypto';
import { readBody, serveChild } from './child.ts';

const signs = process.argv[2] === 'ES256';
const fixed = JSON.stringify({
  access_token: 'x'.repeat(43),
  token_type: 'Bearer',
  expires_in: 3600,
  scope: 'accounts',
});

serveChild(async ({ signingKey }) => {
  const key = createPrivateKey({ key: signingKey as JsonWebKey, format: 'jwk' });
  const payload = Buffer.alloc(400, 'x');
  return {
    listener: async (request, response) => {
      await readBody(request);
      if (signs) sign('sha256', payload, { key, dsaEncoding: 'ieee-p1363' });
      response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-store' }).end(fixed);
    },
  };
});
