/** A small KMS over HTTP that does its cryptography and checks each signature: the operations that Certbound calls. */
import assert from 'node:assert/strict';
import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  randomUUID,
} from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SignatureV4 } from '@smithy/signature-v4';

export const region = 'eu-central-1';
export const credentials = {
  accessKeyId: 'AKIDEXAMPLE',
  secretAccessKey: 'secret-of-the-test',
  sessionToken: 'session',
};

type Parameters = Readonly<Record<string, unknown>>;
type Asymmetric = {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  readonly made: Parameters;
  deleted?: true;
};

export type KmsServer = Awaited<ReturnType<typeof startKmsServer>>;

class Refusal extends Error {
  constructor(name: string) {
    super(`refused: ${name}`);
    this.name = name;
  }
}

export async function startKmsServer() {
  const symmetric = new Map<string, Buffer>([1, 2].map(() => [randomUUID(), randomBytes(32)]));
  const asymmetric = new Map<string, Asymmetric>();
  const asked: { readonly operation: string; readonly parameters: Parameters }[] = [];
  /** What the next calls of an operation are answered with. */
  const failures = new Map<string, string[]>();
  const arnOf = (id: string) => `arn:aws:kms:${region}:111122223333:key/${id}`;

  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks).toString();
    const operation = String(request.headers['x-amz-target']).replace('TrentService.', '');
    const reply = (status: number, value: object) => {
      response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(value));
    };
    try {
      await checkSignature(request, body);
      const parameters = JSON.parse(body);
      asked.push({ operation, parameters });
      const failure = failures.get(operation)?.shift();
      if (failure !== undefined) throw new Refusal(failure);
      reply(200, answerTo(operation, parameters));
    } catch (error) {
      reply(400, { __type: (error as Error).name, message: (error as Error).message });
    }
  });

  function answerTo(operation: string, given: Parameters): object {
    if (operation === 'GenerateDataKeyPairWithoutPlaintext') return dataKeyPair(given);
    if (operation === 'Decrypt') return decrypt(given);
    if (operation === 'CreateKey') return create(given);
    const key = asymmetric.get(String(given['KeyId'])) ?? fail('NotFoundException');
    if (key.deleted) fail('KMSInvalidStateException');
    if (operation === 'GetPublicKey') return { PublicKey: spki(key.publicKey) };
    if (operation === 'ScheduleKeyDeletion') {
      assert.ok(Number(given['PendingWindowInDays']) >= 7);
      key.deleted = true;
      return {};
    }
    return operation === 'Sign' ? { Signature: signature(key, given) } : fail('UnknownOperationException');
  }

  function dataKeyPair({ KeyId, KeyPairSpec, EncryptionContext }: Parameters): object {
    const key = keyOf(KeyId);
    const { privateKey, publicKey } = pair(String(KeyPairSpec));
    const nonce = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(canonical(EncryptionContext));
    const pkcs8 = privateKey.export({ type: 'pkcs8', format: 'der' });
    const blob = Buffer.concat([nonce, cipher.update(pkcs8), cipher.final(), cipher.getAuthTag()]);
    return { KeyId, KeyPairSpec, PublicKey: spki(publicKey), PrivateKeyCiphertextBlob: blob.toString('base64') };
  }

  function decrypt({ KeyId, CiphertextBlob, EncryptionContext }: Parameters): object {
    const blob = Buffer.from(String(CiphertextBlob), 'base64');
    const decipher = createDecipheriv('aes-256-gcm', keyOf(KeyId), blob.subarray(0, 12));
    decipher.setAAD(canonical(EncryptionContext)).setAuthTag(blob.subarray(-16));
    try {
      const plaintext = Buffer.concat([decipher.update(blob.subarray(12, -16)), decipher.final()]);
      return { KeyId, Plaintext: plaintext.toString('base64') };
    } catch {
      return fail('InvalidCiphertextException');
    }
  }

  function create(made: Parameters): object {
    assert.equal(made['KeyUsage'], 'SIGN_VERIFY');
    const KeyId = randomUUID();
    asymmetric.set(KeyId, { ...pair(String(made['KeySpec'])), made });
    return { KeyMetadata: { KeyId, Arn: arnOf(KeyId) } };
  }

  const keyOf = (arn: unknown): Buffer => symmetric.get(String(arn).split('/')[1] ?? '') ?? fail('NotFoundException');

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    arns: [...symmetric.keys()].map(arnOf),
    asymmetric,
    asked,
    /** The next call of the operation is refused by this name. */
    refuse: (operation: string, name: string) =>
      void failures.set(operation, [...(failures.get(operation) ?? []), name]),
    close: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

const fail = (name: string): never => {
  throw new Refusal(name);
};

const spki = (key: KeyObject) => key.export({ type: 'spki', format: 'der' }).toString('base64');

function pair(spec: string) {
  if (spec === 'ECC_NIST_P256') return generateKeyPairSync('ec', { namedCurve: 'P-256' });
  if (spec === 'RSA_2048') return generateKeyPairSync('rsa', { modulusLength: 2048 });
  return spec === 'ECC_NIST_EDWARDS25519' ? generateKeyPairSync('ed25519') : fail('ValidationException');
}

/** In the order of names, so that two writings of one context are one. */
const canonical = (context: unknown) =>
  Buffer.from(
    JSON.stringify(Object.entries(context as Record<string, string>).toSorted(([a], [b]) => (a < b ? -1 : 1))),
  );

function signature({ privateKey }: Asymmetric, { Message, MessageType, SigningAlgorithm }: Parameters): string {
  assert.equal(MessageType, 'DIGEST');
  const digest = Buffer.from(String(Message), 'base64');
  assert.equal(digest.length, 32);
  if (SigningAlgorithm === 'ECDSA_SHA_256') return ecdsaOverDigest(privateKey, digest).toString('base64');
  if (SigningAlgorithm === 'RSASSA_PSS_SHA_256') return pssOverDigest(privateKey, digest).toString('base64');
  return fail('ValidationException');
}

const p = 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n;
const q = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

/** FIPS 186-5 §6.4.1 from the digest on, which node:crypto does not offer: of k·G openssl makes the point. */
function ecdsaOverDigest(key: KeyObject, digest: Buffer): Buffer {
  const nonce = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' });
  const number = (text = '') => BigInt(`0x${Buffer.from(text, 'base64url').toString('hex')}`);
  const [k, x, d] = [number(nonce.d), number(nonce.x), number(key.export({ format: 'jwk' }).d)];
  assert.ok(x < p);
  const r = x % q;
  const s = (power(k, q - 2n, q) * (BigInt(`0x${digest.toString('hex')}`) + r * d)) % q;
  const integer = (value: bigint) => {
    const octets = Buffer.from(value.toString(16).padStart(Math.ceil(value.toString(16).length / 2) * 2, '0'), 'hex');
    const positive = (octets[0] ?? 0) > 0x7f ? Buffer.concat([Buffer.of(0), octets]) : octets;
    return Buffer.concat([Buffer.of(0x02, positive.length), positive]);
  };
  const content = Buffer.concat([integer(r), integer(s)]);
  return Buffer.concat([Buffer.of(0x30, content.length), content]);
}

/** RFC 8017 §8.1.1, §9.1.1 from the digest on: EMSA-PSS with MGF1 and a salt of 32 octets, then RSASP1. */
function pssOverDigest(key: KeyObject, digest: Buffer): Buffer {
  const sha256 = (...parts: readonly Uint8Array[]) => createHash('sha256').update(Buffer.concat(parts)).digest();
  const salt = randomBytes(32);
  const h = sha256(Buffer.alloc(8), digest, salt);
  const db = Buffer.concat([Buffer.alloc(256 - 32 - 32 - 2), Buffer.of(1), salt]);
  const mask = Buffer.concat(
    Array.from({ length: 7 }, (_, counter) => sha256(h, Buffer.of(0, 0, 0, counter))),
  ).subarray(0, db.length);
  const masked = db.map((octet, index) => octet ^ (mask[index] ?? 0));
  masked[0] = (masked[0] ?? 0) & 0x7f;
  const { n = '', d = '' } = key.export({ format: 'jwk' });
  const number = (octets: Uint8Array) => BigInt(`0x${Buffer.from(octets).toString('hex')}`);
  const [modulus, exponent] = [n, d].map((text) => number(Buffer.from(text, 'base64url'))) as [bigint, bigint];
  const signed = power(number(Buffer.concat([masked, h, Buffer.of(0xbc)])), exponent, modulus);
  return Buffer.from(signed.toString(16).padStart(512, '0'), 'hex');
}

function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n;
  for (let b = base % modulus, e = exponent; e > 0n; e >>= 1n, b = (b * b) % modulus) {
    if (e & 1n) result = (result * b) % modulus;
  }
  return result;
}

/** AWS SigV4: by another implementation than the one that signed. */
async function checkSignature({ headers, method }: IncomingMessage, body: string): Promise<void> {
  const { authorization = '', ...others } = headers;
  const [, names = ''] = /SignedHeaders=([^,]+)/.exec(authorization) ?? [];
  const given = names.split(';').filter((name) => !['x-amz-date', 'x-amz-security-token'].includes(name));
  for (const name of ['host', 'x-amz-target', 'content-type']) {
    if (!given.includes(name)) fail('IncompleteSignatureException');
  }
  const stamp = String(others['x-amz-date']).replace(/(....)(..)(..T..)(..)/, '$1-$2-$3:$4:');
  const signer = new SignatureV4({ service: 'kms', region, credentials, sha256: Sha256, applyChecksum: false });
  const signed = await signer.sign(
    {
      method: method ?? '',
      protocol: 'http:',
      hostname: '127.0.0.1',
      path: '/',
      headers: Object.fromEntries(given.map((name) => [name, String(others[name])])),
      body,
    },
    { signingDate: new Date(stamp) },
  );
  const signatureOf = (text: unknown) => /Signature=([0-9a-f]{64})/.exec(String(text))?.[1] ?? 'none';
  const expected = signatureOf(signed.headers['authorization']);
  if (signatureOf(authorization) !== expected) fail('InvalidSignatureException');
}

class Sha256 {
  readonly #hash;
  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', secret as Buffer);
  }
  update(data: string | Uint8Array) {
    this.#hash.update(data);
  }
  async digest() {
    return new Uint8Array(this.#hash.digest());
  }
  reset() {}
}
