import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import { test } from 'node:test';
import { SignatureV4 } from '@smithy/signature-v4';
import fc from 'fast-check';
import { signer } from '../../../lib/adapters/aws/signature.ts';

/** What the SDK's signer wants for a hash. */
class Sha256 {
  readonly #hash;
  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', secret as Uint8Array);
  }
  update(data: string | Uint8Array) {
    this.#hash.update(data);
  }
  async digest() {
    return new Uint8Array(this.#hash.digest());
  }
  reset() {}
}

const key = fc.stringMatching(/^[A-Z0-9]{16,20}$/);
const secret = fc.stringMatching(/^[A-Za-z0-9+/]{40}$/);
const request = fc.record({
  service: fc.constantFrom('dynamodb', 'kms'),
  region: fc.constantFrom('eu-central-1', 'us-east-1', 'cn-north-1'),
  accessKeyId: key,
  secretAccessKey: secret,
  sessionToken: fc.option(secret, { nil: undefined }),
  at: fc.date({ min: new Date('2020-01-01'), max: new Date('2099-01-01'), noInvalidDate: true }),
  body: fc.json(),
  target: fc.stringMatching(/^[A-Za-z0-9_]{1,20}\.[A-Za-z]{1,20}$/),
});

test('Signature Version 4: every request is signed as the SDK signs it', async () => {
  await fc.assert(
    fc.asyncProperty(request, async ({ service, region, sessionToken, at, body, target, ...keys }) => {
      const credentials = { ...keys, ...(sessionToken !== undefined && { sessionToken }) };
      const headers = { host: 'service.example', 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': target };
      const ours = signer({ service, region, credentials })(headers, body, at);
      const theirs = await new SignatureV4({
        service,
        region,
        credentials,
        sha256: Sha256,
        applyChecksum: false,
      }).sign(
        { method: 'POST', protocol: 'https:', hostname: 'service.example', path: '/', headers, body },
        { signingDate: at },
      );
      assert.deepEqual(ours, theirs.headers);
    }),
    { numRuns: 200 },
  );
});

test('Signature Version 4: the key of one day signs nothing of the next', () => {
  const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' };
  const sign = signer({ service: 'kms', region: 'us-east-1', credentials });
  const [before, after] = [new Date('2026-01-01T23:59:59Z'), new Date('2026-01-02T00:00:00Z')];
  const fresh = () => signer({ service: 'kms', region: 'us-east-1', credentials });
  for (const at of [before, after, before])
    assert.deepEqual(sign({ host: 'h' }, '{}', at), fresh()({ host: 'h' }, '{}', at));
  const scopes = [before, after].map(
    (at) => /\/(\d{8})\//.exec(sign({ host: 'h' }, '', at)['authorization'] ?? '')?.[1],
  );
  assert.deepEqual(scopes, ['20260101', '20260102']);
});
