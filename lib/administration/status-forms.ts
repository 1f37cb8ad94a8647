/** The settings of status checks that tenants and truststore entries share, as they are written. */
import type { StatusPolicy } from '../status/policy.ts';
import { secondsForm, type ValueForm, wordForm } from './value-form.ts';

type Shared = Omit<StatusPolicy, 'hosts' | 'overrides'>;

/** One day: an answer that old says nothing about now. Ten days: what the CA/Browser Forum calls short-lived. */
const day = 86_400;

export const statusForms: { readonly [K in keyof Shared]-?: ValueForm<NonNullable<Shared[K]>> } = {
  mode: wordForm('hard-fail', 'soft-fail', 'off'),
  order: wordForm('ocsp-crl', 'crl-ocsp', 'ocsp', 'crl'),
  depth: wordForm('chain', 'leaf'),
  maxStatusAge: secondsForm(0, day),
  nonce: wordForm('off', 'prefer', 'require'),
  certIdHash: wordForm('sha1', 'sha256'),
  ocspMethod: wordForm('post', 'get'),
  shortLived: secondsForm(1, 10 * day),
  negativeAge: secondsForm(1, 3_600),
};
