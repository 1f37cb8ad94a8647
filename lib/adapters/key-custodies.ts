/** Who keeps the private keys of a deployment, as its configuration says. */
import { type Config, functionAwsEnvironment, type KeyWrapConfig } from '../config.ts';
import type { KeyCustodies } from '../oauth/ports.ts';
import { awsJsonCalls } from './aws/json-call.ts';
import { asymmetricKeys } from './kms/asymmetric-keys.ts';
import type { KmsCall } from './kms/call.ts';
import { dataKeyPairs } from './kms/data-key-pairs.ts';
import { localKeyCustody } from './local-key-custody.ts';

/** Undefined where nobody does: then nothing is signed. */
export const keyCustodies = ({ keyWrap }: Pick<Config, 'keyWrap'>): KeyCustodies | undefined =>
  keyWrap && custodiesOf(keyWrap, functionKms);

/** `kms` is called for a deployment that uses it. */
export function custodiesOf(keyWrap: KeyWrapConfig, kms: () => KmsCall): KeyCustodies {
  if (keyWrap.kind === 'local') {
    const custody = localKeyCustody(Buffer.from(keyWrap.key, 'base64url'));
    return { access_token: custody, introspection: custody };
  }
  const call = kms();
  if (keyWrap.kind === 'kms') {
    const { access_token, introspection } = keyWrap;
    return { access_token: dataKeyPairs(access_token, call), introspection: dataKeyPairs(introspection, call) };
  }
  const { region, deployment } = keyWrap;
  return {
    access_token: asymmetricKeys({ region, deployment, purpose: 'access_token' }, call),
    introspection: asymmetricKeys({ region, deployment, purpose: 'introspection' }, call),
  };
}

function functionKms(): KmsCall {
  const calls = awsJsonCalls({ service: 'kms', target: 'TrentService', version: '1.1' }, functionAwsEnvironment());
  return (operation, parameters) => calls.call(operation, JSON.stringify(parameters));
}
